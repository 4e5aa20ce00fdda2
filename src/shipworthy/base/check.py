"""One kind of check: one question with a result, everywhere on the road."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["pass", "warn", "fail", "error", "not_run"]
BoundIs = Literal["", "at least", "at most"]
_ORDER: tuple[Verdict, ...] = ("pass", "warn", "not_run", "fail", "error")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check asked, found and advises.

    Attributes:
        check: the check's name: stage and file, such as ``prove.calibration``.
        asked: the question in plain words.
        verdict: ``pass``, ``warn``, ``fail``, ``error`` (could not be judged) or ``not_run``; not run is never pass.
        found: the finding in plain words, with its values.
        measured: the measured value, where there is one number.
        low, high: the interval around it, where there is one.
        bound: the value it was held against.
        why: why it matters.
        advice: what to do next.
        where: file and line, column or table that it concerns.
        evidence: digests of files that it leaves behind, by name.
        bound_is: whether at least or at most the bound was asked for; empty where that is not said.
    """

    check: str
    asked: str
    verdict: Verdict
    found: str
    measured: float | None = None
    low: float | None = None
    high: float | None = None
    bound: float | None = None
    why: str = ""
    advice: str = ""
    where: str = ""
    evidence: dict[str, str] = field(default_factory=dict)
    bound_is: BoundIs = ""


def worst(results: Iterable[CheckResult]) -> Verdict:
    """The worst verdict of several results; of none it is ``not_run``.

    >>> worst([])
    'not_run'
    """
    verdicts = [result.verdict for result in results]
    return max(verdicts, key=_ORDER.index) if verdicts else "not_run"


def stands(results: Iterable[CheckResult]) -> bool:
    """Whether a gate may open on these results: at least one, and each ``pass`` or ``warn``."""
    return worst(results) in ("pass", "warn")


def sentence_of(findings: Iterable[str]) -> str:
    """Several findings as one sentence with one end; empty of none.

    >>> sentence_of(["461 rows are bad.", "Was the unit changed?"])
    '461 rows are bad; Was the unit changed?'
    >>> sentence_of(["No file", "1 row is bad."])
    'No file; 1 row is bad.'
    """
    told = [one.strip().rstrip(".") for one in findings if one.strip()]
    if not told:
        return ""
    return "; ".join(told) + ("" if told[-1].endswith(("?", "!")) else ".")
