"""Many questions about one window, of which the true ones must be told from those that chance brings up.

A performance monitor asks about everybody and about each declared segment; a fairness monitor about each pair of
groups. Half of a monitor's yearly error goes to the whole, the other half to all its parts together by the e-BH
procedure: with M parts, the k with the most evidence are named where each of them has R >= M H / (k alpha). In a world
where nothing got worse the chance of any alarm in a year is at most alpha; where something did, at most the share
alpha of what is named is named wrongly, whatever the dependence between parts.

Source: Wang and Ramdas, False discovery rate control with e-values (2022); R / H is below an e-process within a year,
see `watch.evidence`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, log1p
from typing import Any

import numpy as np

from shipworthy.watch import detector
from shipworthy.watch.bounds import Dependence
from shipworthy.watch.drift import REFERENCE_PART
from shipworthy.watch.evidence import BETS, Floats, calm, rows_more, strength, temper, threshold
from shipworthy.watch.monitor import Settings

WHOLE = "everybody"
HALFWAY = 0.5
"""Chance takes a small part beyond its tolerance now and then; from here on the way to an alarm it is worth a note."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question about a window.

    Attributes:
        name: of the part it is about; WHOLE is judged by itself.
        rows: how many rows of the window it rests on; now: the mean found there.
        then: the mean when the candidate was made; tolerated: beyond this it is harm.
        factors: log capital factors, a row per test; the tests of one question are averaged.
        beyond: whether the mean found lies beyond what is tolerated.
        phi: how dependent its rows are in this window; None where they are as those of all questions.
    """

    name: str
    rows: int
    now: float
    then: float
    tolerated: float
    factors: Floats
    beyond: bool
    phi: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known about one question after a window.

    Attributes:
        reached: how far its evidence is on the way to an alarm; 1 and more is one.
        since: the first window of the run of windows beyond the tolerance; empty where it is within.
        more: about how many more rows like these an alarm needs; None where rows like these never raise it.
    """

    asked: Asked
    reached: float
    since: str
    more: int | None

    @property
    def harms(self) -> bool:
        """Whether it lies beyond the tolerance, and not by chance."""
        return self.reached >= 1

    @property
    def may_harm(self) -> bool:
        """Whether it lies beyond the tolerance with some evidence, yet not enough for an alarm."""
        return self.asked.beyond and HALFWAY <= self.reached < 1

    @property
    def row(self) -> dict[str, float]:
        """The finding as numbers, for a table."""
        told = {
            "rows": float(self.asked.rows),
            "now": self.asked.now,
            "then": self.asked.then,
            "tolerated": self.asked.tolerated,
            "evidence": self.reached,
        }
        return told if self.more is None else told | {"rows_more": float(self.more)}


def answered(
    state: Mapping[str, Any], asked: Sequence[Asked], moment: str, settings: Settings, depends: Dependence, phi: float
) -> tuple[list[Answer], dict[str, Any]]:
    """The answer to each question, and the state that carries their evidence to the next window.

    A part that has no rows in this window keeps its evidence.

    Args:
        asked: each name once.
        moment: of the window.
        depends: how dependent rows are, as the evidence is kept under.
        phi: how dependent the rows of this window are; a larger batch that shares a shock has a larger one.
    """
    fresh = state.get("terms") != detector.terms(settings, depends.phi)
    kept: dict[str, Floats] = (
        {} if fresh else {name: np.asarray(rows, dtype=np.float64) for name, rows in state.get("evidence", {}).items()}
    )
    began: dict[str, str] = {} if fresh else dict(state.get("began", {}))
    for one in asked:
        tests = len(one.factors)
        before = kept.get(one.name, calm(tests, len(BETS)))
        before = before if before.shape == one.factors.shape else calm(tests, len(BETS))
        kept[one.name] = detector.grown(before, one.factors, one.phi or phi)
    whole_alpha, parts_alpha = errors(settings, WHOLE in kept, len(kept) - (WHOLE in kept))
    reached = _reached(kept, settings, whole_alpha, parts_alpha)
    told = []
    for one in asked:
        outside = one.beyond or reached[one.name] >= 1
        began[one.name] = (began.get(one.name) or moment) if outside else ""
        alpha = whole_alpha if one.name == WHOLE else parts_alpha / max(1, len(kept) - (WHOLE in kept))
        told.append(Answer(one, reached[one.name], began[one.name], _more(one, kept, settings, alpha, phi)))
    carried = detector.kept(kept, settings, depends.phi, began={name: since for name, since in began.items() if since})
    return told, carried


def errors(settings: Settings, whole: bool, parts: int) -> tuple[float, float]:
    """The yearly error of the whole and of all its parts together; what is alone has all of it.

    >>> [round(one, 6) for one in errors(Settings(tolerance=0.1, phi=1.0, alpha=0.1, updates_per_year=12), True, 3)]
    [0.045, 0.045]
    """
    alpha = settings.alpha * (1 - REFERENCE_PART)
    return (alpha / 2, alpha / 2) if whole and parts else (alpha, alpha)


def _reached(
    kept: Mapping[str, Floats], settings: Settings, whole_alpha: float, parts_alpha: float
) -> dict[str, float]:
    """How far each question is on its way, those of the parts by e-BH."""
    strengths = {name: float(strength(rows.reshape(-1))) for name, rows in kept.items()}
    found = {}
    if WHOLE in strengths:
        found[WHOLE] = strengths[WHOLE] / log1p(threshold(settings.updates_per_year, whole_alpha))
    parts = sorted((name for name in strengths if name != WHOLE), key=lambda name: (-strengths[name], name))
    bar = log1p(threshold(settings.updates_per_year, parts_alpha))
    best = -np.inf
    for rank in range(len(parts), 0, -1):  # k R / M, the best that this part reaches in company of the weaker ones
        whole = strengths[parts[rank - 1]]
        amount = whole + np.log1p(-np.exp(-whole)) if whole > 0 else -np.inf
        best = max(best, amount + log(rank) - log(len(parts)))
        found[parts[rank - 1]] = float(np.logaddexp(0.0, best)) / bar
    return found


def _more(one: Asked, kept: Mapping[str, Floats], settings: Settings, alpha: float, phi: float) -> int | None:
    bar = threshold(settings.updates_per_year, alpha)
    return rows_more(kept[one.name].reshape(-1), temper(one.factors, one.phi or phi).reshape(-1), one.rows, bar)


def reference_error(settings: Settings, questions: int) -> float:
    """The chance that one of so many reference bounds is wrong, for each of them.

    >>> round(reference_error(Settings(tolerance=0.1, phi=1.0, alpha=0.05, updates_per_year=12), 5), 6)
    0.001
    """
    return settings.alpha * REFERENCE_PART / max(1, questions)


def still_needed(answer: Answer) -> str:
    """What is said of a question that cannot be answered yet."""
    if answer.more is None:
        return "cannot tell yet whether by chance: these rows are too few or too close to what is tolerated"
    return f"cannot tell yet whether by chance: {answer.more:,} more answers like these needed"
