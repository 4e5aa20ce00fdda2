"""A canary's verdicts: as often wrong as promised, however often one looks; a fixed-size test that peeks is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shipworthy.watch.bounds import Dependence
from shipworthy.watch.canary import (
    Terms,
    Trial,
    Worth,
    differences_of_split,
    mismatch,
    more_often,
    reached,
    seen,
    verdict,
)
from shipworthy.watch.evidence import BETS, Counts, Floats, beyond, wealth

OLD, ALPHA, ROWS, RUNS, BLOCK = 0.10, 0.05, 20_000, 400, 9
SHARED = 0.8  # of the old one's errors in shadow are errors of the new one too
TERMS = Terms()


def rows_of_shadow(new: float, size: tuple[int, int], random: np.random.Generator) -> Floats:
    old, luck = random.random(size) < OLD, random.random(size)
    wrong = np.where(old, luck < SHARED, luck < (new - SHARED * OLD) / (1 - OLD))
    return wrong.astype(float) - old


def rows_of_split(new: float, size: tuple[int, int], random: np.random.Generator) -> Floats:
    return (random.random(size) < new).astype(float) - random.binomial(BLOCK, OLD, size) / BLOCK


def simulated(new: float, live: bool, seed: int = 0) -> tuple[float, float, float]:
    """The shares of 400 trials that end in promotion and in going back, and the median rows to the commoner end.

    The capital of each possible D comes from the product's own bets; it is added up row by row, looking at each.
    """
    random, draw, step = np.random.default_rng(seed), rows_of_split if live else rows_of_shadow, 500
    values = np.arange(-BLOCK, BLOCK + 1) / BLOCK
    bets = np.array(
        [[beyond(np.array([d]), TERMS.harm, BETS), beyond(np.array([-d]), -TERMS.margin, BETS)] for d in values]
    )
    capital, ends, at = np.zeros((RUNS, 2, len(BETS))), np.zeros(RUNS, int), np.full(RUNS, ROWS)
    for start in range(0, ROWS, step):
        live_runs = np.flatnonzero(ends == 0)
        if not live_runs.size:
            break
        found = np.rint(draw(new, (live_runs.size, step), random) * BLOCK).astype(int) + BLOCK
        grown = capital[live_runs][:, None] + np.cumsum(bets[found], axis=1)
        crossed = np.logaddexp.reduce(grown, axis=-1) - np.log(len(BETS)) >= -np.log(ALPHA)
        first = np.where(crossed.any(1), crossed.argmax(1), ROWS)
        done = first.min(1) < ROWS
        ends[live_runs[done]] = np.where(first[done, 0] <= first[done, 1], -1, 1)
        at[live_runs[done]] = start + first[done].min(1) + 1
        capital[live_runs] = grown[:, -1]
    ends[ends == 0] = -1  # the row limit
    commoner = 1 if (ends == 1).mean() > 0.5 else -1
    return float((ends == 1).mean()), float((ends == -1).mean()), float(np.median(at[ends == commoner]))


@pytest.mark.parametrize(
    ("new", "promoted", "rows"),
    [(0.08, 1.0, 466), (0.10, 0.975, 1_779), (0.12, 0.03, 1_684), (0.15, 0.0, 302), (0.5, 0, 21)],
)
def test_a_split_reaches_its_verdicts_as_the_published_table_says(new: float, promoted: float, rows: int) -> None:
    share, back, median = simulated(new, live=True)
    assert share == pytest.approx(promoted, abs=0.03)
    assert share + back == 1
    assert median == pytest.approx(rows, rel=0.2)


@pytest.mark.parametrize(
    ("new", "promoted", "rows"), [(0.10, 0.97, 783), (0.12, 0.01, 1_023), (0.15, 0.0, 254), (0.5, 0.0, 23)]
)
def test_a_shadow_that_shares_most_errors_needs_fewer_rows(new: float, promoted: float, rows: int) -> None:
    share, _, median = simulated(new, live=False)
    assert share == pytest.approx(promoted, abs=0.03)
    assert median == pytest.approx(rows, rel=0.25)


def test_wrong_verdicts_are_as_rare_as_promised_at_the_edge_of_both_questions() -> None:
    for live in (True, False):
        assert simulated(OLD, live)[1] <= ALPHA
        assert simulated(OLD + TERMS.margin, live)[0] <= ALPHA


def test_the_negative_control_a_test_of_fixed_size_looked_at_often_goes_back_far_too_often() -> None:
    random, looks = np.random.default_rng(1), np.arange(500, ROWS + 1, 500)
    old, new = (random.binomial(500, OLD, (4_000, looks.size)).cumsum(1) / looks for _ in range(2))
    z = (new - old) / np.sqrt(2 * OLD * (1 - OLD) / looks)
    assert (z > 1.645).any(axis=1).mean() > 0.2


def test_going_back_wins_ties_and_at_the_row_limit() -> None:
    full = (10.0,) * len(BETS)
    assert verdict(Trial(harm=full, promotion=full, rows=10), TERMS) == "roll back"
    assert verdict(Trial(promotion=full, rows=10), TERMS) == "promote"
    assert verdict(Trial(promotion=full, rows=10), TERMS, mismatch=True) == "roll back"
    assert verdict(Trial(rows=19_999), TERMS) == "hold"
    assert verdict(Trial(rows=20_000), TERMS) == "roll back"


def test_the_same_rows_in_any_parts_are_the_same_evidence() -> None:
    d = np.random.default_rng(3).uniform(-1, 1, 300)
    whole = seen(Trial(), d, TERMS)
    parts = seen(seen(Trial(), d[:100], TERMS), d[100:], TERMS)
    assert parts.rows == whole.rows
    assert parts.harm == pytest.approx(whole.harm, abs=1e-5)
    assert parts.mean == pytest.approx(d.mean())
    assert all(a <= b + 1e-12 for a, b in zip(parts.harm, whole.harm, strict=True)), "rounding never strengthens"


def test_dependent_rows_weigh_less() -> None:
    worse = np.full(200, 0.5)
    assert reached(seen(Trial(), worse, Terms(phi=10)).harm, ALPHA) < reached(seen(Trial(), worse, TERMS).harm, ALPHA)


def let_on(declared: float, measured: bool, seed: int) -> bool:
    """Whether one who is worse by the margin is let on in 40 days of 200 rows that share shocks: phi is 92."""
    random, trial, terms = np.random.default_rng(seed), Trial(), Terms(phi=declared)
    for _ in range(40):
        d = np.clip(terms.margin + 0.135 * random.normal() + 0.2 * random.normal(size=200), -1, 1)
        phi = trial.dependence(declared).of_window(d.size) if measured else declared
        trial = seen(trial, d, replace(terms, phi=phi))
        if reached(trial.promotion, ALPHA) >= 1:
            return True
    return False


def test_rows_that_depend_more_than_declared_are_found_out_by_the_moments_before() -> None:
    """What is declared far too small is wrong while little is known, and less often than without measuring."""
    declared, measured = (np.mean([let_on(10.0, found, seed) for seed in range(100)]) for found in (False, True))
    assert declared > 0.3
    assert measured < 0.6 * declared
    assert np.mean([let_on(92.0, True, seed) for seed in range(100)]) <= ALPHA


def test_few_moments_never_make_dependence_smaller_than_declared() -> None:
    calm = ((100, 0.0, 0.04),) * 19
    assert Trial(moments=calm).dependence(10.0) == Dependence(10.0, False)
    assert Trial(moments=(*calm, (100, 0.0, 0.04))).dependence(10.0) == Dependence(1.0, True, 100.0)
    wild = ((100, 0.2, 0.08), (100, -0.2, 0.08), (100, 0.2, 0.08), (100, -0.2, 0.08), (100, 0.2, 0.08))
    assert Trial(moments=wild).dependence(10.0).phi > 10
    assert Trial(moments=wild[:4]).dependence(10.0).phi == 10


def test_each_row_of_a_split_is_in_one_block() -> None:
    d = differences_of_split(np.ones(3), np.array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]))
    assert d.size == 3
    assert differences_of_split(np.ones(7), np.zeros(3)).tolist() == [1.0, 1.0, 1.0]
    assert differences_of_split(np.ones(3), np.zeros(0)).size == 0


def test_a_split_that_went_as_planned_is_seldom_suspected_and_a_wrong_one_is_found() -> None:
    random = np.random.default_rng(5)
    rows = random.random((400, 5_000)) < 0.1
    sizes = np.arange(1, 5_001)
    fair = [
        [mismatch([c, n - c], [0.1, 0.9]) for c, n in zip(run.cumsum()[::50], sizes[::50], strict=True)] for run in rows
    ]
    assert np.mean([max(run) >= -np.log(ALPHA) for run in fair]) <= ALPHA
    assert mismatch([400, 4_600], [0.1, 0.9]) > -np.log(ALPHA)


def test_slow_answers_are_counted_like_wrong_ones() -> None:
    assert wealth(more_often(Counts(1_000, 8), 0.01)) < -np.log(ALPHA)
    assert wealth(more_often(Counts(1_000, 40), 0.01)) > -np.log(ALPHA)


def test_terms_that_decide_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="decide nothing"):
        Terms(margin=1.0)


@pytest.mark.parametrize(("gain", "replaced"), [(0.01, (0.0, 0.06)), (0.08, (0.95, 1.0))])
def test_a_challenger_that_gains_no_more_than_it_costs_replaces_nobody(
    gain: float, replaced: tuple[float, float]
) -> None:
    pays, random = Worth(cost=5_000, value=50, decisions=10_000).break_even, np.random.default_rng(9)
    draws = random.choice([1.0, -1.0, 0.0], (300, 4_000), p=[0.2, 0.2 - gain, 0.6 + gain])
    terms = Terms(margin=-pays)
    table = {d: seen(Trial(), np.array([-d]), terms).promotion for d in (-1.0, 0.0, 1.0)}
    grown = np.cumsum(np.array([table[d] for d in (-1.0, 0.0, 1.0)])[draws.astype(int) + 1], axis=1)
    crossed = (np.logaddexp.reduce(grown, axis=-1) - np.log(len(BETS)) >= -np.log(ALPHA)).any(axis=1)
    assert replaced[0] <= crossed.mean() <= replaced[1]
