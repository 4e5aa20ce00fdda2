"""The hot path of real-time answers: what the release pointer names, verified and held in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
import pyarrow as pa

from shipworthy.base.errors import Mistake, NotFound, UserError
from shipworthy.base.fact import Past, latest
from shipworthy.base.times import read_moment
from shipworthy.data.reading import tables
from shipworthy.data.words import SnapshotTaken
from shipworthy.deliver.answering import cohorts_for
from shipworthy.deliver.words import AnswersSealed
from shipworthy.edges.store import Store
from shipworthy.model.answering import Answerer, load
from shipworthy.model.rules import decide
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan
from shipworthy.release.pointer import Pointer, read_pointer
from shipworthy.sign.rules import candidate_made


@dataclass(frozen=True)
class Ready:
    """One candidate ready to answer, with the features of the pinned snapshot.

    Attributes:
        features: one row per entity; features_ref is its digest in the store.
        decisions: the decision for each entity, taken over all of them as in a list.
    """

    answerer: Answerer
    features: pd.DataFrame
    features_ref: str
    as_of: datetime
    decisions: Mapping[str, str]


@dataclass(frozen=True)
class Serving:
    """Everything that real-time answers of one product come from, as of one release pointer."""

    plan: Plan
    pointer: Pointer
    sealed: int
    ready: Mapping[str, Ready]
    cohorts: Mapping[str, str]

    def answer(self, entity: str, consumer: str, now: datetime) -> dict[str, Any]:
        """The answer for one entity, as a row of the prediction log.

        Raises:
            NotFound: the pinned snapshot does not know the entity, or nobody answers its cohort.
        """
        cohort = self.cohorts.get(entity)
        if cohort is None:
            fix = f"Check {self.plan.need.entity}, or wait for the next snapshot."
            found = f"The pinned snapshot has no {self.plan.need.entity} {entity!r}."
            raise NotFound(Mistake("serve.unknown_entity", self.plan.need.entity, found, fix=fix))
        champion = self.pointer.champion.get(cohort, "")
        if not champion:
            found = f"Nothing is released for cohort {cohort} yet."
            raise NotFound(Mistake("serve.not_released", cohort, found, fix="Release a candidate to this cohort."))
        return self._row(self.ready[champion], entity, cohort, consumer, now)

    def _row(self, ready: Ready, entity: str, cohort: str, consumer: str, now: datetime) -> dict[str, Any]:
        try:
            return _answered(ready, self.plan, entity, cohort, consumer, now, self._step(cohort))
        except Exception:
            # A model that breaks in use gives way to the signed baseline, as every consumer's plan may declare.
            baseline = self.ready.get(self.pointer.baseline)
            if self.plan.consumers[consumer].if_stopped != "baseline" or baseline in (None, ready):
                raise
            assert baseline is not None
            return _answered(baseline, self.plan, entity, cohort, consumer, now, self._step(cohort))

    def _step(self, cohort: str) -> str:
        champion = self.pointer.champion[cohort]
        everybody = all(self.pointer.champion.get(name) == champion for name in self.plan.release.cohorts.names)
        return "all" if everybody else "cohort"


def load_serving(store: Store, product: str) -> Serving:
    """What the signed release pointer names, every file verified before it is opened.

    Raises:
        NotFound: nothing is released.
        Tampered: the pointer, a candidate or its features were changed.
    """
    pointer = read_pointer(store, product)
    past = store.ledger.past(product)
    plan = current_plan(past)
    names = sorted({*pointer.champion.values(), pointer.baseline} - {""})
    if not names:
        fix = "Release a candidate to a cohort."
        raise NotFound(Mistake("serve.nothing_released", product, "Nothing answers people yet.", fix=fix))
    ready = {name: _ready(store, past, plan, name) for name in names}
    widest = max(ready.values(), key=lambda one: len(one.features))
    entities = [str(name) for name in widest.features.index]
    cohorts = dict(zip(entities, cohorts_for(plan, entities, widest.features), strict=True))
    return Serving(plan, pointer, newest_sealed(past), ready, cohorts)


def is_current(serving: Serving, store: Store) -> bool:
    """Whether nothing was released and no list was made since.

    Raises:
        Tampered: the pointer was edited.
    """
    pointer = read_pointer(store, serving.plan.product)
    sealed = newest_sealed(store.ledger.past(serving.plan.product))
    return pointer.digest == serving.pointer.digest and sealed == serving.sealed


def newest_sealed(past: Past) -> int:
    """Number of the newest fact that changes what is served: sealed answers of a list, whose features are used."""
    found = latest(past.of(AnswersSealed), lambda what: not what.run.startswith("serve/"))
    return found.seq if found else 0


def _ready(store: Store, past: Past, plan: Plan, name: str) -> Ready:
    answerer = load(store.files, candidate_made(past, name), plan)
    listed = latest(past.of(AnswersSealed), lambda what: name in what.candidates and not what.run.startswith("serve/"))
    if listed is not None:
        table = store.files.table(listed.what.features).to_pandas().set_index("entity")
        features, reference, as_of = table, listed.what.features, read_moment(listed.what.as_of)
    else:
        features, reference, as_of = _from_snapshot(store, past, plan, answerer)
    entities = [str(entity) for entity in features.index]
    decisions = dict(zip(entities, decide(answerer.scores(features), entities, plan.decision), strict=True))
    return Ready(answerer, features, reference, as_of, decisions)


def _from_snapshot(store: Store, past: Past, plan: Plan, answerer: Answerer) -> tuple[pd.DataFrame, str, datetime]:
    taken = latest(past.of(SnapshotTaken))
    if taken is None:
        fix = "Take one with `shipworthy snapshot`."
        raise NotFound(Mistake("serve.no_snapshot", plan.product, "There is no accepted snapshot.", fix=fix))
    as_of = read_moment(taken.what.as_of)
    features = answerer.features(tables(store.files, taken.what, plan, as_of), as_of)
    stored = pa.Table.from_pandas(features.rename_axis("entity").reset_index(), preserve_index=False)
    return features, store.files.put_table(stored), as_of


def _answered(
    ready: Ready, plan: Plan, entity: str, cohort: str, consumer: str, now: datetime, step: str
) -> dict[str, Any]:
    row = ready.features.loc[[entity]]
    score = float(ready.answerer.scores(row)[0])
    if not np.isfinite(score):
        found = f"The model gives no score for {plan.need.entity} {entity!r}."
        raise UserError(Mistake("serve.no_score", plan.need.entity, found, fix="Look at this entity's features."))
    count = plan.proof.reasons
    return {
        "answer_id": uuid4().hex,
        "time": now.isoformat(),
        "as_of": ready.as_of.isoformat(),
        "entity": entity,
        "candidate": ready.answerer.made.candidate,
        "inputs": "",
        "inputs_ref": ready.features_ref,
        "score": score,
        "decision": ready.decisions[entity],
        "reasons": ready.answerer.reasons(row, count)[0] if count else [],
        "consumer": consumer,
        "step": step,
        "cohort": cohort,
    }


def contract(plan: Plan) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the prediction server of a product."""
    entity = plan.need.entity
    asked = {
        "type": "object",
        "required": [entity],
        "additionalProperties": False,
        "properties": {entity: {"type": "string"}},
    }
    text, texts = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
    answered = {
        "type": "object",
        "properties": {
            **dict.fromkeys(("answer_id", "as_of", entity, "candidate", "decision", "step", "cohort"), text),
            "score": {"type": "number"},
            "reasons": texts,
        },
    }
    content = {"application/json": {"schema": answered}}
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Predictions of {plan.product}", "version": "1", "description": plan.need.question},
        "security": [{"token": []}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/predict": {
                "post": {
                    "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
                    "responses": {
                        "200": {"description": "The answer.", "content": content},
                        "401": {"description": "No identity."},
                        "403": {"description": "No right."},
                        "404": {"description": "Unknown entity, or nothing released for it."},
                        "422": {"description": "Not the declared input."},
                    },
                }
            }
        },
    }


def reply(row: dict[str, Any], entity_column: str) -> bytes:
    """What the caller gets of a row of the prediction log."""
    shown = {
        name: row[name]
        for name in ("answer_id", "as_of", "candidate", "score", "decision", "reasons", "step", "cohort")
    }
    return json.dumps({entity_column: row["entity"], **shown}).encode()
