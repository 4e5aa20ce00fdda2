"""How a candidate is made from a plan, code and a snapshot: learn, keep the files, name the whole by its digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from shipworthy.base.errors import Mistake, UserError
from shipworthy.model.baseline import fitted
from shipworthy.model.candidate import model_digest, name_of
from shipworthy.model.code import Code
from shipworthy.model.compiled import faithful_form, form_name
from shipworthy.model.declared import earliest_time
from shipworthy.model.environment import OURSELVES, locked
from shipworthy.model.environment import written as written_environment
from shipworthy.model.format import Opening, format_named, format_of_file, format_taking, opened
from shipworthy.model.learning import Examples, Read, examples, without_truths
from shipworthy.model.maturity import reach_of
from shipworthy.model.pipeline import Pipeline
from shipworthy.model.profile import written as written_profile
from shipworthy.model.profiling import profile_by
from shipworthy.model.results import TEXT
from shipworthy.model.rules import held_out, mature_moments
from shipworthy.model.terms import terms_of
from shipworthy.model.terms import written as written_terms
from shipworthy.model.weighing import Stretch, counted, read_of, weighing_of, weights_of
from shipworthy.model.words import CandidateMade, Role, Weighing

if TYPE_CHECKING:
    from shipworthy.edges.files import Files
    from shipworthy.plan.schema import Plan


@dataclass(frozen=True, slots=True)
class Ingredients:
    """Everything a candidate is made of, read and verified.

    Attributes:
        sections: digest of each answer-determining section of the plan.
        code: the team's files, None without.
        model_file: the bytes of a model of others, None without.
        snapshot: digest of the data; read: its accepted rows by source, before a moment.
        as_of: the product's time.
        answered: the stretches of the prediction log, by which truths are weighed; None where each counts alike.
    """

    plan: Plan
    plan_version: int
    sections: dict[str, str]
    code: Code | None
    model_file: bytes | None
    snapshot: str
    read: Read
    as_of: datetime
    role: Role
    author: str
    answered: Sequence[Stretch] | None = None


@dataclass(frozen=True, slots=True)
class _Learnt:
    """A model and what it was learnt from."""

    format: str
    content: bytes
    all: Examples
    learnt_from: Examples
    moments: list[datetime]
    notes: dict[str, str]
    weighing: Weighing | None = None


def make(given: Ingredients, files: Files) -> CandidateMade:
    """Make a candidate and keep its files; the same ingredients give the same candidate.

    Raises:
        UserError: there is nothing to learn from, the team's code is at fault, or the model cannot be kept safely.
    """
    pipeline = Pipeline(terms_of(given.plan), given.code)
    learnt = _learnt(given, pipeline, files)
    features = [str(name) for name in learnt.all.features.columns]
    opening = _opening(given, pipeline, features)
    scorer = opened(learnt.format, learnt.content, opening)
    form = faithful_form(scorer, learnt.all.features)
    profile = profile_by(form or scorer, opening, given.role, given.plan, learnt.all, learnt.learnt_from, files)
    needs = (*format_named(learnt.format).needs, *(form.needs if form else ()))
    content = {
        "model": learnt.content,
        "profile": written_profile(profile | {"form": form_name(form)}),
        "terms": written_terms(terms_of(given.plan)),
        "environment": written_environment(locked(given.code, needs)),
    }
    if given.code:
        content["code"] = given.code.content
    stored = {name: files.put(body) for name, body in content.items()}
    values: dict[str, Any] = {
        "product": given.plan.product,
        "role": given.role,
        "plan_version": given.plan_version,
        "sections": given.sections,
        "code": stored.get("code", ""),
        "snapshot": given.snapshot,
        "environment": stored["environment"],
        "model": model_digest(stored),
        "format": learnt.format,
        "files": stored,
        "features": features,
        "trained_on": [moment.isoformat() for moment in learnt.moments],
        "rows": len(learnt.learnt_from.features),
        "author": given.author,
        "made_with": metadata.version(OURSELVES),
        "notes": learnt.notes,
        "weighing": learnt.weighing,
    }
    return CandidateMade(candidate=name_of(CandidateMade(candidate="", **values)), **values)


def _learnt(given: Ingredients, pipeline: Pipeline, files: Files) -> _Learnt:
    moments = _moments(given, pipeline)
    rows = examples(pipeline, given.read, moments) if moments else without_truths(pipeline, given.read, given.as_of)
    if not len(rows.features):
        raise UserError(_nobody(given, pipeline))
    held = held_out(rows.entity.tolist(), given.plan.product, given.plan.proof.holdout)
    weighing = None
    if given.answered is not None and moments:
        rows, weighing = _counted(given, pipeline, files, rows, held)
    learnt = _learnt_from(given, pipeline, rows, rows.only(~held), moments)
    if weighing is None:
        return learnt
    return replace(learnt, weighing=weighing_of(learnt.learnt_from, weighing))


def _learnt_from(
    given: Ingredients, pipeline: Pipeline, rows: Examples, open_rows: Examples, moments: list[datetime]
) -> _Learnt:
    if given.role == "baseline":
        return _baseline(given, rows, open_rows, moments)
    if given.model_file is not None:
        return _of_others(given, pipeline, rows, moments)
    if not moments:
        raise UserError(_too_early(given, pipeline))
    return _trained(given, pipeline, rows, open_rows.only(open_rows.known), moments)


def _counted(
    given: Ingredients, pipeline: Pipeline, files: Files, rows: Examples, held: npt.NDArray[np.bool_]
) -> tuple[Examples, Weighing]:
    """The rows as they count where the truth is only known of those on whom the product acted, see `model.weighing`.

    Raises:
        UserError: a model is to be trained, and no truth is left whose chance is known.
    """
    assert given.answered is not None
    trains = given.role == "model" and given.model_file is None
    read = read_of(given.answered, rows, given.plan, "weights" if trains and pipeline.takes_weights else "drawn")
    found = counted(rows, files, given.plan, read, held)
    if trains and rows.known.any() and not found.known.any():
        raise UserError(_unweighable(given, pipeline, int(rows.known.sum())))
    return found, read


def _moments(given: Ingredients, pipeline: Pipeline) -> list[datetime]:
    """The moments to learn from: without code the newest only, since a row as it stands is the same at all of them."""
    sources = given.read(given.as_of)
    reach = reach_of(given.plan, pipeline.truth_sources, sources)
    now = min(given.as_of, reach.until) if reach else given.as_of
    moments = mature_moments(given.plan, now, earliest_time(given.plan, sources))
    return moments if given.code else moments[-1:]


def _baseline(given: Ingredients, rows: Examples, open_rows: Examples, moments: list[datetime]) -> _Learnt:
    known = open_rows.only(open_rows.known)
    label = _names(given, known) if len(known.label) else None
    learnt_from = known if label is not None else open_rows
    if not len(learnt_from.features):
        learnt_from = rows
    need = given.plan.need
    rule = fitted(given.plan.model.baseline, learnt_from.features, label, need.answer, need.classes)
    notes = {} if label is not None else {"calibration": "No truth was known yet: its scores only rank."}
    opening = Opening("model.baseline", need.answer, classes=need.classes)
    content = format_named("baseline").save(rule, opening)
    return _Learnt("baseline", content, rows, learnt_from, moments, notes)


def _of_others(given: Ingredients, pipeline: Pipeline, rows: Examples, moments: list[datetime]) -> _Learnt:
    assert given.model_file is not None
    name = format_of_file(given.plan.model.file, given.model_file)
    opened(name, given.model_file, _opening(given, pipeline, [str(column) for column in rows.features.columns]))
    nothing = rows.only(np.zeros(len(rows.label), dtype=bool))
    notes = {"origin": f"A model made elsewhere: {given.plan.model.file}."}
    return _Learnt(name, given.model_file, rows, nothing, moments, notes)


def _trained(
    given: Ingredients, pipeline: Pipeline, rows: Examples, known: Examples, moments: list[datetime]
) -> _Learnt:
    answer = given.plan.need.answer
    _teaches(given, pipeline, rows, known)
    label = _names(given, known)
    entity: pd.Series[str] = pd.Series(known.entity, name=given.plan.need.entity)
    weights = weights_of(known.chance) if known.chance is not None and pipeline.takes_weights else None
    trained = pipeline.train(known.features.copy(), label, entity, answer, weights)
    opening = _opening(given, pipeline, [str(name) for name in known.features.columns])
    name = format_taking(trained, opening)
    return _Learnt(name, format_named(name).save(trained, opening), rows, known, moments, {})


def _names(given: Ingredients, known: Examples) -> pd.Series[Any]:
    """The known truths as whoever learns from them sees them: 0 and 1, numbers, or the names of classes."""
    need = given.plan.need
    if need.answer == "class":
        names = np.asarray(need.classes, dtype=object)[known.label.astype(np.intp)]
        return pd.Series(names, name="label", dtype=TEXT)
    return pd.Series(known.label.astype(np.int64) if need.answer == "probability" else known.label, name="label")


def _teaches(given: Ingredients, pipeline: Pipeline, rows: Examples, known: Examples) -> None:
    """Whether the rows can teach anything.

    Raises:
        UserError: none has a known truth, or all truths are the same.
    """
    dates = ", ".join(sorted({moment[:10] for moment in rows.moment.tolist()}))
    if not len(known.label):
        share = given.plan.proof.holdout
        found = f"Of {len(rows.label)} rows as of {dates} none is left: {int((~rows.known).sum())} have no known truth"
        found += f", and {share:.0%} of the entities are held out for the proof."
        fix = "Look at what label() gives for these dates, or at the entity names: they must match those of features()."
        raise UserError(Mistake("model.empty_training", pipeline.where_trained(), found, fix=fix))
    values = np.unique(known.label)
    if given.plan.need.answer != "number" and len(values) < 2:
        same = given.plan.need.classes[int(values[0])] if given.plan.need.classes else f"{values[0]:.0f}"
        found = f"All {len(known.label)} known truths as of {dates} are {same}; there is nothing to tell apart."
        fix = "Check label(): its entities must be those of features(), and its rows between as_of and until."
        raise UserError(Mistake("model.single_class", pipeline.where_trained(), found, fix=fix))


def _opening(given: Ingredients, pipeline: Pipeline, features: list[str]) -> Opening:
    own = given.role == "model" and given.model_file is not None
    label = given.plan.data.label
    return Opening(
        where=given.plan.model.file if own else pipeline.where_trained(),
        answer=given.plan.need.answer,
        features=features,
        trusted=given.plan.model.extra_trusted_types,
        yes=(label.yes or "") if label else "",
        classes=given.plan.need.classes,
    )


def _unweighable(given: Ingredients, pipeline: Pipeline, stated: int) -> Mistake:
    found = f"Of {stated:,} known truths none has a chance that is known with which it was to become known."
    why = "The truth is only known of those on whom the product acted (respond.retraining.labels_only_when_acted)."
    fix = "Declare decision.explore, train once its answers have come true, at the moments of lists (model.training)."
    return Mistake("model.nothing_weighed", pipeline.where_trained(), found, why, fix)


def _nobody(given: Ingredients, pipeline: Pipeline) -> Mistake:
    found = f"As of {given.as_of.date()} there is no {given.plan.need.entity} to answer for: features() gave no rows."
    fix = "Check that the sources hold rows before that day, and that features() keeps them."
    return Mistake("model.no_rows", pipeline.where_trained(), found, fix=fix)


def _too_early(given: Ingredients, pipeline: Pipeline) -> Mistake:
    plan = given.plan
    first = f" The earliest moment to learn from is {plan.model.training.first}." if plan.model.training.first else ""
    reach = reach_of(plan, pipeline.truth_sources, given.read(given.as_of))
    first += f" {reach.text}" if reach and reach.until < given.as_of else ""
    return Mistake(
        "model.no_mature_labels",
        "model.training",
        f"As of {given.as_of.date()} no truth is known yet: it takes {plan.need.horizon} after the moment asked about."
        f"{first}",
        "A model can only learn from what has come true.",
        "Let the baseline answer until then (shipworthy train --baseline), or bring older data.",
    )
