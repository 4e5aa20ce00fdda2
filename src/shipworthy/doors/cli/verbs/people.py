"""start: make logins, give new tokens, end them: add NAME, revoke NAME.

Example: shipworthy people add privacy-owner
"""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from shipworthy.app.words import AddPerson, RevokePerson
from shipworthy.doors.cli.screen import AsJson, session, show


def run(
    action: Annotated[Literal["add", "revoke"], typer.Argument(help="add or revoke.")],
    name: Annotated[str, typer.Argument(help="The login.")],
    administrator: Annotated[bool, typer.Option("--administrator", help="May make logins and change people.")] = False,
    json: AsJson = False,
) -> None:
    """Make a login and print its token once, or end all its tokens."""
    with session() as opened:
        if action == "revoke":
            show(opened.do(RevokePerson(person=name)), json, lambda who: f"Every token and session of {who} has ended.")
            return
        token = opened.do(AddPerson(person=name, administrator=administrator))
    show({"person": name, "token": token}, json, lambda made: f"{name}: {token}   (shown only now)")
