"""Which windows are due, what a monitor carries from one to the next, and when a finding is an alarm."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from shipworthy.base.actor import Actor
from shipworthy.base.digest import digest_of
from shipworthy.base.errors import Mistake, UserError, not_found
from shipworthy.base.fact import Decided, KnownPast, Past
from shipworthy.base.kinds import kind, kinds
from shipworthy.base.times import read_moment
from shipworthy.deliver.folds import ended
from shipworthy.model.exploring import weighs
from shipworthy.plan.schema import MonitorPlan, Plan
from shipworthy.release.course import STEPS
from shipworthy.release.rules import standing
from shipworthy.release.words import FOR_PEOPLE, ReleaseStepped
from shipworthy.watch.budget import MOST_EACH, Part, parts
from shipworthy.watch.dead_man import note_silence as note_silence
from shipworthy.watch.folds import ALARMS, AUDITED, JUDGED, SEALED, OpenAlarm, open_alarms
from shipworthy.watch.folds import PARTS as PARTS
from shipworthy.watch.folds import WAITING as WAITING
from shipworthy.watch.monitor import Monitor, Needs, Settings
from shipworthy.watch.words import AlarmClosed, AlarmRaised, CloseAlarm, WindowJudged

FOLDER = "watch/monitors"
# How long a window is left alone that waits for data, so that a broken source is not read at every tick, or for more
# answers of the prediction server.
PATIENCE = timedelta(days=1)
_DAYS_PER_YEAR = 365.25
_REALTIME_WINDOWS = 365


def monitors() -> dict[str, Monitor]:
    """Every monitor there is, by the name that the plan writes."""
    found = [kind(FOLDER, name, Monitor) for name in kinds(FOLDER)]
    return {monitor.name: monitor for monitor in found}


@dataclass(frozen=True, slots=True)
class Answered:
    """What one candidate did for one moment.

    Attributes:
        moment: as of when, ISO 8601 in UTC.
        parts: the sealed segments that hold its answers, or the names of the runs it was released to answer.
        growing_since: when the newest part came, ISO 8601, where a prediction server may still add to this moment.
        until: the end of the day, ISO 8601, where answers were given all day long to questions that brought their
            inputs; the truth about all of them is known a horizon after it.
    """

    candidate: str
    moment: str
    parts: tuple[str, ...]
    growing_since: str = ""
    until: str = ""

    @property
    def ends(self) -> str:
        """As of when the last of these answers may be; the truth is known a horizon later."""
        return self.until or self.moment


@dataclass(frozen=True, slots=True)
class Due:
    """One window that a monitor has to judge."""

    monitor: str
    needs: Needs
    answered: Answered


def answered(past: Past) -> list[Answered]:
    """What was answered, oldest moment first; a rehearsal answers nobody, and a back-fill nobody in time.

    Answers to questions that brought their inputs are each as of an instant; a day of them is one window. Where all of
    a window comes from prediction servers, it may grow until they have sealed something later for a while.
    """
    state = past.fold(SEALED)
    found = []
    for moment, candidates in sorted(state["windows"].items()):
        for candidate, known in sorted(candidates.items()):
            since = "" if known["settled"] else known["last"]
            parts = tuple(dict.fromkeys(known["parts"].split()))
            found.append(Answered(candidate, moment, parts, since, known["until"]))
    return found


def answers_at_most(past: Past, window: Answered) -> int:
    """How many answers of a window were sealed; some may be about the same entity."""
    known = past.fold(SEALED)["windows"].get(window.moment, {}).get(window.candidate)
    return int(known["rows"]) if known else 0


def matures(plan: Plan, window: Answered) -> datetime:
    """When the truth about all answers of a window should be known: a horizon after the last of them."""
    return plan.need.horizon.after(read_moment(window.ends))


def runs(past: Past) -> list[Answered]:
    """The finished runs of each moment, under the candidate that was released to answer most of them."""
    found: dict[tuple[str, str], list[str]] = {}
    answered_by = _answered_by(past)
    ends = [(one["seq"], run, one) for run, known in ended(past).items() for one in known]
    for seq, run, end in sorted(ends, key=lambda one: int(one[0])):
        candidate = answered_by[bisect_left(answered_by, seq, key=lambda one: one[0]) - 1][1]
        if candidate and not end["back_fill"]:
            found.setdefault((read_moment(end["as_of"]).isoformat(), candidate), []).append(run)
    return [Answered(candidate, moment, tuple(names)) for (moment, candidate), names in sorted(found.items())]


def _answered_by(past: Past) -> list[tuple[int, str]]:
    """By the number of the fact from which on it holds, the candidate that answers most cohorts; at first nobody."""
    found, released = [(0, "")], past.of(*STEPS)
    for number, step in enumerate(released, start=1):
        champions = Counter(name for name in standing(KnownPast(released[:number])).champion.values() if name)
        found.append((step.seq, max(sorted(champions), key=lambda name: champions[name], default="")))
    return found


def audited(past: Past) -> list[Answered]:
    """The windows whose sample people have labelled in whole: a part that they chose would not be random."""
    state = past.fold(AUDITED)
    return [
        Answered(candidate, window, (sample,))
        for candidate, windows in sorted(state["drawn"].items())
        for window, sample in sorted(windows.items())
        if sample not in state["waiting"]
    ]


def due(
    plan: Plan, past: Past, now: datetime, known: Mapping[str, Monitor] | None = None, patient: bool = True
) -> list[Due]:
    """The windows that are due, oldest moment first.

    Monitors of answers and of runs judge at once; monitors of labels when the horizon of the need has passed. Each
    window is judged once, and again only if it could not be judged and either more of it was sealed or the data it
    waits for may be there now.

    Args:
        known: the monitors by name; all there are if absent.
        patient: leave a waiting window alone for a day after it was last tried.
    """
    members = {name: one for name, one in (monitors() if known is None else known).items() if one.applies(plan)}
    judged = past.fold(JUDGED)
    windows = [(window, ("answers", "labels")) for window in answered(past)]
    windows += [(window, ("runs", "")) for window in runs(past)]
    windows += [(window, ("audit", "")) for window in audited(past)]
    found = []
    for window, needs in sorted(windows, key=lambda pair: (pair[0].moment, pair[0].candidate)):
        mine = judged.get(window.candidate, {})
        for name, monitor in members.items():
            if monitor.needs not in needs:
                continue
            last = mine[name]["windows"].get(window.moment) if name in mine else None
            if _open(last, window, now, patient) and _ripe(plan, monitor, window, now):
                found.append(Due(name, monitor.needs, window))
    return found


def _ripe(plan: Plan, monitor: Monitor, window: Answered, now: datetime) -> bool:
    """Whether all of a window is there: the truth, or a day without another answer from the prediction server."""
    if monitor.needs == "labels":
        return plan.need.horizon.after(read_moment(window.ends)) <= now
    if not window.growing_since:
        return True
    since = read_moment(window.growing_since)
    return since + PATIENCE <= now or put_back(since, now)


def _open(known: str | Mapping[str, Any] | None, window: Answered, now: datetime, patient: bool) -> bool:
    """Whether a window waits to be judged; it is known by its level, or by how it was tried in vain."""
    if known is None or isinstance(known, str):
        return known is None
    if known["parts"] < len(window.parts):
        return True
    tried = read_moment(known["at"])  # ahead of now, where the clock was put back since
    return bool(known["waiting"]) and not (patient and tried <= now < tried + PATIENCE)


def put_back(moment: datetime, now: datetime) -> bool:
    """Whether something is dated so far ahead of now that the clock must have been put back since.

    One machine's clock may be a little ahead of another's, and a little is waited for.
    """
    return moment - now >= PATIENCE


def is_judged(past: Past, found: WindowJudged, now: datetime) -> bool:
    """Whether this monitor has judged this window already, for instance in a run beside this one.

    What is counted from facts is about no candidate, and goes on from one window to the next and never back, unless the
    clock was put back.
    """
    known = past.fold(JUDGED).get(found.candidate, {}).get(found.monitor, {})
    if known and not found.candidate:
        newest = read_moment(known["newest"])
        return read_moment(found.window) <= newest and not put_back(newest, now)
    return isinstance(known.get("windows", {}).get(found.window), str)


def watch_due(plan: Plan, past: Past, now: datetime) -> bool:
    """Whether there is anything new to look at."""
    return bool(due(plan, past, now))


def settings(plan: Plan, monitor: Monitor) -> Settings:
    """What the plan says about one monitor, with the monitor's own defaults where it says nothing."""
    own = _said(plan, monitor.name) or MonitorPlan()
    tolerance = own.tolerance
    if tolerance is None and monitor.name == "calibration":
        tolerance = plan.proof.calibration_tolerance
    performance = plan.proof.performance
    return Settings(
        tolerance=monitor.tolerance if tolerance is None else tolerance,
        phi=monitor.phi if own.phi is None else own.phi,
        alpha=_part(plan, monitor).alpha,
        updates_per_year=updates_per_year(plan),
        ages=tuple(plan.data.ages),
        floor=performance.floor if performance.metric == "auc" else None,
        declared=own.tolerance is not None,
        disparity={one.column: one.disparity_at_most for one in plan.proof.fairness},
        worth=plan.watch.worth,
    )


def updates_per_year(plan: Plan) -> int:
    """How many windows a year brings: declared, or one per list; daily where there are only real-time answers."""
    if plan.watch.updates_per_year is not None:
        return plan.watch.updates_per_year
    cadences = {(c.every.days, c.start) for c in plan.consumers.values() if c.mode == "list" and c.every is not None}
    return sum(ceil(_DAYS_PER_YEAR / max(days, 1 / 24)) for days, _ in cadences) or _REALTIME_WINDOWS


def false_alarms_per_year(plan: Plan) -> float:
    """The budget the owner accepts: the sum over all monitors bounds the expected number of false alarms and notes."""
    return sum(part.alpha for part in budget_of(plan).values())


def budget_of(plan: Plan, known: Mapping[str, Monitor] | None = None) -> dict[str, Part]:
    """The part of the false-alarm budget that each monitor may spend; see `budget.parts`."""
    members = monitors() if known is None else known
    names = [name for name, monitor in members.items() if monitor.spends and can_judge(plan, monitor)]
    said = {name: _said(plan, name) for name in names}
    declared = {name: own.false_alarms_per_year for name, own in said.items() if own and own.false_alarms_per_year}
    return parts(plan.watch.false_alarms_per_year, declared, names)


def can_judge(plan: Plan, monitor: Monitor) -> bool:
    """Whether a monitor can ever judge: not one that cannot weigh truths which only those acted on come to have."""
    return monitor.applies(plan) and (monitor.weighs or monitor.needs != "labels" or not weighs(plan))


def _part(plan: Plan, monitor: Monitor) -> Part:
    """A monitor's part; one that describes takes none, and is held to what the plan says or the most that one gets."""
    own = _said(plan, monitor.name)
    spare = Part((own and own.false_alarms_per_year) or MOST_EACH, own is not None)
    return budget_of(plan, monitors() | {monitor.name: monitor}).get(monitor.name, spare)


def _said(plan: Plan, name: str) -> MonitorPlan | None:
    return plan.watch.monitors.get(name) or plan.watch.monitors.get(name.replace("-", "_"))


def open_alarm(past: Past, monitor: str, candidate: str) -> OpenAlarm | None:
    """The newest alarm of this monitor about this candidate that nobody has closed yet."""
    mine = [one for one in open_alarms(past) if (one.monitor, one.candidate) == (monitor, candidate)]
    return mine[-1] if mine else None


def carried(past: Past, monitor: str, candidate: str) -> dict[str, Any]:
    """What the monitor carries to its next window; nothing after one of its alarms was closed: evidence restarts."""
    since = past.fold(ALARMS)["answered"].get(candidate, {}).get(monitor, 0)
    judged = past.fold(JUDGED).get(candidate, {}).get(monitor)
    return dict(judged["carried"]) if judged and judged["seq"] > since else {}


def answering(past: Past) -> set[str]:
    """The candidates that answer somebody now, or stand by: champions, challenger, canary, baseline."""
    now = standing(past)
    return {name for name in (*now.champion.values(), now.challenger, now.canary, now.baseline) if name}


def first_model(past: Past) -> str:
    """The model that answered people first: what would still answer had nobody done anything; empty before one did."""
    steps = (fact.what for fact in past.of(ReleaseStepped))
    return next((step.candidate for step in steps if step.step in FOR_PEOPLE and step.role == "model"), "")


def settled(judged: WindowJudged, answers_now: bool) -> WindowJudged:
    """An alarm only where somebody can act on it: what has been replaced is described, with a note."""
    if judged.level != "alarm" or answers_now:
        return judged
    text = f"{judged.text} This candidate answers nobody any more, so no alarm is raised."
    return replace(judged, level="note", text=text, advice="")


def alarm_of(judged: WindowJudged) -> AlarmRaised:
    """The alarm that a window raises; its name is a digest of what it is about."""
    about = [judged.product, judged.monitor, judged.candidate, judged.window, judged.since]
    return AlarmRaised(
        product=judged.product,
        alarm=digest_of(about),
        monitor=judged.monitor,
        candidate=judged.candidate,
        window=judged.window,
        since=judged.since,
        text=judged.text,
        guarantee=judged.guarantee,
        cause=judged.cause,
        advice=judged.advice,
        kind=judged.kind,
    )


_LEAST_WORDS = 8


def close_alarm(command: CloseAlarm, past: Past, at: datetime, actor: Actor) -> Decided[str]:
    """The answer to an alarm as a fact; an answered one may still be called right or false, and the last word counts.

    Raises:
        NotFound: no alarm begins with these digits, or several do.
        UserError: no reason is given.
    """
    known = [fact.what.alarm for fact in past.of(AlarmRaised)]
    meant = [alarm for alarm in dict.fromkeys(known) if command.alarm and alarm.startswith(command.alarm)]
    if len(meant) != 1:
        raise not_found("alarm", command.alarm, [alarm[:12] for alarm in known], "See `shipworthy monitors`.")
    if len(command.reason.strip()) < _LEAST_WORDS:
        found = "No reason is given why this alarm was " + ("false." if command.false else "right.")
        fix = "Say in one sentence what was found when somebody looked."
        why = "Whether alarms are right is counted against the budget of the plan, for years."
        raise UserError(Mistake("watch.alarm_reason", meant[0][:12], found, why=why, fix=fix))
    fact = AlarmClosed(
        product=command.product,
        alarm=meant[0],
        by=actor.person,
        verdict="false" if command.false else "right",
        reason=command.reason.strip(),
    )
    return Decided([fact], lambda then: meant[0])
