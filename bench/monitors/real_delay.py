"""The delays of delay.py on the errors of real models: Elec2, flights, bikes, with a rise planted on a known row.

The errors are those of a model that is fitted on the first part of a stream and answers the rest. Days of that rest,
drawn anew for each stream, keep what real rows have in common within a day and lose the drift of years, so that what is
before and after is known; then right answers are turned into errors until the share has risen by a multiple of the
tolerance, a fifth of what it was. An alarm is waited for as long as in delay.py, and 60 days at least. Everybody gets
the same rows. Ours judges each day at its end, as the product does, tempered by phi as measured on the first 60 days.
How often it is wrong is counted over 1,000 years more, in which the error has risen by the tolerance on every day.

    python bench/monitors/real_delay.py FOLDER [--peers .venv-peers] [--streams 20]

FOLDER holds the files that replays.py reads. An error is a wrong class, or a number that misses by more than nine in
ten did at first.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from delay import ALPHA, CALM, NULL, TIMES, YEAR, peers, tabled
from replays import Stream, bikes, elec, flights
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from shipworthy.watch.bounds import overdispersion
from shipworthy.watch.evidence import BETS, Counts, above, calm, strength, temper, threshold, updated

REFERENCE, BATCHES, SHARE, YEARS, DAYS = 10_000, 60, 0.2, 1_000, 60
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


def drawn(days: list[Rows], streams: int, tolerance: float) -> tuple[dict[str, Rows], dict[str, list[Rows]]]:
    """Streams by name, as in delay.py, made of days that are drawn with repetition; and where their days end."""
    random = np.random.default_rng(36)
    before, each = np.concatenate(days).mean(), np.mean([len(day) for day in days])

    def rows(count: int) -> tuple[Rows, Rows]:
        some = [days[n] for n in random.integers(0, len(days), int(count / each * 1.5) + 20)]
        ends = np.cumsum([len(day) for day in some])
        return np.concatenate(some)[:count], np.append(ends[ends < count], count)

    def risen(calm: Rows, by: float) -> Rows:
        return np.where(random.random(calm.size) < by / (1 - before), 1, calm).astype(np.int8)

    found = {"reference": np.array([rows(REFERENCE)[0] for _ in range(streams)])}
    ends: dict[str, list[Rows]] = {}
    patience = [(f"{times:g}", times, max(waited, int(DAYS * each))) for times, waited in TIMES.items()]
    for name, times, waited in [(NULL, 1.0, YEAR - CALM), *patience]:
        made, ends[name] = [], []
        for _ in range(streams):
            (calm, calm_ends), (later, later_ends) = rows(CALM), rows(waited)
            made.append(np.concatenate([calm, risen(later, times * tolerance)]))
            ends[name].append(np.concatenate([calm_ends, CALM + later_ends]))
        found[name] = np.array(made)
    return found, ends


def by_day(stream: Rows, ends: Rows, tau: float, phi: float, updates: int) -> int:
    """The row of the first alarm, judged at the end of each day as in the product; 0 for none."""
    sizes = np.diff(ends, prepend=0)
    bar, state = np.log1p(threshold(updates, ALPHA)), calm(len(BETS))
    for end, rows in zip(ends, sizes, strict=True):
        counts = Counts(int(rows), int(stream[end - rows : end].sum()))
        state = updated(state, temper(above(counts, tau, BETS), phi))
        if strength(state) >= bar:
            return int(end)
    return 0


def wrongly(days: list[Rows], tolerance: float, phi: float, updates: int) -> float:
    """The share of years with an alarm by the day, though the error has risen by no more than the tolerance."""
    random = np.random.default_rng(37)
    rows, ones = np.array([len(day) for day in days]), np.array([int(day.sum()) for day in days])
    before = ones.sum() / rows.sum()
    some = random.integers(0, len(days), (YEARS, updates))
    wrong = ones[some] + random.binomial(rows[some] - ones[some], tolerance / (1 - before))
    one, zero = above(Counts(1, 1), before + tolerance), above(Counts(1, 0), before + tolerance)
    state, found = calm(YEARS, len(BETS)), np.zeros(YEARS, dtype=bool)
    for day in range(updates):
        hits, misses = wrong[:, day, None], (rows[some[:, day]] - wrong[:, day])[:, None]
        state = updated(state, temper(hits * one + misses * zero, phi))
        found |= strength(state) >= np.log1p(threshold(updates, ALPHA))
    return float(found.mean())


def main(folder: Path, environments: Path, streams: int) -> None:
    """A table for each stream."""
    for read in (elec, flights, bikes):
        stream = read(folder)
        days = errors(stream)
        before = float(np.concatenate(days).mean())
        rows, ends = drawn(days, streams, SHARE * before)
        sizes, means = [len(day) for day in days[:BATCHES]], [float(day.mean()) for day in days[:BATCHES]]
        phi = overdispersion(sizes, means) or 1.0
        said = f"errors {before:.3f}, tolerance {SHARE * before:.3f}, {np.mean(sizes):.0f} rows a day, phi {phi:.1f}"
        print(f"\n## {stream.name}: {said}\n", flush=True)
        tau, year = before * (1 + SHARE), int(YEAR / np.mean(sizes))
        share = wrongly(days, SHARE * before, phi, year)
        print(f"ours raises an alarm in {share:.1%} of {YEARS:,} tolerated years of {year:,} days\n", flush=True)
        alarms = {
            name: [by_day(one, end, tau, phi, year) for one, end in zip(rows[name], ends[name], strict=True)]
            for name in ends
        }
        tabled({"ours, by the day|as promised": alarms} | peers(environments, rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers"))
    parser.add_argument("--streams", type=int, default=20)
    given = parser.parse_args()
    main(given.folder, given.peers, given.streams)
