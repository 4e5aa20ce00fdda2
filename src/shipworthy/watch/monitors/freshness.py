"""How old the newest row of each source is, and the stored inputs of each consumer, against the declared age."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shipworthy.base.check import sentence_of
from shipworthy.base.fact import Fold, Past, Recorded
from shipworthy.base.times import Length, read_moment
from shipworthy.data.words import SnapshotRefused, SnapshotTaken
from shipworthy.plan.check import spoken
from shipworthy.plan.schema import Plan
from shipworthy.watch.counted import by_time, daily
from shipworthy.watch.folds import COUNTED_TO
from shipworthy.watch.monitor import Counting, Event, Judgement, Monitor, Settings, Since, Window, not_run
from shipworthy.watch.words import WindowJudged

NAME = "freshness"
# When a source was read, the fact that says so, and the newest moment in it.
Read = tuple[datetime, int, datetime]


def applies(plan: Plan) -> bool:
    """Only where an age is declared."""
    return bool(_declared(plan) or _stored(plan))


def events(plan: Plan, past: Past, since: Since, now: datetime) -> list[Event]:
    """Each reading of a source with how old it was, and each moment at which something grew too old unread."""
    found: list[Event] = []
    read = past.fold(READ)
    for name, limit in _declared(plan).items():
        found += _of(name, limit, _reads(read["sources"].get(name, [])), since, now)
    for consumer, limit in _stored(plan).items():
        found += _of(f"stored inputs of {consumer}", limit, _reads(read["stored"]), since, now)
    return found


def _declared(plan: Plan) -> dict[str, Length]:
    known = {name: source.contract.freshness for name, source in plan.sources.items()}
    return {name: limit for name, limit in known.items() if limit is not None}


def _stored(plan: Plan) -> dict[str, Length]:
    known = {name: consumer.features_within for name, consumer in plan.consumers.items()}
    return {name: limit for name, limit in known.items() if limit is not None}


def _reads(kept: Sequence[Sequence[Any]]) -> list[Read]:
    return [(read_moment(at), seq, read_moment(newest)) for at, seq, newest in kept]


def _read(state: dict[str, Any], fact: Recorded[Any]) -> dict[str, Any]:
    what, at = fact.what, fact.at.isoformat()
    sources = state["sources"]
    if isinstance(what, WindowJudged):
        if what.monitor == NAME:
            upto = what.numbers.get(COUNTED_TO, 0.0)
            state["sources"] = {name: _uncounted(reads, upto) for name, reads in sources.items()}
            state["stored"] = _uncounted(state["stored"], upto)
        return state
    for intake in what.intakes:
        if intake.newest:
            sources.setdefault(intake.source, []).append([at, fact.seq, intake.newest])
    if isinstance(what, SnapshotTaken):
        state["stored"].append([at, fact.seq, what.as_of])
    return state


def _uncounted(reads: list[list[Any]], upto: float) -> list[list[Any]]:
    """The reads behind the fact up to which the monitor has counted, and the one before: it may still grow too old."""
    first = next((place for place, (_, seq, _) in enumerate(reads) if seq > upto), len(reads))
    return reads[max(0, first - 1) :]


READ: Fold[dict[str, Any]] = Fold(
    "watch.freshness", 1, (SnapshotTaken, SnapshotRefused, WindowJudged), lambda: {"sources": {}, "stored": []}, _read
)
"""The reads of each of the ``sources``, and those that lead to ``stored`` inputs, that are not counted yet."""


def _of(part: str, limit: Length, reads: Sequence[Read], since: Since, now: datetime) -> Iterator[Event]:
    spoiled: list[Event] = []
    for (at, seq, newest), following in zip(reads, [*reads, (now, 0, now)][1:], strict=True):
        ends = limit.after(newest)
        age = max(at - newest, timedelta(0)) / timedelta(days=1)
        text = f"the newest is of {newest:%Y-%m-%d %H:%M}, {spoken(limit)} are declared"
        if seq > since.seq:
            numbers = {"age_days": age, "readings": 1.0}
            yield Event(at, seq, part, 1, int(ends < at), text if ends < at else "", numbers)
        if at <= ends < following[0]:
            spoiled.append(Event(ends, 0, part, 1, 1, f"{text}, and nothing newer was read since"))
    yield from by_time(spoiled, since, now)


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Alarm where something is older than the plan declares: counted, so nothing is left to chance."""
    if not window.counted:
        return not_run(state, "No source with a declared age was read.")
    old = {name: one for name, one in window.counted.items() if one.ones}
    text = f"{window.day}: everything that was read is as fresh as declared."
    if old:
        told = sentence_of(f"{name}: {one.said[-1]}" for name, one in sorted(old.items()))
        text = f"{window.day}: too old: {told}"
    ages = {name: _age(one.numbers) for name, one in window.counted.items()}
    return Judgement(
        level="alarm" if old else "quiet",
        text=text,
        state=dict(state),
        numbers={
            "parts": float(len(window.counted)),
            "too_old": float(len(old)),
            "oldest_days": max(ages.values()),
        },
        parts={
            name: {"rows": float(one.rows), "now": float(one.ones), "tolerated": 0.0, "age_days": ages[name]}
            for name, one in window.counted.items()
        },
        guarantee="Counted, not estimated: the age is that of the newest row, by the column that the contract names.",
        kind="description",
        cause="The feed stopped, comes late, or nobody reads it." if old else "",
        advice="Ask its vendor when it last sent something, and look whether the worker runs." if old else "",
        since=min((one.first for one in old.values()), default=""),
    )


def _age(numbers: Mapping[str, float]) -> float:
    """The mean age over the readings of a window; 0 where the clock alone told of it."""
    return numbers.get("age_days", 0.0) / max(1.0, numbers.get("readings", 0.0))


MONITOR = Monitor(
    name=NAME,
    asks="Are sources and stored inputs as fresh as declared?",
    needs="facts",
    judge=judge,
    tolerance=None,
    spends=False,
    applies=applies,
    counting=Counting(events, timedelta(days=1), daily),
)
