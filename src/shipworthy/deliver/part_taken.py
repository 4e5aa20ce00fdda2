"""One candidate's part in a run: from the snapshot to its stored answers, or why it could not answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.digest import plain
from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.times import read_moment
from shipworthy.data.reading import tables
from shipworthy.data.words import SnapshotTaken
from shipworthy.deliver.answering import Answered, answers, counted, features_table, recent
from shipworthy.deliver.by_row import answer_rows
from shipworthy.deliver.engine import engine_of
from shipworthy.deliver.privacy import keeping
from shipworthy.deliver.run import SHADOW, Part, Result, Run, Used
from shipworthy.edges.files import Files
from shipworthy.edges.road import Trip
from shipworthy.model.answering import load
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan
from shipworthy.release.beside import unlike
from shipworthy.release.signed import plan_as_signed
from shipworthy.release.words import CANARY
from shipworthy.sign.rules import candidate_made


def part_taken(trip: Trip, run: Run, part: Part, used: Used) -> Any:
    """What came of one candidate's part in a run, as plain values: its answers, stored, or why it could not answer."""
    try:
        return plain(_answer(trip, run, part, used))
    except UserError as error:
        why = f"The candidate {part.candidate[:12]} could not answer: {error.mistakes[0].found}"
        beside = "" if run.trial else part.step
        lost = Result("", part.candidate, 0, 0, 0.0, broken=why, shadow=beside == SHADOW, canary=beside == CANARY)
        return plain(lost)


def _answer(trip: Trip, run: Run, part: Part, used: Used) -> Result:
    files, past = trip.store.files, trip.past
    taken = past.of(SnapshotTaken, about=used.snapshot)[-1].what
    as_of = read_moment(used.as_of)
    today = current_plan(past)
    answerer = load(files, candidate_made(past, part.candidate), today)
    plan = plan_as_signed(today, past, part.candidate)
    if other := unlike(plan, run.plan):
        raise UserError(Mistake("release.other_answer", f"candidate {part.candidate[:12]}", other))
    kept = keeping(plan, trip.store.keys.folder)
    if plan.data.by_row:
        return answer_rows(
            files,
            answerer,
            plan,
            part,
            taken,
            run=run.name,
            consumer=run.consumer_name,
            time=trip.at,
            as_of=as_of,
            carried_by=engine_of(trip.store.environ),
            kept=kept,
        )
    sources = tables(files, taken, plan, as_of)
    found = answers(
        answerer,
        plan,
        part,
        sources,
        run=run.name,
        consumer=run.consumer_name,
        time=trip.at,
        as_of=as_of,
        keep=lambda features: files.put_table(kept.table(features_table(features))),
    )
    return _stored(part, found, files, _entities_due(plan, sources, as_of, found))


def _stored(part: Part, found: Answered, files: Files, due: int) -> Result:
    return Result(
        segment=files.put_table(found.rows),
        candidate=part.candidate,
        rows=len(found.rows),
        real=found.real,
        mean_score=found.mean_score,
        due=due,
        known=found.known,
        unscored=found.unscored,
        features=found.features,
        steps=counted(found.rows["step"]),
        canary=part.step == CANARY,
    )


def _entities_due(plan: Plan, sources: dict[str, pa.Table], as_of: datetime, found: Answered) -> int:
    """How many entities are due: everybody the plan declares so, and whoever was answered besides."""
    named = set(found.rows["entity"].to_pylist())
    declared = plan.data.due
    entity = plan.need.entity
    for name, table in sources.items():
        if entity in table.column_names and declared is None:
            named |= _names(table[entity])
        elif declared is not None and name == declared.source:
            named |= _names(recent(plan, table, as_of)[entity])
    return max(len(named), found.known)


def _names(column: pa.ChunkedArray) -> set[str]:
    return {str(name) for name in pc.unique(column).to_pylist() if name is not None}
