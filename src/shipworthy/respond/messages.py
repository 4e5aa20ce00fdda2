"""Messages to people: a file for each in a folder, a signed POST to an address of the plan, a mail or a chat."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from shipworthy.base.errors import Mistake, UserError
from shipworthy.edges.messenger import messenger, say
from shipworthy.edges.outbound import Ask, require_address
from shipworthy.edges.outbound import send as send_out
from shipworthy.edges.secrets import NAME, OWN
from shipworthy.edges.store import Store
from shipworthy.plan.schema import Plan
from shipworthy.respond.words import PeopleTold

SECONDS = 10.0
MOST_OF_A_TITLE = 120
MOST_OF_AN_ANSWER = 1 << 20


def send(store: Store, plan: Plan, told: PeopleTold) -> None:
    """Bring one message to its route; a repetition carries the same id, so that the receiver can drop it.

    Raises:
        UserError: the route is of no known kind, is not set, or leads where no message may go.
        OSError: the message could not be brought there.
    """
    route = plan.respond.routes.get(told.to, "")
    content = {"id": told.message, "product": told.product, "to": told.to, "subject": told.subject}
    if route.startswith("file:"):
        _write(_open_folder(store, told.product, told.to, route), told.message[:16], content)
        return
    to = filled(route, store.environ, told.to)
    if is_web(to):
        _post(store, address(route, store.environ, told.to), told, content)
    else:
        text = f"{told.subject}\n\nMessage {told.message[:16]} of {told.product}, for {told.to}."
        say(to, f"respond.routes.{told.to}", store.environ, told.subject[:MOST_OF_A_TITLE], text)


def probe(store: Store, plan: Plan, to: str) -> str:
    """Whether a route could be used; nothing is told to anybody. Gives what was found.

    Raises:
        UserError: the route is of no known kind, is not set, or leads where no message may go.
        OSError: it cannot be written to or reached.
    """
    route = plan.respond.routes[to]
    if route.startswith("file:"):
        folder = _open_folder(store, plan.product, to, route)
        _write(folder, f".probe-{to}", {"id": "probe"})
        (folder / f".probe-{to}.json").unlink()
        return f"{route} can be written"
    if not is_web(filled(route, store.environ, to)):
        service = messenger(filled(route, store.environ, to), f"respond.routes.{to}", store.environ)
        return f"the address is one of {service.service_name}; nothing was sent"
    ask = Ask("HEAD", address(route, store.environ, to), f"respond.routes.{to}", seconds=SECONDS)
    return f"it answers ({send_out(ask, store.environ).status} to HEAD); nothing was sent"


def address(route: str, environ: Mapping[str, str], to: str = "") -> str:
    """The address that a route leads to, with ${NAME} taken from the environment.

    It must lie in the public internet or be named by the installation, see `edges.outbound`; our own settings never
    go out in an address.

    Raises:
        UserError: it is no such address, or a variable is not set.
    """
    found = filled(route, environ, to)
    require_address(found, f"respond.routes.{to}", environ)
    return found


def is_web(to: str) -> bool:
    """Whether an address takes a signed POST; any other one is that of a mail server or chat."""
    return "://" not in to or to.lower().startswith(("http:", "https:"))


def filled(route: str, environ: Mapping[str, str], to: str = "") -> str:
    """A route with ${NAME} taken from the environment; our own settings never go out in an address.

    Raises:
        UserError: a variable is not set, or is a setting of the installation.
    """
    where = f"respond.routes.{to}"
    for name in NAME.findall(route):
        if name.startswith(OWN):
            raise _refused(where, f"${{{name}}} is a setting of the installation.", "Use a variable of its own.")
        if name not in environ:
            raise _refused(where, f"The variable {name} is not set.", f"Set {name} where Shipworthy runs.")
    return NAME.sub(lambda match: environ[match[1]], route)


def _open_folder(store: Store, product: str, to: str, route: str) -> Path:
    folder = store.folder(product) / route.removeprefix("file:")
    if any(folder.resolve().is_relative_to(closed.resolve()) for closed in store.closed):
        found = "It leads into the folder of the ledger, its files or its keys."
        raise _refused(f"respond.routes.{to}", found, "Name a folder outside of it.")
    return folder


def _write(folder: Path, name: str, content: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    part = file.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1) + "\n")
    os.replace(part, file)


def _post(store: Store, to: str, told: PeopleTold, content: Mapping[str, str]) -> None:
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
    ask = Ask("POST", to, f"message to {told.to}", headers, body, seconds=SECONDS, most=MOST_OF_AN_ANSWER)
    status = send_out(ask, store.environ).status
    if not 200 <= status < 300:
        # Never the address itself: it may hold a token.
        raise OSError(f"message to {told.to}: answered {status}")


def _refused(where: str, found: str, fix: str) -> UserError:
    return UserError(Mistake("respond.route", where, found, fix=fix))
