"""The kind of check that holds a plan against itself, before any model exists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from shipworthy.base.check import CheckResult
from shipworthy.base.kinds import kind, kinds
from shipworthy.base.times import Length
from shipworthy.plan.schema import Plan

CHECKS = "plan/checks"
_UNITS = (("day", 86400.0), ("hour", 3600.0), ("minute", 60.0), ("second", 1.0), ("millisecond", 0.001))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in a plan that a check objects to.

    Attributes:
        path: where in the plan, such as ``consumers.sales.time_to_act``.
        found: what is there, with its values.
        advice: what to do.
        verdict: ``fail`` keeps the plan from being adopted, ``warn`` is shown and recorded.
        why: why it matters here; the check's own reason where it is empty.
        measured, bound: the value and what it was held against, where they are numbers.
    """

    path: str
    found: str
    advice: str
    verdict: Literal["warn", "fail"] = "fail"
    why: str = ""
    measured: float | None = None
    bound: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCheck:
    """One question that a plan must answer well; a member of plan/checks holds one.

    Attributes:
        name: the file's name.
        asks: the question, in plain words.
        why: why it matters.
        fine: what is said where there is nothing to object to.
        run: the findings of a plan, none where it is fine. Pure.
    """

    name: str
    asks: str
    why: str
    fine: str
    run: Callable[[Plan], list[Finding]]


def judged(check: PlanCheck, plan: Plan, where: Callable[[str], str]) -> list[CheckResult]:
    """The results of one check on a plan: one for each finding, or one that passes.

    Args:
        where: gives file, line and column of a path.
    """
    name = f"plan.{check.name}"
    results = [
        CheckResult(
            check=name,
            asked=check.asks,
            verdict=finding.verdict,
            found=finding.found,
            measured=finding.measured,
            bound=finding.bound,
            why=finding.why or check.why,
            advice=finding.advice,
            where=where(finding.path),
        )
        for finding in check.run(plan)
    ]
    return results or [CheckResult(check=name, asked=check.asks, verdict="pass", found=check.fine, why=check.why)]


def fit(plan: Plan, where: Callable[[str], str] = str) -> list[CheckResult]:
    """What every member of plan/checks says about a plan.

    Args:
        where: gives file, line and column of a path, such as `reading.Marks.at`.
    """
    return [result for name in kinds(CHECKS) for result in judged(kind(CHECKS, name, PlanCheck), plan, where)]


def spoken(length: Length) -> str:
    """A length of time as people say it.

    >>> spoken(Length(months=3)), spoken(Length(seconds=15552000.0)), spoken(Length(seconds=0.1))
    ('3 months (about 91 days)', '180 days', '100 milliseconds')
    """
    if length.months:
        return f"{_counted(length.months, 'month')} (about {length.days:.0f} days)"
    for unit, size in _UNITS:
        count = round(length.seconds / size)
        if length.seconds >= size and abs(length.seconds - count * size) < size / 1e6:
            return _counted(count, unit)
    return f"{length.seconds:g} seconds"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
