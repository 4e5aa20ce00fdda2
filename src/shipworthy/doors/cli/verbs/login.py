"""start: log in with your token, here or on the server of SHIPWORTHY_URL; `--out` logs out.

Example: shipworthy login
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from shipworthy.app.session import keep_login, open_session
from shipworthy.app.settings import settings
from shipworthy.app.words import WhoAmI
from shipworthy.doors.cli.screen import AsJson, show


def run(out: Annotated[bool, typer.Option("--out", help="Forget the login.")] = False, json: AsJson = False) -> None:
    """Ask for the token (never an option: it would stay in the shell's history), try it, and keep it."""
    found = settings()
    if out:
        keep_login(found, "")
        show({"person": None}, json, lambda _: "Logged out.")
        return
    # Asked for on stderr: stdout carries the answer only, so that `--json` can be piped.
    token = typer.prompt("Token", hide_input=True, err=True).strip()
    session = open_session(replace(found, token=token))
    who = session.ask(WhoAmI())
    session.close()
    keep_login(found, token)
    show({"person": who.person}, json, lambda _: f"Logged in as {who.person}.")
