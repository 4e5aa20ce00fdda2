"""Who answers in a run, and the answers themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from shipworthy.deliver.log import answers_table
from shipworthy.model.answering import Answerer
from shipworthy.model.rules import cohort_of, decide
from shipworthy.plan.schema import Plan
from shipworthy.release.words import Standing


@dataclass(frozen=True, slots=True)
class Part:
    """One candidate's part in a run.

    Attributes:
        cohorts: the cohorts it answers for real; everything else it answers in shadow.
        step: the release step of its real answers, or of all of them in a trial.
    """

    candidate: str
    cohorts: tuple[str, ...]
    step: str


def parts(plan: Plan, now: Standing, trial: str, stands_in: bool) -> list[Part]:
    """Who answers in a run.

    Args:
        trial: rehearsal or shadow: only the challenger answers.
        stands_in: data or model are stopped, and the baseline answers for every champion.
    """
    if trial:
        return [Part(now.challenger, (), trial)] if now.challenger and now.challenger_step == trial else []
    everybody = set(plan.release.cohorts.names)
    champions = {cohort: now.baseline if stands_in else name for cohort, name in now.champion.items()}
    found = []
    for candidate in sorted({name for name in champions.values() if name}):
        cohorts = tuple(sorted(cohort for cohort, name in champions.items() if name == candidate))
        found.append(Part(candidate, cohorts, "all" if set(cohorts) == everybody else "cohort"))
    if now.challenger and now.challenger_step == "shadow" and not stands_in:
        found.append(Part(now.challenger, (), "shadow"))
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
    inputs_ref: str,
    features: pd.DataFrame,
) -> tuple[pa.Table, int]:
    """One candidate's answers for every entity, and how many entities it could not score.

    Decisions are taken over all entities, so that a cohort gets its share of, say, the best 200.
    """
    scores = answerer.scores(features)
    good = np.isfinite(scores)
    frame, scores = features[good], scores[good]
    entities: Sequence[str] = [str(name) for name in frame.index]
    cohorts = cohorts_for(plan, entities, frame)
    count = plan.proof.reasons
    reasons = answerer.reasons(frame, count) if count else [[] for _ in entities]
    real = set(part.cohorts)
    trial = part.step in ("rehearsal", "shadow")
    table = answers_table(
        run=run,
        time=time,
        as_of=as_of,
        candidate=answerer.made.candidate,
        entities=entities,
        scores=scores.tolist(),
        decisions=decide(scores, entities, plan.decision),
        reasons=reasons,
        cohorts=cohorts,
        steps=[part.step if trial or cohort in real else "shadow" for cohort in cohorts],
        consumer=consumer,
        inputs_ref=inputs_ref,
    )
    return table, int((~good).sum())


def cohorts_for(plan: Plan, entities: Sequence[str], frame: pd.DataFrame) -> list[str]:
    """The cohort of each entity: by the declared hash, or by a column of its features."""
    cohorts = plan.release.cohorts
    if cohorts.by == "column" and cohorts.column:
        known = set(cohorts.names)
        found = [str(value) for value in frame[cohorts.column]]
        return [name if name in known else cohorts.names[0] for name in found]
    return cohort_of(entities, cohorts, plan.product)
