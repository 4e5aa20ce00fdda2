"""The monitors against the formulas written out row by row, and against whole lives lived at the edge of tolerance."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from scipy import stats

from shipworthy.base.digest import canonical
from shipworthy.watch.bounds import dependence
from shipworthy.watch.drift import Cut, factors
from shipworthy.watch.evidence import Counts
from shipworthy.watch.monitor import Settings, Window
from shipworthy.watch.monitors.calibration import MONITOR
from shipworthy.watch.rules import monitors

GRID = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)  # with few updates a year the boldest bet is in
TOLERANCE, ALPHA, YEAR = 0.05, 0.05, 12


def window(scores: list[float], labels: list[float]) -> Window:
    return Window("1997-07-01T00:00:00+00:00", np.array(scores), labels=np.array(labels))


def reckoned(life: list[tuple[list[float], list[float]]], phi: float) -> list[float]:
    """R of the mixture over both sides and all bets after each window, in plain numbers.

    R' = (R + 1) E with E the product over rows of 1 + g / (1 + tolerance) (D - tolerance), to the power 1 / phi.
    """
    capital = {(side, bet): 0.0 for side in (1, -1) for bet in GRID}
    after = []
    for scores, labels in life:
        for side, bet in capital:
            factor = 1.0
            for score, label in zip(scores, labels, strict=True):
                factor *= 1 + bet / (1 + TOLERANCE) * (side * (score - label) - TOLERANCE)
            capital[side, bet] = (capital[side, bet] + 1) * factor ** (1 / phi)
        after.append(sum(capital.values()) / len(capital))
    return after


shares = st.floats(0, 1).map(lambda share: round(share, 3))
rows = st.lists(st.tuples(shares, st.sampled_from([0.0, 1.0])), min_size=1, max_size=30)


@tries(max_examples=80, deadline=None)
@given(st.lists(rows, min_size=1, max_size=5), st.sampled_from([1.0, 4.0, 25.0]))
def test_the_calibration_monitor_reckons_as_the_formulas_have_it(life: list[Any], phi: float) -> None:
    settings = Settings(tolerance=TOLERANCE, phi=phi, alpha=ALPHA, updates_per_year=YEAR)
    lived = [([score for score, _ in one], [label for _, label in one]) for one in life]
    state: dict[str, Any] = {}
    for one, expected in zip(lived, reckoned(lived, phi), strict=True):
        found = MONITOR.judge(state, window(*one), settings, {})
        state = json.loads(canonical(found.state))
        way = math.log1p(expected) / math.log1p(YEAR / ALPHA)
        assert found.numbers["evidence"] == pytest.approx(way, abs=1e-4)
        if abs(expected - YEAR / ALPHA) > 0.1:
            assert (found.level == "alarm") == (expected >= YEAR / ALPHA)


def lives_with_an_alarm(correlation: float, phi: float, lives: int, seed: int) -> float:
    """A year of months at a gap of exactly the tolerance, rows of one month sharing a shock; the share alarmed."""
    size, promised = 400, 0.30
    settings = Settings(tolerance=TOLERANCE, phi=phi, alpha=ALPHA, updates_per_year=YEAR)
    random = np.random.default_rng(seed)
    real, spread = promised - TOLERANCE, 1 / correlation - 1 if correlation else 0.0
    alarmed = 0
    for _ in range(lives):
        state: dict[str, Any] = {}
        for _month in range(YEAR):
            share = random.beta(real * spread, (1 - real) * spread) if correlation else real
            labels = (random.random(size) < share).astype(np.float64)
            found = MONITOR.judge(state, Window("1997-07-01", np.full(size, promised), labels=labels), settings, {})
            state = found.state
            if found.level == "alarm":
                alarmed += 1
                break
    return alarmed / lives


@pytest.mark.parametrize(("correlation", "phi"), [(0.0, 1.0), (0.02, 1 + 399 * 0.02)])
def test_of_a_thousand_lives_at_the_tolerance_few_see_a_false_alarm(correlation: float, phi: float) -> None:
    assert lives_with_an_alarm(correlation, phi, lives=1_000, seed=1) <= ALPHA


def test_without_tempering_shared_shocks_would_break_that_promise() -> None:
    assert lives_with_an_alarm(0.02, 1.0, lives=200, seed=2) > 3 * ALPHA


@given(st.integers(1, 5_000), st.data(), st.sampled_from([1.0, 4.0, 25.0]))
def test_a_cut_is_held_against_the_exact_bound_of_its_reference(size: int, data: st.DataObject, phi: float) -> None:
    """tau = U_S + eps with U_S by Clopper and Pearson on rows / phi, an equal part of the error for each tail."""
    then, now = data.draw(st.integers(0, size)), data.draw(st.integers(0, 200))
    cut = Cut("at most 3", Counts(size, then), Counts(200, now))
    error, tolerance = 0.005, 0.02
    rose, fell = factors([cut], tolerance, error, phi)
    ones, rows_ = then / phi, size / phi
    high = stats.beta.ppf(1 - error / 2, ones + 1, rows_ - ones) if then < size else 1.0
    low = stats.beta.ppf(error / 2, ones, rows_ - ones + 1) if then else 0.0

    def by_row(tau: float, hits: int) -> list[float]:
        if tau >= 1:
            return [0.0] * len(GRID)
        return [hits * math.log1p(bet / tau * (1 - tau)) + (200 - hits) * math.log1p(-bet) for bet in GRID]

    assert rose == pytest.approx(by_row(high + tolerance, now), abs=1e-6)
    assert fell == pytest.approx(by_row(1 - (low - tolerance), 200 - now), abs=1e-6)


def odd_windows() -> dict[str, Window]:
    some = np.full(50, 0.3)
    return {
        "empty": window([], []),
        "no truth known": Window("1997-07-01", some, labels=np.full(50, np.nan)),
        "no score": Window("1997-07-01", np.full(50, np.nan), labels=np.zeros(50)),
        "truth not to be had": Window("1997-07-01", some, unlabelled_because="The data was refused."),
    }


@pytest.mark.parametrize("case", odd_windows())
@pytest.mark.parametrize("name", [name for name, one in monitors().items() if one.needs == "labels"])
def test_what_cannot_be_judged_is_not_run_and_loses_no_evidence(name: str, case: str) -> None:
    settings = Settings(tolerance=TOLERANCE, phi=4.0, alpha=ALPHA, updates_per_year=YEAR, floor=0.6)
    before = {"evidence": {"gap": [[1.0]]}, "terms": [1.0]}
    found = monitors()[name].judge(before, odd_windows()[case], settings, {})
    assert (found.level, found.state) == ("not_run", before)
    assert found.text


@pytest.mark.parametrize("truth", [0.0, 1.0])
def test_a_month_of_only_yes_or_only_no_cannot_be_ranked_and_is_harm_where_it_was_not_promised(truth: float) -> None:
    settings = Settings(tolerance=TOLERANCE, phi=1.0, alpha=ALPHA, updates_per_year=YEAR, floor=0.6)
    one_sided = Window("1997-07-01", np.linspace(0.2, 0.8, 2_000), labels=np.full(2_000, truth))
    assert monitors()["ranking"].judge({}, one_sided, settings, {}).level == "not_run"
    assert MONITOR.judge({}, one_sided, settings, {}).level == "alarm"


def test_every_promise_that_rests_on_a_declared_bound_says_so() -> None:
    assert dependence(25.0).condition == "guarantee conditional on phi <= 25"
    settings = Settings(tolerance=TOLERANCE, phi=7.0, alpha=ALPHA, updates_per_year=YEAR, declared=True)
    judged = Window("1997-07-01", np.full(50, 0.3), labels=np.zeros(50), due=50, refused=2)
    for name in ("calibration", "unanswered"):
        assert "conditional on phi <= 7" in monitors()[name].judge({}, judged, settings, {}).guarantee
