"""start: make logins, give new tokens, end them: add NAME…, revoke NAME….

Example: shipworthy people add privacy-owner legal-owner
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import typer

from shipworthy.app.session import Session
from shipworthy.app.words import AddPerson, RevokePerson
from shipworthy.doors.cli.screen import AsJson, session, show


def run(
    action: Annotated[Literal["add", "revoke"], typer.Argument(help="add or revoke.")],
    names: Annotated[list[str], typer.Argument(help="The logins, one or more.")],
    administrator: Annotated[bool, typer.Option("--administrator", help="May make logins and change people.")] = False,
    json: AsJson = False,
) -> None:
    """Make logins and print their tokens once, or end all their tokens."""
    with session() as opened:
        if action == "add":
            _add(opened, names, administrator, json)
            return
        ended = [opened.do(RevokePerson(person=name)) for name in names]
    show(_one_or_all(ended), json, lambda _: [f"Every token and session of {who} has ended." for who in ended])


def _add(opened: Session, names: list[str], administrator: bool, json: bool) -> None:
    made: list[dict[str, str]] = []
    try:
        for name in dict.fromkeys(names):
            made.append({"person": name, "token": opened.do(AddPerson(person=name, administrator=administrator))})
    finally:  # a token is shown only now: those that were made are shown also when a later name is refused
        if made:
            show(
                _one_or_all(made),
                json,
                lambda _: [f"{one['person']}: {one['token']}   (shown only now)" for one in made],
            )


def _one_or_all(found: Sequence[object]) -> object:
    return found[0] if len(found) == 1 else found
