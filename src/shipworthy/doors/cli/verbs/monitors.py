"""watch: what the monitors see: promised against real, notes, alarms."""

from __future__ import annotations

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show
from shipworthy.watch.words import MonitorCard, Monitors


def run(product: Product = "", json: AsJson = False) -> None:
    """Monitors from the command line."""
    with session() as opened:
        answer = opened.ask(Monitors(product=product_here(product)))
    show(
        answer,
        json,
        lambda seen: (
            [f"{card.level:<8} {_rests(card):<12} {card.monitor:<16} {card.text}" for card in seen.monitors]
            + [
                f"ALARM {'open' if alarm.open else 'answered'} {alarm.kind} {alarm.alarm[:12]} {alarm.text}"
                for alarm in seen.alarms
            ]
        ),
    )


def _rests(card: MonitorCard) -> str:
    """What a verdict rests on; nothing where there is none."""
    return "" if card.level == "not_run" else card.kind
