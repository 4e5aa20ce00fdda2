"""What a member of the folder `checks` of this stage is: a question asked of output before it leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from shipworthy.base.check import CheckResult
from shipworthy.base.kinds import kind, kinds
from shipworthy.plan.schema import Consumer, Plan


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Output that is about to leave.

    Attributes:
        answers: rows of the prediction log that are for this consumer.
        rows: the same in the shape that goes out.
    """

    plan: Plan
    name: str
    consumer: Consumer
    answers: pa.Table
    rows: pa.Table


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
