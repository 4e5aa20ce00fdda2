"""Bringing a list to its sinks: checked on the way out, tried three times, a receipt for each sink."""

from __future__ import annotations

import time as machine
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.check import CheckResult
from shipworthy.base.digest import digest_of, plain
from shipworthy.base.errors import UserError
from shipworthy.base.fact import reader
from shipworthy.base.kinds import kind
from shipworthy.deliver.check import Outgoing, on_the_way_out
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
    rows = _rows_for_people(trip, results)
    shape = output(rows, run.consumer, run.plan.need.entity, run.plan.decision.yes)
    return on_the_way_out(Outgoing(run.plan, run.consumer_name, run.consumer, rows, shape))


def _rows_for_people(trip: Trip, results: Sequence[Result]) -> pa.Table:
    rows = pa.concat_tables([trip.store.files.table(result.segment) for result in results if not result.broken])
    return rows.filter(pc.not_equal(rows["step"], SHADOW))


def _bring(
    trip: Trip, run: Run, sink_name: str, results: Sequence[Result], notice: str, checks: list[dict[str, Any]]
) -> Any:
    rows = output(_rows_for_people(trip, results), run.consumer, run.plan.need.entity, run.plan.decision.yes)
    judged = reader(list[CheckResult]).validate_python(checks)
    content = digest_of({name: rows[name].to_pylist() for name in rows.column_names})
    receipt = Receipt(sink_name, len(rows), content, notice, judged)
    failed = failed_checks(judged)
    if failed:
        return plain(replace(receipt, failed=f"{failed[0].check}: {failed[0].found}"))
    return plain(_written(trip, run, receipt, rows))


def _written(trip: Trip, run: Run, receipt: Receipt, rows: pa.Table) -> Receipt:
    """Write to one sink, tried three times; the receipt, or the reason why not."""
    write = kind("deliver/sinks", run.plan.sinks[receipt.sink].kind, SinkKind).write
    target = _target(trip, run, receipt)
    for pause in (*PAUSES, None):
        try:
            return replace(receipt, where=write(target, rows))
        except UserError as error:
            return replace(receipt, failed=error.mistakes[0].found)
        except OSError as error:
            if pause is None:
                return replace(receipt, failed=f"{type(error).__name__}: {error.strerror or error}")
            machine.sleep(pause)
    raise AssertionError("the last try either returns or gives the reason")


def _as_of(run: Run) -> str:
    """The moment as it stands in a file's name; two arrivals on one day make two files."""
    return f"{run.moment:%Y-%m-%d}" if run.consumer.when == "schedule" else f"{run.moment:%Y-%m-%dT%H%M%SZ}"


def _target(trip: Trip, run: Run, receipt: Receipt) -> Target:
    sink = run.plan.sinks[receipt.sink]
    rehearsal = run.trial == "rehearsal"
    path = sink.rehearsal if rehearsal and sink.path else sink.path
    table = sink.rehearsal if rehearsal and sink.table else sink.table
    filled = path.replace("{as_of}", _as_of(run)).replace("{run}", digest_of(run.name)[:12])
    store = trip.store
    return Target(store.folder(trip.product), filled, sink.url, table, run.name, receipt.notice, store.closed)
