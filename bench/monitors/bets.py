"""Whether adaptive bets would find a change sooner than the fixed grid, at the same promise: decision 26 put to a test.

The plug-in bet (aGRAPA) of each row is worked out from the rows before it, which fade; in the same Shiryaev-Roberts
form it keeps the same guarantee. Errors of .10 rise by 1.5 to 20 times the tolerance of .02; all see the same rows.
What is compared is the median of the paired difference in rows, with a 95% interval by bootstrap over streams.

    python bench/monitors/bets.py [streams]
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from delay import ALPHA, BEFORE, CALM, NULL, TIMES, TOLERANCE, YEAR

from shipworthy.watch.evidence import BETS, threshold

TAU = BEFORE + TOLERANCE
BAR = np.log1p(threshold(YEAR, ALPHA))
FADES = {"fast": 0.02, "slow": 0.004}
METHODS = ("grid", "adaptive", "both")
Rows = Any


def first(rows: Rows) -> dict[str, Rows]:
    """The row of the first alarm of each stream by method, row by row; 0 for none."""
    streams, length = rows.shape
    stakes = np.array(BETS) / TAU
    grid = np.zeros((streams, len(stakes)))
    adaptive = np.zeros((streams, len(FADES)))
    means = np.full((streams, len(FADES)), TAU)
    squares = np.full((streams, len(FADES)), TAU * (1 - TAU))
    fades = np.array(list(FADES.values()))
    found = {name: np.zeros(streams, dtype=int) for name in METHODS}
    for number in range(length):
        x = rows[:, number].astype(float)[:, None]
        gap = means - TAU
        # Waudby-Smith and Ramdas, section B.3, aGRAPA; cut so that no row can cost more than half of the capital.
        bets = np.clip(gap / (squares + gap**2), 0.0, 0.5 / TAU)
        grid = np.logaddexp(0.0, grid + np.log1p(stakes * (x - TAU)))
        adaptive = np.logaddexp(0.0, adaptive + np.log1p(bets * (x - TAU)))
        means, squares = means + fades * (x - means), squares + fades * ((x - means) ** 2 - squares)
        seen = {"grid": mixed(grid), "adaptive": mixed(adaptive)}
        seen["both"] = np.logaddexp(seen["grid"], seen["adaptive"]) - np.log(2)
        for name in METHODS:
            found[name][(found[name] == 0) & (seen[name] >= BAR)] = number + 1
    return found


def mixed(state: Rows) -> Rows:
    """log(R + 1) of the mean over bets."""
    return np.logaddexp.reduce(state, axis=1) - np.log(state.shape[1])


def main(streams: int) -> None:
    """Print the median delay of each and how it differs from the grid's."""
    random = np.random.default_rng(36)
    calm = random.random((streams, CALM)) < BEFORE
    tolerated = np.hstack([calm, random.random((streams, YEAR - CALM)) < TAU])
    for name, rows in first(tolerated).items():
        print(f"{NULL}: {name} alarms in {np.mean(rows > 0):.1%} of years")
    for times, waited in TIMES.items():
        rows = np.hstack([calm, random.random((streams, waited)) < BEFORE + times * TOLERANCE])
        delays = {name: np.where(one > CALM, one - CALM, waited) for name, one in first(rows).items()}
        for name in METHODS[1:]:
            gained = delays["grid"] - delays[name]
            drawn = np.median(gained[random.integers(0, streams, (2_000, streams))], axis=1)
            low, high = np.quantile(drawn, [0.025, 0.975])
            medians = f"{np.median(delays[name]):,.0f} against {np.median(delays['grid']):,.0f} rows of the grid"
            print(f"{times:g}x: {name} {medians}; sooner by {np.median(gained):,.0f} [{low:,.0f}, {high:,.0f}]")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 400)
