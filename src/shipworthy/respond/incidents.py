"""Incidents: bugs in production, from opening to the signature that closes them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Past, Recorded, What, latest
from shipworthy.base.times import Length, read_moment
from shipworthy.data.words import SnapshotRefused
from shipworthy.deliver.words import AnswersSealed, DeliveryFailed, DeliveryMade, RunFinished
from shipworthy.plan.schema import Plan
from shipworthy.respond.words import (
    IncidentChanged,
    IncidentClosed,
    IncidentOpened,
    Severity,
)
from shipworthy.watch.words import AlarmRaised

_CAUSES: tuple[type[What], ...] = (SnapshotRefused, AlarmRaised, DeliveryFailed, DeliveryMade, RunFinished)
MOST_RUNS = 50
SILENT = ("rehearsal", "shadow")
"""Steps in which answers are in the log and reach nobody."""
AT_ONCE = "serve/"
"""How the names of the runs of prediction servers and stream workers begin."""
OF_A_FEED = ("volume", "unanswered", "contract-breaches", "freshness", "label-lateness")
"""Monitors whose alarm says that data is missing or wrong, rather than that the world has changed."""
ANY_SOURCE = "*"
"""Stands for the source of an incident about data where it may be any."""


def opened(past: Past) -> Sequence[Recorded[IncidentOpened]]:
    """Every incident that was opened, oldest first."""
    return past.of(IncidentOpened)


def open_now(past: Past) -> list[Recorded[IncidentOpened]]:
    """The incidents that nobody has closed."""
    closed = {fact.what.incident for fact in past.of(IncidentClosed)}
    return [fact for fact in opened(past) if fact.what.incident not in closed]


def severity_of(past: Past, incident: IncidentOpened) -> Severity:
    """How bad an incident is by the last word about it."""
    changed = latest(past.of(IncidentChanged, about=incident.incident))
    return changed.what.severity if changed else incident.severity


def owner_of(past: Past, incident: IncidentOpened) -> str:
    """Who looks after an incident by the last word about it."""
    changed = latest(past.of(IncidentChanged, about=incident.incident))
    return changed.what.owner if changed else incident.owner


def deadline(plan: Plan, past: Past, incident: Recorded[IncidentOpened]) -> datetime:
    """When an incident is to be closed at the latest, by its severity."""
    within: Length = getattr(plan.respond.incidents, severity_of(past, incident.what))
    return within.after(incident.at)


def overdue_moments(plan: Plan, past: Past, incident: Recorded[IncidentOpened], now: datetime) -> list[datetime]:
    """The moments before now by which an open incident should have been closed: once, twice… as long as it may take."""
    within: Length = getattr(plan.respond.incidents, severity_of(past, incident.what))
    found: list[datetime] = []
    while (moment := within.times(len(found) + 1).after(incident.at)) < now:
        found.append(moment)
    return found


def about_data(past: Past) -> set[str]:
    """The names of all incidents that make data suspect: those of a source, and of a refused snapshot."""
    refusals = {fact.what.refusal for fact in past.of(SnapshotRefused)}
    return {fact.what.incident for fact in opened(past) if fact.what.source or fact.what.cause in refusals}


def data_incidents_open(past: Past) -> list[str]:
    """The names of open incidents that make data suspect."""
    suspect = about_data(past)
    return [fact.what.incident for fact in open_now(past) if fact.what.incident in suspect]


def wrong_for_good(past: Past, moments: Sequence[datetime], horizon: Length) -> Recorded[IncidentClosed] | None:
    """The newest incident that left wrong data in what would be learnt: from a moment to a horizon later.

    Args:
        moments: whose truth would be learnt.
    """
    for fact in reversed(past.of(IncidentClosed)):
        if fact.what.wrong_from:
            first, last = read_moment(fact.what.wrong_from), read_moment(fact.what.wrong_until)
            if any(moment < last and horizon.after(moment) > first for moment in moments):
                return fact
    return None


def incident_for(
    plan: Plan, past: Past, title: str, cause: str, severity: Severity, source: str = ""
) -> IncidentOpened:
    """The incident for a cause, with the runs in which something stood in or failed since.

    The same trouble under the same title is the same incident until it is closed; after that it is a new one.

    Args:
        source: the source whose data is suspect, `*` where it may be any; empty where it is not about data.
    """
    closed = {fact.what.incident for fact in past.of(IncidentClosed)}
    number = 0
    while (name := _name(plan.product, cause, title, number)) in closed:
        number += 1
    return IncidentOpened(
        product=plan.product,
        incident=name,
        severity=severity,
        title=title,
        owner=plan.people.owners.technology,
        cause=cause,
        affected=_affected(past, cause)[-MOST_RUNS:],
        source=source,
    )


def _name(product: str, cause: str, title: str, number: int) -> str:
    return f"I-{digest_of([product, cause, title, *([number] if number else [])])[:8]}"


def cause_of(past: Past, name: str) -> Recorded[What] | None:
    """The fact that set an incident off, where one did."""
    found = past.of(*_CAUSES, about=name) if name else []
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom an incident had to do with.

    Attributes:
        runs: lists, and stretches of servers and stream workers, oldest first.
        deliveries: how many lists of these were brought.
        answers: how many answers for people they gave; at most, where the log was not counted.
        people_at_least, people_at_most: bounds of how many people got them; the same where the log was counted.
    """

    runs: list[str]
    deliveries: int
    answers: int
    people_at_least: int
    people_at_most: int


def reach(past: Past, incident: IncidentOpened) -> Reach:
    """The reach of an incident: as it was counted when it was closed, else bounded by what the facts tell now.

    The least is the largest run, the most is all of them together: whoever was in two of them is in both. Of a run
    that gave answers by several candidates all are counted; `respond.reached` counts them in the log.
    """
    closed = latest(past.of(IncidentClosed, about=incident.incident))
    if closed and closed.what.affected:
        told = closed.what
        most = told.people_at_most or told.answers  # what was closed before was not counted
        return Reach(list(told.affected), told.deliveries, told.answers, told.people_at_least, most)
    runs = affected(past, incident)
    named = set(runs)
    counts: dict[str, int] = {}
    for sealed in past.of(AnswersSealed):
        if sealed.what.run in named:
            people = sum(rows for step, rows in sealed.what.steps.items() if step not in SILENT)
            counts[sealed.what.run] = counts.get(sealed.what.run, 0) + people
    for finished in past.of(RunFinished):
        if finished.what.run in named:
            counts.setdefault(finished.what.run, finished.what.answered)
    total = sum(counts.values())
    # Within a list everybody is once; at a server the same person may have asked each time.
    least = max((count if not run.startswith(AT_ONCE) else min(count, 1) for run, count in counts.items()), default=0)
    return Reach(runs[-MOST_RUNS:], brought(past, named), total, least, total)


def affected(past: Past, incident: IncidentOpened) -> list[str]:
    """Every run that an incident had to do with until now, oldest first."""
    order = {fact.what.run: fact.seq for fact in past.of(RunFinished, AnswersSealed)}
    runs = dict.fromkeys([*incident.affected, *_affected(past, incident.cause)])
    return sorted(runs, key=lambda run: order.get(run, 0))


def brought(past: Past, runs: Collection[str]) -> int:
    """How many deliveries of these runs reached a consumer; rehearsals are none."""
    made = past.of(DeliveryMade)
    return len({fact.what.delivery for fact in made if fact.what.run in runs and fact.what.step not in SILENT})


def _affected(past: Past, cause: str) -> list[str]:
    """The runs that a cause had to do with.

    Of an alarm these are the lists since when it goes on to which its candidate gave answers, and the stretches of
    servers and stream workers in which it answered; of one about no candidate, such as a late source, all that were
    brought or answered since. Of a run or delivery it is itself; of all those since in which something stood in, or a
    sink got nothing.
    """
    known: list[Recorded[What]] = [*past.of(*_CAUSES, about=cause)] if cause else []
    if not known:
        return []
    first = known[0].what
    runs = [fact.what.run for fact in past.of(RunFinished) if fact.seq >= known[0].seq and _fell_short(fact.what)]
    if isinstance(first, AlarmRaised) and first.since:
        runs += [fact.what.run for fact in past.of(DeliveryMade) if _brought_since(fact, first)]
        served = past.of(AnswersSealed)
        runs += [fact.what.run for fact in served if _served_since(fact, first)]
    if isinstance(first, DeliveryMade | DeliveryFailed | RunFinished):
        runs.append(first.run)
    order = {fact.what.run: fact.seq for fact in past.of(RunFinished)}
    return sorted(dict.fromkeys(runs), key=lambda run: order.get(run, 0))


def _brought_since(made: Recorded[DeliveryMade], alarm: AlarmRaised) -> bool:
    """Whether a list may rest on what an alarm is about; one about no candidate has moments of facts, not of lists."""
    if not alarm.candidate:
        return made.at >= read_moment(alarm.since)
    return made.what.candidate == alarm.candidate and made.what.as_of >= alarm.since


def _served_since(sealed: Recorded[AnswersSealed], alarm: AlarmRaised) -> bool:
    """Whether a stretch of a server or stream worker may hold answers of the alarm's candidate since it goes on."""
    return (
        sealed.what.run.startswith(AT_ONCE)
        and (not alarm.candidate or alarm.candidate in sealed.what.candidates)
        and sealed.at >= read_moment(alarm.since)
    )


def _fell_short(finished: RunFinished) -> bool:
    return bool(finished.stood_in or any(finished.failed.values()))
