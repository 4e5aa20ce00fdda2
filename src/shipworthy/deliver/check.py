"""What a member of the folder `checks` of this stage is: a question asked of output before it leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.check import CheckResult
from shipworthy.base.kinds import kind, kinds
from shipworthy.plan.schema import Consumer, Plan


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted over all rows of output that is read some rows at a time.

    Attributes:
        entities: how many different ones; chosen: positive decisions.
        empty: values that are missing, by the name of the column.
    """

    rows: int
    entities: int
    chosen: int
    empty: dict[str, int]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Output that is about to leave.

    Attributes:
        answers: rows of the prediction log that are for this consumer.
        rows: the same in the shape that goes out.
        tally: where there are too many rows to hold at once, what was counted over all of them; `answers` and `rows`
            are then only the first of them, so a check asks for the counts below.
    """

    plan: Plan
    name: str
    consumer: Consumer
    answers: pa.Table
    rows: pa.Table
    tally: Tally | None = None

    @property
    def count(self) -> int:
        """How many rows leave."""
        return self.tally.rows if self.tally else len(self.answers)

    @property
    def entities(self) -> int:
        """How many different entities they are about."""
        return self.tally.entities if self.tally else int(pc.count_distinct(self.answers["entity"]).as_py())

    @property
    def chosen(self) -> int:
        """How many of them are positive decisions."""
        if self.tally:
            return self.tally.chosen
        return int(pc.sum(pc.equal(self.answers["decision"], self.plan.decision.yes)).as_py() or 0)

    @property
    def empty(self) -> list[str]:
        """The columns in which some value is missing."""
        if self.tally:
            return [name for name, count in self.tally.empty.items() if count]
        return [name for name in self.rows.column_names if self.rows[name].null_count]


@dataclass(frozen=True, slots=True)
class DeliveryCheck:
    """One question asked of output on its way out."""

    name: str
    asks: str
    run: Callable[[Outgoing], CheckResult]


def on_the_way_out(outgoing: Outgoing) -> list[CheckResult]:
    """The result of every check of the folder; one that breaks is an error, never a pass."""
    results = []
    for name in kinds("deliver/checks"):
        check = kind("deliver/checks", name, DeliveryCheck)
        try:
            results.append(check.run(outgoing))
        except Exception as error:
            found = f"The check itself broke: {type(error).__name__}: {error}"
            results.append(CheckResult(f"deliver.{name}", check.asks, "error", found, advice="Report this as a bug."))
    return results
