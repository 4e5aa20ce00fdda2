"""How good a candidate was on rows that training never saw: what its losses in use are held against, for good.

It is kept in the profile as strict JSON::

    {"loss": "brier", "cap": 1.0, "whole": {"n": 4700, "mean": 0.12, "levels": [21 numbers]},
     "large": null, "by_score": {"edges": [9 numbers], "n": [10 numbers], "mean": [10 numbers]},
     "segments": {"region": {"edges": null, "parts": {"north": {"n": 900, "mean": 0.11, "levels": [...],
                                                                "batches": [[900, 0.11]]}}}},
     "batches": [{"moment": "1997-10-01T00:00:00+00:00", "n": 4700, "loss": 0.12, "gap": 0.01,
                  "cells": [110, 90, 3810, 690]}],
     "decision": {"chosen": 200, "wrong": 90, "yes": 800, "missed": 690}}

A loss is a number in [0, 1]: of a probability its squared distance to the truth (Brier), of a number its absolute error
over ``cap``, the largest error that is told apart: the 99% quantile of those of the held-out rows. ``levels`` says how
many rows had which loss on a scale of 20 steps; a loss between two steps counts in part for both, so that the mean is
kept. ``large`` is of a number only: the error that a tenth of the rows exceeded, and how many there were. ``gap`` is
the mean of promise minus truth, ``cells`` how many got a yes and it was right, a yes and it was wrong, a no and it was
right, a no and it was wrong; of a class ``confusion`` is there in its place. The ``batches`` of a segment are its rows
and mean loss at each moment at which it has any. Whole, segments, large, by_score and decision hold each entity once,
at its newest known moment; batches hold every moment. Of a class the loss is half the
squared distance of its probabilities to the truth, promise and truth are the probability of the class and whether it
was right, and ``confusion`` counts the rows of each true class (outer) that were answered as each (inner). A segment
of fewer than 20 rows is not told apart from ``(others)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from shipworthy.model import classes
from shipworthy.model.learning import Examples, newest_of_each
from shipworthy.model.segments import edges_of, names_of

if TYPE_CHECKING:
    from shipworthy.model.results import Answer

Floats = npt.NDArray[np.float64]
Loss = Literal["brier", "absolute"]

STEPS = 20
LEAST = 20
"""A segment of fewer held-out rows is not told apart: little could be said of it, and its value might name somebody."""
OTHERS = "(others)"
_CAP_AT, _LARGE_AT = 0.99, 0.9


@dataclass(frozen=True, slots=True)
class Part:
    """The losses of some held-out rows: how many, their mean, and how many there were of each level.

    Attributes:
        batches: rows and mean loss at each moment; none where they were not kept.
    """

    rows: int
    mean: float
    levels: Floats
    batches: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Segmented:
    """The losses by the value of one column, named as `model.segments` names them by these edges."""

    edges: tuple[float, ...] | None
    parts: Mapping[str, Part]

    def names(self, values: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
        """The segment of each row."""
        found = names_of(pd.Series(values), self.edges)
        return np.array([name if name in self.parts else OTHERS for name in found], dtype=object)


@dataclass(frozen=True, slots=True)
class Decided:
    """What the decision rule did on the held-out rows.

    Attributes:
        chosen: rows with the decision yes; wrong: those of them whose truth is no.
        yes: rows whose truth is yes and that got a yes or a no; missed: those of them that got a no.
    """

    chosen: int
    wrong: int
    yes: int
    missed: int


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The performance of a candidate when it was made, read from its profile; see the module.

    Attributes:
        large: of a number, the error that counts as large; large_rows: how many held-out rows had a larger one.
        edges, shares, means: by bands of like scores: share of the rows and mean loss.
        batches: rows, mean loss and mean of promise minus truth at each moment.
        cells: at each moment how many got a yes that was right, a yes that was wrong, a no that was right and one that
            was wrong; None where it was not kept.
        confusion: of classes, how many rows of each true one (rows) were answered as each (columns); confusions: the
            same at each moment, None where it was not kept.
    """

    loss: Loss
    cap: float
    whole: Part
    large: float | None
    large_rows: int
    edges: Floats
    shares: Floats
    means: Floats
    segments: Mapping[str, Segmented] = field(default_factory=dict)
    batches: tuple[tuple[int, float, float], ...] = ()
    decided: Decided | None = None
    confusion: npt.NDArray[np.int64] | None = None
    cells: npt.NDArray[np.int64] | None = None
    confusions: npt.NDArray[np.int64] | None = None

    @classmethod
    def read(cls, profile: Mapping[str, Any]) -> HeldOut | None:
        """That of a candidate's profile; None where it was made without, or no truth was known."""
        kept = profile.get("performance")
        if not kept:
            return None
        large, by_score = kept["large"], kept["by_score"]
        counts = np.asarray(by_score["n"], dtype=np.float64)
        return cls(
            loss=kept["loss"],
            cap=float(kept["cap"]),
            whole=_read(kept["whole"]),
            large=float(large["above"]) if large else None,
            large_rows=int(large["n"]) if large else 0,
            edges=np.asarray(by_score["edges"], dtype=np.float64),
            shares=counts / counts.sum(),
            means=np.asarray(by_score["mean"], dtype=np.float64),
            segments={name: _segmented(entry) for name, entry in kept["segments"].items()},
            batches=tuple((int(one["n"]), float(one["loss"]), float(one["gap"])) for one in kept["batches"]),
            decided=Decided(**kept["decision"]) if kept["decision"] else None,
            confusion=np.asarray(kept["confusion"], dtype=np.int64) if "confusion" in kept else None,
            cells=_each(kept["batches"], "cells"),
            confusions=_each(kept["batches"], "confusion"),
        )

    def losses(self, scores: Floats, truths: Floats) -> Floats:
        """The loss of each row in [0, 1], by the same measure as then."""
        return losses(self.loss, scores, truths, self.cap)

    def bands(self, scores: Floats) -> npt.NDArray[np.intp]:
        """The band of like scores of each row."""
        return np.searchsorted(self.edges, scores, side="right")


def losses(loss: Loss, scores: Floats, truths: Floats, cap: float) -> Floats:
    """The loss of each row in [0, 1].

    >>> losses("brier", np.array([0.5]), np.array([1.0]), 1.0).tolist()
    [0.25]
    >>> losses("absolute", np.array([10.0, 0.0]), np.array([15.0, 99.0]), 20.0).tolist()
    [0.25, 1.0]
    """
    distance = np.abs(scores - truths)
    return np.minimum(distance**2 if loss == "brier" else distance / cap, 1.0)


def levels_of(values: Floats) -> Floats:
    """How many rows lie at each of 21 steps from 0 to 1; one between two steps counts in part for both.

    >>> levels_of(np.array([0.0, 0.0625]))[:3].tolist()
    [1.0, 0.75, 0.25]
    """
    place = values * STEPS
    below = np.minimum(place.astype(np.intp), STEPS - 1)
    above = place - below
    kept = np.bincount(below, 1 - above, STEPS + 1) + np.bincount(below + 1, above, STEPS + 1)
    return np.asarray(kept, dtype=np.float64)


def performance_of(
    answer: Answer,
    rows: Examples,
    scores: Floats,
    columns: Sequence[str],
    decisions: npt.NDArray[np.object_],
    words: tuple[str, str],
    threshold: float | None,
    likely: Floats | None = None,
) -> dict[str, Any] | None:
    """What the profile keeps; None where no truth is known, or the scores are no probabilities.

    Args:
        rows: held-out rows, of every moment.
        scores: one per row.
        columns: features by whose values the losses are kept too.
        decisions: what the decision rule does about each row.
        words: the words for yes and no.
        threshold: of a number, from where on the truth is a yes; None where the rule has none.
        likely: of a class, the probability of each per row; its scores are held against whether the class was right.
    """
    known = rows.known & np.isfinite(scores)
    loss: Loss = "absolute" if answer == "number" else "brier"
    if not known.any() or (loss == "brier" and not ((scores[known] >= 0) & (scores[known] <= 1)).all()):
        return None
    every = rows.only(known)
    place = _newest(every)
    newest, mine = every.only(place), scores[known][place]
    errors = np.abs(mine - newest.label)
    cap = _cap(errors) if loss == "absolute" else 1.0
    if likely is None:
        lost_ever, truths = losses(loss, scores[known], every.label, cap), every.label
    else:
        lost_ever, truths = classes.losses(likely[known], every.label), classes.right(likely[known], every.label)
    lost = lost_ever[place]
    batches = _batches(every, scores[known] - truths, lost_ever)
    kept = {
        "loss": loss,
        "cap": cap,
        "whole": _part(lost),
        "large": _large(errors) if loss == "absolute" else None,
        "by_score": _by_score(mine, lost),
        "segments": {
            name: _by_segment(name, newest, lost, every, lost_ever) for name in columns if name in newest.features
        },
        "batches": batches,
        "decision": _decided(newest.label, decisions[known][place], words, answer, threshold),
    }
    for one in batches:
        here = every.moment == one["moment"]
        if likely is not None:
            answered = classes.chosen(likely[known][here])
            one["confusion"] = classes.confusion(every.label[here], answered, likely.shape[1]).tolist()
        elif cells := _cells(every.label[here], decisions[known][here], words, answer, threshold):
            one["cells"] = cells
    if likely is not None:
        mine_likely = likely[known][place]
        found = classes.confusion(newest.label, classes.chosen(mine_likely), likely.shape[1])
        kept["confusion"] = found.tolist()
    return kept


def _newest(rows: Examples) -> npt.NDArray[np.bool_]:
    """Which rows `newest_of_each` keeps."""
    numbered = Examples(pd.DataFrame({"row": np.arange(len(rows.label))}), rows.label, rows.entity, rows.moment)
    kept = np.zeros(len(rows.label), dtype=bool)
    kept[newest_of_each(numbered).features["row"].to_numpy()] = True
    return kept


def _cap(errors: Floats) -> float:
    """The largest error that is told apart from larger ones; 1 where nearly every answer was exact."""
    return float(np.quantile(errors, _CAP_AT)) or float(errors.max()) or 1.0


def _large(errors: Floats) -> dict[str, float]:
    above = float(np.quantile(errors, _LARGE_AT))
    return {"above": above, "n": int((errors > above).sum())}


def _part(lost: Floats) -> dict[str, Any]:
    return {"n": len(lost), "mean": float(lost.mean()), "levels": levels_of(lost).tolist()}


def _by_score(scores: Floats, lost: Floats) -> dict[str, Any]:
    edges = np.unique(np.quantile(scores, np.arange(1, 10) / 10))
    band = np.searchsorted(edges, scores, side="right")
    counts = np.bincount(band, minlength=len(edges) + 1)
    sums = np.bincount(band, lost, len(edges) + 1)
    return {"edges": edges.tolist(), "n": counts.tolist(), "mean": (sums / np.maximum(counts, 1)).tolist()}


def _by_segment(name: str, newest: Examples, lost: Floats, every: Examples, lost_ever: Floats) -> dict[str, Any]:
    """The losses by the values of one column.

    Args:
        newest: each entity once, with its loss; every: the rows of every moment, with theirs.
    """
    edges = edges_of(newest.features[name])
    names, counts = np.unique(names_of(newest.features[name], edges).astype(str), return_counts=True)
    common = names[counts >= LEAST]

    def segments(rows: Examples) -> npt.NDArray[np.str_]:
        found = names_of(rows.features[name], edges).astype(str)
        return np.where(np.isin(found, common), found, OTHERS)

    here, ever = segments(newest), segments(every)
    table = pd.DataFrame({"part": ever, "moment": every.moment.astype(str), "lost": lost_ever})
    means = table.groupby(["part", "moment"])["lost"].agg(["size", "mean"])
    parts = {}
    for part in np.unique(here).tolist():
        batches = [[int(rows), float(mean)] for rows, mean in means.loc[part].itertuples(index=False)]
        parts[str(part)] = _part(lost[here == part]) | {"batches": batches}
    return {"edges": edges, "parts": parts}


def _batches(rows: Examples, gaps: Floats, lost: Floats) -> list[dict[str, Any]]:
    """Loss and mean gap of each moment; a gap is promise minus truth."""
    found = []
    for moment in dict.fromkeys(rows.moment.tolist()):
        here = rows.moment == moment
        gap = float(gaps[here].mean())
        found.append({"moment": moment, "n": int(here.sum()), "loss": float(lost[here].mean()), "gap": gap})
    return found


def _decided(
    truths: Floats,
    decisions: npt.NDArray[np.object_],
    words: tuple[str, str],
    answer: Answer,
    threshold: float | None,
) -> dict[str, int] | None:
    cells = _cells(truths, decisions, words, answer, threshold)
    if cells is None:
        return None
    right, wrong, _, missed = cells
    return {"chosen": right + wrong, "wrong": wrong, "yes": right + missed, "missed": missed}


def _cells(
    truths: Floats,
    decisions: npt.NDArray[np.object_],
    words: tuple[str, str],
    answer: Answer,
    threshold: float | None,
) -> list[int] | None:
    """How many yes were right and wrong, and how many no; None where nobody says which truth is a yes."""
    if answer == "probability":
        real = truths == 1
    elif threshold is not None:
        real = truths >= threshold
    else:
        return None
    yes, no = decisions == words[0], decisions == words[1]
    return [int(rows.sum()) for rows in (yes & real, yes & ~real, no & ~real, no & real)]


def _each(batches: Sequence[Mapping[str, Any]], name: str) -> npt.NDArray[np.int64] | None:
    """Counts of every moment; None where one has none."""
    if not batches or any(name not in one for one in batches):
        return None
    return np.asarray([one[name] for one in batches], dtype=np.int64)


def _read(entry: Mapping[str, Any]) -> Part:
    batches = tuple((int(rows), float(mean)) for rows, mean in entry.get("batches", ()))
    return Part(int(entry["n"]), float(entry["mean"]), np.asarray(entry["levels"], dtype=np.float64), batches)


def _segmented(entry: Mapping[str, Any]) -> Segmented:
    edges = entry["edges"]
    return Segmented(
        None if edges is None else tuple(edges), {name: _read(part) for name, part in entry["parts"].items()}
    )
