"""Bringing a list to its sinks: checked on the way out, tried three times, a receipt for each sink."""

from __future__ import annotations

import time as machine
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
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
from shipworthy.deliver.check import Outgoing, on_the_way_out
from shipworthy.deliver.content import Content
from shipworthy.deliver.passing import counted, in_pieces, pieces
from shipworthy.deliver.rules import failed_checks, output
from shipworthy.deliver.run import SHADOW, Receipt, Result, Run
from shipworthy.deliver.sink import SinkKind, Target
from shipworthy.edges.road import Trip

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
        return on_the_way_out(counted(trip.store.files, run, results))
    rows = _rows_for_people(trip, results)
    shape = output(rows, run.consumer, run.plan.need.entity, run.plan.decision.yes)
    return on_the_way_out(Outgoing(run.plan, run.consumer_name, run.consumer, rows, shape))


def _rows_for_people(trip: Trip, results: Sequence[Result]) -> pa.Table:
    rows = pa.concat_tables([trip.store.files.table(result.segment) for result in results if not result.broken])
    return rows.filter(pc.not_equal(rows["step"], SHADOW))


def _bring(
    trip: Trip, run: Run, sink_name: str, results: Sequence[Result], notice: str, checks: list[dict[str, Any]]
) -> Any:
    judged = reader(list[CheckResult]).validate_python(checks)
    receipt = Receipt(sink_name, 0, "", notice, judged)
    if in_pieces(run):
        rows = partial(pieces, trip.store.files, run, results)
    else:
        whole = output(_rows_for_people(trip, results), run.consumer, run.plan.need.entity, run.plan.decision.yes)
        rows = partial(iter, [whole])
    failed = failed_checks(judged)
    if failed:
        return plain(_failed(receipt, rows, f"{failed[0].check}: {failed[0].found}"))
    return plain(_written(trip, run, receipt, rows))


def _written(trip: Trip, run: Run, receipt: Receipt, rows: Callable[[], Iterator[pa.Table]]) -> Receipt:
    """Write to one sink, tried three times; the receipt, or the reason why not."""
    sink = kind("deliver/sinks", run.plan.sinks[receipt.sink].kind, SinkKind)
    target = _target(trip, run, receipt)
    for pause in (*PAUSES, None):
        content = Content()
        try:
            where = _put(sink, target, content.passing(rows()))
            return replace(receipt, where=where, rows=content.rows, content=content.digest())
        except UserError as error:
            return _failed(receipt, rows, error.mistakes[0].found)
        except OSError as error:
            if pause is None:
                return _failed(receipt, rows, f"{type(error).__name__}: {error.strerror or error}")
            machine.sleep(pause)
    raise AssertionError("the last try either returns or gives the reason")


def _put(sink: SinkKind, target: Target, rows: Iterator[pa.Table]) -> str:
    if sink.stream is None:
        return sink.write(target, pa.concat_tables(list(rows)))
    first = next(rows)
    batches = (batch for piece in chain([first], rows) for batch in piece.to_batches())
    return sink.stream(target, pa.RecordBatchReader.from_batches(first.schema, batches))


def _failed(receipt: Receipt, rows: Callable[[], Iterator[pa.Table]], why: str) -> Receipt:
    """The receipt of rows that were not brought: which they were, and why."""
    content = Content()
    deque(content.passing(rows()), maxlen=0)
    return replace(receipt, rows=content.rows, content=content.digest(), failed=why)


def _target(trip: Trip, run: Run, receipt: Receipt) -> Target:
    sink = run.plan.sinks[receipt.sink]
    rehearsal = run.trial == "rehearsal"
    path = sink.rehearsal if rehearsal and sink.path else sink.path
    table = sink.rehearsal if rehearsal and sink.table else sink.table
    filled = path.replace("{as_of}", f"{run.moment:%Y-%m-%d}").replace("{run}", digest_of(run.name)[:12])
    store = trip.store
    return Target(store.folder(trip.product), filled, sink.url, table, run.name, receipt.notice, store.closed)
