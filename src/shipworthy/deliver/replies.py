"""An answer in real time, and what its receiver reads of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from shipworthy.deliver.inputs import Value

_GIVEN = ("answer_id", "as_of", "candidate", "score", "decision", "reasons", "step", "cohort")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as a row of the prediction log, and what else its receiver is told.

    Attributes:
        notice: empty where the model answers as released.
        stood_in: whether somebody else answered than was meant to.
        low, high: the interval, where the candidate was made with one; it follows from candidate and score.
        classes: the names of the classes whose probabilities the row has; none where an answer is no class.
        agreed: whether the question was as agreed.
        values: of the inputs that the consumer needs beside the answer, as they were looked at.
    """

    row: dict[str, Any]
    notice: str = ""
    low: float | None = None
    high: float | None = None
    classes: tuple[str, ...] = ()
    agreed: bool = True
    stood_in: bool = False
    values: Mapping[str, Value] = field(default_factory=dict)


def of_classes(row: Mapping[str, Any], classes: Sequence[str]) -> dict[str, Any]:
    """The class of an answer and the probability of each, as a receiver reads them."""
    return {"class": row["class"], "probabilities": dict(zip(classes, row["likely"], strict=True))}


def reply(answered: Reply, entity_column: str) -> bytes:
    """What the caller gets of an answer."""
    return orjson.dumps(shown(answered, entity_column))


def shown(answered: Reply, entity_column: str) -> dict[str, Any]:
    """The same by name, for protocols that put it into something of their own."""
    row = answered.row
    found = {entity_column: row["entity"]}
    for name in _GIVEN:
        found[name] = row[name]
    if answered.classes:
        found |= of_classes(row, answered.classes)
    if answered.low is not None:
        found["low"], found["high"] = answered.low, answered.high
    if answered.values:
        found["values"] = dict(answered.values)
    if answered.notice:
        found["notice"] = answered.notice
    return found
