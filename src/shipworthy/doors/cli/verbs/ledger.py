"""afterwards: verify the whole ledger, here and now."""

from __future__ import annotations

from shipworthy.app.words import VerifyLedger
from shipworthy.doors.cli.screen import AsJson, session, show


def run(json: AsJson = False) -> None:
    """VerifyLedger from the command line."""
    with session() as opened:
        answer = opened.ask(VerifyLedger(product=""))
    show(answer, json)
