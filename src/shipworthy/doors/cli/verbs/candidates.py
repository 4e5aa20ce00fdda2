"""model: every candidate, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shipworthy.doors.cli.lines import stretch
from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show, table
from shipworthy.model.words import CandidateCard, Candidates


def run(product: Product = "", json: AsJson = False) -> None:
    """Candidates from the command line."""
    with session() as opened:
        answer = opened.ask(Candidates(product=product_here(product)))
    show(answer, json, _lines)


def _lines(cards: Sequence[CandidateCard]) -> str:
    short = [replace(card, trained_on=[stretch(card.trained_on)] if card.trained_on else []) for card in cards]
    return table(short, ["candidate", "role", "made_by", "at", "rows", "trained_on", "format"])
