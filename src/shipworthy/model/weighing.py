"""What is learnt and proven where the truth only becomes known of those on whom the product acted.

Whom the product acted on is no fair sample of everybody. A model that is fitted to it as it stands learns the choices
of the one before, and each retraining more so. The log says with which chance each was to be acted on
(`model.exploring`), and a row counts by one over that chance: the mean loss is then on average that of everybody
(inverse propensity). Chances are those that were logged, never estimated, and none lies below the share that is
explored: so no weight needs to be clipped, which would bring the bias back. Divided by their mean, weights leave the
strength of regularisation as it is.

Where each row must count alike, rows are drawn, each kept with the least of all chances over its own: what is left is
a plain sample of everybody. Whatever can be proven of plain samples (intervals, areas, coverage) then holds exactly,
and fitting needs no weights. It costs rows: of those on whom the rule acted few are kept.

Sources: Horvitz and Thompson (1952); Bottou et al., Counterfactual reasoning and learning systems, JMLR 14 (2013);
Swaminathan and Joachims, Counterfactual risk minimization, JMLR 16 (2015); Zadrozny, Langford and Abe, Cost-sensitive
learning by cost-proportionate example weighting (2003), for drawing; Kish, Survey Sampling (1965).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.errors import NotFound
from shipworthy.base.fact import Past
from shipworthy.base.times import Length, read_moment
from shipworthy.model.answers_words import AnswersSealed
from shipworthy.model.exploring import PROPENSITY, acted_on
from shipworthy.model.learning import Examples
from shipworthy.model.rules import chosen_by_hash
from shipworthy.model.words import Weighing

if TYPE_CHECKING:
    from shipworthy.edges.files import Files
    from shipworthy.plan.schema import Plan

Floats = npt.NDArray[np.float64]
FOR_PEOPLE = ("canary", "cohort", "all")
"""The release steps whose answers somebody acts on."""
_COLUMNS = ["as_of", "entity", "decision", "step"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A segment of the prediction log with answers for people, and as of when they are: after `since` up to `until`."""

    segment: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Chances:
    """On whom the product acted, and with which chance it was to.

    Attributes:
        since: from when on it answered people; None where it has not.
        rows: `entity`, `as_of`, `acted` and `chance` of each answer for people, oldest first; a chance is NaN where
            none was logged or a person decided.
    """

    since: datetime | None
    rows: pd.DataFrame


def stretches(past: Past) -> list[Stretch]:
    """The segments of the prediction log that hold answers for people, oldest first."""
    return [
        Stretch(fact.what.segment, *_span(fact.what))
        for fact in past.of(AnswersSealed)
        if set(fact.what.steps) & set(FOR_PEOPLE)
    ]


def _span(sealed: AnswersSealed) -> tuple[datetime, datetime]:
    begins, ends = [], []
    for window in sealed.windows or [sealed.as_of]:
        moment = read_moment(window)
        begins.append(moment)
        # Questions that bring their inputs are counted by the day, and are as of some instant of it.
        ends.append(moment if "T" in window else moment + timedelta(days=1))
    return min(begins), max(ends)


def read_of(known: Sequence[Stretch], rows: Examples, plan: Plan, how: Literal["weights", "drawn"]) -> Weighing:
    """What is read to weigh some examples; `weighing_of` says what came of it."""
    moments = [read_moment(text) for text in dict.fromkeys(rows.moment.tolist())]
    since = min((one.since for one in known), default=None)
    every = plan.model.training.every
    read = [one.segment for one in known if one.until > every.before(min(moments)) and one.since <= max(moments)]
    return Weighing(
        how=how, segments=read, since=since.isoformat() if since else "", least=1.0, effective=0.0, before=0
    )


def counted(rows: Examples, files: Files, plan: Plan, weighing: Weighing, held: npt.NDArray[np.bool_]) -> Examples:
    """Examples as they count: held-out ones, and all where fitting takes no weights, are drawn to count alike."""
    chances = chances_in(files, plan, weighing.segments, read_moment(weighing.since) if weighing.since else None)
    found = weighed(rows, chances, plan.model.training.every)
    return evened(found, held if weighing.how == "weights" else np.ones(len(held), dtype=bool), plan.product)


def weighing_of(learnt_from: Examples, read: Weighing) -> Weighing:
    """How the rows count that were learnt from."""
    known = learnt_from.only(learnt_from.known)
    if known.chance is None or not len(known.label):
        return read
    weights = weights_of(known.chance) if read.how == "weights" else np.ones(len(known.label))
    since = read_moment(read.since) if read.since else None
    before = [since is None or read_moment(text) < since for text in known.moment.tolist()]
    least, worth = float(known.chance.min()), round(effective(weights), 3)
    return replace(read, least=least, effective=worth, before=sum(before))


def chances_in(files: Files, plan: Plan, segments: Sequence[str], since: datetime | None) -> Chances:
    """What some segments of the prediction log say about chances."""
    parts = [_people_of(with_chances(files, segment, _COLUMNS)) for segment in segments]
    if not parts:
        return Chances(since, pd.DataFrame({"entity": [], "as_of": [], "acted": [], "chance": []}))
    rows = pa.concat_tables(parts).to_pandas()
    acted = acted_on(plan, rows["decision"])
    kept = pd.DataFrame(
        {"entity": rows["entity"], "as_of": rows["as_of"], "acted": acted, "chance": rows[PROPENSITY.name]}
    )
    # Of several answers as of one moment somebody acts if one of them says so; the draw of a day is the same for all.
    return Chances(since, kept.sort_values(["as_of", "chance"], na_position="first", ignore_index=True))


def _people_of(answers: pa.Table) -> pa.Table:
    return answers.filter(pc.is_in(answers["step"].cast(pa.string()), pa.array(FOR_PEOPLE)))


def with_chances(files: Files, segment: str, columns: Sequence[str]) -> pa.Table:
    """Columns of answers of the log, and their chances; null where nobody was acted on at random yet."""
    try:
        return files.table(segment, [*columns, PROPENSITY.name])
    except NotFound:
        answers = files.table(segment, list(columns))
        return answers.append_column(PROPENSITY, pa.nulls(len(answers), PROPENSITY.type))


def weighed(rows: Examples, chances: Chances, every: Length) -> Examples:
    """Examples with the chance with which the truth of each was to become known; a truth without one is unknown.

    What decides about an entity at a moment is the newest answer for people as of that moment, or after the one
    `every` before it. A moment from before the product answered anybody counts as it stands, with chance 1; whoever
    reads the proof is told. Where a person decided, or nobody was answered, no chance is known.

    Args:
        every: how far apart the moments of training lie.
    """
    chance = np.ones(len(rows.label))
    for text in dict.fromkeys(rows.moment.tolist()):
        moment, here = read_moment(text), rows.moment == text
        if chances.since is None or moment < chances.since:
            continue
        as_of = chances.rows["as_of"]
        recent = chances.rows[(as_of > every.before(moment)) & (as_of <= moment)]
        newest = recent.drop_duplicates("entity", keep="last").set_index("entity").reindex(rows.entity[here])
        logged = np.asarray(newest["chance"], dtype=np.float64)
        chance[here] = np.where(np.asarray(newest["acted"] == True), logged, np.nan)  # noqa: E712  # NaN is not acted
    chance[~(chance > 0)] = np.nan
    return replace(rows, label=np.where(np.isfinite(chance), rows.label, np.nan), chance=chance)


def evened(rows: Examples, these: npt.NDArray[np.bool_], product: str) -> Examples:
    """Examples among which each known truth of the given rows counts alike: the others are unknown from here on.

    Who is kept is drawn by a hash of product, moment and entity, with the least chance of all over the row's own.
    """
    if rows.chance is None or not rows.known.any():
        return rows
    least = float(rows.chance[rows.known].min())
    drawn = these & rows.known
    dropped = np.zeros(len(rows.label), dtype=bool)
    for text in dict.fromkeys(rows.moment[drawn].tolist()):
        for chance in np.unique(rows.chance[drawn & (rows.moment == text)]):
            here = drawn & (rows.moment == text) & (rows.chance == chance)
            salt = f"{product}/evened/{text}/"
            dropped[here] = ~chosen_by_hash(salt, rows.entity[here].tolist(), least / float(chance))
    return replace(rows, label=np.where(dropped, np.nan, rows.label))


def weights_of(chance: Floats) -> Floats:
    """One over each chance, divided by their mean, so that they sum to the number of rows.

    >>> weights_of(np.array([1.0, 0.5])).round(6).tolist()
    [0.666667, 1.333333]
    """
    each = 1 / chance
    return np.asarray(each / each.mean(), dtype=np.float64)


def effective(weights: Floats) -> float:
    """How many rows that count alike are worth as much as these: (sum of weights)^2 / sum of their squares.

    Source: Kish, Survey Sampling (1965), section 11.7.

    >>> effective(np.array([1.0, 1.0])), effective(np.array([0.0, 3.0]))
    (2.0, 1.0)
    """
    return float(weights.sum() ** 2 / (weights**2).sum())
