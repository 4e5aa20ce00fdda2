"""How good the answers probably are before any truth is known: an estimate under an assumption, never an alarm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from shipworthy.model.estimates import Calibration, area, calibrated, mean_loss, read_calibration
from shipworthy.watch.domain import Domain
from shipworthy.watch.estimate import Estimated, estimated, weights
from shipworthy.watch.evidence import Floats
from shipworthy.watch.monitor import Judgement, Monitor, Sample, Settings, Window, not_run, percent

_ROUNDS = 50
_ROWS = 2_500  # of a window, for the classifier
_SHIFTED = 0.6  # area under the curve of the classifier on rows it did not learn from
_LEAST = 50.0  # rows that an estimate must rest on
_COVERED = 0.5  # of the new rows must lie where the reference has some: about the mean weight of the latter
_HALF = 0.5

ASSUMES = (
    "An estimate, not a measurement: valid only if the same inputs still come true as often as they did{more}. "
    "Labels, or an audit sample that people label, are the only proof."
)


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note when the estimate falls below the floor of the proof, or by more than the tolerance since release."""
    kept = profile.get("estimates")
    usable = np.isfinite(window.scores)
    if not usable.any():
        return not_run(state, f"There are no answers with a score of {window.day}.")
    if kept is None:
        return not_run(
            state,
            "The candidate was made without what estimates rest on: before there was any, or with the truth of too "
            "few held-out rows. Train it again once more truths are known.",
        )
    if kept["answer"] == "number":
        return _of_numbers(state, window, settings, kept, usable)
    return _of_probabilities(state, window, settings, kept, usable)


def _of_numbers(
    state: Mapping[str, Any], window: Window, settings: Settings, kept: Mapping[str, Any], usable: Any
) -> Judgement:
    expected, first = mean_loss(kept, window.scores[usable]), float(kept["mean"])
    rise = expected / first - 1 if first > 0 else 0.0
    worse = rise > (settings.tolerance or 0.0)
    return Judgement(
        level="note" if worse else "quiet",
        text=f"Estimate for {window.day}: a mean absolute error of {expected:.3g}, {first:.3g} when the candidate was "
        f"made{f'; {percent(rise)} more, {percent(settings.tolerance or 0.0)} tolerated' if worse else ''}."
        + window.of_some,
        state=dict(state),
        numbers={"n": float(usable.sum()), "mae": expected, "first_mae": first},
        guarantee=ASSUMES.format(more=""),
        cause="More answers are of a size of which the candidate was more often wrong." if worse else "",
        advice=_ADVICE if worse else "",
        since=window.moment if worse else "",
        kind="estimate",
    )


def _of_probabilities(
    state: Mapping[str, Any], window: Window, settings: Settings, kept: Mapping[str, Any], usable: Any
) -> Judgement:
    sample = window.beside.sample() if window.beside else None
    ratio = None if sample is None else _weights(window, sample)
    learnt, rests_on = read_calibration(kept), float(kept["rows"])
    if ratio is not None and sample is not None:
        known = np.isfinite(sample.labels)
        learnt, rests_on = _weighted(sample, ratio, known)
        if rests_on < _LEAST or ratio.mean() < _COVERED:
            why = (
                f"Too many inputs of {window.day} look like no row of the reference. Nothing can be said of the "
                "performance on them without labels."
            )
            return not_run(state, why, n=float(usable.sum()), rests_on=rests_on, covered=float(ratio.mean()))
    scores = window.scores[usable]
    yes = (scores >= _HALF) if window.says_yes is None else window.says_yes[usable]
    found = estimated(scores, learnt.of(scores), yes)
    lower, against = _lower(found, settings, kept)
    return Judgement(
        level="note" if lower else "quiet",
        text=_text(window, found, kept, ratio is not None) + against + window.of_some,
        state=dict(state),
        numbers=_numbers(found, kept, rests_on, ratio is not None),
        guarantee=ASSUMES.format(
            more=""
            if kept["rows_of"] == "held out"
            else "; it rests on rows the candidate also learnt from, so it flatters"
        ),
        cause="More answers lie where scores tell yes from no badly." if lower else "",
        advice=_ADVICE if lower else "",
        since=window.moment if lower else "",
        kind="estimate",
    )


def _weighted(sample: Sample, ratio: Floats, known: Any) -> tuple[Calibration, float]:
    """A calibration of rows mixed as the new ones are, and on how many equal rows it rests.

    Source: the effective sample size of Kish.
    """
    counts = ratio[known]
    total = float(counts.sum())
    if not total > 0:
        return Calibration(np.zeros(1), np.zeros(1), 0), 0.0
    return calibrated(sample.scores[known], sample.labels[known], counts), total**2 / float((counts**2).sum())


def _weights(window: Window, sample: Sample) -> Floats | None:
    """How much each row of the reference counts; None where the mix of inputs is as it was, or cannot be compared."""
    known = np.isfinite(sample.labels)
    names = [name for name in sample.features if name in window.features]
    if known.sum() < _LEAST or len(names) < len(sample.features) or window.scores.size < _LEAST:
        return None
    every = max(1, -(-window.scores.size // _ROWS))
    new = {name: window.features[name][::every] for name in names}
    size = len(new[names[0]])
    even = np.arange(size) % 2 == 0
    taught = _only(sample.features, sample.fits), _only(new, even)
    domain = Domain.learnt(*taught, rounds=_ROUNDS)
    old, fresh = domain.of(_only(sample.features, ~sample.fits)), domain.of(_only(new, ~even))
    if not len(old) or _area(old, fresh) < _SHIFTED:
        return None
    return weights(domain.of(sample.features), int(sample.fits.sum()), int(even.sum()))


def _only(rows: Mapping[str, Any], chosen: Any) -> dict[str, Any]:
    return {name: values[chosen] for name, values in rows.items()}


def _area(old: Floats, new: Floats) -> float:
    return area(np.concatenate([old, new]), np.concatenate([np.zeros(len(old)), np.ones(len(new))]))


def _lower(found: Estimated, settings: Settings, kept: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether the estimate lies below what was proven, and how that is said."""
    if kept["answer"] == "class":
        fall, most = float(kept["right"]) - found.accuracy, settings.tolerance or 0.0
        said = f" That is {percent(fall)} fewer than when it was made, {percent(most)} tolerated."
        return fall > most, said if fall > most else ""
    first, tolerated = kept.get("auc"), settings.tolerance or 0.0
    if settings.floor is not None and found.auc < settings.floor:
        return True, f" That is below the floor of {settings.floor:.3f} that the proof was held to."
    if first is not None and first - found.auc > tolerated:
        return True, f" That is {first - found.auc:.3f} less AUC than when it was made, {tolerated:g} tolerated."
    return False, ""


def _text(window: Window, found: Estimated, kept: Mapping[str, Any], weighted: bool) -> str:
    if kept["answer"] == "class":
        mixed = " Inputs are mixed otherwise than they were, so rows like them count more." if weighted else ""
        then = percent(float(kept["right"]))
        return (
            f"Estimate for {window.day}: {percent(found.accuracy)} of the classes right ({then} when the candidate was "
            f"made).{mixed}"
        )
    first = f" ({kept['auc']:.3f} when the candidate was made)" if kept.get("auc") is not None else ""
    parts = [f"{percent(found.accuracy)} of decisions right"]
    if np.isfinite(found.precision):
        parts.append(f"{percent(found.precision)} of yes come true")
    if np.isfinite(found.auc):
        parts.append(f"AUC {found.auc:.3f}{first}")
    mixed = " Inputs are mixed otherwise than they were, so rows like them count more." if weighted else ""
    return f"Estimate for {window.day}: {', '.join(parts)}.{mixed}"


def _numbers(found: Estimated, kept: Mapping[str, Any], rests_on: float, weighted: bool) -> dict[str, float]:
    measured = {name: getattr(found, name) for name in ("accuracy", "precision", "recall", "f1", "auc", "brier")}
    return {
        "n": float(found.rows),
        "yes": float(found.yes),
        "expected_yes": found.share,
        "spread": found.spread,
        "rests_on": rests_on,
        "weighted": float(weighted),
        **({"first_auc": float(kept["auc"])} if kept.get("auc") is not None else {}),
        **{name: value for name, value in measured.items() if np.isfinite(value)},
    }


_ADVICE = "Have some of these answers labelled by people (watch.audit), and look at the drift monitors of this window."

MONITOR = Monitor(
    name="estimated-performance",
    asks="How good are the answers probably, before the truth is known?",
    needs="answers",
    judge=judge,
    tolerance=0.05,
    spends=False,
)
