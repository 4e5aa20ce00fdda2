"""False alarms of a whole product over many simulated years, against the budget that its plan declares.

A product is judged weekly for a year by everything that stands on the primitive: input drift of 20 features, score
drift, calibration and unanswered, each with its part of the product's budget of half a false alarm a year. The judges
are those of the product; rows are drawn as counts, so that a thousand years take minutes. Three worlds:

- calm: every week is drawn from what the reference was drawn from;
- season: shares swing over the year by up to the tolerance, and stand at its edge for weeks;
- shocks: rows of a week share shocks (an intra-week correlation of .01, phi about 6); phi is declared as 8.

In the last world untempered evidence (phi 1) is the negative control: it must break the same budget.

    python bench/monitors/false_alarms.py [--years 1000]

The last line is the whole result as JSON; it ends with exit code 1 where a promise is broken or the control holds it.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import numpy as np

from shipworthy.watch.bounds import share_between
from shipworthy.watch.budget import parts
from shipworthy.watch.drift import REFERENCE_PART
from shipworthy.watch.evidence import Counts, Floats, above, below, calm, grid, strength, temper, threshold, updated

WEEKS, ROWS, REFERENCE, FEATURES, CUTS = 52, 500, 10_000, 20, 9
BUDGET = 0.5
TOLERANCES = {"input-drift": 0.02, "score-drift": 0.02, "calibration": 0.05, "unanswered": 0.01}
RATE = 0.18  # of yes, where the model promises just this
CORRELATION, DECLARED = 0.01, 8.0
Ints = Any
BETS = grid(WEEKS)


def shares_of(world: str, random: np.random.Generator, years: int, base: float, swing: float) -> Floats:
    """The share that holds in each week of each year: calm, swinging to the tolerance's edge, or with shocks."""
    if world == "season":
        phase = random.random((years, 1))
        wave = np.sin(2 * np.pi * (np.arange(WEEKS) / WEEKS + phase))
        return np.asarray(np.clip(base + swing * np.clip(1.5 * wave, -1, 1), 1e-6, 1 - 1e-6))
    if world == "shocks":
        size = 1 / CORRELATION - 1
        return random.beta(base * size, (1 - base) * size, (years, WEEKS))
    return np.full((years, WEEKS), base)


def alarmed(up: Floats, down: Floats, bar: float, phi: float) -> Any:
    """Whether each year has an alarm of one question: its tests in both directions, averaged as in the product.

    Args:
        up, down: log capital factors by year, test, week and bet.
    """
    years, tests = up.shape[:2]
    state, found = calm(years, 2 * tests, len(BETS)), np.zeros(years, dtype=bool)
    for week in range(WEEKS):
        factors = np.concatenate([up[:, :, week], down[:, :, week]], axis=1)
        state = updated(state, temper(factors, phi))
        found |= strength(state.reshape(years, -1)) >= np.log1p(bar)
    return found


def tails(ones: Ints, rows: int, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Log capital factors of counts against their own bounds, in both directions, by the product's own functions."""
    one, zero = Counts(1, 1), Counts(1, 0)
    up, down = [], []
    for floor, ceiling in zip(low.reshape(-1), high.reshape(-1), strict=True):
        up.append([above(one, ceiling, BETS), above(zero, ceiling, BETS)])
        down.append([below(one, floor, BETS), below(zero, floor, BETS)])
    shape = (*low.shape, 2, len(BETS))
    above_, below_ = np.array(up).reshape(shape), np.array(down).reshape(shape)
    hits, misses = ones[..., None], (rows - ones)[..., None]
    return (
        hits * above_[:, :, None, 0] + misses * above_[:, :, None, 1],
        hits * below_[:, :, None, 0] + misses * below_[:, :, None, 1],
    )


def drifted(
    world: str, random: np.random.Generator, years: int, alpha: float, phi: float, tests: int, bases: Floats
) -> Any:
    """Whether one column is noted in each year; its reference is drawn anew for each, and its cuts move apart."""
    tolerance = TOLERANCES["input-drift"]
    error = REFERENCE_PART * alpha / (2 * tests)
    low, high = np.zeros((years, tests)), np.zeros((years, tests))
    ones = np.zeros((years, tests, WEEKS))
    for test, base in enumerate(bases):
        at = random.binomial(REFERENCE, base, years)
        bounds = [share_between(count / phi, REFERENCE / phi, error) for count in at]
        low[:, test] = [bound[0] - tolerance for bound in bounds]
        high[:, test] = [bound[1] + tolerance for bound in bounds]
        ones[:, test] = random.binomial(ROWS, shares_of(world, random, years, float(base), tolerance))
    up, down = tails(ones, ROWS, low, high)
    return alarmed(up, down, threshold(WEEKS, (1 - REFERENCE_PART) * alpha), phi)


def against(
    world: str, random: np.random.Generator, years: int, alpha: float, phi: float, base: float, tolerance: float
) -> Any:
    """Whether a share with a fixed bound around `base` raises an alarm in each year, in both directions."""
    ones = random.binomial(ROWS, shares_of(world, random, years, base, tolerance))[:, None]
    low, high = np.full((years, 1), base - tolerance), np.full((years, 1), base + tolerance)
    return alarmed(*tails(ones, ROWS, low, high), threshold(WEEKS, alpha), phi)


def lived(world: str, years: int, phi: float, seed: int) -> dict[str, float]:
    """False alarms a year by monitor."""
    random = np.random.default_rng(seed)
    given = {name: part.alpha for name, part in parts(BUDGET, {}, list(TOLERANCES)).items()}
    deciles = np.arange(1, CUTS + 1) / (CUTS + 1)
    inputs = np.zeros(years)
    for _ in range(FEATURES):
        inputs += drifted(world, random, years, given["input-drift"] / FEATURES, phi, CUTS, deciles)
    scores = drifted(world, random, years, given["score-drift"], phi, CUTS, deciles)
    gaps = against(world, random, years, given["calibration"], phi, RATE, TOLERANCES["calibration"])
    missed = against(world, random, years, given["unanswered"], phi, 0.005, TOLERANCES["unanswered"] - 0.005)
    found = {"input-drift": inputs, "score-drift": scores, "calibration": gaps, "unanswered": missed}
    return {name: float(values.mean()) for name, values in found.items()}


def main(years: int) -> int:
    """Live the years of every world and hold them against the budget."""
    kept = True
    found = {}
    for world, phi, name in (
        ("calm", 1.0, "calm"),
        ("season", 1.0, "season within the tolerance"),
        ("shocks", DECLARED, "weeks with shocks"),
        ("shocks", 1.0, "weeks with shocks, untempered (control)"),
    ):
        control = "control" in name
        alarms = lived(world, years, phi, seed=26)
        total = sum(alarms.values())
        kept &= (total > BUDGET) if control else (total <= BUDGET)
        found[name] = {"total": total, **alarms}
        print(f"| {name} | {total:.3f} | " + " | ".join(f"{alarms[one]:.3f}" for one in TOLERANCES) + " |")
    print(json.dumps({"years": years, "budget": BUDGET, "promised": 0.05 * len(TOLERANCES), "alarms_a_year": found}))
    return 0 if kept else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--years", type=int, default=1_000)
    sys.exit(main(parser.parse_args().years))
