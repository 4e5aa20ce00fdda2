"""Whatever a candidate is, a proof ends with a result of every check; what cannot be told never passes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from unit.prove.subjects import NUMBER_PROOF, Model, floor, results, subject, verdicts, with_truth

from shipworthy.base.check import stands
from shipworthy.base.kinds import kind, kinds
from shipworthy.prove.check import FOLDER, ProofCheck, run_checks
from shipworthy.prove.flow import proof_checks


@pytest.mark.parametrize("changes", [(), (NUMBER_PROOF,)])
def test_a_good_candidate_stands_with_nothing_to_object_to(changes: tuple[Any, ...]) -> None:
    good = subject(*changes, answer="number" if changes else "probability")
    found = run_checks(good, proof_checks())
    assert stands(found)
    assert {one.verdict for one in found} == {"pass"}, [one.found for one in found if one.verdict != "pass"]
    assert len({one.check for one in found}) == len(found)


def test_every_file_of_the_folder_is_asked_and_headed() -> None:
    checks = [kind(FOLDER, name, ProofCheck) for name in kinds(FOLDER)]
    assert sorted(check.name for check in checks) == sorted(kinds(FOLDER))
    assert len({check.title for check in checks}) == len(checks)
    assert {check.name for check in proof_checks()} == {check.name for check in checks}


HARD_TO_TELL = {
    "nobody held out": 0,
    "one held out": 1,
    "twelve held out": 12,
}


@pytest.mark.parametrize("held", HARD_TO_TELL.values(), ids=list(HARD_TO_TELL))
@pytest.mark.parametrize("answer", ["probability", "number"])
def test_a_tiny_hold_out_never_passes(held: int, answer: str) -> None:
    changes = (NUMBER_PROOF,) if answer == "number" else (floor(0.6),)
    found = run_checks(subject(*changes, held=held, answer=answer), proof_checks())
    assert not stands(found)
    of_truth = [one for one in found if kind(FOLDER, one.check.split(".")[1], ProofCheck).needs_truth]
    for one in of_truth:
        assert one.verdict in ("not_run", "error") or one.check == "prove.leakage.apart", one


@pytest.mark.parametrize("truth", [0.0, 1.0])
def test_a_hold_out_of_one_kind_never_passes(truth: float) -> None:
    one_sided = with_truth(subject(floor(0.6)), np.full(500, truth))
    found = {one.check: one.verdict for one in run_checks(one_sided, proof_checks())}
    for name in ("performance", "against_baseline", "decisions", "leakage.alone", "leakage.removal"):
        assert found[f"prove.{name}"] == "not_run", name
    assert found["prove.calibration"] == "fail"


def test_without_any_truth_a_model_is_not_run_and_a_baseline_is_only_looked_at() -> None:
    young = subject(truth=None)
    assert verdicts("performance", young) == {"performance": "not_run"}
    assert young.known_from[:10] in results("performance", young)[0].found
    baseline = replace(young, made=replace(young.made, role="baseline"))
    assert verdicts("performance", baseline) == {"performance": "warn"}
    assert not stands(run_checks(young, proof_checks()))


def test_a_check_that_breaks_says_so_and_stops_no_other() -> None:
    class Broken(Model):
        def scores(self, features: Any, /) -> Any:
            raise ZeroDivisionError("nobody")

    found = run_checks(subject(answerer=Broken(None)), proof_checks())
    broken = [one for one in found if one.verdict == "error"]
    assert {one.check for one in broken} >= {"prove.parity", "prove.golden_rows"}
    assert all("ZeroDivisionError: nobody" in one.found for one in broken)
    assert any(one.verdict == "pass" for one in found)


def test_a_value_that_is_no_number_is_an_error_never_a_result() -> None:
    check = kind(FOLDER, "golden_rows", ProofCheck)
    odd = replace(check, run=lambda _: check.result("pass", "All is well.", measured=float("nan")))
    (found,) = run_checks(subject(), [odd])
    assert (found.verdict, found.measured) == ("error", None)
