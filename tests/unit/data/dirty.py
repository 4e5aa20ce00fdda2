"""Small tables, as clean or dirty as a test wants them, and what a contract makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from shipworthy.data.parts import joined
from shipworthy.data.rules import Judged, judge
from shipworthy.data.source import Broken, Part, Reading
from shipworthy.plan.schema import Contract

AS_OF = datetime(2024, 6, 1, tzinfo=UTC)
Row = Mapping[str, Any]


def contract(columns: Mapping[str, Any], **terms: Any) -> Contract:
    """A contract that stops at nothing, unless a test says so."""
    return Contract.model_validate({"quarantine_at_most": 1.0, **terms, "columns": dict(columns)})


def part(
    rows: Sequence[Row], name: str = "a.csv", broken: Sequence[int] = (), header: Sequence[str] = ()
) -> tuple[Part, pa.Table]:
    """A file of rows, every value as text; `broken` are the places of more rows that have no columns."""
    names = list(dict.fromkeys([*header, *(column for row in rows for column in row)]))
    table = pa.table({column: pa.array([row.get(column) for row in rows], pa.string()) for column in names})
    lost = tuple(Broken(at, f"line {at}", "the row has 1 cells, the header 2") for at in broken)
    return Part(name, "0" * 64, len(rows) + len(lost), tuple(names), lost), table


def reading(*files: Sequence[Row]) -> Reading:
    """Files of rows as one source."""
    return joined([part(rows, f"{at}.csv") for at, rows in enumerate(files, 1)])


def column(*values: Any) -> list[Row]:
    """Rows with one column x."""
    return [{"x": value} for value in values]


def judged(rows: Sequence[Row] | Reading, terms: Contract, as_of: datetime = AS_OF) -> Judged:
    """The rows held against the contract."""
    read = rows if isinstance(rows, Reading) else reading(rows)
    return judge(read, terms, "orders", as_of)


def accepted(found: Judged) -> list[Any]:
    """The values of the one column of the accepted rows."""
    values: list[Any] = found.accepted.column(0).to_pylist()
    return values


def failures(found: Judged) -> list[str]:
    """What the checks that failed have found."""
    return [f"{check.check}: {check.found}" for check in found.checks if check.verdict != "pass"]
