"""Elec2 as others have measured it: what our own detector must find in a stream that is not ours.

    python bench/monitors/external.py FOLDER

FOLDER holds `elec.parquet`, as replays.py reads it: 45,312 half hours of the electricity market of New South Wales,
from the wheel of scikit-multiflow 0.4.1. Prints each check with what was expected and found; it ends with exit code 1
where one fails. On two cores it takes some seconds.

- Persistence, which says of each half hour what was true of the last one, is right in 85.3% of them, as published;
  42.45% of the truths are a rise.
- Boosted trees on the first 10,000 rows: their errors in each 5,000 after that.
- The evidence against "no more errors than in the first 5,000 that were answered, and .02": counted by the day and
  tempered by phi as measured there, it alarms when the errors do rise, in the third month. Row by row and not tempered
  it alarms on the second day: the negative control.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from shipworthy.watch.bounds import overdispersion, share_between
from shipworthy.watch.evidence import BETS, Counts, above, calm, strength, temper, threshold, updated

LEARNT, BLOCK, DAY = 10_000, 5_000, 48
ERRORS = (0.169, 0.259, 0.322, 0.363, 0.399, 0.191, 0.171, 0.179)
ALPHA, TOLERANCE, YEAR = 0.05, 0.02, 365
Rows = Any


class Checks:
    """What was expected and found, one line each."""

    def __init__(self) -> None:
        self.failed = 0

    def near(self, what: str, found: float | None, expected: float, within: float) -> None:
        """One number that must lie near another one; None where nothing was found."""
        held = found is not None and abs(found - expected) <= within
        self.failed += not held
        shown = "nothing" if found is None else f"{found:g}"
        print(f"{'ok  ' if held else 'FAIL'} {what}: {shown}, expected {expected:g} within {within:g}")


def first_alarm(wrong: Rows, size: int, tau: float, phi: float, windows: int) -> int | None:
    """The number of the first window of so many rows in which there is an alarm; None without one.

    Args:
        windows: how many of them a year has.
    """
    state, bar = calm(1, len(BETS)), np.log1p(threshold(windows, ALPHA))
    for number, start in enumerate(range(0, len(wrong) - size + 1, size), start=1):
        counts = Counts(size, int(wrong[start : start + size].sum()))
        state = updated(state, temper(above(counts, tau).reshape(1, -1), phi))
        if float(strength(state.reshape(-1))) >= bar:
            return number
    return None


def main(folder: Path) -> int:
    """Check everything."""
    checks, rows = Checks(), pd.read_parquet(folder / "elec.parquet")
    truth = rows["y"].to_numpy() == 1
    checks.near("rows", len(rows), 45_312, 0)
    checks.near("share that rises", truth.mean(), 0.4245, 0.0001)
    checks.near("persistence is right", (truth[1:] == truth[:-1]).mean(), 0.8533, 0.0001)

    inputs = rows.drop(columns=["y", "ts"]).to_numpy(float)
    model = HistGradientBoostingClassifier(random_state=0).fit(inputs[:LEARNT], truth[:LEARNT])
    wrong = (model.predict(inputs) != truth)[LEARNT:]
    for number, expected in enumerate(ERRORS):
        block = wrong[number * BLOCK : (number + 1) * BLOCK]
        checks.near(f"errors from row {LEARNT + number * BLOCK:,} on", block.mean(), expected, 0.006)

    then, later = wrong[:BLOCK], wrong[BLOCK:]
    share = float(then.mean())
    days = [then[start : start + DAY] for start in range(0, BLOCK - DAY + 1, DAY)]
    phi = overdispersion([DAY] * len(days), [float(day.mean()) for day in days], share * (1 - share)) or 1.0
    checks.near("phi of a day", phi, 5.8, 0.3)
    tau = share_between(then.sum() / phi, BLOCK / phi, 0.1 * ALPHA)[1] + TOLERANCE
    checks.near("day of the alarm, tempered", first_alarm(later, DAY, tau, phi, YEAR), 87, 3)
    checks.near("row of the alarm, not tempered (control)", first_alarm(later, 1, tau, 1.0, YEAR * DAY), 58, 3)
    return min(1, checks.failed)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path, help="holds elec.parquet")
    sys.exit(main(asked.parse_args().folder))
