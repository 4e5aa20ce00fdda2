"""The hot path of real-time answers: what the release pointer names, verified and held in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import pandas as pd
import pyarrow as pa

from shipworthy.base.errors import Mistake, NotFound, UserError
from shipworthy.base.fact import Past, latest
from shipworthy.base.times import read_moment
from shipworthy.data.reading import tables
from shipworthy.data.words import SnapshotTaken
from shipworthy.deliver.answering import answers, features_table
from shipworthy.deliver.run import SHADOW, Part
from shipworthy.deliver.words import AnswersSealed
from shipworthy.edges.store import Store
from shipworthy.model.answering import Answerer, load
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan
from shipworthy.release.pointer import Pointer, current_pointer
from shipworthy.release.rules import stand_in, standing
from shipworthy.release.signed import plan_as_signed, plan_in_use
from shipworthy.sign.rules import candidate_made


@dataclass(frozen=True, slots=True)
class Pinned:
    """The snapshot whose features answer in real time, and the moment as of which they are."""

    snapshot: str
    as_of: datetime


@dataclass(frozen=True)
class Ready:
    """One candidate ready to answer, with the features of the pinned snapshot.

    Attributes:
        features: one row per entity; features_ref is its digest in the store.
        decisions: the decision for each entity, taken over all of them as in a list.
        cohorts: the cohort of each entity.
    """

    answerer: Answerer
    features: pd.DataFrame
    features_ref: str
    as_of: datetime
    decisions: Mapping[str, str]
    cohorts: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """An answer as a row of the prediction log, and a notice for its receiver, empty where all is as planned."""

    row: dict[str, Any]
    notice: str = ""


@dataclass(frozen=True)
class Serving:
    """Everything that real-time answers of one product come from, as of one release pointer.

    Attributes:
        stand_in: the baseline that answers where a model breaks; empty where none may.
    """

    plan: Plan
    pointer: Pointer
    pinned: Pinned
    ready: Mapping[str, Ready]
    stand_in: str

    def answer(self, entity: str, consumer: str, now: datetime) -> Reply:
        """The answer for one entity.

        Raises:
            NotFound: the pinned snapshot does not know the entity, or nobody answers its cohort.
            UserError: the model gives it no score, and the plan lets nothing stand in.
        """
        [answered] = self.answers([(entity, consumer)], now)
        if isinstance(answered, Exception):
            raise answered
        return answered

    def answers(self, asked: Sequence[tuple[str, str]], now: datetime) -> list[Reply | Exception]:
        """The answers to several callers at once, each in the place of its question: an answer, or why there is none.

        Args:
            asked: entity and consumer of each question.
        """
        told: list[Reply | Exception] = []
        by_champion: dict[str, list[int]] = {}
        for place, (entity, _) in enumerate(asked):
            try:
                by_champion.setdefault(self._champion(entity), []).append(place)
            except UserError as error:
                told.append(error)
            else:
                told.append(NotFound())
        for champion, places in by_champion.items():
            found = self._together(self.ready[champion], [asked[place] for place in places], now)
            for place, answered in zip(places, found, strict=True):
                told[place] = answered
        return told

    def _champion(self, entity: str) -> str:
        name, cohort = self.plan.need.entity, self._cohort(entity)
        if cohort is None:
            fix = f"Check {name}, or wait for the next snapshot."
            found = f"The snapshot as of {self.pinned.as_of:%Y-%m-%d} has no {name} {entity!r} that can be answered."
            raise NotFound(Mistake("serve.unknown_entity", name, found, fix=fix))
        champion = self.pointer.champion.get(cohort, "")
        if not champion:
            found = f"Nothing is released for cohort {cohort or 'none'} yet."
            raise NotFound(Mistake("serve.not_released", cohort, found, fix="Release a candidate to this cohort."))
        return champion

    def _cohort(self, entity: str) -> str | None:
        return next((one.cohorts[entity] for one in self.ready.values() if entity in one.cohorts), None)

    def _together(self, ready: Ready, asked: Sequence[tuple[str, str]], now: datetime) -> list[Reply | Exception]:
        """Answers by one candidate; where it breaks on all of them together, each is tried alone."""
        try:
            return [Reply(row) for row in self._rows(ready, asked, now)]
        except Exception as error:
            if len(asked) == 1:
                return [self._stood_in(ready, asked[0], now, error)]
            return [self._together(ready, [one], now)[0] for one in asked]

    def _stood_in(self, ready: Ready, asked: tuple[str, str], now: datetime, error: Exception) -> Reply | Exception:
        # A model that breaks in use gives way to the signed baseline, where the consumer's plan declares so.
        baseline = self.ready.get(self.stand_in)
        if self.plan.consumers[asked[1]].if_stopped != "baseline" or baseline is None or baseline is ready:
            return error
        name = ready.answerer.made.candidate[:12]
        notice = f"The model {name} could not answer ({_reason(error)}); the simple baseline rule did."
        try:
            return Reply(self._rows(baseline, [asked], now)[0], notice)
        except Exception:
            return error

    def _rows(self, ready: Ready, asked: Sequence[tuple[str, str]], now: datetime) -> list[dict[str, Any]]:
        inputs = ready.features.loc[[entity for entity, _ in asked]]
        count = self.plan.proof.reasons
        scores = ready.answerer.scores(inputs).tolist()
        reasons = ready.answerer.reasons(inputs, count) if count else [[] for _ in asked]
        return [
            {
                "answer_id": uuid4().hex,
                "time": now.isoformat(),
                "as_of": ready.as_of.isoformat(),
                "entity": entity,
                "candidate": ready.answerer.made.candidate,
                "inputs": "",
                "inputs_ref": ready.features_ref,
                "score": score,
                "decision": ready.decisions[entity],
                "reasons": why,
                "consumer": consumer,
                "step": self._step(ready.cohorts[entity]),
                "cohort": ready.cohorts[entity],
            }
            for (entity, consumer), score, why in zip(asked, scores, reasons, strict=True)
        ]

    def _step(self, cohort: str) -> str:
        champion = self.pointer.champion[cohort]
        everybody = all(self.pointer.champion.get(name) == champion for name in self.plan.release.cohorts.names)
        return "all" if everybody else "cohort"


def load_serving(store: Store, product: str) -> Serving:
    """What the signed release pointer names, every file verified before it is opened.

    Raises:
        NotFound: nothing is released, or there is no accepted snapshot.
        Tampered: the ledger, the pointer, a candidate or its features were changed.
        GateShut: the pointer is not what the ledger says, since a release is under way or an old one was put back.
    """
    store.ledger.verify()
    past = store.ledger.past(product)
    pointer, today = current_pointer(store, product, standing(past)), current_plan(past)
    names = sorted({*pointer.champion.values(), pointer.baseline} - {""})
    if not names:
        fix = "Release a candidate to a cohort."
        raise NotFound(Mistake("serve.nothing_released", product, "Nothing answers people yet.", fix=fix))
    pinned = pinned_snapshot(past)
    ready = {name: _ready(store, past, today, name, pinned) for name in names}
    return Serving(plan_in_use(today, past), pointer, pinned, ready, stand_in(past))


def is_current(serving: Serving, store: Store) -> bool:
    """Whether nothing was released and no list was made since.

    Raises:
        Tampered: the pointer was edited.
        GateShut: it is not what the ledger says.
    """
    past = store.ledger.past(serving.plan.product)
    pointer = current_pointer(store, serving.plan.product, standing(past))
    now = (pointer.digest, pinned_snapshot(past), stand_in(past))
    return now == (serving.pointer.digest, serving.pinned, serving.stand_in)


def pinned_snapshot(past: Past) -> Pinned:
    """The snapshot of the newest list for people, so that both give the same number; the newest one before any list.

    Raises:
        NotFound: there is none yet.
    """
    listed = latest(past.of(AnswersSealed), lambda what: bool(what.snapshot and {"cohort", "all"} & set(what.steps)))
    if listed is not None:
        return Pinned(listed.what.snapshot, read_moment(listed.what.as_of))
    taken = latest(past.of(SnapshotTaken))
    if taken is None:
        fix = "Take one with `shipworthy snapshot`."
        raise NotFound(Mistake("serve.no_snapshot", "data", "There is no accepted snapshot.", fix=fix))
    return Pinned(taken.what.snapshot, read_moment(taken.what.as_of))


def _ready(store: Store, past: Past, today: Plan, name: str, pinned: Pinned) -> Ready:
    answerer, plan = load(store.files, candidate_made(past, name), today), plan_as_signed(today, past, name)
    listed = latest(past.of(AnswersSealed), lambda what: what.snapshot == pinned.snapshot and name in what.candidates)
    if listed is not None:
        rows, reference = store.files.table(listed.what.segment), listed.what.features
    else:
        rows, reference = _made_now(store, past, plan, answerer, pinned)
    features = store.files.table(reference).to_pandas().set_index("entity")
    entities = rows["entity"].to_pylist()
    return Ready(
        answerer=answerer,
        features=features,
        features_ref=reference,
        as_of=pinned.as_of,
        decisions=dict(zip(entities, rows["decision"].to_pylist(), strict=True)),
        cohorts=dict(zip(entities, rows["cohort"].to_pylist(), strict=True)),
    )


def _made_now(store: Store, past: Past, plan: Plan, answerer: Answerer, pinned: Pinned) -> tuple[pa.Table, str]:
    """The answers of a candidate that took no part in the newest list, and the digest of its features."""
    taken = past.of(SnapshotTaken, about=pinned.snapshot)[-1].what
    found = answers(
        answerer,
        plan,
        Part(answerer.made.candidate, (), SHADOW),
        tables(store.files, taken, plan, pinned.as_of),
        run="serve",
        consumer="",
        time=pinned.as_of,
        as_of=pinned.as_of,
        keep=lambda features: store.files.put_table(features_table(features)),
    )
    return found.rows, found.features


def _reason(error: Exception) -> str:
    return error.mistakes[0].found if isinstance(error, UserError) else f"{type(error).__name__}: {error}"


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
            **dict.fromkeys(("answer_id", "as_of", entity, "candidate", "decision", "step", "cohort", "notice"), text),
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


def reply(answered: Reply, entity_column: str) -> bytes:
    """What the caller gets of an answer."""
    row = answered.row
    shown = {
        name: row[name]
        for name in ("answer_id", "as_of", "candidate", "score", "decision", "reasons", "step", "cohort")
    }
    told = {"notice": answered.notice} if answered.notice else {}
    return json.dumps({entity_column: row["entity"], **shown, **told}).encode()
