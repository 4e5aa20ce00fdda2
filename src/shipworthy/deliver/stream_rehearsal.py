"""The rehearsal of a stream: a candidate's answers leave as messages to the rehearsal topic, and to nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import pyarrow as pa

from shipworthy.base.errors import UserError
from shipworthy.deliver.asked import EVENT_HEADERS, Asked, answer_message
from shipworthy.deliver.content import content_digest
from shipworthy.deliver.passing import looked_at
from shipworthy.deliver.rules import values_in, with_ends, with_values
from shipworthy.deliver.run import WAY, Receipt, Result, Run
from shipworthy.deliver.streaming import SOONEST_AGAIN, reader_name, route_of
from shipworthy.edges.broker import Away, Lost, Route, Sending, address, line_to
from shipworthy.edges.road import Trip
from shipworthy.edges.store import Store
from shipworthy.model.intervals import Intervals
from shipworthy.sign.rules import candidate_made

MOST_REHEARSED = 10_000
"""How many answers at most are published in a rehearsal: it tries the route, and need not fill it."""


def way(run: Run) -> str:
    """The name under which a rehearsal over a stream stands in the accounts, beside the names of sinks."""
    return f"{WAY}{route_of(run.plan, run.consumer_name).broker}"


def rehearsed(trip: Trip, run: Run, results: Sequence[Result], notice: str) -> Receipt:
    """Publish the answers to the rehearsal topic; the receipt, or the reason why they could not be.

    The line is opened for that topic alone, so nothing of it can reach the answers. Published again after a crash,
    an answer has the name it had.
    """
    rows = _rows(trip, run, results)
    receipt = Receipt(way(run), len(rows), content_digest([rows]), notice, [])
    try:
        asyncio.run(_published(trip.store, run, rows, notice))
    except UserError as error:
        return replace(receipt, failed=error.mistakes[0].found)
    except (Away, Lost) as error:
        return replace(receipt, failed=f"The broker was not reached, or did not take it: {error}")
    return replace(receipt, where=route_of(run.plan, run.consumer_name).rehearsal)


def _rows(trip: Trip, run: Run, results: Sequence[Result]) -> pa.Table:
    """What is published, in the order in which it was answered, with intervals where a candidate was made with them."""
    made = [_whole(trip, run, result) for result in results if not result.broken]
    return pa.concat_tables(made).slice(0, MOST_REHEARSED)


def _whole(trip: Trip, run: Run, result: Result) -> pa.Table:
    files = trip.store.files
    profile = files.get(candidate_made(trip.past, result.candidate).files["profile"])
    rows = with_ends(files.table(result.segment), Intervals.read(json.loads(profile)))
    if not (needed := run.consumer.needs_values):
        return rows
    entity, inputs = looked_at(files, result.features, run.plan.need.entity, needed)
    return with_values(rows, inputs, entity, needed)


async def _published(store: Store, run: Run, rows: pa.Table, notice: str) -> None:
    found = route_of(run.plan, run.consumer_name)
    broker = run.plan.brokers[found.broker]
    route = Route(
        url=address(broker.url, store.environ),
        reader=f"{reader_name(run.plan.product, run.consumer_name)}-rehearsal",
        sends=(found.rehearsal,),
        at_once=found.at_once,
        again_after=SOONEST_AGAIN,
    )
    line = line_to(broker.kind, route)
    await line.open(None)
    try:
        messages = _messages(run, rows, found.rehearsal, notice)
        while some := list(islice(messages, found.at_once)):
            await line.settle(some, [])
    finally:
        await line.close()


def _messages(run: Run, rows: pa.Table, topic: str, notice: str) -> Iterator[Sending]:
    plan = run.plan
    source = f"shipworthy/{plan.product}/{run.consumer_name}"
    for row in (row for batch in rows.to_batches() for row in batch.to_pylist()):
        # Nobody asked: the answer's own name stands for the question's.
        question = Asked(row["answer_id"], f"rehearsal-{row['answer_id']}", "", {})
        row["values"] = values_in(row, run.consumer.needs_values)
        body = answer_message(question, _plain(row), notice, source, plan.need.entity, plan.need.classes)
        yield Sending(topic, body, EVENT_HEADERS, row["answer_id"])


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "time": row["time"].isoformat(), "as_of": row["as_of"].isoformat()}
