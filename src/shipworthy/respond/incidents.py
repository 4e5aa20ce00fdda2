"""Incidents: bugs in production, from opening to the signature that closes them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Past, Recorded, What, latest
from shipworthy.base.times import Length, read_moment
from shipworthy.data.words import SnapshotRefused
from shipworthy.deliver.folds import Brought, Troubled, brought, brought_by, last_end, troubled
from shipworthy.deliver.words import AnswersSealed, DeliveryFailed, DeliveryMade, RunFinished
from shipworthy.plan.schema import Plan
from shipworthy.respond.folds import ANSWERED, AT_ONCE, MOST_RUNS, SILENT, hour_of
from shipworthy.respond.words import (
    IncidentChanged,
    IncidentClosed,
    IncidentOpened,
    Severity,
)
from shipworthy.watch.words import AlarmRaised

_CAUSES: tuple[type[What], ...] = (SnapshotRefused, AlarmRaised, DeliveryFailed, DeliveryMade, RunFinished)
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
        affected=_newest(past, cause, list(dict.fromkeys(_lists(past, cause)))),
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
    alarm = lasting_alarm(past, incident.cause)
    counts = {run: _answers_of(past, run) for run in lists(past, incident)}
    served = _served(past, alarm) if alarm else 0
    total = sum(counts.values()) + served
    # Within a list everybody is once; at a server the same person may have asked each time.
    least = max([*counts.values(), min(served, 1)])
    return Reach(_newest(past, incident.cause, list(counts)), brought_in(past, counts), total, least, total)


def lists(past: Past, incident: IncidentOpened) -> list[str]:
    """Every list that an incident had to do with until now, oldest first."""
    named = [run for run in incident.affected if not run.startswith(AT_ONCE)]
    return sorted(dict.fromkeys([*named, *_lists(past, incident.cause)]), key=lambda run: _order(past, run))


def newest_runs(past: Past, incident: IncidentOpened) -> list[str]:
    """The newest lists, and stretches of servers and stream workers, that an incident had to do with until now."""
    return _newest(past, incident.cause, lists(past, incident))


def lasting_alarm(past: Past, cause: str) -> AlarmRaised | None:
    """The alarm that is a cause, where it says since when it goes on."""
    found = cause_of(past, cause)
    return found.what if found and isinstance(found.what, AlarmRaised) and found.what.since else None


def brought_in(past: Past, runs: Iterable[str]) -> int:
    """How many deliveries of these runs reached a consumer; rehearsals are none."""
    return len({one.delivery for run in runs for one in brought_by(past, run) if one.step not in SILENT})


def first_answers(past: Past, incident: IncidentOpened) -> int:
    """The number of the first fact of answers that an incident can have had to do with; 0 where there is none."""
    answered, alarm = past.fold(ANSWERED), lasting_alarm(past, incident.cause)
    known = [answered["lists"][run]["first"] for run in lists(past, incident) if run in answered["lists"]]
    if alarm:
        begins = hour_of(read_moment(alarm.since)).isoformat()
        known += [one["first"] for hour, one in answered["hours"].items() if hour >= begins]
    return min(known, default=0)


def served_since(sealed: Recorded[AnswersSealed], alarm: AlarmRaised) -> bool:
    """Whether a stretch of a server or stream worker may hold answers of the alarm's candidate since it goes on."""
    return (
        sealed.what.run.startswith(AT_ONCE)
        and (not alarm.candidate or alarm.candidate in sealed.what.candidates)
        and sealed.at >= read_moment(alarm.since)
    )


def _answers_of(past: Past, run: str) -> int:
    """How many answers for people a list gave, by the log, or by its account where none are there."""
    known = past.fold(ANSWERED)["lists"].get(run)
    if known:
        return int(known["answers"])
    return next((fact.what.answered for fact in past.of(RunFinished, about=run)), 0)


def _served(past: Past, alarm: AlarmRaised) -> int:
    """How many answers for people are in the stretches in which an alarm's candidate answered since it goes on."""
    since, count = read_moment(alarm.since), 0
    begins = hour_of(since)
    for hour, one in past.fold(ANSWERED)["hours"].items():
        if hour > begins.isoformat() or (hour == begins.isoformat() and since == begins):
            told = one["answers"].items()
            count += sum(rows for who, rows in told if not alarm.candidate or alarm.candidate in who.split())
        elif hour == begins.isoformat():  # only the end of this hour counts
            for fact in past.of(AnswersSealed, after=one["first"] - 1, upto=one["last"]):
                if served_since(fact, alarm) and hour_of(fact.at) == begins:
                    count += sum(rows for step, rows in fact.what.steps.items() if step not in SILENT)
    return count


def _newest(past: Past, cause: str, lists: Sequence[str]) -> list[str]:
    runs, alarm = [(_order(past, run), run) for run in lists], lasting_alarm(past, cause)
    if alarm:
        since = read_moment(alarm.since)
        stretches = past.fold(ANSWERED)["newest"].get(alarm.candidate, [])
        runs += [(seq, run) for seq, at, run in stretches if read_moment(at) >= since]
    return [run for _, run in sorted(runs, key=lambda pair: pair[0])][-MOST_RUNS:]


def _order(past: Past, run: str) -> int:
    """The number of the newest fact about a list."""
    sealed = past.fold(ANSWERED)["lists"].get(run)
    return max(last_end(past, run)[1], sealed["last"] if sealed else 0)


def _lists(past: Past, cause: str) -> list[str]:
    """The lists that a cause had to do with.

    Of an alarm these are the lists since when it goes on to which its candidate gave answers; of one about no
    candidate, such as a late source, all that were brought since. Of a run or delivery it is itself; of all those since
    in which something stood in, or a sink got nothing.
    """
    known = cause_of(past, cause)
    if known is None:
        return []
    first = known.what
    runs = [one.run for one in troubled(past) if one.seq >= known.seq and _fell_short(one)]
    if isinstance(first, AlarmRaised) and first.since:
        runs += [one.run for one in brought(past) if _brought_since(one, first)]
    if isinstance(first, DeliveryMade | DeliveryFailed | RunFinished):
        runs.append(first.run)
    return runs


def _brought_since(made: Brought, alarm: AlarmRaised) -> bool:
    """Whether a list may rest on what an alarm is about; one about no candidate has moments of facts, not of lists."""
    if not alarm.candidate:
        return made.at >= read_moment(alarm.since)
    return made.candidate == alarm.candidate and made.as_of >= alarm.since


def _fell_short(finished: Troubled) -> bool:
    return bool(finished.stood_in or any(finished.failed.values()))
