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


def tables(files: Tables, taken: SnapshotTaken, plan: Plan, before: datetime | None = None) -> dict[str, pa.Table]:
    """The accepted rows of every source, by its name.

    Args:
        before: only rows before this moment, for sources that have a time column; all rows of the snapshot otherwise.
    """
    found = {}
    for intake in taken.intakes:
        table = files.table(intake.content)
        contract = plan.sources[intake.source].contract if intake.source in plan.sources else None
        if before is not None and contract is not None and contract.time is not None:
            table = table.filter(_before(table[contract.time], aware(before)))
        found[intake.source] = table
    return found


def _before(column: pa.ChunkedArray, moment: datetime) -> pa.ChunkedArray:
    limit = pa.scalar(moment.date(), pa.date32()) if pa.types.is_date(column.type) else pa.scalar(moment, column.type)
    return pc.less(column, limit)
