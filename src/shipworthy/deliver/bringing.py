"""Bringing a list to its sinks: checked on the way out, tried three times, a receipt for each sink."""

from __future__ import annotations

import json
import time as machine
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.check import CheckResult
from shipworthy.base.digest import digest_of, plain
from shipworthy.base.errors import UserError
from shipworthy.base.fact import reader
from shipworthy.base.kinds import kind
from shipworthy.base.times import midnight
from shipworthy.deliver.check import Outgoing, on_the_way_out
from shipworthy.deliver.content import Content
from shipworthy.deliver.link import Link, holds_until
from shipworthy.deliver.passing import counted, in_pieces, looked_at, pieces
from shipworthy.deliver.rules import (
    INTERVAL,
    PROBABILITIES,
    delivery_name,
    failed_checks,
    output,
    with_ends,
    with_probabilities,
    with_values,
)
from shipworthy.deliver.run import SHADOW, Receipt, Result, Run
from shipworthy.deliver.sink import Confirmed, SinkKind, Target
from shipworthy.edges.road import Trip
from shipworthy.edges.store import Store
from shipworthy.model.classes import named
from shipworthy.model.intervals import Intervals
from shipworthy.plan.schema import Sink
from shipworthy.sign.rules import candidate_made

PAUSES = (0.2, 1.0)  # seconds before the second and the third try of a delivery


def brought(trip: Trip, run: Run, results: Sequence[Result], sinks: Sequence[str], notice: str) -> list[Receipt]:
    """One receipt per sink; a shadow reaches nobody."""
    if run.trial == SHADOW:
        return []
    checks = trip.step("check what goes out", lambda: plain(_checked(trip, run, results)))
    receipts = [
        trip.step(f"deliver to {sink}", partial(_bring, trip, run, sink, results, notice, checks)) for sink in sinks
    ]
    return [reader(Receipt).validate_python(receipt) for receipt in receipts]


def _checked(trip: Trip, run: Run, results: Sequence[Result]) -> list[CheckResult]:
    if in_pieces(run):
        return on_the_way_out(counted(trip.store.files, run, results, partial(_ended, trip, run)))
    rows = _rows_for_people(trip, run, results)
    shape = output(rows, run.consumer, run.plan.need.entity, run.plan.decision.yes)
    return on_the_way_out(Outgoing(run.plan, run.consumer_name, run.consumer, rows, shape))


def _rows_for_people(trip: Trip, run: Run, results: Sequence[Result]) -> pa.Table:
    tables = [
        _ended(trip, run, result)(trip.store.files.table(result.segment)) for result in results if not result.broken
    ]
    rows = pa.concat_tables(tables, promote_options="permissive")
    return rows.filter(pc.not_equal(rows["step"], SHADOW))


def _ended(trip: Trip, run: Run, result: Result) -> Callable[[pa.Table], pa.Table]:
    """Gives answers of one candidate intervals, probabilities by class and values of inputs, where asked for."""
    wanted = run.consumer.columns
    ends, shares, values = any(name in INTERVAL for name in wanted), PROBABILITIES in wanted, run.consumer.needs_values
    if not ends and not shares and not values:
        return lambda rows: rows
    entity, inputs = run.plan.need.entity, None
    if values:
        entity, inputs = looked_at(trip.store.files, result.features, entity, values)
    made = candidate_made(trip.past, result.candidate)
    profile = json.loads(trip.store.files.get(made.files["profile"]))
    intervals, classes = Intervals.read(profile), run.plan.need.classes

    def ended(rows: pa.Table) -> pa.Table:
        rows = with_ends(rows, intervals) if ends else rows
        rows = rows if inputs is None else with_values(rows, inputs, entity, values)
        return with_probabilities(rows, named(profile), classes) if shares else rows

    return ended


def _bring(
    trip: Trip, run: Run, sink_name: str, results: Sequence[Result], notice: str, checks: list[dict[str, Any]]
) -> Any:
    judged = reader(list[CheckResult]).validate_python(checks)
    receipt = Receipt(sink_name, 0, "", notice, judged)
    if in_pieces(run):
        rows = partial(pieces, trip.store.files, run, results, partial(_ended, trip, run))
    else:
        whole = output(_rows_for_people(trip, run, results), run.consumer, run.plan.need.entity, run.plan.decision.yes)
        rows = partial(iter, [whole])
    failed = failed_checks(judged)
    if failed:
        return plain(_failed(receipt, rows, f"{failed[0].check}: {failed[0].found}"))
    return plain(_written(trip, run, receipt, rows))


def _written(trip: Trip, run: Run, receipt: Receipt, rows: Callable[[], Iterator[pa.Table]]) -> Receipt:
    """Write to one sink, tried three times; the receipt, or the reason why not."""
    try:
        member = kind("deliver/sinks", run.plan.sinks[receipt.sink].kind, SinkKind)
        goal = target(trip.store, run, receipt.sink, receipt.notice, trip.at)
    except UserError as error:
        return _failed(receipt, rows, error.mistakes[0].found)
    for pause in (*PAUSES, None):
        content = Content()
        try:
            where = _put(member, goal, content.passing(rows()))
            return replace(receipt, where=where, rows=content.rows, content=content.digest())
        except UserError as error:
            return _failed(receipt, rows, error.mistakes[0].found)
        except OSError as error:
            if pause is None:
                return _failed(receipt, rows, f"{type(error).__name__}: {error.strerror or error}")
            machine.sleep(pause)
        except Exception as error:  # a fault in one sink takes nothing from the others; its text may hold a secret
            return _failed(receipt, rows, f"A fault in the sink itself: {type(error).__name__}.")
    raise AssertionError("the last try either returns or gives the reason")


def _put(sink: SinkKind, goal: Target, rows: Iterator[pa.Table]) -> str:
    if sink.stream is None:
        return sink.write(goal, pa.concat_tables(list(rows)))
    first = next(rows)
    batches = (batch for piece in chain([first], rows) for batch in piece.to_batches())
    return sink.stream(goal, pa.RecordBatchReader.from_batches(first.schema, batches))


def _failed(receipt: Receipt, rows: Callable[[], Iterator[pa.Table]], why: str) -> Receipt:
    """The receipt of rows that were not brought: which they were, and why."""
    content = Content()
    deque(content.passing(rows()), maxlen=0)
    return replace(receipt, rows=content.rows, content=content.digest(), failed=why)


def target(store: Store, run: Run, sink_name: str, notice: str = "", at: datetime | None = None) -> Target:
    """Where a run's rows go through one sink: the real place, or that of the rehearsal.

    Args:
        at: when they are brought; without it nothing can be confirmed, as for a probe.
    """
    sink = run.plan.sinks[sink_name]
    rehearsal = run.trial == "rehearsal"
    real = {"path": sink.path, "table": sink.table, "url": sink.url, "to": ", ".join(sink.to)}
    place = real | ({_rehearses(sink): sink.rehearsal} if rehearsal else {})
    delivery = delivery_name(run.name, sink_name)
    return Target(
        folder=store.folder(run.plan.product),
        path=place["path"].replace("{as_of}", _moment(run)).replace("{run}", digest_of(run.name)[:12]),
        url=place["url"],
        table=place["table"],
        run=run.name,
        notice=notice,
        closed=store.closed,
        name=sink_name,
        to=tuple(filter(None, (person.strip() for person in place["to"].split(",")))),
        declared=sink,
        product=run.plan.product,
        consumer=run.consumer_name,
        as_of=run.moment.isoformat(),
        delivery=delivery,
        rehearsal=rehearsal,
        environ=store.environ,
        # A rehearsal tries the whole route each time, so nothing of it is remembered.
        confirmed=Confirmed(None if run.trial else store.home / "confirmed" / f"{delivery}.txt"),
        receipt=_receipt(store, run, delivery, at),
    )


def _receipt(store: Store, run: Run, delivery: str, at: datetime | None) -> str:
    """The link by which the receiver can say that a list arrived; none for a list that nobody may act on as on a new
    one, and none where the pages have no address that people can open.
    """
    if at is None or run.back_fill or not store.pages:
        return ""
    link = Link(run.plan.product, run.consumer_name, delivery, holds_until(run.consumer, at))
    return f"{store.pages}{link.path(store.keys)}"


def _rehearses(sink: Sink) -> str:
    """The field that `rehearsal` stands for."""
    named = kind("deliver/sinks", sink.kind, SinkKind).rehearses
    return "table" if named == "path" and sink.table else named


def _moment(run: Run) -> str:
    """The moment of a list in a file's name, so exact that no two lists of a consumer have the same.

    The lists of a cadence of days or more lie at midnight; what was asked for besides says its time too.
    """
    every = run.consumer.every
    day = every is None or every.days >= 1
    at_midnight = run.moment == midnight(run.moment.date())
    return f"{run.moment:%Y-%m-%d}" if day and at_midnight else f"{run.moment:%Y-%m-%dT%H%M%S}"


def target_of(store: Store, product: str, sink: Sink, rehearsal: bool, moment: datetime, run: str) -> Target:
    """Where the rows of a run of long ago went at one sink, for whoever takes rows away again."""
    path = sink.rehearsal if rehearsal and sink.path else sink.path
    table = sink.rehearsal if rehearsal and sink.table else sink.table
    day = f"{moment:%Y-%m-%d}" if moment == midnight(moment.date()) else f"{moment:%Y-%m-%dT%H%M%S}"
    return Target(
        folder=store.folder(product),
        path=path.replace("{as_of}", day).replace("{run}", digest_of(run)[:12]),
        url=sink.url,
        table=table,
        run=run,
        closed=store.closed,
        declared=sink,
        product=product,
        rehearsal=rehearsal,
        environ=store.environ,
    )
