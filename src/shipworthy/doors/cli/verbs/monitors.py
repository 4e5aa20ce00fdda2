"""watch: what the monitors see: promised against real, notes, alarms."""

from __future__ import annotations

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show
from shipworthy.watch.words import AlarmCard, MonitorCard, Monitors

NEWEST = 12
SIGNS = {"quiet": ".", "note": "n", "alarm": "A", "not_run": "-"}


def run(product: Product = "", json: AsJson = False) -> None:
    """Monitors from the command line."""
    with session() as opened:
        answer = opened.ask(Monitors(product=product_here(product)))
    show(
        answer,
        json,
        lambda seen: (
            [
                f"{card.level:<8} {_rests(card):<12} {card.monitor:<16} {_life(card):<{NEWEST}} {card.text}"
                for card in seen.monitors
            ]
            + [_alarm(alarm) for alarm in seen.alarms]
            + [f"SILENT {one.text} {one.advice}" for one in seen.silent]
        ),
    )


def _alarm(alarm: AlarmCard) -> str:
    state = "open" if alarm.open else "answered"
    return f"ALARM {state} {alarm.kind} {alarm.alarm[:12]} {alarm.text} {alarm.answer}".rstrip()


def _life(card: MonitorCard) -> str:
    """The newest windows, a sign for each, oldest first: . quiet, n note, A alarm, - not judged."""
    return "".join(SIGNS[point.level] for point in card.points[-NEWEST:])


def _rests(card: MonitorCard) -> str:
    """What a verdict rests on; nothing where there is none."""
    return "" if card.level == "not_run" else card.kind
