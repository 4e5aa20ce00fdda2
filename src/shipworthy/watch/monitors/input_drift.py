"""Whether the inputs still look as they did: a note, never an alarm, since different is not yet worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shipworthy.watch import detector
from shipworthy.watch.bounds import measured
from shipworthy.watch.counting import Tallies
from shipworthy.watch.drift import REFERENCE_PART, Cut, Unsure, factors, leading, moved_shares, said, unsure
from shipworthy.watch.monitor import Judgement, Monitor, Settings, Window, not_run, percent
from shipworthy.watch.plainly import broken
from shipworthy.watch.reference import Known, reference

_NAMED = 3


def count(window: Window, profile: Mapping[str, Any]) -> Tallies:
    """How often the cuts of each feature held in some answers."""
    return Tallies.counted(_features(profile), window.features, window.scores.size)


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note when a feature that does not age by itself moved beyond the tolerance; the cut and the share are named."""
    known = _features(profile)
    tallies: Tallies = count(window, profile) if window.tally is None else window.tally
    absent = [feature.name for feature in known if feature.name in tallies.absent]
    if not window.answers or not known or absent:
        return not_run(state, _why(window, known, absent), answers=float(window.answers))
    # Ageing features never raise anything, so they take no part of the error.
    questions = max(1, sum(feature.name not in settings.ages for feature in known))
    evidence, leads, reached, open_ = {}, {}, {}, {}
    plain: dict[str, str] = {}
    depends = measured([feature.phi for feature in known], settings.phi, known[0].batch)
    alpha, tolerance = settings.alpha * (1 - REFERENCE_PART), settings.tolerance or 0.0
    for feature in known:
        found = tallies.of[feature.name].cuts()
        if feature.name not in settings.ages and (wrong := broken(tallies.of[feature.name])):
            plain[feature.name] = wrong
        error = settings.alpha * REFERENCE_PART / questions
        own = measured([feature.phi], settings.phi, feature.batch)
        phi = own.of_window(window.answers)
        factor = factors(found, tolerance, error, own.phi)
        before = detector.carried(state, feature.name, 2 * len(found), settings, depends.phi)
        after = detector.grown(before, factor, phi)
        evidence[feature.name] = after
        leads[feature.name] = leading(found, after)
        reached[feature.name] = detector.against(after, settings, alpha, questions)
        if reached[feature.name] < 1 and feature.name not in settings.ages:
            open_[feature.name] = unsure(found, after, factor, phi, settings, alpha / questions)
    moved = sorted((name for name in reached if reached[name] >= 1), key=lambda name: -reached[name])
    changed = [name for name in moved if name not in settings.ages]
    aged = [name for name in moved if name in settings.ages]
    described = bool(plain) and not changed
    return Judgement(
        level="note" if changed or plain else "quiet",
        text=_plainly(plain, changed) + _text(window, leads, changed, aged, settings, open_) + _unsure(open_),
        state=detector.kept(evidence, settings, depends.phi, since=_since(state, window, changed)),
        numbers=_numbers(window, leads, changed, aged, reached) | {"plainly": float(len(plain))},
        guarantee=_COUNTED
        if described
        else detector.promise(settings, depends, f" for all {questions} features together"),
        cause=_cause(leads, changed),
        advice=_ADVICE if changed or plain else "",
        since=window.moment if described else _since(state, window, changed),
        kind="description" if described else "guarantee",
    )


def _features(profile: Mapping[str, Any]) -> list[Known]:
    return [feature for feature in reference(profile).features if feature.present or feature.missing]


def _why(window: Window, known: Sequence[Known], absent: Sequence[str]) -> str:
    if not window.answers:
        return f"There are no answers of {window.day}."
    if not known:
        return "The candidate's reference profile holds no features to compare with."
    return f"The inputs of {window.day} lack {', '.join(absent)}."


def _since(state: Mapping[str, Any], window: Window, changed: Sequence[str]) -> str:
    return (str(state.get("since") or "") or window.moment) if changed else ""


def _numbers(
    window: Window, leads: Mapping[str, Cut], changed: Sequence[str], aged: Sequence[str], reached: Mapping[str, float]
) -> dict[str, float]:
    return {
        "answers": float(window.answers),
        "features": float(len(leads)),
        "changed": float(len(changed)),
        "aged": float(len(aged)),
        "evidence": max((reached[name] for name in reached if name not in aged), default=0.0),
        **moved_shares(leads),
    }


def _plainly(plain: Mapping[str, str], changed: Sequence[str]) -> str:
    """Which columns are plainly broken in this window; first those of which the evidence does not tell yet."""
    if not plain:
        return ""
    first = sorted(plain, key=lambda name: (name in changed, name))
    named = "; ".join(f"{name} ({plain[name]})" for name in first[:_NAMED])
    more = f" and {len(plain) - _NAMED} more" if len(plain) > _NAMED else ""
    return f"Plainly other than it was: {named}{more}. "


def _text(
    window: Window,
    leads: Mapping[str, Cut],
    changed: Sequence[str],
    aged: Sequence[str],
    settings: Settings,
    open_: Mapping[str, Unsure | None],
) -> str:
    named = "; ".join(f"{name} ({said(leads[name])})" for name in changed[:_NAMED])
    more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
    tolerated = percent(settings.tolerance or 0.0)
    none = "none surely changed" if any(open_.values()) else "none changed"
    first = (
        f"Inputs of {window.day} changed beyond {tolerated} of rows: {named}{more}."
        if changed
        else f"Inputs of {window.day}: {none} beyond {tolerated} of rows."
    )
    return f"{first} Expected ageing: {', '.join(sorted(aged))}." if aged else first


def _unsure(found: Mapping[str, Unsure | None]) -> str:
    """Of how many columns this window says too little, and which could be told soonest: quiet is not unchanged."""
    known = {name: one for name, one in found.items() if one}
    if not known:
        return ""
    soonest = min(known, key=lambda name: (known[name].more is None, known[name].more or 0))
    many = f"{len(known)} features" if len(known) > 1 else "one feature"
    return f" Cannot tell yet of {many} that moved in this window; soonest of {soonest} ({known[soonest].text})."


def _cause(leads: Mapping[str, Cut], changed: Sequence[str]) -> str:
    return f"{changed[0]} moved most surely: {said(leads[changed[0]])}." if changed else ""


_COUNTED = "Counted in this window, not held against chance; it spends nothing of the budget and raises no alarm."
_ADVICE = "Ask whoever feeds this column what changed. Nothing is proven to be worse until promised and real part."

MONITOR = Monitor(
    name="input-drift",
    asks="Do the inputs still look as they did when the candidate was made?",
    needs="answers",
    judge=judge,
    tolerance=0.02,
    count=count,
)
