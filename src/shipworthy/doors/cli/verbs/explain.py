"""plan: explain the code of an error or check, or list the kinds that a plan may name.

Example: shipworthy explain plan.time_to_act
"""

from __future__ import annotations

from typing import Annotated

import typer

from shipworthy.app.explaining import explained
from shipworthy.doors.cli.screen import AsJson, show
from shipworthy.doors.explained import EXPLAINED


def run(
    code: Annotated[str, typer.Argument(help="A code such as plan.time_to_act, or `kinds`.")] = "kinds",
    json: AsJson = False,
) -> None:
    """Print the explanation."""
    text = explained(code, EXPLAINED)
    show({"code": code, "explanation": text}, json, lambda _: text)
