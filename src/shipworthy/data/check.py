"""What a data check is: one question about a whole source; a wrong answer stops the source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shipworthy.base.check import CheckResult, Verdict
from shipworthy.base.kinds import kind, kinds
from shipworthy.data.source import Part
from shipworthy.data.words import Intake
from shipworthy.plan.schema import Contract

FOLDER = "data/checks"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A source whose rows have been judged, for the questions about the whole of it.

    Attributes:
        source: its name in the plan.
        as_of: the moment before which every row lies.
        columns: the names of the columns that the source has.
        intake: the account of its rows.
        ask: answers a SQL query over the table `rows`: every row in columns of the declared types, with the flags
            `__accepted`, `__quarantined` and `__read` (lies before `as_of`, whatever became of it).
    """

    source: str
    contract: Contract
    as_of: datetime
    columns: Sequence[str]
    parts: Sequence[Part]
    intake: Intake
    ask: Callable[[str], list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a data check found about one column or about the source; the fields are those of a check result."""

    verdict: Verdict
    found: str
    measured: float | None = None
    bound: float | None = None
    column: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class DataCheck:
    """One question about a whole source: one member of data/checks.

    Attributes:
        asked: the question in plain words.
        why: why it matters.
        judge: its findings; none where the contract does not ask this question.
    """

    asked: str
    why: str
    judge: Callable[[Sheet], list[Finding]]


def results(sheet: Sheet) -> list[CheckResult]:
    """The answers of every member of data/checks, in the order of their names."""
    return [
        CheckResult(
            check=f"data.{name}",
            asked=member.asked,
            verdict=finding.verdict,
            found=finding.found,
            measured=finding.measured,
            bound=finding.bound,
            why=member.why,
            advice=finding.advice,
            where=f"{sheet.source}.{finding.column}" if finding.column else sheet.source,
        )
        for name in kinds(FOLDER)
        for member in (kind(FOLDER, name, DataCheck),)
        for finding in member.judge(sheet)
    ]
