"""What the monitors see: promised against real over time, notes and alarms, each with since when and what to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from shipworthy.app.words import LedgerPage
from shipworthy.base.errors import Mistake, UserError
from shipworthy.doors.web.chart import Chart, Point, chart
from shipworthy.doors.web.render import short
from shipworthy.doors.web.visit import Page, Visit
from shipworthy.watch.words import Budget, CloseAlarm, MonitorCard, MonitorPoint, Monitors

DONE = {
    "right": "The alarm is answered: it was right.",
    "false": "The alarm is answered: it was false, and counts against the budget.",
}
MOST_RELEASES = 500
# Beyond twice what an alarm needs more evidence tells nobody anything.
MOST_EVIDENCE = 2.0
WIDE, NARROW = (880.0, 330.0), (360.0, 270.0)
PROMISED = {"promised": "promised", "real": "real", "would_have_promised": "first model"}
FELL_SHORT = {"share": "fell short", "tolerance": "tolerated"}
# The numbers by which each monitor is drawn, and what the line is called.
DRAWN = {
    "calibration": PROMISED,
    "ranking": {"auc": "order", "bound": "floor"},
    "score-drift": {"mean": "now", "first_mean": "at first"},
    "input-drift": {"moved": "moved"},
    "volume": {"answers": "answers", "usual": "usual"},
    "unanswered": {"share": "no answer", "tolerance": "tolerated"},
    "performance": {"loss": "now", "proven": "proven", "tolerated": "tolerated"},
    "threshold": {"precision": "precision", "recall": "recall", "precision_at_least": "tolerated"},
    "confusion": {"accuracy": "right", "balanced_accuracy": "by class"},
    "interval": {"outside": "outside", "promised_outside": "promised", "tolerated": "tolerated"},
    "fairness": {"gap": "largest gap", "tolerance": "tolerated"},
    "selection": {"disparity": "disparity", "tolerance": "tolerated"},
    "contract-breaches": FELL_SHORT,
    "delivery": FELL_SHORT,
    "label-lateness": FELL_SHORT,
    "latency": FELL_SHORT,
    "errors": FELL_SHORT,
    "fallback": FELL_SHORT,
    "freshness": {"oldest_days": "days old"},
    "cost": {"spent": "this month", "at_most": "tolerated"},
    "worth": {"mean": "worth", "low": "at least", "high": "at most", "planned": "tolerated"},
    "dead-man": {"silent": "silent"},
}
SHARES = (
    "calibration",
    "confusion",
    "input-drift",
    "unanswered",
    "threshold",
    "interval",
    "fairness",
    "selection",
    "contract-breaches",
    "delivery",
    "label-lateness",
    "latency",
    "errors",
    "fallback",
)
LIMITS = ("tolerated", "enough")
# What needs somebody comes first; a monitor that cannot judge is blind, and stands before those that are quiet.
URGENCY = ("alarm", "note", "not_run", "quiet")
PART_COLUMNS = (("rows", "Rows"), ("now", "Now"), ("then", "At the proof"), ("tolerated", "Tolerated"))
# How far the evidence is on its way, for every monitor that gathers any.
EVIDENCE = ("evidence", "enough")


@dataclass(frozen=True)
class Drawn:
    """A monitor with its pictures for a wide and a narrow screen.

    Attributes:
        evidence: how far its evidence was on the way to be enough, wide and narrow; none where it gathers none.
        parts: what the newest judged window found by segment or group; part_columns: which numbers any of them has.
    """

    card: MonitorCard
    wide: Chart | None
    narrow: Chart | None
    evidence: tuple[Chart, Chart] | None
    columns: list[str]
    parts: dict[str, dict[str, float]]
    part_columns: list[tuple[str, str]]

    @property
    def share(self) -> bool:
        """Whether what it counts is a share of something, so that nothing lies above 1."""
        return self.card.monitor in SHARES


@dataclass(frozen=True, slots=True)
class Mark:
    """What a mark on the promised-against-real chart means, in words."""

    moment: str
    kind: str
    text: str


def _show(visit: Visit) -> Response:
    state = visit.ask(Monitors(product=visit.product))
    alarmed = {alarm.monitor for alarm in state.alarms if alarm.open}
    cards = sorted(state.monitors, key=lambda card: _place(card, alarmed))
    releases, incidents = _releases(visit), _incidents(visit)
    notes = sorted(
        ((card, point) for card in cards for point in card.points if point.level == "note"),
        key=lambda found: found[1].window,
        reverse=True,
    )
    by_monitor = {one[0].monitor: one for one in reversed(notes)}
    # What a monitor says of its newest window stands at the monitor.
    said = [one for one in notes if one[1].text == one[0].text]
    newest = [one for one in notes if one is by_monitor[one[0].monitor] and one not in said]
    noted = {alarm.text for alarm in state.alarms if alarm.open}
    return visit.product_page(
        "monitor.html",
        monitors=[_drawn(card, releases, incidents) for card in cards],
        alarms=list(reversed(state.alarms)),
        silent=[one for one in state.silent if one.text not in noted],
        notes=notes,
        marks=_marks(cards, releases),
        newest=newest,
        most_evidence=MOST_EVIDENCE,
        earlier=[one for one in notes if one not in newest and one not in said],
        alarmed=alarmed,
        told=_told(cards),
        budget=visit.ask(Budget(product=visit.product)),
        limits=LIMITS,
        done=DONE.get(visit.query.get("done", ""), ""),
    )


def _send(visit: Visit) -> Response:
    form = {key: value.strip() for key, value in visit.form.items()}
    command = CloseAlarm(
        product=visit.product,
        alarm=form.get("alarm", ""),
        reason=form.get("reason", ""),
        false=form.get("found") == "false",
    )
    visit.desk.admit(command, visit.who)
    if form.get("found") not in ("right", "false"):
        why = "Whether alarms are right is counted against the plan's budget."
        raise UserError(Mistake("web.missing", "found", "It is not said whether it was right.", why, "Choose one."))
    visit.do(command)
    return visit.back(form["found"])


def _place(card: MonitorCard, alarmed: Collection[str]) -> tuple[bool, int, bool, str]:
    """Where a monitor stands: an open alarm first, then by what it found, then promised against real, then by name."""
    return card.monitor not in alarmed, URGENCY.index(card.level), card.monitor != "calibration", card.monitor


def _told(cards: Sequence[MonitorCard]) -> str:
    """All monitors in one sentence, what needs somebody first."""
    judged = [card for card in cards if card.points]
    counts = {level: sum(card.level == level for card in judged) for level in URGENCY}
    said = {
        "alarm": "raised an alarm",
        "note": "noted a change",
        "not_run": "could not judge",
        "quiet": "found nothing to tell",
    }
    parts = [f"{counts[level]} {said[level]}" for level in URGENCY if counts[level]]
    if idle := len(cards) - len(judged):
        parts.append(f"{idle} {'has' if idle == 1 else 'have'} judged nothing yet")
    newest = f"Of {len(cards)} monitors, each in its newest window: {', '.join(parts)}."
    return newest if judged else "No monitor has judged anything yet."


def _releases(visit: Visit) -> list[tuple[str, str]]:
    """Moment and words of every release to people, oldest first."""
    facts = visit.ask(LedgerPage(product=visit.product, kind="ReleaseStepped", count=MOST_RELEASES)).facts
    told = []
    for fact in reversed(facts):
        if (step := fact.body["step"]) in ("canary", "cohort", "all"):
            share = f"a canary of {fact.body.get('share', 0) * 100:g}%"
            whom = share if step == "canary" else "all" if step == "all" else ", ".join(fact.body["cohorts"])
            told.append((fact.at, f"{fact.body['role']} {short(fact.body['candidate'])} released to {whom}"))
    return told


def _incidents(visit: Visit) -> list[tuple[str, str]]:
    """Moment and title of every incident, oldest first."""
    facts = visit.ask(LedgerPage(product=visit.product, kind="IncidentOpened", count=MOST_RELEASES)).facts
    return [(fact.at, f"Incident: {fact.body['title']}") for fact in reversed(facts)]


def _marks(cards: Sequence[MonitorCard], releases: Sequence[tuple[str, str]]) -> list[Mark]:
    points = [point for card in cards if card.monitor == "calibration" for point in card.points]
    alarms = [Mark(point.window, "alarm", point.text) for point in points if point.level == "alarm"]
    return sorted([*alarms, *(Mark(at, "release", text) for at, text in releases)], key=lambda mark: mark.moment)


def _drawn(card: MonitorCard, releases: Sequence[tuple[str, str]], incidents: Sequence[tuple[str, str]]) -> Drawn:
    names = DRAWN.get(card.monitor, {})
    points = [_point(point, names) for point in card.points]
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
            share=card.monitor in SHARES,
            releases=releases,
            incidents=incidents,
        )

    columns = list(dict.fromkeys(name for point in card.points for name in point.numbers))
    parts = next((point.parts for point in reversed(card.points) if point.level != "not_run"), {})
    named = [(key, title) for key, title in PART_COLUMNS if any(key in part for part in parts.values())]
    return Drawn(card, size(*WIDE), size(*NARROW), _evidence(card, releases), columns, parts, named)


def _point(point: MonitorPoint, names: Mapping[str, str]) -> Point:
    return Point(
        moment=point.window,
        values={shown: point.numbers[name] for name, shown in names.items() if name in point.numbers},
        group=point.candidate,
        alarm=point.level == "alarm",
        text=point.text,
    )


def _evidence(card: MonitorCard, releases: Sequence[tuple[str, str]]) -> tuple[Chart, Chart] | None:
    """Evidence over time on one scale for all monitors: 0 is none, 1 is enough to say so."""
    points = [
        Point(
            point.window,
            {"evidence": min(point.numbers["evidence"], MOST_EVIDENCE), "enough": 1.0},
            group=point.candidate,
            alarm=point.level == "alarm",
            text=f"{point.numbers['evidence'] * 100:.0f}% of what is enough",
        )
        for point in card.points
        if "evidence" in point.numbers
    ]
    wide, narrow = (
        chart(points, EVIDENCE, width=width, height=150.0, share=True, releases=releases) for width, _ in (WIDE, NARROW)
    )
    return (wide, narrow) if wide and narrow else None


PAGE = Page("/products/{product}/monitor", _show, label="Monitor", order=5, send=_send)
