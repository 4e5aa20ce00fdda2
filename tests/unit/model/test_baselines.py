"""The declared baselines: simple rules that give a meaningful number for a list and for a single row alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shipworthy.base.errors import NotFound, UserError
from shipworthy.base.kinds import kinds
from shipworthy.model.baseline import FOLDER, BaselineKind, baseline_named, fitted
from shipworthy.model.format import Opening, format_named, opened
from shipworthy.plan.schema import Baseline

VALUES = arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6))
OPENING = Opening("model.baseline", "probability")


def scores(declared: Baseline, features: pd.DataFrame, label: Any = None, answer: Any = "probability") -> Any:
    rule = fitted(declared, features, None if label is None else pd.Series(label, dtype=float), answer)
    content = format_named("baseline").save(rule, OPENING)
    return opened("baseline", content, OPENING).scores


@settings(deadline=None)  # the first example loads scikit-learn
@given(VALUES)
def test_before_any_truth_the_score_is_the_place_in_the_ranking(values: Any) -> None:
    features = pd.DataFrame({"recency": values})
    made = scores(Baseline(kind="column", column="recency"), features)(features)
    assert ((made > 0) & (made < 1)).all()
    for one, other in zip(np.argsort(values)[:-1], np.argsort(values)[1:], strict=True):
        assert made[one] <= made[other]
        assert (made[one] == made[other]) == (values[one] == values[other])


@settings(deadline=None)  # the first example loads scikit-learn
@given(VALUES, st.randoms(use_true_random=False))
def test_a_row_scores_the_same_alone_as_in_a_list(values: Any, chance: Any) -> None:
    features = pd.DataFrame({"recency": values})
    label = [float(chance.choice([0, 1])) for _ in values]
    score = scores(Baseline(kind="column", column="recency", higher_is="less"), features, label)
    together = score(features)
    assert [score(features.iloc[[row]])[0] for row in range(len(values))] == together.tolist()


def test_with_truths_the_score_is_the_share_observed_there() -> None:
    rng = np.random.default_rng(3)
    recency = rng.exponential(50, 20_000)
    label = (rng.random(20_000) < np.exp(-recency / 60)).astype(float)
    features = pd.DataFrame({"recency": recency})
    made = scores(Baseline(kind="column", column="recency", higher_is="less"), features, label)(features)
    for group in np.array_split(np.argsort(made), 10):
        assert abs(made[group].mean() - label[group].mean()) < 0.02
    order = np.argsort(recency)
    assert (np.diff(made[order]) < 0).all()


def test_a_column_for_a_number_gives_the_mean_seen_there() -> None:
    rng = np.random.default_rng(3)
    size = rng.random(5000) * 10
    features = pd.DataFrame({"size": size})
    label = size * 3 + rng.normal(size=5000)
    made = scores(Baseline(kind="column", column="size"), features, label, "number")(features)
    assert np.abs(made - size * 3).max() < 3


def test_many_equal_values_and_gaps_are_no_trouble() -> None:
    features = pd.DataFrame({"freq": [0.0] * 90 + [1.0] * 9 + [np.nan]})
    made = scores(Baseline(kind="column", column="freq"), features, [0.0] * 90 + [1.0] * 9 + [0.0])(features)
    assert np.isfinite(made).all()
    assert made[95] > 0.8 > 0.1 > made[0] == made[99]


def test_a_value_beyond_the_frozen_ones_keeps_its_end() -> None:
    features = pd.DataFrame({"n": [1.0, 2.0, 3.0]})
    score = scores(Baseline(kind="column", column="n"), features)
    assert score(pd.DataFrame({"n": [99.0, -99.0]})).tolist() == score(pd.DataFrame({"n": [3.0, 1.0]})).tolist()


def test_the_constant_is_the_mean_truth_and_even_odds_before() -> None:
    features = pd.DataFrame({"n": [1.0, 2.0, 3.0, 4.0]})
    assert scores(Baseline(kind="constant"), features, [1, 0, 0, 0])(features).tolist() == [0.25] * 4
    assert scores(Baseline(kind="constant"), features)(features).tolist() == [0.5] * 4


def test_the_last_value_is_the_answer() -> None:
    features = pd.DataFrame({"demand": [4.0, 8.0, np.nan]})
    made = scores(Baseline(kind="last-value", column="demand"), features, answer="number")(features)
    assert made.tolist() == [4.0, 8.0, 6.0]
    with pytest.raises(UserError, match="between 4 and 8, so it is no probability"):
        fitted(Baseline(kind="last-value", column="demand"), features, None, "probability")


@pytest.mark.parametrize(
    ("declared", "answer", "found"),
    [
        (Baseline(kind="column"), "probability", "needs a column"),
        (Baseline(kind="column", column="gone"), "probability", "no feature gone; there are n, t"),
        (Baseline(kind="column", column="t"), "probability", "t is text"),
        (Baseline(kind="column", column="n"), "number", "none is mature yet"),
        (Baseline(kind="constant"), "number", "none is mature yet"),
    ],
)
def test_a_baseline_that_cannot_be_made_says_why(declared: Baseline, answer: Any, found: str) -> None:
    features = pd.DataFrame({"n": [1.0], "t": ["x"]})
    with pytest.raises(UserError, match=found):
        fitted(declared, features, None, answer)


def test_an_unknown_kind_lists_the_known_ones() -> None:
    with pytest.raises(NotFound, match="column, constant, last_value"):
        fitted(Baseline(kind="guess"), pd.DataFrame({"n": [1.0]}), None, "number")


@pytest.mark.parametrize("name", kinds(FOLDER))
@pytest.mark.parametrize("answer", ["probability", "number"])
def test_every_kind_answers_each_row_with_a_number(name: str, answer: Any) -> None:
    assert isinstance(baseline_named(name), BaselineKind)
    features = pd.DataFrame({"n": np.linspace(0, 1, 30)})
    label = (features["n"] > 0.5).astype(float)
    made = scores(Baseline(kind=name, column="n"), features, label, answer)(features)
    assert made.shape == (30,)
    assert ((made >= 0) & (made <= 1)).all()
