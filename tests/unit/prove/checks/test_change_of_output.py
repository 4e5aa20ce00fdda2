"""How far answers move against those of the candidate before, and whether it is the same kind of model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from unit.prove.subjects import opening, people, results, subject, verdicts

from shipworthy.model.format import format_named
from shipworthy.prove.check import Parent
from shipworthy.prove.family import family


def test_how_far_answers_move_is_measured_against_the_one_before() -> None:
    good = subject()
    assert results("change_of_output", good) == []
    kind_ = family("skops", good.stored["model"])

    def moved(scores: Any, of: tuple[str, ...] = kind_) -> dict[str, str]:
        return verdicts("change_of_output", replace(good, parents=(Parent("p" * 64, scores, of),)))

    names = ("change_of_output", "change_of_output.order", "change_of_output.family")
    assert tuple(moved(good.now.scores)) == names
    assert set(moved(good.now.scores).values()) == {"pass"}
    assert moved(good.now.scores / 2)["change_of_output"] == "warn"
    assert moved(1 - good.now.scores)["change_of_output.order"] == "warn"
    assert moved(good.now.scores, ("GradientBoostingClassifier",))["change_of_output.family"] == "warn"
    assert moved(good.now.scores, ())["change_of_output.family"] == "warn"


def test_the_kind_of_a_model_is_read_from_its_file() -> None:
    features, labels = people(300), np.arange(300) % 2

    def kept(trained: Any, seed: int = 0) -> tuple[str, ...]:
        order = np.random.default_rng(seed).permutation(300)
        fitted = trained.fit(features.iloc[order], labels[order])
        return family("skops", format_named("skops").save(fitted, opening()))

    assert kept(LogisticRegression()) == ("LogisticRegression",)
    assert kept(LogisticRegression()) == kept(LogisticRegression(C=0.1), seed=1)
    assert "GradientBoostingClassifier" in kept(GradientBoostingClassifier(n_estimators=2))
    assert family("onnx", b"anything") == ()
