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

from shipworthy.model.classes import chosen
from shipworthy.model.exploring import PROPENSITY as PROPENSITY

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
"""The same columns as they are made and written where there are many rows; read back, they are those of ANSWERS."""
REPEATED = (*_REPEATED, "time", "as_of")
_DAY = 86_400_000_000  # microseconds
_FOUR_DIGITS = np.frombuffer("".join(f"{number:04}" for number in range(10_000)).encode(), np.uint32)

REFUSALS = pa.schema(
    [
        ("refusal_id", pa.string()),
        ("time", _MOMENT),  # in the product's time
        ("entity", pa.string()),  # empty where the question named none
        ("consumer", pa.string()),
        ("code", pa.string()),  # of the mistake, as `shipworthy explain` knows it
        ("field", pa.string()),  # which field of the question, without its value
    ]
)


CLASSES = (pa.field("class", pa.string()), pa.field("likely", pa.list_(pa.float64())))
"""Two more columns where an answer is a class: its name, and the probability of each in the candidate's order."""
COMPACT_CLASSES = (pa.field("class", pa.dictionary(pa.int32(), pa.string())), CLASSES[1])
NOTICE = pa.field("notice", pa.string())
"""Why an answer does not come from the model as released, as its receiver was told, without values of the question: one
more column where one was told so by the prediction server or a stream; empty for the others."""
TRACE = pa.field("trace", pa.string())
"""The caller's trace id by W3C Trace Context, 32 digits: one more column of answers or refusals where one was given."""


def with_classes(table: pa.Table, names: Sequence[str], likely: npt.NDArray[np.float64]) -> pa.Table:
    """Answers with their classes, in the shape in which they are made and written.

    Args:
        names: all classes, in order.
        likely: the probability of each class per row.
    """
    rows, count = likely.shape
    named = pa.DictionaryArray.from_arrays(pa.array(chosen(likely).astype(np.int32)), pa.array(names, pa.string()))
    ends = pa.array(np.arange(rows + 1, dtype=np.int32) * np.int32(count))
    shares = pa.ListArray.from_arrays(ends, pa.array(likely.reshape(-1)))
    return table.append_column(COMPACT_CLASSES[0], named).append_column(COMPACT_CLASSES[1], shares)


def compact(answer: str, explores: bool = False) -> pa.Schema:
    """The columns of a product's answers as they are made and written where there are many rows."""
    return pa.schema([*COMPACT, *(COMPACT_CLASSES if answer == "class" else ()), *([PROPENSITY] if explores else [])])


def days(answers: pa.Table) -> pa.Array:
    """The beginning of the day, in UTC, on which each answer was given, if its question brought the inputs; else null.

    Each of these answers is as of an instant of its own; a day of them is judged together.
    """
    since = np.asarray(answers["as_of"].cast(pa.int64()), dtype=np.int64)
    stored = np.asarray(pc.not_equal(answers["inputs_ref"], ""))
    return pa.array(since // _DAY * _DAY, mask=stored).cast(_MOMENT)


def windows(answers: pa.Table) -> dict[str, dict[str, int]]:
    """How many answers each candidate gave for each window, see `AnswersSealed.windows`."""
    found: dict[str, dict[str, int]] = {}
    table = pa.table({"day": days(answers), "as_of": answers["as_of"], "candidate": answers["candidate"]})
    stored = pc.if_else(pc.is_null(table["day"]), table["as_of"], pa.scalar(None, _MOMENT))
    counted = (
        table.set_column(1, "as_of", stored).group_by(["day", "as_of", "candidate"]).aggregate([([], "count_all")])
    )
    for one in counted.to_pylist():
        window = one["as_of"].isoformat() if one["day"] is None else one["day"].date().isoformat()
        found.setdefault(window, {})[one["candidate"]] = one["count_all"]
    return dict(sorted(found.items()))


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
    letters = np.empty((rows, 8), np.uint32)  # four letters each
    for group, four in enumerate(np.frombuffer(start.encode(), np.uint32)):
        letters[:, group] = four
    at = 0
    while at < rows:  # as long as only the last four digits change
        upper, last = divmod(first + at, 10_000)
        there = letters[at : at + 10_000 - last]
        there[:, 5], there[:, 6] = _FOUR_DIGITS[upper // 10_000], _FOUR_DIGITS[upper % 10_000]
        there[:, 7] = _FOUR_DIGITS[last : last + len(there)]
        at += len(there)
    ends = np.arange(rows + 1, dtype=np.int32) * np.int32(32)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(ends), pa.py_buffer(letters))


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
    first: int | None = 0,
) -> pa.Table:
    """The answers of one candidate in one run, in the shape of the prediction log, what repeats being there once.

    Args:
        reasons: of each answer; None where the plan asks for none.
        first: how many answers of the run come before these; None where they get their ids later.
    """
    rows = len(entities)
    columns: dict[str, Any] = {
        "answer_id": pa.nulls(rows, pa.string()) if first is None else answer_ids(run, candidate, rows, first),
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
    return pa.table([_column(columns[field.name], field.type, rows) for field in COMPACT], schema=COMPACT)


def _column(value: Any, type_: pa.DataType, rows: int) -> pa.Array | pa.ChunkedArray:
    if isinstance(value, str):
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([value]))
    if isinstance(value, pa.Scalar):
        return pa.repeat(value, rows)
    column = value if isinstance(value, pa.Array | pa.ChunkedArray) else pa.array(value)
    if pa.types.is_dictionary(type_) and not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column.cast(pa.string()))
    return column if column.type == type_ else column.cast(type_)


def _none(rows: int) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(np.zeros(rows + 1, np.int32)), pa.array([], pa.string()))
