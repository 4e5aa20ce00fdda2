"""What the monitors of a plan will be able to tell about a candidate, known when it is proven and not months later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import ceil
from typing import Any

from shipworthy.plan.schema import Plan
from shipworthy.prove.check import Foreseen
from shipworthy.watch.monitor import Monitor, Settings
from shipworthy.watch.proof_rows import MOST, Question, rows_needed
from shipworthy.watch.rules import can_judge, monitors, settings, updates_per_year
from shipworthy.watch.weighing import least_of


def foreseen(plan: Plan, profile: Mapping[str, Any], due: int) -> list[Foreseen]:
    """Every question of a monitor of harm, and whether held-out rows and answers let it be answered within a year.

    Args:
        profile: of the candidate.
        due: how many entities are due an answer now.
    """
    expected = answers_per_update(plan, due)
    return [
        one
        for name, monitor in sorted(monitors().items())
        if monitor.rests_on is not None and can_judge(plan, monitor)
        for one in _of_monitor(plan, name, monitor, profile, expected)
    ]


def answers_per_update(plan: Plan, due: int) -> int:
    """How many answers a window is expected to bring: declared, else everybody who is due.

    Who asks in real time comes when they please: without a list each is expected once a year.
    """
    if plan.watch.answers_per_update is not None:
        return plan.watch.answers_per_update
    if any(consumer.mode == "list" for consumer in plan.consumers.values()):
        return due
    return ceil(due / updates_per_year(plan))


def _of_monitor(
    plan: Plan, name: str, monitor: Monitor, profile: Mapping[str, Any], expected: int
) -> Iterator[Foreseen]:
    assert monitor.rests_on is not None
    terms, least = settings(plan, monitor), least_of(plan) if monitor.weighs else 1.0
    answers = plan.watch.audit.rows if monitor.needs == "audit" and plan.watch.audit else expected
    for question in monitor.rests_on(profile, terms, answers):
        yield _told(name, replace(question, least=least), terms, answers)


def _told(monitor: str, question: Question, terms: Settings, answers: int) -> Foreseen:
    updates, said = terms.updates_per_year, question.spoken
    yearly = answers * updates
    more = rows_needed(question.rows, lambda times: question.tells(updates, yearly, times))
    return Foreseen(
        monitor=monitor,
        part=question.part,
        held_out=question.rows,
        proven=said(question.proven),
        allowed=said(min(1.0, question.proven + question.tolerance)),
        tolerated=said(question.tolerated()),
        finds=said(question.finds),
        answers=int(yearly * question.share),
        more=more,
        takes=question.answers_needed(updates, MOST if more is None else 1 + more / max(1, question.rows)),
        to_keep=rows_needed(question.rows, question.keeps),
    )
