"""What monitors will be able to tell is said before anybody signs: a warning, and a failure only where it was asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.prove.subjects import FORESEEN, proof, results, subject, verdicts
from unit.prove.test_report import Page, page_of

from shipworthy.base.check import CheckResult
from shipworthy.prove.check import Foreseen, Subject

BLIND = replace(FORESEEN, held_out=200, tolerated=0.3, more=1_300, to_keep=900)
NORTH = replace(BLIND, part="region = north", held_out=40, more=260)
RARE = replace(FORESEEN, part="region = south", answers=40, more=None)
WIDE = replace(FORESEEN, tolerated=0.19, to_keep=2_400)


def of(*foreseen: Foreseen, must_tell: str = "[]") -> Subject:
    return subject(proof(f"must_tell: {must_tell}"), foreseen=list(foreseen))


def found(*foreseen: Foreseen, must_tell: str = "[]") -> CheckResult:
    return next(one for one in results("monitors", of(*foreseen, must_tell=must_tell)) if "performance" in one.check)


def test_a_monitor_that_can_tell_is_shown_with_what_it_finds() -> None:
    one = found(FORESEEN)
    assert one.verdict == "pass"
    assert "About 900 answers with a known truth find a rise from 0.100 to 0.200 (everybody)" in one.found
    assert "a year is expected to bring 60,000" in one.found
    assert (one.measured, one.bound) == (1, 1)
    assert "monitors.json" in one.evidence


def test_a_blind_monitor_warns_with_the_rows_it_needs_and_fails_only_where_it_must_tell() -> None:
    one = found(BLIND)
    assert one.verdict == "warn"
    assert "Within a year it will not find a rise from 0.100 to 0.200 (everybody)" in one.found
    assert "everybody (about 1,300 more held-out rows needed)" in one.found
    assert "proof.holdout" in one.advice
    assert found(BLIND, must_tell="[performance]").verdict == "fail"
    assert found(BLIND, must_tell="[threshold]").verdict == "warn"


def test_a_segment_of_few_rows_is_named_and_fails_nothing() -> None:
    one = found(FORESEEN, NORTH, must_tell="[performance]")
    assert one.verdict == "warn"
    assert "It will be able to tell of 1 of 2 parts" in one.found
    assert "region = north (about 260 more held-out rows needed)" in one.found


def test_where_a_year_brings_too_few_answers_no_held_out_row_is_asked_for() -> None:
    one = found(FORESEEN, RARE)
    assert "region = south (too few answers: it takes 900, and a year brings 40)" in one.found
    assert "label a sample" in one.advice
    assert "proof.holdout" not in one.advice


def test_more_room_than_the_plan_allows_is_said_with_the_rows_that_would_close_it() -> None:
    one = found(WIDE)
    assert one.verdict == "warn"
    assert "up to 0.190, 0.120 by the plan, about 2,400 more held-out rows until it is about that" in one.found


def test_a_monitor_that_must_tell_and_holds_answers_against_nothing_fails() -> None:
    assert verdicts("monitors", of(FORESEEN, must_tell="[threshold]")) == {
        "monitors.performance": "pass",
        "monitors.threshold": "fail",
    }
    assert verdicts("monitors", of()) == {"monitors": "warn"}


def test_a_baseline_is_not_asked() -> None:
    model = of(BLIND)
    assert not results("monitors", replace(model, made=replace(model.made, role="baseline")))


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (FORESEEN, "yes"),
        (BLIND, "no: about 1,300 more held-out rows needed"),
        (RARE, "no: a year brings too few answers"),
        (WIDE, "yes, but wider than the plan: about 2,400 more held-out rows to keep to the plan"),
    ],
)
def test_the_page_of_the_proof_has_a_table_of_it(one: Foreseen, said: str) -> None:
    text = Page(page_of(subject(foreseen=[one]))).text
    assert "What the monitors will be able to tell" in text
    assert said in text
    assert one.part in text
    assert "What the monitors will be able to tell" not in Page(page_of(subject(foreseen=[]))).text
