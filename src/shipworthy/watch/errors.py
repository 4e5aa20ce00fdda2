"""How the declared error of a trial is divided among all that can take a candidate back by chance. Pure.

Each reason is a question of its own, and each may be answered wrongly: by a union bound their errors together are at
most the sum. So each keeps a part of `release.evidence.error`, and all of them together have no more than that. What
lets a candidate on is one question and keeps the whole, since it is about other candidates: those that are too much
worse. Each step is a trial of its own.
"""

from __future__ import annotations

from shipworthy.deliver.run import SHADOW
from shipworthy.plan.schema import Plan
from shipworthy.release.words import CANARY

LOSSES, DIVISION, LATE, FAILED = "losses", "division", "late", "failed"


def to_take_back(plan: Plan, step: str) -> dict[str, float]:
    """The part of the error of each reason for which a candidate at a step may go back; together all of it.

    Losses have one half where there are other reasons, which share the other half alike: losses need the most rows.
    """
    error = plan.release.evidence.error
    others = [DIVISION] if step == CANARY else []
    if step in (SHADOW, CANARY) and any(consumer.mode != "list" for consumer in plan.consumers.values()):
        others += [LATE, FAILED]
    if not others:
        return {LOSSES: error}
    return {LOSSES: error / 2} | dict.fromkeys(others, error / 2 / len(others))
