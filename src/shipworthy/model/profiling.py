"""What the profile of a new candidate holds: how it answers rows whose truth is known, and how those rows lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from shipworthy.base.errors import Mistake, UserError
from shipworthy.model import classes, free_text
from shipworthy.model.answering import checked_likely, checked_scores
from shipworthy.model.estimates import estimates_of
from shipworthy.model.format import Opening, Scorer
from shipworthy.model.humility import Humility
from shipworthy.model.intervals import Intervals, ends_of, intervals_of, outside_of, sets_intervals
from shipworthy.model.learning import Examples, newest_of_each
from shipworthy.model.performance import performance_of
from shipworthy.model.profile import batches_of, depending, learnt_ranges, profile_of, typical_values
from shipworthy.model.projections import projections_of
from shipworthy.model.rules import decide, held_out
from shipworthy.model.words import Role
from shipworthy.plan.personal import treatments

if TYPE_CHECKING:
    from shipworthy.edges.files import Files
    from shipworthy.plan.schema import Plan


def profile_by(
    scorer: Scorer,
    opening: Opening,
    role: Role,
    plan: Plan,
    everybody: Examples,
    learnt_from: Examples,
    files: Files,
) -> dict[str, Any]:
    """The profile of a model: of the rows that were held out, or of all where none were.

    Args:
        everybody: all examples; learnt_from: those that the model has learnt from.
        files: where the projections are kept.

    Raises:
        UserError: the model answers outside of what its kind of answer allows, or `proof.segments` names no feature.
    """
    held = held_out(everybody.entity.tolist(), plan.product, plan.proof.holdout)
    reference, rows_of = (everybody.only(held), "held out") if held.any() else (everybody, "all, also learnt from")
    likely, scores = _said(scorer, reference, opening)
    # A class is kept as the promise to be right: its truth is whether it was.
    labels = reference.label if likely is None else classes.right(likely, reference.label)
    learnt_from = learnt_from if len(learnt_from.features) else everybody
    # Moments that share their entities tell too little of how much new ones will differ.
    apart = len(set(reference.entity.tolist())) == len(reference.entity)
    free = [name for name in plan.data.words if name in reference.features]
    profile = profile_of(
        reference.features,
        typical_values(learnt_from.features) | dict.fromkeys(free, ""),  # nobody's text is typical
        scores,
        labels,
        rows_of,
        sorted(set(everybody.moment.tolist())),
        learnt_ranges(learnt_from.features) if plan.decision.humility else None,
        reference.moment.tolist(),
        learnt_from.features if held.any() else None,
        apart=apart,
    )
    for name in free:
        texts = (learnt_from.features[name].tolist(), reference.features[name].tolist())
        profile["features"][name]["words"] = free_text.profile_of(name, *texts)
    if everybody.only_yes is not None:
        profile["label"] = {"only_yes": everybody.only_yes}
    if plan.proof.interval is not None:
        profile["interval"] = _interval(plan, role, everybody, scorer)
    profile |= {
        "estimates": estimates_of(opening.answer, scores, labels, rows_of),
        "projections": _projections(plan, replace(reference, label=labels), scores, files, apart),
    }
    if likely is not None:
        profile["classes"] = _classes(opening.classes, likely, reference, apart)
    profile["performance"] = _performance(plan, everybody, reference, scores, likely, profile)
    return profile


def _said(
    scorer: Scorer, rows: Examples, opening: Opening
) -> tuple[npt.NDArray[np.float64] | None, npt.NDArray[np.float64]]:
    """The probability of each class per row, where an answer is one, and the scores."""
    if opening.answer != "class":
        return None, checked_scores(scorer, rows.features, opening.answer, opening.where)
    likely = checked_likely(scorer, rows.features, len(opening.classes), opening.where)
    return likely, classes.promised(likely)


def _classes(names: Sequence[str], likely: npt.NDArray[np.float64], reference: Examples, apart: bool) -> dict[str, Any]:
    """The classes of the reference rows, and how much their shares and probabilities differ between moments."""
    kept = classes.profile_of(names, likely, reference.label)
    batches = batches_of(reference.moment.tolist()) if apart else None
    for place, name in enumerate(names):
        kept["likely"][name] |= depending(pd.Series(likely[:, place]), batches)
    return kept | depending(pd.Series(np.asarray(names, dtype=object)[classes.chosen(likely)], dtype=object), batches)


def _performance(
    plan: Plan,
    everybody: Examples,
    rows: Examples,
    scores: npt.NDArray[np.float64],
    likely: npt.NDArray[np.float64] | None,
    profile: dict[str, Any],
) -> dict[str, Any] | None:
    """How good it was on the rows of its profile, and what the decision rule would have done about them."""
    unknown = [name for name in plan.proof.segments if name not in rows.features.columns]
    if unknown:
        raise UserError(_no_segment(unknown, [str(name) for name in rows.features.columns]))
    features = [one.column for one in plan.proof.fairness if one.source is None]
    return performance_of(
        plan.need.answer,
        rows,
        scores,
        list(dict.fromkeys([*plan.proof.segments, *features])),
        np.full(len(scores), "", dtype=object)  # of a class the confusion says it
        if likely is not None
        else _decisions(plan, everybody, rows, scores, profile),
        (plan.decision.yes, plan.decision.no),
        plan.decision.threshold,
        likely,
    )


def _no_segment(unknown: list[str], known: list[str]) -> Mistake:
    found = f"proof.segments names {', '.join(unknown)}, but the features are {', '.join(known)}."
    why = "Performance is watched by values that are kept with each answer, which are those of the features."
    return Mistake("model.no_such_segment", "proof.segments", found, why, "Name features, or give the column as one.")


def _decisions(
    plan: Plan, everybody: Examples, rows: Examples, scores: npt.NDArray[np.float64], profile: dict[str, Any]
) -> npt.NDArray[np.object_]:
    """What is done about each row, as if the rows of a moment were its list; `top` becomes the same share of them."""
    low, high = ends_of(Intervals.read(profile), scores)
    asked = np.array(Humility.of(profile, plan.decision).asks_of(rows.features, high - low), dtype=object)
    told = np.full(len(scores), "", dtype=object)
    for moment in dict.fromkeys(rows.moment.tolist()):
        here = rows.moment == moment
        share = here.sum() / (everybody.moment == moment).sum()
        rule = plan.decision
        if rule.top is not None:
            rule = rule.model_copy(update={"top": max(1, round(rule.top * share))})
        told[here] = decide(scores[here], rows.entity[here].tolist(), rule, asked[here].tolist())
    return told


def _projections(
    plan: Plan, reference: Examples, scores: npt.NDArray[np.float64], files: Files, apart: bool
) -> dict[str, Any] | None:
    """Without the columns that age by themselves, and those that are personal unless the plan keeps them plain."""
    hidden = {name for name, how in treatments(plan).items() if how != "plain"} | set(plan.data.ages)
    features = reference.features[[name for name in reference.features.columns if name not in hidden]]
    return projections_of(
        features,
        reference.entity.tolist(),
        scores,
        reference.label,
        plan.product,
        plan.need.entity,
        files.put_table,
        reference.moment.tolist() if apart else [],
    )


def _interval(plan: Plan, role: Role, rows: Examples, scorer: Scorer) -> dict[str, Any] | None:
    """The intervals from one half of the held-out entities, each at its newest known moment."""
    assert plan.proof.interval is not None
    entities = rows.entity.tolist()
    setting = held_out(entities, plan.product, plan.proof.holdout) & sets_intervals(entities, plan.product)
    judged, others = newest_of_each(rows.only(setting & rows.known)), rows.only(~setting)
    answer, where = plan.need.answer, f"{role} of {plan.product}"
    opening = Opening(where, answer, classes=plan.need.classes)
    (likely, scores), (_, around) = (_said(scorer, one, opening) for one in (judged, others))
    if likely is None:
        kept = intervals_of(answer, plan.proof.interval, scores, judged.label, around)
        if kept is not None and answer == "number":
            every = rows.only(held_out(entities, plan.product, plan.proof.holdout) & rows.known)
            kept["outside"] = outside_of(kept, _said(scorer, every, opening)[1], every.label, every.moment.tolist())
        return kept
    right = classes.right(likely, judged.label)  # the share of right answers among rows with a like score
    return intervals_of("probability", plan.proof.interval, scores, right, around)
