"""Are promises kept: does what is promised come true as often as promised?

Why: People plan with the promised numbers: how many calls, how much stock, whom to believe.

What to do: Put CalibratedClassifierCV around the model, or learn from moments more like the present one.
"""

from __future__ import annotations

from shipworthy.base.check import CheckResult, Verdict
from shipworthy.plan.schema import Plan
from shipworthy.prove.check import ProofCheck, Subject, Truth
from shipworthy.prove.intervals import Estimate
from shipworthy.prove.measures import FEWEST_ROWS, are_probabilities
from shipworthy.prove.phrases import counted, percent, points, spoken
from shipworthy.prove.rules import Calibration, calibration, mean_gap, reliability

_WHY = "People plan with the promised numbers: how many calls, how much stock, whom to believe."


def _applies(plan: Plan, role: str) -> bool:
    return role == "model" and plan.proof.calibration_tolerance is not None


def _run(subject: Subject) -> CheckResult | list[CheckResult]:
    truth = subject.known()
    if len(truth.labels) < FEWEST_ROWS:
        rows = counted(len(truth.labels), "entity", "entities")
        return CHECK.result("not_run", f"Cannot tell from {rows}; {FEWEST_ROWS} are needed.", why=_WHY)
    if subject.plan.need.answer == "number":
        return _of_numbers(subject, truth)
    if not are_probabilities(truth.rows.scores):
        return CHECK.result(
            "fail",
            "The scores are not probabilities: some lie outside 0 to 1.",
            why=_WHY,
            advice="Answer with predict_proba, or put the model into CalibratedClassifierCV.",
        )
    kept = calibration(truth.labels, truth.rows.scores, subject.confidence)
    return [_on_the_whole(subject, kept), _at_every_height(subject, truth, kept)]


def _on_the_whole(subject: Subject, kept: Calibration) -> CheckResult:
    tolerance = _tolerance(subject)
    found = (
        f"{percent(kept.promised)} were promised and {spoken(kept.real, percent)} came true: "
        f"a gap of {points(kept.gap.known[0])}, where {percent(tolerance)} are tolerated."
    )
    return _held_against(kept.gap, tolerance, found)


def _at_every_height(subject: Subject, truth: Truth, kept: Calibration) -> CheckResult:
    """No tenth is beyond the tolerance for sure; the intervals allow for looking at ten of them (Bonferroni)."""
    tolerance = _tolerance(subject)
    evidence = subject.table("reliability.json", {"expected_error": kept.expected_error, "bins": kept.bins})
    strict = reliability(truth.labels, truth.rows.scores, 1 - (1 - subject.confidence) / max(len(kept.bins), 1))
    broken = [
        f"promised {percent(one.promised)}, came true {spoken(one.real, percent)}"
        for one in strict
        if one.promised - tolerance > one.real.known[2] or one.promised + tolerance < one.real.known[1]
    ]
    found = (
        f"The distance between promise and truth is {percent(kept.expected_error)} on average over tenths of the rows."
    )
    if broken:
        found += f" Beyond the tolerance, beyond luck: {'; '.join(broken)}."
    return CHECK.result(
        "warn" if broken else "pass",
        found,
        asked="Are promises kept at every height, for low scores as for high ones?",
        part="by_tenth",
        measured=kept.expected_error,
        bound=tolerance,
        bound_is="at most",
        why=_WHY,
        advice="Put CalibratedClassifierCV(method='isotonic') around the model; until then trust the order of the "
        "scores more than their height."
        if broken
        else "",
        evidence=evidence,
    )


def _of_numbers(subject: Subject, truth: Truth) -> CheckResult:
    gap, tolerance = mean_gap(truth.labels, truth.rows.scores, subject.confidence), _tolerance(subject)
    if gap.cannot_tell:
        return CHECK.result("not_run", f"Cannot tell: {gap.cannot_tell}.", why=_WHY)
    found = (
        f"Answers are too high on average by {spoken(gap, percent)} of the truth, "
        f"where {percent(tolerance)} are tolerated."
    )
    return _held_against(gap, tolerance, found)


def _held_against(gap: Estimate, tolerance: float, found: str) -> CheckResult:
    value, low, high = gap.known
    unsure = max(abs(low), abs(high)) > tolerance
    verdict: Verdict = "fail" if abs(value) > tolerance else "warn" if unsure else "pass"
    if verdict == "warn":
        found += " It is within the tolerance, but too few cases show that it is surely so."
    advice = {
        "fail": "Put CalibratedClassifierCV around the model, or learn from moments more like the present one.",
        "warn": "Prove it again with more truths, or watch calibration closely at first.",
    }
    return CHECK.result(
        verdict,
        found,
        measured=value,
        low=low,
        high=high,
        bound=tolerance,
        bound_is="at most",
        why=_WHY,
        advice=advice.get(verdict, ""),
    )


def _tolerance(subject: Subject) -> float:
    tolerance = subject.plan.proof.calibration_tolerance
    assert tolerance is not None
    return tolerance


CHECK = ProofCheck(
    name="calibration",
    title="Promises kept",
    asks="Does what is promised come true as often as promised?",
    applies=_applies,
    run=_run,
    needs_truth=True,
)
