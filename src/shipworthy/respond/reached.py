"""Whom an incident reached, counted in the prediction log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

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
from shipworthy.respond.words import IncidentClosed, IncidentOpened
from shipworthy.watch.words import AlarmRaised

if TYPE_CHECKING:
    import pyarrow as pa

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
    when it goes on. Each person is
    counted once, however many answers they got. Memory holds the names of these people, and one segment at a time.

    Raises:
        Tampered: a segment does not hold what was sealed.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if latest(past.of(IncidentClosed, about=incident.incident)):
        return reach(past, incident)
    named, cause = set(lists(past, incident)), cause_of(past, incident.cause)
    alarm = cause.what if cause and isinstance(cause.what, AlarmRaised) else None
    people, answers = pa.array([], pa.string()), 0
    for sealed in past.of(AnswersSealed, after=first_answers(past, incident) - 1):
        if sealed.what.run in named or (alarm and alarm.since and served_since(sealed, alarm)):
            rows = files.table(files.current(sealed.what.segment), _COLUMNS)
            reached = _for_people(rows, alarm, sealed.what.run.startswith(AT_ONCE))
            answers += len(reached)
            people = pc.unique(pa.concat_arrays([people, *reached["entity"].cast(pa.string()).chunks]))
    return Reach(newest_runs(past, incident), brought_in(past, named), answers, len(people), len(people))


def _for_people(rows: pa.Table, alarm: AlarmRaised | None, served: bool) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pc.invert(pc.is_in(rows["step"], pa.array(SILENT)))
    if alarm is not None and alarm.candidate:
        wanted = pc.and_(wanted, pc.equal(rows["candidate"], alarm.candidate))
    if alarm is not None and alarm.since and served:
        since = pa.scalar(read_moment(alarm.since), rows["time"].type)
        wanted = pc.and_(wanted, pc.greater_equal(rows["time"], since))
    return rows.filter(wanted)
