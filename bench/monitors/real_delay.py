"""The delays of delay.py on the errors of real models: Elec2, flights, bikes, with a rise planted on a known row.

The errors are those of a model that is fitted on the first part of a stream and answers the rest. Days of that rest,
drawn anew for each stream, keep what real rows have in common within a day and lose the drift of years, so that what is
before and after is known; then right answers are turned into errors until the share has risen by a multiple of the
tolerance, a fifth of what it was. Everybody gets the same rows. Ours is tempered by phi, measured
on chunks of 500 rows of the reference and not less in smaller windows.

    python bench/monitors/real_delay.py FOLDER [--peers .venv-peers] [--streams 20]

FOLDER holds the files that replays.py reads. An error is a wrong class, or a number that misses by more than nine in
ten did at first.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from delay import CALM, NULL, TIMES, YEAR, First, ours, peers, tabled
from replays import Stream, bikes, elec, flights
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from shipworthy.watch.bounds import overdispersion

REFERENCE, CHUNK, SHARE = 10_000, 500, 0.2
Rows = Any


def errors(stream: Stream) -> list[Rows]:
    """The errors of each day after the first part, which the model has learnt from."""
    x = stream.x.apply(lambda column: column.cat.codes if column.dtype == "category" else column).to_numpy(float)
    learnt = stream.day < stream.first
    if stream.scale is None:
        model = HistGradientBoostingClassifier(random_state=0).fit(x[learnt], stream.y[learnt] > 0.5)
        wrong = model.predict(x) != (stream.y > 0.5)
    else:
        number = HistGradientBoostingRegressor(random_state=0).fit(x[learnt], stream.y[learnt])
        off = np.abs(number.predict(x) - stream.y)
        soon = ~learnt & (stream.day < stream.first + 90)
        wrong = off > np.quantile(off[soon], 0.9)
    return [wrong[stream.day == day].astype(np.int8) for day in np.unique(stream.day[~learnt])]


def drawn(days: list[Rows], streams: int, tolerance: float) -> dict[str, Rows]:
    """Streams by name, as in delay.py, made of days that are drawn with repetition."""
    random = np.random.default_rng(36)

    def rows(count: int) -> Rows:
        each = np.mean([len(day) for day in days])
        some = [days[n] for n in random.integers(0, len(days), int(count / each * 1.5) + 20)]
        return np.concatenate(some)[:count]

    def risen(calm: Rows, by: float) -> Rows:
        before = np.concatenate(days).mean()
        return np.where(random.random(calm.size) < by / (1 - before), 1, calm).astype(np.int8)

    found = {"reference": np.array([rows(REFERENCE) for _ in range(streams)])}
    for name, times, waited in [(NULL, 1.0, YEAR - CALM), *((f"{t:g}", t, wait) for t, wait in TIMES.items())]:
        made = [np.concatenate([rows(CALM), risen(rows(waited), times * tolerance)]) for _ in range(streams)]
        found[name] = np.array(made)
    return found


def phis(reference: Rows) -> Rows:
    """Of each stream, on chunks of its reference."""
    found = []
    for one in reference.reshape(len(reference), -1, CHUNK):
        share = float(one.mean())
        found.append(overdispersion([CHUNK] * len(one), list(one.mean(axis=1)), share * (1 - share)) or 25.0)
    return np.array(found)


def main(folder: Path, environments: Path, streams: int) -> None:
    """A table for each stream."""
    for read in (elec, flights, bikes):
        stream = read(folder)
        days = errors(stream)
        before = float(np.concatenate(days).mean())
        rows = drawn(days, streams, SHARE * before)
        phi = phis(rows["reference"])
        print(f"\n## {stream.name}: errors {before:.3f}, tolerance {SHARE * before:.3f}, phi {np.median(phi):.1f}\n")
        tau = before * (1 + SHARE)
        found: First = {
            f"ours, windows of {window}|as promised": {
                name: ours(rows[name], window, tau, phi) for name in rows if name != "reference"
            }
            for window in (CHUNK, 50)
        }
        tabled(found | peers(environments, rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers"))
    parser.add_argument("--streams", type=int, default=20)
    given = parser.parse_args()
    main(given.folder, given.peers, given.streams)
