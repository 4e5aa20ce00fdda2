"""Learning from those on whom the product acted: weights by logged chances, plain samples, a loop that stays honest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from shipworthy.base.times import Length
from shipworthy.model.declared import standard_model
from shipworthy.model.exploring import explored
from shipworthy.model.learning import Examples
from shipworthy.model.rules import decided
from shipworthy.model.weighing import Chances, effective, evened, weighed, weights_of
from shipworthy.plan.schema import Decision
from shipworthy.plan.schema_model import Exploration

DAY = datetime(2026, 3, 1, tzinfo=UTC)
MONTH = Length(seconds=30 * 86_400)
SHARE = 0.1
RULE = Decision(share=0.3, explore=Exploration(share=SHARE, seed="spring"))


def of(entities: list[str], labels: Any, moment: datetime = DAY, **features: Any) -> Examples:
    count = len(entities)
    frame = pd.DataFrame(features or {"x": np.zeros(count)})
    names, moments = np.array(entities, dtype=object), np.full(count, moment.isoformat(), dtype=object)
    return Examples(frame, np.asarray(labels, dtype=np.float64), names, moments)


def log(rows: list[tuple[str, datetime, bool, float]], since: datetime | None = None) -> Chances:
    frame = pd.DataFrame(rows, columns=["entity", "as_of", "acted", "chance"])
    frame["as_of"] = pd.to_datetime(frame["as_of"], utc=True)
    return Chances(since or min(row[1] for row in rows), frame)


@given(st.lists(st.sampled_from([0.02, 0.1, 0.5, 1.0]), min_size=1, max_size=60))
def test_weights_keep_the_number_of_rows_their_proportions_and_their_bound(chances: list[float]) -> None:
    chance = np.array(chances)
    weights = weights_of(chance)
    assert weights.sum() == pytest.approx(len(chances))
    assert (weights * chance) == pytest.approx(np.full(len(chances), weights[0] * chance[0]))
    assert weights.max() / weights.min() <= 1 / chance.min() + 1e-9
    assert 1 - 1e-9 <= effective(weights) <= len(chances) + 1e-9
    assert effective(weights) == pytest.approx(effective(7 * weights))


def test_a_truth_counts_by_the_newest_answer_that_people_got_and_else_is_unknown() -> None:
    rows = of(["a", "b", "c", "d", "e"], [1, 0, 1, 0, 1])
    before = DAY - timedelta(days=5)
    told = log(
        [
            ("a", before, True, 1.0),
            ("a", DAY, True, 0.1),
            ("b", before, True, 1.0),
            ("c", DAY, False, 0.1),  # not acted on: what stands in the data is no truth
            ("d", DAY, False, float("nan")),  # a person decided
            ("e", DAY + timedelta(days=1), True, 1.0),  # answered only afterwards
        ],
        since=DAY - timedelta(days=200),
    )
    found = weighed(rows, told, MONTH)
    assert found.chance is not None
    assert found.chance[:2].tolist() == [0.1, 1.0]
    assert found.label[:2].tolist() == [1, 0]
    assert np.isnan(found.label[2:]).all()
    too_old = weighed(rows, log([("a", DAY - timedelta(days=31), True, 1.0)]), MONTH)
    assert not too_old.known.any()


def test_what_is_from_before_the_product_answered_counts_as_it_stands() -> None:
    rows = of(["a", "b"], [1, 0])
    earlier = weighed(rows, log([("a", DAY + timedelta(days=1), True, 1.0)]), MONTH)
    assert (earlier.label.tolist(), earlier.chance is not None and earlier.chance.tolist()) == ([1, 0], [1, 1])
    assert not weighed(rows, log([("z", DAY, True, 1.0)]), MONTH).known.any()
    never = weighed(rows, Chances(None, log([("a", DAY, True, 1.0)]).rows[:0]), MONTH)
    assert never.known.all()


def test_drawn_rows_are_a_plain_sample_of_everybody_whatever_their_order() -> None:
    names = [f"p{number:05}" for number in range(20_000)]
    yes = np.arange(20_000) < 5_000  # the rule chose the first names
    acted = yes | (np.random.default_rng(1).random(20_000) < SHARE)
    told = log([(name, DAY, bool(a), 1.0 if y else SHARE) for name, a, y in zip(names, acted, yes, strict=True)])
    rows = weighed(of(names, yes.astype(float)), told, MONTH)
    drawn = evened(rows, np.ones(20_000, dtype=bool), "renewals")
    assert drawn.known[yes].mean() == pytest.approx(SHARE, abs=0.02)
    assert drawn.known[acted & ~yes].all()
    assert drawn.label[drawn.known].mean() == pytest.approx(0.25, abs=0.03)
    order = np.random.default_rng(2).permutation(20_000)
    assert rows.chance is not None
    shuffled = Examples(rows.features, rows.label[order], rows.entity[order], rows.moment, rows.chance[order])
    again = evened(shuffled, np.ones(20_000, dtype=bool), "renewals")
    assert set(again.entity[again.known]) == set(drawn.entity[drawn.known])
    some = evened(rows, ~yes, "renewals")
    assert some.known[yes].all(), "only the given rows are drawn"


Fit = Callable[[Examples], Any]


def as_it_stands(rows: Examples) -> Any:
    known = rows.only(rows.known)
    return standard_model(known.features, pd.Series(known.label), "probability")


def by_weights(rows: Examples) -> Any:
    known = rows.only(rows.known)
    assert known.chance is not None
    return standard_model(known.features, pd.Series(known.label), "probability", (), weights_of(known.chance))


def by_drawing(rows: Examples) -> Any:
    return as_it_stands(evened(rows, np.ones(len(rows.label), dtype=bool), "renewals"))


def loop(fit: Fit, seed: int) -> list[float]:
    """By how much a model that is retrained on those it acted on is worse for everybody than one that knew all truths.

    The world changes where the model does not look: those with low x come to say yes more often, month after month.
    """
    random, found, model = np.random.default_rng(seed), [], None
    for month in range(5):
        x = pd.DataFrame({"x": random.normal(size=6_000)})
        low, high = np.maximum(-x["x"], 0), np.maximum(x["x"], 0)
        real = np.asarray(1 / (1 + np.exp(1 - high - 0.5 * month * low)))
        truth = (random.random(6_000) < real).astype(np.float64)
        names = [f"p{number}" for number in range(6_000)]
        told = Chances(None, pd.DataFrame())
        day = DAY + timedelta(days=30 * month)
        if model is not None:
            codes, words = decided(model.predict_proba(x)[:, 1], names, RULE)
            said = explored(codes, words, names, RULE, "renewals", day)
            acted = said.codes == words.index(RULE.yes)
            told = log([(n, day, bool(a), c) for n, a, c in zip(names, acted, said.chances, strict=True)], DAY)
        rows = weighed(of(names, truth, day, x=x["x"]), told, MONTH)
        model = fit(rows)
        best = LogisticRegression().fit(x, truth)
        mine, theirs = (one.predict_proba(x)[:, 1] for one in (model, best))
        found.append(float(((mine - real) ** 2).mean() - ((theirs - real) ** 2).mean()))
    return found


def test_a_loop_that_learns_from_its_own_choices_gets_worse_and_one_that_weighs_them_does_not() -> None:
    blind, weighing, drawing = (loop(fit, seed=0) for fit in (as_it_stands, by_weights, by_drawing))
    assert blind[0] < blind[1] < blind[2] < blind[3] < blind[4], "worse with each retraining"
    assert blind[4] > 0.01
    assert max(weighing) < 0.003
    assert max(drawing) < 0.005
