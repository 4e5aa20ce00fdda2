"""The checks that closed incidents leave behind: read strictly, run in every later proof."""

from __future__ import annotations

import pyarrow as pa
import pytest
from unit.prove.subjects import subject, verdicts
from unit.sign.history import plan

from shipworthy.base.errors import UserError
from shipworthy.prove.permanent import is_permanent, read, require_fitting
from shipworthy.prove.words import CheckMadePermanent


def kept(text: str, name: str = "c1") -> CheckMadePermanent:
    return CheckMadePermanent(product="renewals", check=name, text=text, incident="I-1")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("floor auc 0.6", "pass"),
        ("floor auc 0.99", "fail"),
        ("floor brier 0.9", "pass"),
        ("floor auc 0.5 where region=south", "pass"),
        ("floor auc 0.5 where region=nowhere", "not_run"),
        ("column visits.minutes median between 10 80", "pass"),
        ("column visits.minutes max between 10 80", "fail"),
        ("column visits.minutes missing between 0 0.1", "fail"),
        ("golden minutes=3 score between 0.5 1", "pass"),
        ("golden minutes=3 score between 0 0.1", "fail"),
        ("golden unheard=3 score between 0 0.1", "not_run"),
    ],
)
def test_each_kind_of_check_stops_what_brings_the_bug_back(text: str, verdict: str) -> None:
    base = subject()
    groups = {"region": dict.fromkeys(base.known().rows.entities, "south")}
    sources = {"visits": pa.table({"minutes": [20.0, 40.0, 60.0, 5300.0, None]})}
    found = subject(permanent=(kept(text),), groups=groups, sources=sources)
    assert verdicts("permanent", found) == {"permanent.c1": verdict}


def test_a_baseline_is_held_against_the_data_only_and_no_check_asks_nothing() -> None:
    assert verdicts("permanent", subject()) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("floor beauty 0.7", "is no measure"),
        ("floor auc high", "no known form"),
        ("floor auc", "no known form"),
        ("column visits.nothing median between 1 2", "no column under contract"),
        ("column visits.minutes median between 9 2", "no known form"),
        ("golden score between 0 1", "no known form"),
        ("golden minutes score between 0 1", "no known form"),
    ],
)
def test_a_check_that_could_not_be_run_is_refused(text: str, said: str) -> None:
    assert is_permanent(text)
    with pytest.raises(UserError, match=said):
        read(text, plan())


@pytest.mark.parametrize(("answer", "metric"), [("class", "auc"), ("number", "brier"), ("probability", "accuracy")])
def test_a_floor_that_no_proof_could_tell_is_not_left_behind(answer: str, metric: str) -> None:
    product = plan()
    product = product.model_copy(update={"need": product.need.model_copy(update={"answer": answer})})
    with pytest.raises(UserError, match=f"{metric} is no measure of a {answer}"):
        require_fitting(read(f"floor {metric} 0.7", product), product)
    require_fitting(read("golden minutes=3 score between 0 0.1", product), product)


def test_any_other_text_is_no_check() -> None:
    assert not is_permanent("The median of minutes lies between 10 and 80.")
