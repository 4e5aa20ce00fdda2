"""Groups that fare unequally are found; those that cannot be judged are never called fair."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from unit.prove.subjects import proof, results, subject, verdicts

from shipworthy.prove.check import Subject

FAIR = proof("fairness: [{column: age, disparity_at_most: 20%, group_at_least: 50}]")


def grouped(base: Subject, old: Any, share: float = 0.5) -> Subject:
    """Everybody old or young: now by a rule on their score, then by turns."""
    now = {
        name: "old" if old(score) else "young" for name, score in zip(base.now.entities, base.now.scores, strict=True)
    }
    then = {name: "old" if number % 2 else "young" for number, name in enumerate(base.known().rows.entities)}
    return replace(base, groups={"age": {**then, **now}})


def test_groups_that_are_chosen_very_unequally_are_found() -> None:
    base = subject(FAIR, ("  top: 50\n", "  share: 30%\n"), ("    capacity: 50\n", ""))
    turns = iter(range(1_000))
    equal = grouped(base, lambda score: next(turns) % 2 == 0)
    assert verdicts("fairness", equal)["fairness.age.chosen"] in ("pass", "warn")
    unequal = grouped(base, lambda score: score > np.quantile(base.now.scores, 0.6))
    found = results("fairness", unequal)
    assert found[0].verdict == "fail"
    assert "lowest in “young” and highest in “old”" in found[0].found
    assert f"why “{base.plan.decision.yes}” is given less often in “young”" in found[0].advice
    assert "worse" not in found[0].advice


def test_groups_that_are_too_small_or_unknown_are_never_called_fair() -> None:
    base = subject(FAIR)
    few = iter(range(1_000))
    tiny = grouped(base, lambda score: next(few) < 10)
    (found, *_) = results("fairness", tiny)
    assert found.verdict == "warn"
    assert "Cannot tell" in found.found
    assert verdicts("fairness", base) == {"fairness.age": "fail"}
