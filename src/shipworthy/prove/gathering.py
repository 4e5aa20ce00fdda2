"""What a proof looks at, brought together: the candidate loaded again, everybody due now, and the held-out truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from shipworthy.base.errors import UserError
from shipworthy.base.times import read_moment
from shipworthy.model.answering import load
from shipworthy.model.baseline import fitted, said
from shipworthy.model.classes import promised, right
from shipworthy.model.declared import earliest_time
from shipworthy.model.environment import differences, read_environment
from shipworthy.model.learning import Examples, Read, examples, newest_of_each
from shipworthy.model.rules import held_out, mature_moments
from shipworthy.model.weighing import counted
from shipworthy.prove.check import Parent, Rows, Subject, Training, Truth
from shipworthy.prove.family import family
from shipworthy.prove.groups import group_of

if TYPE_CHECKING:
    from shipworthy.edges.files import Files
    from shipworthy.model.answering import Answerer
    from shipworthy.model.words import CandidateMade
    from shipworthy.plan.schema import Plan
    from shipworthy.prove.intervals import Floats

_LONGEST_SEARCH = 4000  # days


@dataclass(frozen=True, slots=True)
class Others:
    """The candidates that one is compared with, where there are any.

    Attributes:
        baseline: the newest baseline candidate.
        parent: the candidate that it is meant to replace.
        start: the candidate that a signed envelope starts from, where it is another one of its line.
    """

    baseline: CandidateMade | None = None
    parent: CandidateMade | None = None
    start: CandidateMade | None = None


def gather(
    plan: Plan, made: CandidateMade, as_of: datetime, read: Read, files: Files, others: Others, keep: Callable[..., str]
) -> Subject:
    """The subject of a proof.

    Args:
        as_of: the moment of the candidate's snapshot.
        read: the accepted rows of that snapshot by source, before a moment.
        keep: takes the name and content of an evidence file and gives its digest.

    Raises:
        UserError: the candidate cannot be loaded here, or its code fails on its own data.
    """
    answerer = load(files, made, plan)
    sources = read(as_of)
    now = _rows(plan, answerer, sources, as_of)
    moments = [read_moment(text) for text in made.trained_on]
    past = _examples(plan, made, answerer, read, files, moments) if moments else None
    stored = {name: files.get(digest) for name, digest in made.files.items()}
    return Subject(
        plan=plan,
        made=made,
        answerer=answerer,
        sources=sources,
        now=now,
        truth=_truth(plan, made, answerer, past, moments[-1], read, files, others) if past else None,
        known_from=known_from(plan, as_of, earliest_time(plan, sources)).isoformat(),
        keep=keep,
        groups=_groups(plan, sources, now, past),
        stored=stored,
        parents=tuple(_parents(plan, sources, now, files, others)),
        training=_training(plan, made, past),
        differences=tuple(differences(read_environment(stored["environment"]))),
    )


def _examples(
    plan: Plan, made: CandidateMade, answerer: Answerer, read: Read, files: Files, moments: list[datetime]
) -> Examples:
    """What it learnt from and is judged by, counted as it was when the candidate was made."""
    rows = examples(answerer.pipeline, read, moments)
    if made.weighing is None:
        return rows
    return counted(rows, files, plan, made.weighing, _held(plan, rows))


def known_from(plan: Plan, as_of: datetime, earliest: datetime | None) -> datetime:
    """The first day from which a truth is known, to the day: that of the first mature moment at or after `as_of`."""
    for days in range(_LONGEST_SEARCH):
        day = as_of + timedelta(days=days)
        if mature_moments(plan, day, earliest):
            return day
    return plan.need.horizon.after(as_of)


def _rows(plan: Plan, answerer: Answerer, sources: Mapping[str, Any], as_of: datetime) -> Rows:
    return _answered(plan, answerer, as_of, answerer.features(sources, as_of))


def _answered(plan: Plan, answerer: Answerer, as_of: datetime, features: pd.DataFrame) -> Rows:
    """Rows with scores, and with what the humility rules say to them."""
    if answerer.classes:
        likely = answerer.likely(features)
        scores = promised(likely)
        asked = answerer.asks(features, scores, plan.decision)
        return Rows(as_of, features, scores, asked, likely, answerer.classes)
    scores = answerer.scores(features)
    return Rows(as_of, features, scores, answerer.asks(features, scores, plan.decision))


def _truth(
    plan: Plan,
    made: CandidateMade,
    answerer: Answerer,
    past: Examples,
    moment: datetime,
    read: Read,
    files: Files,
    others: Others,
) -> Truth:
    judged = newest_of_each(past.only(_held(plan, past) & past.known))
    rows = _answered(plan, answerer, moment, answerer.fitting(_named(judged)))
    due = int((past.moment == moment.isoformat()).sum())
    since = min(map(read_moment, judged.moment), default=moment)
    baseline, what = (None, "")
    if made.role == "model":
        baseline, what = _baseline(plan, past, judged, read, files, others.baseline)
    if rows.likely is not None:
        return Truth(rows, right(rows.likely, judged.label), due, baseline, what, since, places=judged.label)
    return Truth(rows, judged.label, due, baseline, what, since)


def _baseline(
    plan: Plan, past: Examples, judged: Examples, read: Read, files: Files, made: CandidateMade | None
) -> tuple[Floats | None, str]:
    """The baseline's scores on the judged rows: of the newest baseline candidate, else of the rule fitted here."""
    if made is not None:
        try:
            return _scored_by(load(files, made, plan), judged, read), f"candidate {made.candidate[:12]}"
        except UserError:
            pass  # made under another environment or plan: the declared rule itself is the fair comparison then
    known = past.only(~_held(plan, past) & past.known)
    if not len(known.label):
        return None, ""
    classes = plan.need.classes
    label: pd.Series[Any] = pd.Series(known.label, name="label")
    if classes:
        label = label.map(dict(enumerate(classes)))
    declared = plan.model.baseline
    one = fitted(declared, known.features, label, plan.need.answer, classes)
    scores = said(one, _named(judged))
    return np.asarray(scores, dtype=np.float64), f"the declared rule {declared.kind}, fitted for this comparison"


def _scored_by(rule: Answerer, judged: Examples, read: Read) -> Floats:
    """A candidate's scores on the judged rows, each from what was known at its moment."""
    count = len(rule.classes)
    scores = np.full((len(judged.label), count) if count else len(judged.label), np.nan)
    for text in dict.fromkeys(judged.moment):
        here = judged.moment == text
        moment = read_moment(text)
        features = rule.features(read(moment), moment).reindex(judged.entity[here])
        scores[here] = rule.likely(features) if count else rule.scores(features)
    return scores


def _named(rows: Examples) -> pd.DataFrame:
    return rows.features.set_axis(pd.Index(rows.entity, dtype=object), axis=0)


def _held(plan: Plan, rows: Examples) -> Any:
    return held_out(rows.entity.tolist(), plan.product, plan.proof.holdout)


def _training(plan: Plan, made: CandidateMade, past: Examples | None) -> Training | None:
    if past is None or "origin" in made.notes:
        return None
    held = _held(plan, past)
    return Training(int((~held & past.known).sum()), int((held & past.known).sum()))


def _parents(plan: Plan, sources: Mapping[str, Any], now: Rows, files: Files, others: Others) -> Iterator[Parent]:
    """Scores on the same entities of those it comes from; who cannot be asked about all of them is left out."""
    for made, what in ((others.parent, "the candidate it replaces"), (others.start, "the start of the envelope")):
        if made is None:
            continue
        rows = _rows(plan, load(files, made, plan), sources, now.as_of)
        scores = pd.Series(rows.scores, index=rows.features.index).reindex(now.features.index)
        if scores.isna().any() or scores.empty:
            continue
        kind = family(made.format, files.get(made.files["model"]))
        named: tuple[str, ...] | None = None
        if rows.named is not None:
            named = tuple(pd.Series(rows.named, index=rows.features.index).reindex(now.features.index))
        yield Parent(made.candidate, np.asarray(scores, dtype=np.float64), kind, named, what)


def _groups(plan: Plan, sources: Mapping[str, Any], now: Rows, past: Examples | None) -> dict[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for declared in plan.proof.fairness:
        groups = group_of(plan, declared, sources, now.features, _named(past) if past else None)
        if groups is not None:
            found[declared.column] = groups
    return found
