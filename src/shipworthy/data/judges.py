"""The judges that a contract sets over each row, as SQL conditions, in the order in which they speak."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow as pa

from shipworthy.data import casting
from shipworthy.data.contract import NOT_BEFORE, one_of_value
from shipworthy.data.engine import RESERVED, identifier, literal
from shipworthy.plan.schema import Column, Contract

ROW = f"{RESERVED}row"
_KINDS = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "date": "a date",
    "moment": "a moment",
    "flag": "true or false",
}


@dataclass(frozen=True, slots=True)
class Span:
    """What a look at a whole column of numbers tells: all of its values are there, and lie between these two.

    A value that is no number makes both ends NaN, which lies within no bounds.
    """

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Judge:
    """One reason for which rows go.

    Attributes:
        does: remove, which is counted and gone, or quarantine, which is kept aside.
        name: the name of the rule, or the reason in plain words; never a value of a row.
        where: SQL over the layout: the rows it objects to.
        condition: whether the plan's author wrote it.
        column: the only column it looks at, where `clear` can answer for it.
        clear: whether the span of that column shows that it objects to no row, so that no row need be asked.
    """

    does: Literal["remove", "quarantine"]
    name: str
    where: str
    condition: bool = False
    column: str = ""
    clear: Callable[[Span], bool] | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """How the columns of a source stand beside those of its contract.

    Attributes:
        schema: the source's columns, after `casting.readable`.
    """

    contract: Contract
    schema: pa.Schema

    @property
    def declared(self) -> dict[str, Column]:
        """The declared columns."""
        return self.contract.columns

    @property
    def absent(self) -> list[str]:
        """Declared columns that the source does not have."""
        return [name for name in self.declared if name not in self.schema.names]

    @property
    def others(self) -> list[int]:
        """The places of the source's columns that the contract does not name."""
        return [at for at, name in enumerate(self.schema.names) if name not in self.declared]

    @property
    def usable(self) -> list[str]:
        """The columns that a condition can name: the declared ones, and others whose names are clear."""
        small = Counter(name.lower() for name in {*self.declared, *self.schema.names})
        clear = [name for name in (self.schema.names[at] for at in self.others) if name and small[name.lower()] == 1]
        return [*self.declared, *(name for name in clear if not name.startswith(RESERVED))]

    def raw(self, name: str) -> str:
        """The name under which the engine sees a column as the source has it."""
        return f"{RESERVED}{self.schema.names.index(name)}"

    def select(self, table: str) -> str:
        """SQL that gives every row of a table with numbered columns: as it is, and in the declared types."""
        columns = [ROW, *(f"{RESERVED}{at}" for at in range(len(self.schema.names)))]
        for name, column in self.declared.items():
            value = casting.nothing(column) if name in self.absent else self._typed(name, column)
            columns.append(f"{value} AS {identifier(name)}")
        others = self.usable[len(self.declared) :]
        columns += [f"{self.raw(name)} AS {identifier(name)}" for name in others]
        return f"SELECT {', '.join(columns)} FROM {table}"

    def missing(self, name: str) -> str:
        """SQL for whether a column has no value in a row."""
        return casting.missing(self.raw(name), self.schema.field(name).type)

    def _typed(self, name: str, column: Column) -> str:
        return casting.typed(self.raw(name), self.schema.field(name).type, column)


def judges(layout: Layout, as_of: datetime) -> list[Judge]:
    """Every judge of single rows, in order: time, what cannot be read, removal rules, then the bounds of columns."""
    present = [(name, column) for name, column in layout.declared.items() if name not in layout.absent]
    return [
        *_future(layout, as_of),
        *(Judge("quarantine", f"the source has no column {name}", "true") for name in layout.absent),
        *(judge for name, column in present for judge in _unreadable(layout, name, column)),
        *(Judge("remove", rule.name, f"({rule.where}\n)", condition=True) for rule in layout.contract.remove),
        *(judge for name, column in present for judge in _bounds(layout, name, column)),
    ]


def before(time: str, column: Column, as_of: datetime) -> str:
    """SQL for whether a row lies before `as_of`; a day in which `as_of` lies does not, since it is not over then."""
    if column.type == "date":
        return f"{time} < DATE '{as_of.date().isoformat()}'"
    return f"{time} < TIMESTAMP '{as_of.replace(tzinfo=None).isoformat(sep=' ')}'"


def _future(layout: Layout, as_of: datetime) -> Iterator[Judge]:
    time = layout.contract.time
    if time is not None and time not in layout.absent:
        yield Judge("remove", NOT_BEFORE, f"NOT ({before(identifier(time), layout.declared[time], as_of)})")


def _unreadable(layout: Layout, name: str, column: Column) -> Iterator[Judge]:
    bad = f"{identifier(name)} IS NULL AND NOT {layout.missing(name)}"
    if column.type != "text":
        as_written = f" as {column.format}" if column.format else ""
        reason = f"{name} cannot be read as {_KINDS[column.type]}{as_written}"
        yield Judge("quarantine", reason, bad, column=name, clear=_finite)


def _bounds(layout: Layout, name: str, column: Column) -> Iterator[Judge]:
    value = identifier(name)
    if column.required:
        # A value that is there but cannot be read has its own reason; an empty binary value becomes an empty text.
        absent = f"{value} IS NULL" if column.type == "text" else layout.missing(name)
        yield Judge("quarantine", f"{name} is missing", absent, column=name, clear=_finite)
    if column.min is not None:
        low, where = float(column.min), f"{value} < {literal(float(column.min))}"
        yield Judge(
            "quarantine", f"{name} is below {low:g}", where, column=name, clear=lambda span: bool(span.low >= low)
        )
    if column.max is not None:
        high, where = float(column.max), f"{value} > {literal(float(column.max))}"
        yield Judge(
            "quarantine", f"{name} is above {high:g}", where, column=name, clear=lambda span: bool(span.high <= high)
        )
    if column.one_of is not None:
        values = ", ".join(one_of_value(item, column) for item in column.one_of)
        yield Judge("quarantine", f"{name} is not one of the declared values", f"{value} NOT IN ({values})")
    if column.pattern is not None:
        text = value if column.type == "text" else f"CAST({layout.raw(name)} AS VARCHAR)"
        wrong = f"{value} IS NOT NULL AND NOT regexp_full_match({text}, {literal(column.pattern)})"
        yield Judge("quarantine", f"{name} does not match its pattern", wrong)


def _finite(span: Span) -> bool:
    return math.isfinite(span.low) and math.isfinite(span.high)
