"""Whom an incident reached, counted in the prediction log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.fact import Past, latest
from shipworthy.base.times import read_moment
from shipworthy.deliver.words import AnswersSealed
from shipworthy.respond.folds import AT_ONCE, SILENT
from shipworthy.respond.incidents import (
    Reach,
    brought_in,
    cause_of,
    first_answers,
    lists,
    newest_runs,
    reach,
    served_since,
)
from shipworthy.respond.words import AffectedPerson, IncidentClosed, IncidentOpened
from shipworthy.watch.words import AlarmRaised

_COLUMNS = ["entity", "time", "candidate", "step"]


class Log(Protocol):
    """Where the segments of the prediction log lie."""

    def current(self, digest: str) -> str:
        """The digest under which a content lies now: an erasure may have put another in its place."""
        ...

    def table(self, digest: str, columns: list[str] | None = None) -> pa.Table:
        """Some columns of a segment."""
        ...


def counted(files: Log, past: Past, incident: IncidentOpened) -> Reach:
    """How many deliveries, answers and people an incident had to do with; of a closed one as it was counted then.

    Of an alarm only the answers of its candidate are counted, of all where it is about none; at servers those since
    when it goes on. Each person is counted once, however many answers they got. Memory holds the names of these
    people, and one segment at a time.

    Raises:
        Tampered: a segment does not hold what was sealed.
    """
    if latest(past.of(IncidentClosed, about=incident.incident)):
        return reach(past, incident)
    found, answers = pa.array([], pa.string()), 0
    for reached in _answers(files, past, incident):
        answers += len(reached)
        found = pc.unique(pa.concat_arrays([found, *reached["entity"].cast(pa.string()).chunks]))
    deliveries = brought_in(past, set(lists(past, incident)))
    return Reach(newest_runs(past, incident), deliveries, answers, len(found), len(found))


def people(files: Log, past: Past, incident: IncidentOpened) -> list[AffectedPerson]:
    """Everybody whom an incident reached, whoever got most answers first.

    Raises:
        Tampered: a segment does not hold what was sealed.
    """
    found = pa.table({"entity": pa.array([], pa.string())})
    for reached in _answers(files, past, incident):
        rows = pa.table({"entity": reached["entity"].cast(pa.string()), "time": reached["time"]})
        some = rows.group_by("entity").aggregate([("time", "count"), ("time", "min"), ("time", "max")])
        found = _together(found, some) if len(found) else some
    rows = found.sort_by([("time_count", "descending"), ("entity", "ascending")]).to_pylist() if len(found) else []
    return [
        AffectedPerson(row["entity"], row["time_count"], row["time_min"].isoformat(), row["time_max"].isoformat())
        for row in rows
    ]


def _together(found: pa.Table, more: pa.Table) -> pa.Table:
    both = pa.concat_tables([found, more.select(found.column_names)])
    summed = both.group_by("entity").aggregate([("time_count", "sum"), ("time_min", "min"), ("time_max", "max")])
    return summed.rename_columns(
        {"time_count_sum": "time_count", "time_min_min": "time_min", "time_max_max": "time_max"}
    )


def _answers(files: Log, past: Past, incident: IncidentOpened) -> Iterator[pa.Table]:
    """The answers that people got of it, segment by segment; until the incident was closed, where it is."""
    named, cause = set(lists(past, incident)), cause_of(past, incident.cause)
    alarm = cause.what if cause and isinstance(cause.what, AlarmRaised) else None
    closed = latest(past.of(IncidentClosed, about=incident.incident))
    for sealed in past.of(AnswersSealed, after=first_answers(past, incident) - 1):
        if closed is not None and sealed.seq > closed.seq:
            return
        if sealed.what.run in named or (alarm and alarm.since and served_since(sealed, alarm)):
            rows = files.table(files.current(sealed.what.segment), _COLUMNS)
            yield _for_people(rows, alarm, sealed.what.run.startswith(AT_ONCE))


def _for_people(rows: pa.Table, alarm: AlarmRaised | None, served: bool) -> pa.Table:
    wanted = pc.invert(pc.is_in(rows["step"], pa.array(SILENT)))
    if alarm is not None and alarm.candidate:
        wanted = pc.and_(wanted, pc.equal(rows["candidate"], alarm.candidate))
    if alarm is not None and alarm.since and served:
        since = pa.scalar(read_moment(alarm.since), rows["time"].type)
        wanted = pc.and_(wanted, pc.greater_equal(rows["time"], since))
    return rows.filter(wanted)
