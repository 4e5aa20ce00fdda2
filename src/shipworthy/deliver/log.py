"""The prediction log: every answer given, in sealed segments of one shape that is fixed for good."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_MOMENT = pa.timestamp("us", tz="UTC")
ANSWERS = pa.schema(
    [
        ("answer_id", pa.string()),  # names this answer for good
        ("time", _MOMENT),  # when it was given, in the product's time
        ("as_of", _MOMENT),  # before which everything it rests on had happened
        ("entity", pa.string()),
        ("candidate", pa.string()),  # digest of what answered
        ("inputs", pa.string()),  # the inputs as JSON, empty where `inputs_ref` names them
        ("inputs_ref", pa.string()),  # digest of the feature table that holds them, empty otherwise
        ("score", pa.float64()),
        ("decision", pa.string()),
        ("reasons", pa.list_(pa.string())),
        ("consumer", pa.string()),
        ("step", pa.string()),  # release step: rehearsal, shadow, cohort, all
        ("cohort", pa.string()),
    ]
)
_REPEATED = ("candidate", "inputs", "inputs_ref", "decision", "consumer", "step", "cohort")
COMPACT = pa.schema([(f.name, pa.dictionary(pa.int32(), f.type) if f.name in _REPEATED else f.type) for f in ANSWERS])
"""The same columns as they are written where there are many rows; read back, they are those of ANSWERS."""


def answer_id(run: str, candidate: str, entity: str) -> str:
    """The name of one answer given by itself: its run in the first 12 digits, then run, candidate and entity together.

    >>> answer_id("r", "c", "1")[:12] == answer_id("r", "d", "2")[:12]
    True
    """
    whole = hashlib.sha256(f"{run}\0{candidate}\0{entity}".encode()).hexdigest()
    return f"{run_prefix(run)}{whole[:20]}"


def run_prefix(run: str) -> str:
    """The first 12 digits of every answer id of a run."""
    return hashlib.sha256(run.encode()).hexdigest()[:12]


def answer_ids(run: str, candidate: str, rows: int, first: int = 0) -> pa.Array:
    """The names of the answers of a list: run and candidate, then the place of each answer in it, 12 digits.

    Made for all rows at once: the place says as much as a hash of the entity, since a run's list is made once.

    >>> [name[20:] for name in answer_ids("r", "c", 2, first=9).to_pylist()]
    ['000000000009', '000000000010']
    """
    start = run_prefix(run) + hashlib.sha256(f"{run}\0{candidate}".encode()).hexdigest()[:8]
    places = pc.utf8_lpad(pc.cast(pa.array(np.arange(first, first + rows)), pa.string()), 12, "0")
    return pc.binary_join_element_wise(start, places, "")


def answers_table(
    *,
    run: str,
    time: datetime,
    as_of: datetime,
    candidate: str,
    entities: Sequence[str] | pa.Array,
    scores: Sequence[float] | npt.NDArray[np.float64],
    decisions: Sequence[str] | pa.Array,
    reasons: Sequence[list[str]] | None,
    cohorts: Sequence[str] | pa.Array,
    steps: Sequence[str] | pa.Array,
    consumer: str,
    inputs_ref: str,
    first: int = 0,
) -> pa.Table:
    """The answers of one candidate in one run, in the shape of the prediction log.

    Args:
        reasons: of each answer; None where the plan asks for none.
        first: how many answers of the run come before these.
    """
    rows = len(entities)
    columns: dict[str, Any] = {
        "answer_id": answer_ids(run, candidate, rows, first),
        "time": pa.scalar(time, _MOMENT),
        "as_of": pa.scalar(as_of, _MOMENT),
        "entity": entities,
        "candidate": candidate,
        "inputs": "",
        "inputs_ref": inputs_ref,
        "score": scores,
        "decision": decisions,
        "reasons": _none(rows) if reasons is None else reasons,
        "consumer": consumer,
        "step": steps,
        "cohort": cohorts,
    }
    return pa.table([_column(columns[field.name], field.type, rows) for field in ANSWERS], schema=ANSWERS)


def _column(value: Any, type_: pa.DataType, rows: int) -> pa.Array | pa.ChunkedArray:
    if isinstance(value, str | pa.Scalar):
        return pa.repeat(value if isinstance(value, pa.Scalar) else pa.scalar(value, type_), rows)
    if isinstance(value, pa.Array | pa.ChunkedArray):
        return value if value.type == type_ else pc.cast(value, type_)
    return pa.array(value, type=type_)


def _none(rows: int) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(np.zeros(rows + 1, np.int32)), pa.array([], pa.string()))
