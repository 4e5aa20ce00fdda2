"""Messages to people: a file for each in a folder, or a signed POST to an address the plan names."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from shipworthy.base.errors import Mistake, UserError
from shipworthy.edges.store import Store
from shipworthy.plan.schema import Plan
from shipworthy.respond.words import PeopleTold

SECONDS = 10.0
_NAME = re.compile(r"\$\{(\w+)\}")
_OWN = "SHIPWORTHY_"
_HERE = ("localhost", "127.0.0.1")


def send(store: Store, plan: Plan, told: PeopleTold) -> None:
    """Bring one message to its route; a repetition carries the same id, so that the receiver can drop it.

    Raises:
        UserError: the route is of no known kind, is not set, or leads where no message may go.
        OSError: the message could not be brought there.
    """
    route = plan.respond.routes.get(told.to, "")
    content = {"id": told.message, "product": told.product, "to": told.to, "subject": told.subject}
    if route.startswith("file:"):
        folder = store.folder(told.product) / route.removeprefix("file:")
        if any(folder.resolve().is_relative_to(closed.resolve()) for closed in store.closed):
            found = "It leads into the folder of the ledger, its files or its keys."
            raise _refused(f"respond.routes.{told.to}", found, "Name a folder outside of it.")
        _write(folder, told, content)
    else:
        _post(store, address(route, store.environ, told.to), told, content)


def address(route: str, environ: Mapping[str, str], to: str = "") -> str:
    """The address that a route leads to, with ${NAME} taken from the environment.

    A plan is written by many; the environment belongs to who runs the installation. So an address that the plan
    spells out must lie in the public internet, or be this very machine by name; an inner address of the network is
    reached only through a variable, and our own settings never go out in an address.

    Raises:
        UserError: it is no such address, or a variable is not set.
    """
    where, names = f"respond.routes.{to}", _NAME.findall(route)
    for name in names:
        if name.startswith(_OWN):
            raise _refused(where, f"${{{name}}} is a setting of the installation.", "Use a variable of its own.")
        if name not in environ:
            raise _refused(where, f"The variable {name} is not set.", f"Set {name} where Shipworthy runs.")
    found = _NAME.sub(lambda match: environ[match[1]], route)
    try:
        parts = urlsplit(found)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in _HERE)):
        raise _refused(where, "It leads to no address that is safe to send to.", "Use file:FOLDER or an https address.")
    if not names and host not in _HERE:
        _require_public(host, where)
    return found


def _require_public(host: str, where: str) -> None:
    try:
        places = {str(info[4][0]).split("%")[0] for info in socket.getaddrinfo(host, None)}
    except OSError:
        return  # what has no place is told by the attempt itself
    inner = sorted(place for place in places if not ip_address(place).is_global)
    if inner:
        fix = "Where it is meant, put the address into an environment variable and write ${NAME}."
        raise _refused(where, f"{host} is {inner[0]}, an address inside the network.", fix)


def _write(folder: Path, told: PeopleTold, content: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{told.message[:16]}.json"
    part = file.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1) + "\n")
    os.replace(part, file)


def _post(store: Store, to: str, told: PeopleTold, content: Mapping[str, str]) -> None:
    import httpx

    # A CloudEvent in binary mode (CloudEvents 1.0, HTTP protocol binding), signed with the store's key.
    body = json.dumps(content, sort_keys=True).encode()
    headers = {
        "ce-id": told.message,
        "ce-source": f"shipworthy/{told.product}",
        "ce-specversion": "1.0",
        "ce-type": "shipworthy.message",
        "content-type": "application/json",
        "x-shipworthy-signature": store.keys.sign(body).hex(),
    }
    try:
        httpx.post(to, content=body, headers=headers, timeout=SECONDS, follow_redirects=False).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # Never the address itself: it may hold a token.
        status = f" {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else ""
        raise OSError(f"message to {told.to}: {type(error).__name__}{status}") from error


def _refused(where: str, found: str, fix: str) -> UserError:
    return UserError(Mistake("respond.route", where, found, fix=fix))
