"""watch: what the monitors see: promised against real, notes, alarms."""

from __future__ import annotations

from shipworthy.doors.cli.screen import AsJson, Product, product_here, session, show
from shipworthy.watch.words import AlarmCard, MonitorCard, Monitors, WatchState

NEWEST = 12
URGENCY = ("alarm", "note", "not_run", "quiet")
SIGNS = {"quiet": ".", "note": "n", "alarm": "A", "not_run": "-"}


def run(product: Product = "", json: AsJson = False) -> None:
    """Monitors from the command line."""
    with session() as opened:
        answer = opened.ask(Monitors(product=product_here(product)))
    show(answer, json, _lines)


def _lines(seen: WatchState) -> list[str]:
    """What needs somebody first: open alarms, then monitors by what they found; answered alarms last."""
    cards = sorted(seen.monitors, key=lambda card: (URGENCY.index(card.level), card.monitor))
    width = max((len(card.monitor) for card in cards), default=0)
    return [
        *(f"SILENT {one.text} {one.advice}" for one in seen.silent),
        *(_alarm(alarm) for alarm in seen.alarms if alarm.open),
        *(
            f"{card.level.replace('_', ' '):<8} {_rests(card):<12} {card.monitor:<{width}} {_life(card):<{NEWEST}} "
            f"{card.text}"
            for card in cards
        ),
        *(_alarm(alarm) for alarm in seen.alarms if not alarm.open),
        f"Signs are the newest {NEWEST} windows, the newest last: . quiet, n note, A alarm, - not judged.",
    ]


def _alarm(alarm: AlarmCard) -> str:
    state = "open" if alarm.open else "answered"
    return f"ALARM {state} {alarm.kind} {alarm.alarm[:12]} {alarm.text} {alarm.answer}".rstrip()


def _life(card: MonitorCard) -> str:
    """The newest windows, a sign for each, oldest first: . quiet, n note, A alarm, - not judged."""
    return "".join(SIGNS[point.level] for point in card.points[-NEWEST:])


def _rests(card: MonitorCard) -> str:
    """What a verdict rests on; nothing where there is none."""
    return "" if card.level == "not_run" else card.kind
