"""What the monitors saw, for people to read and for charts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shipworthy.base.fact import Past, Recorded
from shipworthy.deliver.words import Beat
from shipworthy.plan.rules import current_plan
from shipworthy.watch.audit import segments, waiting
from shipworthy.watch.audit_inputs import Tables, shown_inputs
from shipworthy.watch.monitor import Monitor
from shipworthy.watch.rules import budget_of, settings
from shipworthy.watch.rules import monitors as members
from shipworthy.watch.silence import silences
from shipworthy.watch.words import (
    AlarmCard,
    AlarmClosed,
    AlarmRaised,
    AuditTask,
    AuditTasks,
    Budget,
    BudgetLine,
    BudgetState,
    Level,
    MonitorCard,
    MonitorPoint,
    Monitors,
    WatchState,
    WindowJudged,
)

_YEAR = timedelta(days=365)
_ORDER: tuple[Level, ...] = ("quiet", "not_run", "note", "alarm")


def monitors(
    question: Monitors, past: Past, beats: Callable[[str], list[Beat]], now: datetime, wall: datetime
) -> WatchState:
    """Every monitor with its windows, also one that has judged nothing, every alarm, oldest first, and who is silent.

    Args:
        beats: gives the newest word of every server and worker of a product.
    """
    plan = current_plan(past)
    judged = newest_of_each_window(past)
    cards = [
        _card(monitor, settings(plan, monitor).tolerance, [fact for fact in judged if fact.what.monitor == name])
        for name, monitor in members().items()
        if monitor.applies(plan) or any(fact.what.monitor == name for fact in judged)
    ]
    silent = silences(plan, past, beats(question.product), now, wall)
    return WatchState(monitors=cards, alarms=alarms(past), silent=silent)


def audit_tasks(question: AuditTasks, past: Past, files: Tables) -> list[AuditTask]:
    """The rows of every sample that wait for a label, oldest sample first."""
    found: list[AuditTask] = []
    for drawn in waiting(past):
        told = {name for one in segments(past, drawn.sample) for name in files.table(one)["answer_id"].to_pylist()}
        rows = [
            row
            for row in files.table(drawn.sample).select(["answer_id", "entity"]).to_pylist()
            if row["answer_id"] not in told
        ][: question.limit - len(found)]
        ids = [row["answer_id"] for row in rows]
        known = shown_inputs(files, past, current_plan(past), drawn, ids) if question.inputs and ids else {}
        found += [
            AuditTask(row["answer_id"], row["entity"], drawn.window, drawn.sample[:12], known.get(row["answer_id"], {}))
            for row in rows
        ]
    return found


def newest_of_each_window(past: Past) -> list[Recorded[WindowJudged]]:
    """One finding per monitor, candidate and window, by moment: the newest, where one had to wait for its data."""
    found = {(fact.what.monitor, fact.what.candidate, fact.what.window): fact for fact in past.of(WindowJudged)}
    return sorted(found.values(), key=lambda fact: (fact.what.window, fact.seq))


def _card(monitor: Monitor, tolerance: float | None, judged: Sequence[Recorded[WindowJudged]]) -> MonitorCard:
    points = [
        MonitorPoint(what.window, what.candidate, what.level, what.numbers, what.text, what.kind, what.parts)
        for what in (fact.what for fact in judged)
    ]
    tolerates = "" if tolerance is None else monitor.tolerates.format(share=tolerance, percent=tolerance * 100)
    if not judged:
        nothing = "Has judged nothing yet: " + {
            "answers": "no answers were given.",
            "facts": "nothing was counted over a whole window.",
        }.get(monitor.needs, "the truth about no answer is known.")
        return MonitorCard(monitor.name, monitor.asks, "", tolerance, "not_run", nothing, points, tolerates=tolerates)
    latest = [fact.what for fact in judged if fact.what.window == judged[-1].what.window]
    worst = max(latest, key=lambda what: _ORDER.index(what.level))
    guarantee = next((what.guarantee for what in (worst, *(f.what for f in reversed(judged))) if what.guarantee), "")
    return MonitorCard(
        monitor.name, monitor.asks, guarantee, tolerance, worst.level, worst.text, points, worst.kind, tolerates
    )


def alarms(past: Past) -> list[AlarmCard]:
    """Every alarm, oldest first, and whether it still waits for an answer."""
    closed: dict[str, str] = {}
    for told in past.of(AlarmClosed):
        closed.setdefault(told.what.alarm, told.what.reason)
    return [
        AlarmCard(
            alarm=fact.what.alarm,
            monitor=fact.what.monitor,
            candidate=fact.what.candidate,
            at=fact.at.isoformat(),
            since=fact.what.since,
            text=fact.what.text,
            guarantee=fact.what.guarantee,
            cause=fact.what.cause,
            advice=fact.what.advice,
            open=fact.what.alarm not in closed,
            kind=fact.what.kind,
            answer=closed.get(fact.what.alarm, ""),
        )
        for fact in past.of(AlarmRaised)
    ]


@dataclass(frozen=True, slots=True)
class PromiseKept:
    """Promised against real for one window of one candidate, as shares.

    Attributes:
        would_have_promised: what the first model would have promised for the same entities, had nobody acted;
            None where it is this candidate itself or could not be computed.
    """

    window: str
    candidate: str
    promised: float
    real: float
    would_have_promised: float | None


def promises(state: WatchState) -> list[PromiseKept]:
    """The comparison behind the calibration monitor, one point per window and candidate, for a chart."""
    points = [point for card in state.monitors if card.monitor == "calibration" for point in card.points]
    return [
        PromiseKept(
            point.window,
            point.candidate,
            point.numbers["promised"],
            point.numbers["real"],
            point.numbers.get("would_have_promised"),
        )
        for point in points
        if "promised" in point.numbers and "real" in point.numbers
    ]


def budget(question: Budget, past: Past, now: datetime) -> BudgetState:
    """How the false-alarm budget is shared, and what came of it in the year up to now."""
    plan = current_plan(past)
    since = now - _YEAR
    raised = [fact.what for fact in past.of(AlarmRaised) if since < fact.at <= now]
    verdicts = {fact.what.alarm: fact.what.verdict for fact in past.of(AlarmClosed) if fact.what.verdict}
    notes = _notes_of_evidence(past, since, now)
    lines = []
    for name, part in budget_of(plan).items():
        said = Counter(verdicts.get(alarm.alarm, "") for alarm in raised if alarm.monitor == name)
        lines.append(
            BudgetLine(
                monitor=name,
                part=part.alpha,
                declared=part.declared,
                alarms=said.total(),
                notes=notes[name],
                right=said["right"],
                false=said["false"],
                unsaid=said[""],
            )
        )
    whole, false = plan.watch.false_alarms_per_year, sum(line.false for line in lines)
    state = BudgetState(
        budget=whole,
        given=round(sum(line.part for line in lines), 6),
        since=since.isoformat(),
        false=false,
        left=round(whole - false, 6),
        text="",
        monitors=lines,
    )
    return replace(state, text=_spent(state))


def _notes_of_evidence(past: Past, since: datetime, now: datetime) -> Counter[str]:
    """How often a monitor came to a note by its evidence, which may be false as an alarm may; one that lasts is one."""
    found: Counter[str] = Counter()
    before: dict[tuple[str, str], bool] = {}
    for fact in newest_of_each_window(past):
        what, key = fact.what, (fact.what.monitor, fact.what.candidate)
        if what.level == "not_run":
            continue
        beyond = what.numbers.get("evidence", 0.0) >= 1 and what.level == "note"
        found[what.monitor] += beyond and not before.get(key, False) and since < fact.at <= now
        before[key] = beyond
    return found


def _spent(state: BudgetState) -> str:
    """The budget in words: what is accepted, what there was, what that means."""
    alarms, right, unsaid = (
        sum(getattr(line, name) for line in state.monitors) for name in ("alarms", "right", "unsaid")
    )
    often = f"one in {1 / state.budget:.2g} years" if state.budget < 1 else f"{state.budget:g} a year"
    first = f"The plan accepts {state.budget:g} false alarms a year of all monitors together: {often}."
    if not alarms:
        return f"{first} No alarm was raised in the last year."
    raised = f"{alarms} alarm{'s were' if alarms > 1 else ' was'} raised in the last year"
    counted = f"{first} {raised}: {right} found right, {state.false} found false, {unsaid} not said yet."
    if state.left >= 0:
        return counted
    return (
        f"{counted} One false alarm may be chance. If it happens again, the rows depend on each "
        "other more than the plan assumes: raise phi of that monitor, or its tolerance."
    )
