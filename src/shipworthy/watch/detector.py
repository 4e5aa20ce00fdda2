"""A standing monitor's evidence between windows: started, carried on as JSON values, and its promise in words."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor, log10
from typing import Any

import numpy as np

from shipworthy.watch.bounds import Dependence
from shipworthy.watch.evidence import BETS, Floats, calm, strength, temper, threshold, updated
from shipworthy.watch.monitor import Settings

_DECIMALS = 6


def carried(state: Mapping[str, Any], name: str, tests: int, settings: Settings, phi: float) -> Floats:
    """The evidence carried so far, one row per test; calm where there is none or the terms of the plan changed.

    Evidence against one tolerance says nothing about another, so a changed plan starts anew.
    """
    kept = state.get("evidence", {}).get(name)
    if kept is None or state.get("terms") != terms(settings, phi):
        return calm(tests, len(BETS))
    found = np.asarray(kept, dtype=np.float64)
    return found if found.shape == (tests, len(BETS)) else calm(tests, len(BETS))


def terms(settings: Settings, phi: float) -> list[float]:
    """What evidence was gathered under: tolerance, phi, alpha and windows per year."""
    return [settings.tolerance or 0.0, phi, settings.alpha, float(settings.updates_per_year)]


def grown(evidence: Floats, log_factors: Floats, phi: float) -> Floats:
    """The evidence after one window, rounded down so that it is never stronger than what was seen."""
    after = updated(evidence, temper(log_factors, phi))
    rounded: Floats = np.floor(after * 10**_DECIMALS) / 10**_DECIMALS
    return rounded


def kept(evidence: Mapping[str, Floats], settings: Settings, phi: float, **more: Any) -> dict[str, Any]:
    """The state that goes into the fact."""
    return {
        "terms": terms(settings, phi),
        "evidence": {name: values.tolist() for name, values in evidence.items()},
        **more,
    }


def against(evidence: Floats, settings: Settings, alpha: float, questions: int = 1) -> float:
    """How far the evidence is on its way to an alarm: 0 nothing, 1 and more an alarm.

    Args:
        evidence: one row per test; the tests of one question are averaged, which keeps the guarantee.
        alpha: the yearly error, shared by `questions` that are asked side by side (Bonferroni).
    """
    bar = threshold(settings.updates_per_year, alpha / questions)
    return float(strength(evidence.reshape(-1)) / np.log1p(bar))


def promise(settings: Settings, dependence: Dependence, extra: str = "") -> str:
    """What a verdict promises, and on which condition."""
    return (
        f"At most a {_upwards(settings.alpha * 100):g}% chance of any false alarm in {settings.updates_per_year} "
        f"windows (one year){extra}, however often one looks; {dependence.condition}."
    )


def _upwards(value: float) -> float:
    """A number in two figures that is never less than it is.

    >>> _upwards(2.2727), _upwards(5.0), _upwards(12.01)
    (2.3, 5.0, 13.0)
    """
    step = 10.0 ** (floor(log10(value)) - 1)
    return round(ceil(round(value / step, 6)) * step, 9)
