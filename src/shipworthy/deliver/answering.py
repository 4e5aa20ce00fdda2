"""Who answers in a run, and the answers themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.log import PROPENSITY, answers_table, with_classes
from shipworthy.deliver.run import BACK_FILL, SHADOW, Part
from shipworthy.model.answering import Answerer
from shipworthy.model.classes import chosen, promised
from shipworthy.model.exploring import explored, told_explored
from shipworthy.model.humility import told_first
from shipworthy.model.rules import cohort_of, decided
from shipworthy.plan.schema import Plan
from shipworthy.release.rules import who_answers
from shipworthy.release.words import CANARY, Standing


@dataclass(frozen=True, slots=True)
class Answered:
    """What one candidate answered.

    Attributes:
        rows: in the shape of the prediction log, for every entity that it could score.
        known: entities that have features; features: digest of what it looked at, one row for each of them.
        unscored: entities of its own cohorts to which it gives no score.
    """

    rows: pa.Table
    known: int
    features: str
    unscored: int

    @property
    def real(self) -> int:
        """How many of its answers are for people, or for the rehearsal of it."""
        return len(self.rows) - int(pc.sum(pc.equal(self.rows["step"], SHADOW)).as_py() or 0)

    @property
    def mean_score(self) -> float:
        """The mean over all its answers; 0 where there are none."""
        return float(pc.mean(self.rows["score"]).as_py() or 0.0)


def parts(plan: Plan, now: Standing, trial: str, stands_in: bool, back_fill: bool = False) -> list[Part]:
    """Who answers in a run.

    Args:
        trial: rehearsal or shadow: only the challenger answers.
        stands_in: data or model are stopped, and the baseline answers for every champion.
        back_fill: the list is made long after its moment; nobody answers it in shadow.
    """
    if trial:
        return [Part(now.challenger, (), trial)] if now.challenger and now.challenger_step == trial else []
    everybody = set(plan.release.cohorts.names)
    canary, share = ("", 0.0) if stands_in else (now.canary, now.canary_share)
    champions = {cohort: now.baseline if stands_in else name for cohort, name in now.champion.items()}
    found = []
    for candidate in sorted({name for name in champions.values() if name}):
        cohorts = tuple(sorted(cohort for cohort, name in champions.items() if name == candidate))
        step = "all" if set(cohorts) == everybody else "cohort"
        found.append(Part(candidate, cohorts, BACK_FILL if back_fill else step, canary, share))
    if canary and canary not in champions.values():
        found.append(Part(canary, (), BACK_FILL if back_fill else CANARY, canary, share))
    if now.challenger and now.challenger_step == SHADOW and not stands_in and not back_fill:
        found.append(Part(now.challenger, (), SHADOW))
    return found


def answers(
    answerer: Answerer,
    plan: Plan,
    part: Part,
    sources: dict[str, pa.Table],
    *,
    run: str,
    consumer: str,
    time: datetime,
    as_of: datetime,
    keep: Callable[[pd.DataFrame], str],
    first: int | None = 0,
) -> Answered:
    """One candidate's answers for every entity of the given rows.

    Decisions are taken over all of them, so that a cohort, or a canary's share, gets its part of, say, the best 200.

    Args:
        sources: accepted rows by source, cut off before `as_of`.
        keep: stores the features and gives their digest, by which the log names the inputs.
        first: how many answers of the run come before these; None where they get their ids later.

    Raises:
        UserError: the team's code or the model could not answer.
    """
    every = answerer.pipeline.features(sources, as_of)
    cohorts = cohorts_for(plan, every)
    frame = answerer.fitting(every)
    likely = answerer.likely(frame) if answerer.classes else None
    scores = answerer.scores(frame) if likely is None else promised(likely)
    named = None if likely is None else [answerer.classes[place] for place in chosen(likely).tolist()]
    good = np.isfinite(scores)
    features = keep(frame)
    trial = part.step in ("rehearsal", SHADOW)
    own = np.isin(cohorts.dictionary.to_numpy(zero_copy_only=False), part.cohorts)[cohorts.indices.to_numpy()] | trial
    real = (_served(plan, part, every, cohorts) | trial) if part.canary else own
    steps = _named(np.where(real, np.where(own, 0, 1), 2), [part.step, CANARY, SHADOW])
    scored = frame if good.all() else frame[good]
    told = _told(answerer, plan, scored, scores[good], named, as_of)
    rows = answers_table(
        run=run,
        time=time,
        as_of=as_of,
        candidate=answerer.made.candidate,
        entities=told.entities,
        scores=scores[good],
        decisions=_named(told.codes, told.words),
        reasons=told.reasons,
        cohorts=cohorts if good.all() else cohorts.filter(pa.array(good)),
        steps=steps if good.all() else steps.filter(pa.array(good)),
        consumer=consumer,
        inputs_ref=features,
        first=first,
    )
    if likely is not None:
        rows = with_classes(rows, answerer.classes, likely)
    if told.chances is not None:
        rows = rows.append_column(PROPENSITY, pa.array(told.chances, from_pandas=True))
    return Answered(rows, len(frame), features, int((real & ~good).sum()))


@dataclass(frozen=True, slots=True)
class _Told:
    """What is said of each entity besides its score: the decision, as a code of some words, and the reasons.

    Attributes:
        chances: of being acted on, where the plan explores; None where it does not.
    """

    entities: pa.Array
    codes: npt.NDArray[np.int32]
    words: Sequence[str]
    reasons: list[list[str]] | None
    chances: npt.NDArray[np.float64] | None = None


def _told(
    answerer: Answerer,
    plan: Plan,
    scored: pd.DataFrame,
    scores: npt.NDArray[np.float64],
    named: list[str] | None,
    as_of: datetime,
) -> _Told:
    entities = pa.array(scored.index, pa.string())
    count = plan.proof.reasons
    asked = answerer.asks(scored, scores, plan.decision)
    reasons = answerer.reasons(scored, count) if count else None
    if any(asked):
        reasons = told_first(asked, [[] for _ in asked] if reasons is None else reasons)
    codes, words = decided(scores, entities, plan.decision, asked, named)
    if plan.decision.explore is None:
        return _Told(entities, codes, words, reasons)
    drawn = explored(codes, words, entities, plan.decision, plan.product, as_of, answerer.classes)
    reasons = told_explored(drawn.drawn.tolist(), [[] for _ in drawn.codes] if reasons is None else reasons)
    return _Told(entities, drawn.codes, drawn.words, reasons, drawn.chances)


def _named(codes: npt.NDArray[np.integer[Any]], names: Sequence[str]) -> pa.DictionaryArray:
    """The name that each code stands for; names may repeat."""
    different = list(dict.fromkeys(names))
    places = np.array([different.index(name) for name in names], np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(places[codes]), pa.array(different, pa.string()))


def _served(plan: Plan, part: Part, every: pd.DataFrame, cohorts: pa.Array) -> npt.NDArray[np.bool_]:
    """Whom a candidate answers for real where a canary takes its share."""
    names = [str(name) for name in every.index]
    who = who_answers(part, names, cohorts.to_pylist(), plan.release.cohorts.names, plan.product)
    return np.asarray(who == part.candidate, dtype=bool)


def cohorts_for(plan: Plan, features: pd.DataFrame) -> pa.DictionaryArray:
    """The cohort of each entity, by the declared hash or column; empty for one that no cohort has.

    Args:
        features: every feature of the pipeline, whatever a candidate looks at; the index is the entity.

    Raises:
        UserError: the declared column is no feature.
    """
    declared = plan.release.cohorts
    column: Sequence[object] | None = None
    if declared.by == "column" and declared.column:
        if declared.column not in features.columns:
            found = (
                f"The features have no column {declared.column!r}; they have {', '.join(map(str, features.columns))}."
            )
            fix = "Give it in features(), or name another column."
            raise UserError(Mistake("deliver.no_cohort_column", "release.cohorts.column", found, fix=fix))
        column = features[declared.column].tolist()
    if declared.by == "hash" and len(declared.names) == 1:
        return _named(np.zeros(len(features), np.int32), declared.names)
    names = cohort_of(pa.array(features.index, pa.string()), declared, plan.product, column)
    return pa.array(names, pa.string()).dictionary_encode()


def recent(plan: Plan, table: pa.Table, as_of: datetime) -> pa.Table:
    """The rows of the source that says who is due, as far back as they count."""
    declared = plan.data.due
    assert declared is not None
    column = plan.sources[declared.source].contract.time
    if declared.within is None or column is None:
        return table
    start = declared.within.before(as_of)
    since = start.date() if pa.types.is_date(table[column].type) else start
    return table.filter(pc.greater_equal(table[column], pa.scalar(since, table[column].type)))


def counted(column: pa.ChunkedArray) -> dict[str, int]:
    """How often each text stands in a column, in the order of the first."""
    return {one["values"].as_py(): one["counts"].as_py() for one in pc.value_counts(column)}


def kept_features(answerer: Answerer, kept: pa.Table) -> pd.DataFrame:
    """Features as a candidate looked at them, by entity: those stored, or the accepted rows that are its inputs."""
    name = answerer.pipeline.plan.need.entity
    frame: pd.DataFrame = kept.to_pandas()
    frame = frame.set_index(name if name in frame.columns else "entity")
    frame = frame.set_axis(frame.index.astype(str))
    try:
        return answerer.fitting(frame)
    except UserError:  # personal inputs that are kept as a hash, or not at all
        return frame


def features_table(features: pd.DataFrame) -> pa.Table:
    """Features as they are stored: the entity as a column, then each feature."""
    return pa.Table.from_pandas(features.rename_axis("entity").reset_index(), preserve_index=False)
