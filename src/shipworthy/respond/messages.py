"""Messages to people: a file for each in a folder, or a signed POST to an address the plan names."""

from __future__ import annotations

import json
from string import Template

from shipworthy.base.errors import Mistake, UserError
from shipworthy.edges.store import Store
from shipworthy.plan.schema import Plan
from shipworthy.respond.words import PeopleTold

SECONDS = 10.0


def send(store: Store, plan: Plan, told: PeopleTold) -> None:
    """Bring one message to its route; a repetition carries the same id, so that the receiver can drop it.

    Raises:
        UserError: the route is of no known kind, or a secret in it is not set.
        OSError: the message could not be brought there.
    """
    route = plan.respond.routes[told.to]
    content = {"id": told.message, "product": told.product, "to": told.to, "subject": told.subject}
    if route.startswith("file:"):
        folder = store.folder(told.product) / route.removeprefix("file:")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{told.message[:16]}.json").write_text(json.dumps(content, indent=1) + "\n")
    elif route.startswith(("https://", "${")):
        _post(store, route, told, content)
    else:
        fix = "Use file:FOLDER or an https address."
        raise UserError(Mistake("respond.route", f"respond.routes.{told.to}", f"{route!r} is no route.", fix=fix))


def _post(store: Store, route: str, told: PeopleTold, content: dict[str, str]) -> None:
    import httpx

    address = Template(route).safe_substitute(store.environ)
    if not address.startswith("https://"):
        fix = "Set the variable to an https address."
        raise UserError(Mistake("respond.route", f"respond.routes.{told.to}", "The route is not set.", fix=fix))
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
        httpx.post(address, content=body, headers=headers, timeout=SECONDS, follow_redirects=False).raise_for_status()
    except httpx.HTTPError as error:
        raise OSError(f"message to {told.to}: {type(error).__name__}") from error
