"""The prediction log: every answer given, in sealed segments of one shape that is fixed for good."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

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


def answer_id(run: str, candidate: str, entity: str) -> str:
    """The name of one answer: its run in the first 12 digits, then run, candidate and entity together.

    >>> answer_id("r", "c", "1")[:12] == answer_id("r", "d", "2")[:12]
    True
    """
    whole = hashlib.sha256(f"{run}\0{candidate}\0{entity}".encode()).hexdigest()
    return f"{run_prefix(run)}{whole[:20]}"


def run_prefix(run: str) -> str:
    """The first 12 digits of every answer id of a run."""
    return hashlib.sha256(run.encode()).hexdigest()[:12]


def answers_table(
    *,
    run: str,
    time: datetime,
    as_of: datetime,
    candidate: str,
    entities: Sequence[str],
    scores: Sequence[float],
    decisions: Sequence[str],
    reasons: Sequence[list[str]],
    cohorts: Sequence[str],
    steps: Sequence[str],
    consumer: str,
    inputs_ref: str,
) -> pa.Table:
    """The answers of one candidate in one run, in the shape of the prediction log."""
    rows = len(entities)
    columns: dict[str, Iterable[Any]] = {
        "answer_id": [answer_id(run, candidate, entity) for entity in entities],
        "time": [time] * rows,
        "as_of": [as_of] * rows,
        "entity": entities,
        "candidate": [candidate] * rows,
        "inputs": [""] * rows,
        "inputs_ref": [inputs_ref] * rows,
        "score": scores,
        "decision": decisions,
        "reasons": reasons,
        "consumer": [consumer] * rows,
        "step": steps,
        "cohort": cohorts,
    }
    return pa.table([pa.array(columns[field.name], type=field.type) for field in ANSWERS], schema=ANSWERS)
