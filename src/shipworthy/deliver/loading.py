"""What real-time answers come from: the signed release pointer, every candidate verified, and the pinned features."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from shipworthy.base.errors import Mistake, NotFound
from shipworthy.base.fact import Fold, Past, Recorded, latest
from shipworthy.base.times import read_moment
from shipworthy.data.reading import tables
from shipworthy.data.words import SnapshotTaken
from shipworthy.deliver.answering import answers, features_table, kept_features
from shipworthy.deliver.inputs import Inputs
from shipworthy.deliver.log import PROPENSITY
from shipworthy.deliver.privacy import keeping
from shipworthy.deliver.ready import Ready
from shipworthy.deliver.run import SHADOW, Part
from shipworthy.deliver.serving import Pinned, Serving
from shipworthy.deliver.words import AnswersSealed
from shipworthy.edges.store import Store
from shipworthy.model.answering import Answerer, load
from shipworthy.model.rules import cut_of
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan
from shipworthy.release.pointer import current_pointer
from shipworthy.release.rules import stand_in, standing
from shipworthy.release.signed import plan_as_signed, plan_in_use
from shipworthy.release.words import FOR_PEOPLE
from shipworthy.sign.rules import candidate_made


def _listed(newest: dict[str, str], fact: Recorded[AnswersSealed]) -> dict[str, str]:
    what = fact.what
    for_people = what.snapshot and set(FOR_PEOPLE) & set(what.steps)
    return {"snapshot": what.snapshot, "as_of": what.as_of} if for_people else newest


LISTED: Fold[dict[str, str]] = Fold("deliver.listed", 1, (AnswersSealed,), dict, _listed)
"""Snapshot and moment of the newest list for people; empty before any. A server asks every second, so it is kept."""


def load_serving(store: Store, product: str) -> Serving:
    """What the signed release pointer names, every file verified before it is opened.

    Raises:
        NotFound: nothing is released, or there is no accepted snapshot.
        Tampered: the ledger, the pointer, a candidate or its features were changed.
        GateShut: the pointer is not what the ledger says, since a release is under way or an old one was put back.
    """
    store.ledger.verify()
    past = store.ledger.past(product)
    now = standing(past)
    pointer, today = current_pointer(store, product, now), current_plan(past)
    names = sorted({*pointer.champion.values(), pointer.canary, pointer.baseline} - {""})
    if not names:
        fix = "Release a candidate to a cohort."
        raise NotFound(Mistake("serve.nothing_released", product, "Nothing answers people yet.", fix=fix))
    pinned = pinned_snapshot(past)
    challenger = now.challenger if now.challenger_step == SHADOW else ""
    ready = {name: _ready(store, past, today, name, pinned) for name in names}
    if challenger:
        ready[challenger] = _ready(store, past, today, challenger, pinned)
    for one in ready.values():
        one.warm()
    plan = plan_in_use(today, past)
    answering = {name: ready[name].answerer for name in names}
    inputs = {
        name: Inputs(plan, answering, consumer.asks_by)
        for name, consumer in plan.consumers.items()
        if consumer.mode != "list"
    }
    return Serving(
        plan, pointer, pinned, ready, stand_in(past), challenger, inputs, keeping(today, store.keys.folder).kept
    )


def is_current(serving: Serving, store: Store) -> bool:
    """Whether nothing was released and no list was made since.

    Raises:
        Tampered: the pointer was edited.
        GateShut: it is not what the ledger says.
    """
    past = store.ledger.past(serving.plan.product)
    standing_now = standing(past)
    pointer = current_pointer(store, serving.plan.product, standing_now)
    challenger = standing_now.challenger if standing_now.challenger_step == SHADOW else ""
    now = (pointer.digest, pinned_snapshot(past), stand_in(past), challenger)
    if any(store.files.current(one.features_ref) != one.features_ref for one in serving.ready.values()):
        return False  # somebody was erased from what is held in memory
    return now == (serving.pointer.digest, serving.pinned, serving.stand_in, serving.challenger)


def pinned_snapshot(past: Past) -> Pinned:
    """The snapshot of the newest list for people, so that both give the same number; the newest one before any list.

    Raises:
        NotFound: there is none yet.
    """
    listed = past.fold(LISTED)
    if listed:
        return Pinned(listed["snapshot"], read_moment(listed["as_of"]))
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
    reference = store.files.current(reference)
    features = kept_features(answerer, store.files.table(reference))
    entities, explores = rows["entity"].to_pylist(), PROPENSITY.name in rows.column_names
    return Ready(
        answerer=answerer,
        features=features,
        features_ref=reference,
        as_of=pinned.as_of,
        decisions=dict(zip(entities, rows["decision"].to_pylist(), strict=True)),
        cohorts=dict(zip(entities, rows["cohort"].to_pylist(), strict=True)),
        rule=plan.decision,
        product=plan.product,
        chances=dict(zip(entities, rows[PROPENSITY.name].to_pylist(), strict=True)) if explores else {},
        cut=cut_of(np.asarray(rows["score"].to_numpy(), dtype=np.float64), plan.decision),
    )


def _made_now(store: Store, past: Past, plan: Plan, answerer: Answerer, pinned: Pinned) -> tuple[pa.Table, str]:
    """The answers of a candidate that took no part in the newest list, and the digest of its features."""
    taken = past.of(SnapshotTaken, about=pinned.snapshot)[-1].what
    kept = keeping(plan, store.keys.folder)
    found = answers(
        answerer,
        plan,
        Part(answerer.made.candidate, (), SHADOW),
        tables(store.files, taken, plan, pinned.as_of),
        run="serve",
        consumer="",
        time=pinned.as_of,
        as_of=pinned.as_of,
        keep=lambda features: store.files.put_table(kept.table(features_table(features))),
    )
    return found.rows, found.features
