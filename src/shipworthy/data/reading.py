"""The accepted rows of a snapshot, cut off at a moment, so that nothing downstream sees the future."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.times import aware
from shipworthy.data.words import SnapshotTaken
from shipworthy.plan.schema import Plan


class Tables(Protocol):
    """Tables by digest, verified when read."""

    def table(self, digest: str, columns: list[str] | None = None) -> pa.Table:
        """The table of that digest."""
        ...


def tables(
    files: Tables, taken: SnapshotTaken, plan: Plan, before: datetime | None = None, without: str | None = None
) -> dict[str, pa.Table]:
    """The accepted rows of every source, by its name.

    Args:
        without: a source that is left out.
        before: only rows before this moment, for sources that have a time column; all rows of the snapshot otherwise.
    """
    found = {}
    for intake in taken.intakes:
        if intake.source != without:
            found[intake.source] = known(files.table(intake.content), intake.source, plan, before)
    return found


def known(rows: pa.Table, source: str, plan: Plan, before: datetime | None) -> pa.Table:
    """Those of some accepted rows of a source that were known before a moment; all where it has no time column."""
    contract = plan.sources[source].contract if source in plan.sources else None
    if before is None or contract is None or contract.time is None:
        return rows
    earlier = _before(rows[contract.time], aware(before))
    return rows if pc.all(earlier).as_py() else rows.filter(earlier)


def _before(column: pa.ChunkedArray, moment: datetime) -> pa.ChunkedArray:
    limit = pa.scalar(moment.date(), pa.date32()) if pa.types.is_date(column.type) else pa.scalar(moment, column.type)
    return pc.less(column, limit)
