"""A window that is too large to be held, as monitors judge it: what they counted of all answers, and some of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from shipworthy.watch.counting import Inputs
from shipworthy.watch.monitor import Monitor, OfClasses, Values, Window
from shipworthy.watch.pieces import below

SOME = 200_000
"""So many evenly spread answers are kept for monitors that do not count."""


@dataclass(frozen=True)
class Gathered:
    """All that is known of a large window.

    Attributes:
        some: evenly spread answers of it; answers: how many there are in all.
        tallies: what each monitor counted of all of them, by its name.
    """

    some: Window
    answers: int = 0
    tallies: Mapping[str, Any] = field(default_factory=dict)

    def seen_by(self, monitor: str) -> Window:
        """The window as a monitor judges it."""
        return replace(self.some, among=self.answers, tally=self.tallies.get(monitor))


def gathered(
    pieces: Iterable[Window], monitors: Sequence[Monitor], profile: Mapping[str, Any], rows: int, most: int
) -> Gathered | None:
    """What monitors count of the pieces of a window, one piece at a time; None without any answer.

    Args:
        rows: at most so many answers in all; most: so many of them are kept.
    """
    every = max(1, -(-rows // most))
    some: list[Window] = []
    tallies: dict[str, Any] = {}
    answers = 0
    for piece in pieces:
        for monitor in monitors:
            if monitor.count is not None:
                found = monitor.count(piece, profile)
                tallies[monitor.name] = tallies[monitor.name] + found if monitor.name in tallies else found
        some.append(_of(piece, slice(-answers % every, None, every)))
        answers += piece.scores.size
    return Gathered(_joined(some), answers, tallies) if some else None


def _of(piece: Window, rows: slice) -> Window:
    """Some answers of a piece, copied, so that the piece itself can go."""
    classes = piece.of_classes
    return replace(
        piece,
        scores=piece.scores[rows].copy(),
        features=_some(piece.features, rows),
        decisions=piece.decisions[rows].copy(),
        groups=_some(piece.groups, rows),
        says_yes=None if piece.says_yes is None else piece.says_yes[rows].copy(),
        of_classes=None if classes is None else OfClasses(classes.names, classes.likely[rows].copy()),
    )


def _some(columns: Mapping[str, Values], rows: slice) -> dict[str, Values]:
    if isinstance(columns, Inputs):
        return dict(columns.some(rows))
    return {name: values[rows].copy() for name, values in columns.items()}


def _joined(some: Sequence[Window]) -> Window:
    classes = [one.of_classes for one in some if one.of_classes is not None]
    says_yes = [one.says_yes for one in some if one.says_yes is not None]
    sizes = [one.scores.size for one in some]
    return replace(
        some[0],
        scores=np.concatenate([one.scores for one in some]),
        features=below([one.features for one in some], sizes),
        decisions=np.concatenate([one.decisions for one in some]),
        groups=below([one.groups for one in some], sizes),
        says_yes=np.concatenate(says_yes) if says_yes else None,
        of_classes=OfClasses(classes[0].names, np.concatenate([one.likely for one in classes])) if classes else None,
    )
