"""What can be asked about a single answer: everything that stands behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from shipworthy.base.fact import Question


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One station of the way an answer came: what it is, its digest and the fact that says so."""

    station: str
    text: str
    digest: str
    fact: int


@dataclass(frozen=True, slots=True)
class TracedAnswer:
    """An answer and everything behind it, from source rows to recipient.

    Attributes:
        trace: the caller's own trace id, empty where it sent none.
        others: names of further answers and refusals of the same trace, where it was looked for.
    """

    answer: str
    entity: str
    score: float | None
    decision: str
    reasons: list[str]
    lines: list[TraceLine]
    trace: str = ""
    others: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace(Question[TracedAnswer]):
    """For any answer: source rows and snapshot, code, candidate, proof, signatures, release, delivery, recipient.

    `answer` is the answer's name, or the trace id that its caller sent with the question.
    """

    right: ClassVar[str] = "read"
    answer: str
