"""Decisions that are no better than chance, or the same for everybody, are not called useful."""

from __future__ import annotations

import numpy as np
import pytest
from unit.prove.subjects import DECISION, results, subject, verdicts, with_truth


def test_decisions_that_are_no_better_than_chance_are_not_called_useful() -> None:
    good = subject((DECISION, "decision:\n  share: 10%\n"))
    assert verdicts("decisions", good) == {"decisions": "pass"}
    blind = np.random.default_rng(1).random(1_000)
    assert verdicts("decisions", with_truth(good, good.known().labels, blind))["decisions"] == "warn"
    upside_down = 1 - good.known().rows.scores
    assert verdicts("decisions", with_truth(good, good.known().labels, upside_down))["decisions"] == "fail"


@pytest.mark.parametrize(("threshold", "who"), [(0.0, "All of"), (1.0, "Nobody among")])
def test_a_rule_that_does_the_same_with_everybody_is_looked_at(threshold: float, who: str) -> None:
    (found,) = results("decisions", subject((DECISION, f"decision:\n  threshold: {threshold}\n")))
    assert found.verdict == "warn"
    assert found.found.startswith(who)
