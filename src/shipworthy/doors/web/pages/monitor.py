"""What the monitors see: promised against real over time, notes and alarms, each with since when and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from shipworthy.doors.web.chart import Chart, Point, chart
from shipworthy.doors.web.visit import Page, Visit
from shipworthy.watch.words import MonitorCard, Monitors

WIDE, NARROW = (880.0, 330.0), (360.0, 270.0)
PROMISED = {"promised": "promised", "real": "real", "would_have_promised": "first model"}
# The numbers by which each monitor is drawn, and what the line is called.
DRAWN = {
    "calibration": PROMISED,
    "ranking": {"auc": "order", "bound": "floor"},
    "score-drift": {"mean": "now", "first_mean": "at first"},
    "input-drift": {"moved": "moved"},
    "volume": {"answers": "answers", "usual": "usual"},
    "unanswered": {"share": "refused"},
}


@dataclass(frozen=True)
class Drawn:
    """A monitor with its pictures for a wide and a narrow screen."""

    card: MonitorCard
    wide: Chart | None
    narrow: Chart | None
    columns: list[str]


def _show(visit: Visit) -> Response:
    state = visit.ask(Monitors(product=visit.product))
    cards = sorted(state.monitors, key=lambda card: (card.monitor != "calibration", card.monitor))
    return visit.product_page(
        "monitor.html",
        monitors=[_drawn(card) for card in cards],
        alarms=list(reversed(state.alarms)),
        notes=[(card, point) for card in cards for point in reversed(card.points) if point.level == "note"],
    )


def _drawn(card: MonitorCard) -> Drawn:
    names = DRAWN.get(card.monitor, {})
    points = [
        Point(
            moment=point.window,
            values={shown: point.numbers[name] for name, shown in names.items() if name in point.numbers},
            group=point.candidate,
            alarm=point.level == "alarm",
            text=point.text,
        )
        for point in card.points
    ]
    series = [shown for shown in names.values() if any(shown in point.values for point in points)]
    promised = card.monitor == "calibration"

    def size(width: float, height: float) -> Chart | None:
        return chart(
            points,
            series,
            width=width,
            height=height if promised else height * 0.62,
            band_of="promised" if promised else "",
            tolerance=card.tolerance,
            share=promised or card.monitor in ("input-drift", "unanswered"),
        )

    columns = list(dict.fromkeys(name for point in card.points for name in point.numbers))
    return Drawn(card, size(*WIDE), size(*NARROW), columns)


PAGE = Page("/products/{product}/monitor", _show, label="Monitor", order=5)
