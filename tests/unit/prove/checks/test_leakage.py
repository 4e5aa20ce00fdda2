"""An input that gives the truth away is found, and so is training on those who are held out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from unit.prove.subjects import Model, results, subject, verdicts

from shipworthy.prove.check import Subject, Training


class Tolerant(Model):
    """Answers also where the visits are missing or a text."""

    def scores(self, features: Any, /) -> Any:
        return super().scores(features.assign(visits=0.0))


def with_column(base: Subject, values: Any) -> Subject:
    """The same with other values in one column, which its model does not look at."""
    truth = base.known()
    features = truth.rows.features.assign(visits=values)
    model = Tolerant(base.answerer.scorer)  # type: ignore[attr-defined]  # every subject here holds a Model
    return replace(base, answerer=model, truth=replace(truth, rows=replace(truth.rows, features=features)))


def test_an_input_that_gives_the_truth_away_is_found() -> None:
    good = subject()
    labels = good.known().labels
    random = np.random.default_rng(1)
    assert verdicts("leakage", with_column(good, labels + random.normal(0, 0.01, 1_000)))["leakage.alone"] == "fail"
    missing = np.where(labels == 1, np.nan, random.normal(size=1_000))
    assert verdicts("leakage", with_column(good, missing))["leakage.alone"] == "fail"
    in_the_middle = np.where(labels == 1, 0.0, random.choice([-1.0, 1.0], 1_000))
    assert verdicts("leakage", with_column(good, in_the_middle))["leakage.alone"] == "fail"
    coded = np.where(labels == 1, "renewed", "gone").astype(object)
    assert verdicts("leakage", with_column(good, coded))["leakage.alone"] == "fail"
    names = np.array([f"name {number}" for number in range(1_000)], dtype=object)
    assert verdicts("leakage", with_column(good, names))["leakage.alone"] == "pass"


def test_training_on_those_who_are_held_out_is_found() -> None:
    assert verdicts("leakage", subject(training=Training(3_000, 1_000)))["leakage.apart"] == "fail"
    assert "the very entities" in results("leakage", subject(training=Training(3_000, 1_000)))[-1].found
    assert verdicts("leakage", subject(training=None))["leakage.apart"] == "warn"
