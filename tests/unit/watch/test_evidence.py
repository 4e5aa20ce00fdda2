"""The detector keeps its promise about false alarms, finds what lies beyond the tolerance, and counts exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipworthy.watch.evidence import (
    BETS,
    Counts,
    Floats,
    above,
    below,
    beyond,
    calm,
    counted,
    rows_more,
    rows_until_alarm,
    strength,
    temper,
    threshold,
    updated,
    wealth,
)

ALPHA = 0.05
STREAMS = 4_000


def false_alarms_row_by_row(tau: float, updates: int, streams: int, seed: int) -> float:
    """The share of streams, each at mean = tau, that raise an alarm within so many rows."""
    random = np.random.default_rng(seed)
    bar = np.log1p(threshold(updates, ALPHA))
    one, zero = above(Counts(1, 1), tau), above(Counts(1, 0), tau)
    state, alarmed = calm(streams, len(BETS)), np.zeros(streams, dtype=bool)
    for _ in range(updates):
        hit = random.random(streams) < tau
        state = updated(state, np.where(hit[:, None], one, zero))
        alarmed |= strength(state) >= bar
    return float(alarmed.mean())


@pytest.mark.parametrize("tau", [0.1, 0.5])
def test_streams_at_the_tolerance_raise_no_more_false_alarms_than_promised(tau: float) -> None:
    assert false_alarms_row_by_row(tau, updates=1_000, streams=STREAMS, seed=7) <= ALPHA


def false_alarms_of_batches(correlation: float, phi: float, streams: int, seed: int) -> float:
    """52 batches of 500 rows at mean = tau = .1 whose rows share shocks (beta-binomial): the share with an alarm."""
    rows, updates, tau = 500, 52, 0.1
    random = np.random.default_rng(seed)
    bar = np.log1p(threshold(updates, ALPHA))
    one, zero = above(Counts(1, 1), tau), above(Counts(1, 0), tau)
    state, alarmed = calm(streams, len(BETS)), np.zeros(streams, dtype=bool)
    for _ in range(updates):
        share = np.full(streams, tau)
        if correlation:
            size = 1 / correlation - 1
            share = random.beta(tau * size, (1 - tau) * size, streams)
        ones = random.binomial(rows, share)[:, None]
        state = updated(state, temper(ones * one + (rows - ones) * zero, phi))
        alarmed |= strength(state) >= bar
    return float(alarmed.mean())


@pytest.mark.parametrize("correlation", [0.0, 0.002, 0.01, 0.03])
def test_tempered_evidence_keeps_its_promise_where_rows_share_shocks(correlation: float) -> None:
    phi = 1 + (500 - 1) * correlation
    assert false_alarms_of_batches(correlation, phi, streams=1_000, seed=11) <= 0.06


@pytest.mark.parametrize("correlation", [0.002, 0.01, 0.03])
def test_untempered_evidence_breaks_its_promise_where_rows_share_shocks(correlation: float) -> None:
    assert false_alarms_of_batches(correlation, 1.0, streams=500, seed=13) > 3 * ALPHA


def judged(gaps: list[float], tolerance: float, phi: float, updates: int) -> list[bool]:
    """Whether an alarm stands after each window of a two-sided test with exactly these gaps (rows spread by .35)."""
    rows, spread = 23_570, 0.35
    state, found = calm(2, len(BETS)), []
    for gap in gaps:
        rows_at = np.concatenate([np.full(rows // 2, gap - spread), np.full(rows - rows // 2, gap + spread)])
        factors = np.array([beyond(rows_at, tolerance), beyond(-rows_at, tolerance)])
        state = updated(state, temper(factors, phi))
        found.append(bool(strength(state.reshape(-1)) >= np.log1p(threshold(updates, ALPHA))))
    return found


def test_a_monthly_product_whose_promises_drift_away_is_alarmed_in_the_third_or_fourth_window() -> None:
    found = judged([0.06, 0.07, 0.08, 0.10], tolerance=0.05, phi=25, updates=12)
    assert found[:2] == [False, False]
    assert found[3]


@pytest.mark.parametrize("gap", [0.0, 0.03, 0.049, -0.049])
def test_a_gap_inside_the_tolerance_is_never_alarmed(gap: float) -> None:
    assert not any(judged([gap] * 36, tolerance=0.05, phi=25, updates=12))


def test_both_directions_are_found() -> None:
    assert judged([0.10] * 3, 0.05, 25, 12)[-1]
    assert judged([-0.10] * 3, 0.05, 25, 12)[-1]


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=300), st.floats(0.001, 0.999))
def test_counting_a_batch_equals_counting_its_rows(rows: list[bool], tau: float) -> None:
    one_by_one = sum((counted([row]) for row in rows), Counts(0, 0))
    assert (above(counted(rows), tau) == above(one_by_one, tau)).all()
    assert (below(counted(rows), tau) == below(one_by_one, tau)).all()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8), st.randoms())
def test_the_parts_of_a_batch_merge_in_any_order(parts: list[tuple[int, int]], random: object) -> None:
    counts = [Counts(ones + zeros, ones) for ones, zeros in parts]
    shuffled = sorted(counts, key=lambda _: random.random())  # type: ignore[attr-defined]  # hypothesis' own Random
    whole, other = sum(counts, Counts(0, 0)), sum(shuffled, Counts(0, 0))
    assert (above(whole, 0.2) == above(other, 0.2)).all()


differences = st.lists(st.floats(-1, 1), max_size=200)


@settings(deadline=None)
@given(differences, differences, st.floats(-0.5, 0.9))
def test_the_parts_of_a_batch_of_differences_add_up(first: list[float], second: list[float], tolerance: float) -> None:
    parts = beyond(np.array(first), tolerance) + beyond(np.array(second), tolerance)
    whole = beyond(np.array(second + first), tolerance)
    assert np.allclose(parts, whole, rtol=1e-9, atol=1e-9)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 10**7), st.floats(0, 1)), max_size=30),
    st.floats(1e-6, 2),
    st.floats(1, 1000),
)
def test_nothing_is_ever_missing_or_infinite(batches: list[tuple[int, float]], tau: float, phi: float) -> None:
    up, down = calm(len(BETS)), calm(len(BETS))
    for rows, share in batches:
        counts = Counts(rows, int(rows * share))
        up = updated(up, temper(above(counts, tau, BETS), phi))
        down = updated(down, temper(below(counts, min(tau - 0.5, 0.999), BETS), phi))
        for state in (up, down):
            assert np.isfinite(state).all()
            assert (state >= 0).all()
            assert math.isfinite(float(strength(state)))


@settings(deadline=None)
@given(st.integers(1, 5_000), st.data(), st.floats(0.01, 0.9))
def test_more_ones_are_never_less_evidence(rows: int, data: st.DataObject, tau: float) -> None:
    few = data.draw(st.integers(0, rows - 1))
    less = updated(calm(len(BETS)), above(Counts(rows, few), tau))
    more = updated(calm(len(BETS)), above(Counts(rows, few + 1), tau))
    assert (more >= less).all()
    assert strength(more) >= strength(less)


def test_an_empty_batch_is_no_evidence() -> None:
    assert (above(Counts(0, 0), 0.1) == 0).all()
    assert (beyond(np.zeros(0), 0.1) == 0).all()


@pytest.mark.parametrize("tau", [1.0, 1.5])
def test_a_tolerance_that_nothing_can_exceed_raises_no_evidence(tau: float) -> None:
    assert (above(Counts(100, 100), tau) == 0).all()
    assert (below(Counts(100, 0), 1 - tau) == 0).all()
    assert (beyond(np.ones(100), tau) == 0).all()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be"):
        Counts(1, 2)
    with pytest.raises(ValueError, match="above 0"):
        above(Counts(1, 1), 0.0)
    with pytest.raises(ValueError, match="difference"):
        beyond(np.array([np.nan]), 0.1)
    with pytest.raises(ValueError, match="above -1"):
        beyond(np.array([0.0]), -1.0)
    with pytest.raises(ValueError, match="1 or more"):
        temper(np.zeros(1), 0.5)
    with pytest.raises(ValueError, match="alpha"):
        threshold(0, 0.05)


def test_the_delay_formula_says_how_many_rows_are_still_needed() -> None:
    bar = threshold(12, ALPHA)
    reached = np.log1p(bar)
    counts = Counts(1_000, 130)
    factors = temper(above(counts, 0.1), 4.0)
    state = updated(calm(len(BETS)), factors)
    more = rows_more(state, factors, counts.rows, bar)
    assert more is not None
    assert strength(state) < reached
    later = updated(state, factors * more / counts.rows)
    assert strength(later) >= reached
    assert rows_more(calm(len(BETS)), above(Counts(100, 5), 0.1), 100, bar) is None
    assert rows_more(calm(len(BETS)), np.zeros(len(BETS)), 0, bar) is None


def test_the_planned_delay_fits_the_measured_one() -> None:
    """From error .10 to .20 at tau .10: 265 rows were measured at H = 52,000."""
    planned = rows_until_alarm(0.2, 0.11, threshold(52_000, ALPHA))
    assert planned is not None
    assert 200 < planned < 500


def test_a_one_shot_question_is_decided_by_its_wealth() -> None:
    """A canary that is better by .02 than a margin of .02: promoted, with the order of rows that was measured (269)."""
    random = np.random.default_rng(5)
    old, new = random.random(4_000) < 0.10, random.random(4_000) < 0.08
    better = old.astype(float) - new.astype(float)
    total: Floats = np.zeros(len(BETS))
    for row in range(better.size):
        total = total + beyond(better[row : row + 1], -0.02)
        if wealth(total) >= math.log(1 / ALPHA):
            break
    assert 20 < row < 1_500


def plain_mixture(rows: list[int], tau: float, bets: tuple[float, ...]) -> list[float]:
    """W after each row in plain numbers: the mean over bets of the product of 1 + g / tau (x - tau)."""
    capital = [1.0] * len(bets)
    after = []
    for x in rows:
        capital = [one * (1 + bet / tau * (x - tau)) for one, bet in zip(capital, bets, strict=True)]
        after.append(sum(capital) / len(bets))
    return after


def test_the_wealth_equals_an_independent_reckoning_row_by_row() -> None:
    rows = (np.random.default_rng(8).random(400) < 0.16).astype(int).tolist()
    reckoned = plain_mixture(rows, 0.12, BETS)
    total: Floats = np.zeros(len(BETS))
    for x, expected in zip(rows, reckoned, strict=True):
        total = total + above(Counts(1, x), 0.12)
        assert wealth(total) == pytest.approx(math.log(expected), abs=1e-9)
    assert wealth(above(counted(rows), 0.12)) == pytest.approx(math.log(reckoned[-1]), abs=1e-9)


def test_the_confidence_sequence_of_the_bets_equals_one_by_an_independent_reckoning() -> None:
    """The lower bound at level alpha: the largest mean whose capital has reached 1 / alpha."""
    rows = (np.random.default_rng(9).random(600) < 0.4).astype(int).tolist()
    means = np.linspace(0.01, 0.99, 99)
    for size in (50, 200, 600):
        refused = [mean for mean in means if wealth(above(counted(rows[:size]), mean)) >= math.log(1 / ALPHA)]
        plain = [mean for mean in means if plain_mixture(rows[:size], mean, BETS)[-1] >= 1 / ALPHA]
        assert refused == plain
    assert 0.3 < max(refused) < 0.4


@pytest.mark.parametrize(("share", "phi"), [(0.2, 1.0), (0.3, 1.0), (0.2, 2.0)])
def test_the_delay_formula_fits_what_happens(share: float, phi: float) -> None:
    """Rows until the alarm of 200 streams after their change, each counted as rows / phi."""
    tau, bar, streams = 0.12, threshold(52_000, ALPHA), 200
    planned = rows_until_alarm(share, tau, bar, phi)
    assert planned is not None
    random = np.random.default_rng(12)
    one, zero = above(Counts(1, 1), tau), above(Counts(1, 0), tau)
    state, first = calm(streams, len(BETS)), np.zeros(streams)
    for row in range(1, 4 * planned):
        hit = random.random(streams) < share
        state = updated(state, temper(np.where(hit[:, None], one, zero), phi))
        first[(first == 0) & (strength(state) >= np.log1p(bar))] = row
        if first.all():
            break
    assert first.all()
    assert 0.6 * planned < np.median(first) < 1.4 * planned
