"""Every check of output that is about to leave."""

from __future__ import annotations

import pyarrow as pa
import pytest
from unit.deliver.test_rules import PLAN, SERVICE, rows

from shipworthy.base.check import CheckResult
from shipworthy.base.kinds import kinds
from shipworthy.deliver.check import Outgoing, on_the_way_out
from shipworthy.deliver.rules import failed_checks, output

GOOD = rows(("a", 0.9, "call"), ("b", 0.1, "leave"))


def asked(answers: pa.Table, shape: pa.Table | None = None, capacity: int | None = 50) -> dict[str, CheckResult]:
    consumer = SERVICE.model_copy(update={"capacity": capacity})
    shape = output(answers, consumer, "subscriber", PLAN.decision.yes) if shape is None else shape
    results = on_the_way_out(Outgoing(PLAN, "service", consumer, answers, shape))
    return {result.check: result for result in results}


def test_good_output_passes_every_check_of_the_folder() -> None:
    told = asked(GOOD)
    assert told.keys() == {f"deliver.{name}" for name in kinds("deliver/checks")}
    assert {result.verdict for result in told.values()} == {"pass"}
    assert all(result.asked and result.found for result in told.values())


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("deliver.one_each", asked(rows(("a", 0.9, "call"), ("a", 0.8, "call")))),
        ("deliver.columns", asked(GOOD, pa.table({"rank": [1]}))),
        ("deliver.columns", asked(GOOD, output(GOOD, SERVICE, "subscriber", "call").set_column(
            0, "rank", pa.array([1, None], pa.int64())))),
    ],
)  # fmt: skip
def test_bad_output_does_not_leave(check: str, told: dict[str, CheckResult]) -> None:
    [failed] = failed_checks(list(told.values()))
    assert (failed.check, failed.verdict) == (check, "fail")
    assert failed.advice


def test_more_than_the_consumer_can_act_on_is_a_warning() -> None:
    warned = asked(rows(("a", 0.9, "call"), ("b", 0.8, "call")), capacity=1)["deliver.capacity"]
    assert (warned.verdict, warned.measured, warned.bound) == ("warn", 2.0, 1.0)
    assert asked(GOOD, capacity=None)["deliver.capacity"].verdict == "pass"


def test_a_check_that_breaks_is_an_error_and_never_a_pass() -> None:
    told = asked(GOOD.drop_columns(["decision"]), pa.table({"rank": [1]}))
    assert told["deliver.capacity"].verdict == "error"
    assert failed_checks([told["deliver.capacity"]])
