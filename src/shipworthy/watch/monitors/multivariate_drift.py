"""Whether inputs still belong together as they did, also where no column changed by itself: a note, never an alarm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shipworthy.model.projections import Projections
from shipworthy.watch import detector
from shipworthy.watch.bounds import mean_at_most, measured
from shipworthy.watch.counting import cuts
from shipworthy.watch.domain import Domain
from shipworthy.watch.drift import REFERENCE_PART, Cut, factors, leading, said
from shipworthy.watch.evidence import BETS, Floats, mean_above
from shipworthy.watch.monitor import Beside, Judgement, Monitor, Settings, Window, not_run, percent
from shipworthy.watch.reference import known, reference

ERROR, ISOLATION, DOMAIN = "error", "isolation", "domain"
QUESTIONS = 3
_ROUNDS = 30
_ASKS = {
    ERROR: "the distance from what columns say about each other",
    ISOLATION: "how unusual a row is as a whole",
    DOMAIN: "a classifier that tells new rows from old ones",
}


@dataclass(frozen=True, slots=True)
class _Told:
    """How well a classifier of the windows before told this one from the reference.

    Attributes:
        now: mean of what it gives the rows of this window; bound: what it gives rows of the reference, at most.
    """

    factor: Floats
    now: float
    bound: float


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note when rows as a whole moved beyond the tolerance, by either projection or by the classifier."""
    kept, beside = profile.get("projections"), window.beside
    projections = beside.projections() if kept and beside else None
    if not window.scores.size or kept is None or beside is None or projections is None:
        return not_run(state, _why(window), answers=float(window.scores.size))
    absent = [name for name in projections.columns if name not in window.features]
    if absent:
        return not_run(state, f"The inputs of {window.day} lack {', '.join(absent)}.")
    kept_as = {name: known(name, kept[name]) for name in (ERROR, ISOLATION)}
    own = {name: measured([one.phi], settings.phi, one.batch) for name, one in kept_as.items()}
    # A classifier may look at anything, so its rows may hang together as much as those of any column.
    columns = [one.phi for one in reference(profile).features] + [one.phi for one in kept_as.values()]
    own[DOMAIN] = measured(columns, settings.phi, max(one.batch for one in kept_as.values()))
    depends = measured([one.phi if one.measured else None for one in own.values()], settings.phi)
    error = settings.alpha * REFERENCE_PART / QUESTIONS
    values = {ERROR: projections.errors(window.features), ISOLATION: projections.isolations(window.features)}
    found = {name: cuts(kept_as[name], values[name]) for name in values}
    tolerance = settings.tolerance or 0.0
    new = {name: factors(found[name], tolerance, error, own[name].phi) for name in found}
    batch = int(state.get("batches", 0)) + 1
    told = _told(window, beside, projections, error / (batch * (batch + 1)), tolerance, own[DOMAIN].phi)
    new[DOMAIN] = np.zeros((1, len(BETS))) if told is None else told.factor[None]
    evidence = {
        name: detector.grown(
            detector.carried(state, name, len(new[name]), settings, depends.phi),
            new[name],
            own[name].of_window(window.scores.size),
        )
        for name in new
    }
    alpha = settings.alpha * (1 - REFERENCE_PART)
    reached = {name: detector.against(evidence[name], settings, alpha, QUESTIONS) for name in evidence}
    leads = {name: leading(found[name], evidence[name]) for name in found}
    moved = sorted((name for name in reached if reached[name] >= 1), key=lambda name: -reached[name])
    since = (str(state.get("since") or "") or window.moment) if moved else ""
    return Judgement(
        level="note" if moved else "quiet",
        text=_text(window, moved, leads, told) + window.of_some,
        state=detector.kept(evidence, settings, depends.phi, since=since, batches=batch),
        numbers=_numbers(window, reached, leads, told),
        guarantee=detector.promise(settings, depends, " for both projections and the classifier together"),
        cause=_cause(projections, window, kept["rest"]) if moved else "",
        advice=_ADVICE if moved else "",
        since=since,
    )


def _why(window: Window) -> str:
    if not window.scores.size:
        return f"There are no answers of {window.day}."
    return (
        "The candidate was made without projections: before there were any, or from too few rows or columns. "
        "Train it again to have its inputs watched together."
    )


def _told(
    window: Window, beside: Beside, projections: Projections, error: float, tolerance: float, phi: float
) -> _Told | None:
    """The evidence of a classifier that was trained on the windows before, so that it cannot know this one.

    The half of the reference that it did not learn from says what it gives rows of the reference. None without
    rows of the reference or windows before.
    """
    sample, earlier = beside.sample(), beside.earlier()
    if sample is None or not earlier or sample.fits.all() or not sample.fits.any():
        return None
    names = list(projections.columns)
    if any(name not in rows for rows in earlier for name in names):
        return None
    taught = {name: sample.features[name][sample.fits] for name in names}
    others = {name: sample.features[name][~sample.fits] for name in names}
    domain = Domain.learnt(taught, {name: np.concatenate([rows[name] for rows in earlier]) for name in names}, _ROUNDS)
    bound = min(1.0, mean_at_most(domain.of(others), error, phi) + tolerance)
    given = domain.of(window.features)
    return _Told(mean_above(given, bound), float(given.mean()), bound)


def _numbers(
    window: Window, reached: Mapping[str, float], leads: Mapping[str, Cut], told: _Told | None
) -> dict[str, float]:
    return {
        "answers": float(window.answers),
        "evidence": max(reached.values()),
        **{f"evidence.{name}": value for name, value in reached.items()},
        **{f"moved.{name}": cut.moved for name, cut in leads.items()},
        **({"told": told.now, "told_at_most": told.bound} if told else {}),
    }


def _text(window: Window, moved: list[str], leads: Mapping[str, Cut], told: _Told | None) -> str:
    if not moved:
        return f"Inputs of {window.day} belong together as they did when the candidate was made."
    by = []
    for name in moved:
        if name == DOMAIN and told is not None:
            by.append(f"{_ASKS[name]} gives them {percent(told.now)}, {percent(told.bound)} at most would be chance")
        elif name == DOMAIN:
            by.append(_ASKS[name])
        else:
            by.append(f"{_ASKS[name]} ({said(leads[name])})")
    return f"Inputs of {window.day} no longer belong together as they did: {'; '.join(by)}."


def _cause(projections: Projections, window: Window, rest: Mapping[str, float]) -> str:
    """The two columns that follow less from the others than they did."""
    now = projections.by_column(window.features)
    grown = sorted(now, key=lambda name: rest[name] - now[name])[:2]
    rising = [name for name in grown if now[name] > rest[name]]
    if not rising:
        return "Rows lie elsewhere, though columns still follow from each other; see input-drift."
    return f"What changed most is how {' and '.join(rising)} go with the other columns."


_ADVICE = (
    "Ask whoever feeds these columns whether a join, a unit or a filter changed. Nothing is proven to be worse until "
    "promised and real part; the estimated performance says what to expect."
)

MONITOR = Monitor(
    name="multivariate-drift",
    asks="Do the inputs still belong together as they did when the candidate was made?",
    needs="answers",
    judge=judge,
    tolerance=0.02,
)
