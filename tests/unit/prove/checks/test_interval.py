"""An interval that is too narrow is not let through; one that cannot be tested never passes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from unit.prove.subjects import NUMBER_PROOF, proof, results, subject, with_truth

from shipworthy.base.digest import canonical
from shipworthy.model.intervals import intervals_of, sets_intervals
from shipworthy.prove.check import Subject

NUMBER = (NUMBER_PROOF[0], NUMBER_PROOF[1].replace("proof: {", "proof: {interval: 90%, "))


def judged(of: Subject, narrowed: float = 1.0) -> tuple[str, Any]:
    """The verdict where the interval was set by the one half, and was then narrowed to a share of its width."""
    truth, answer = of.known(), of.plan.need.answer
    setting = sets_intervals(truth.rows.entities, of.plan.product)
    kept = intervals_of(answer, 0.9, truth.rows.scores[setting], truth.labels[setting], truth.rows.scores[~setting])
    if kept is not None:
        middle = (np.array(kept["low"]) + np.array(kept["high"])) / 2
        for end in ("low", "high"):
            kept[end] = (middle + narrowed * (np.array(kept[end]) - middle)).tolist()
    [found] = results("interval", replace(of, stored={**of.stored, "profile": canonical({"interval": kept})}))
    return found.verdict, found


@pytest.mark.parametrize("answer", ["number", "probability"])
def test_an_honest_interval_passes_and_a_narrow_one_fails(answer: str) -> None:
    good = subject(NUMBER, answer="number", held=2_000) if answer == "number" else subject(
        proof("interval: 90%"), held=2_000
    )  # fmt: skip
    verdict, found = judged(good)
    assert verdict == "pass", found.found
    assert found.bound == 0.9
    if answer == "number":
        assert judged(good, narrowed=0.5)[0] == "fail"
    else:
        truth = good.known()
        assert judged(with_truth(good, truth.labels[::-1].copy(), truth.rows.scores[::-1].copy()))[0] == "pass"
        [drifted] = results("interval", _after_a_change(good))
        assert drifted.verdict == "fail"


def _after_a_change(good: Subject) -> Subject:
    """The intervals of before, where nearly nobody is a yes any more."""
    truth = good.known()
    setting = sets_intervals(truth.rows.entities, good.plan.product)
    kept = intervals_of("probability", 0.9, truth.rows.scores[setting], truth.labels[setting], truth.rows.scores)
    rare = np.zeros(len(truth.labels))
    return replace(with_truth(good, rare), stored={**good.stored, "profile": canonical({"interval": kept})})


def test_it_is_asked_only_where_an_interval_is_promised() -> None:
    assert results("interval", subject()) == []


def test_too_few_rows_never_pass_for_a_model() -> None:
    few = subject(proof("interval: 90%"), held=60)
    assert judged(few)[0] == "fail"  # none could be set
    lacking = replace(few, stored={**few.stored, "profile": canonical({"interval": None})})
    assert results("interval", replace(lacking, made=replace(lacking.made, role="baseline")))[0].verdict == "warn"
    untested = subject(proof("interval: 90%"), held=80)
    kept = intervals_of("probability", 0.9, *[np.linspace(0, 1, 200).round()] * 3)
    [found] = results("interval", replace(untested, stored={**few.stored, "profile": canonical({"interval": kept})}))
    assert found.verdict == "not_run"
