"""Plans for people to read."""

from __future__ import annotations

from shipworthy.base.fact import Past
from shipworthy.plan.differences import changes
from shipworthy.plan.schema import Plan, plan_of
from shipworthy.plan.words import PlanAdopted, PlanHistory, PlanVersion


def plan_history(question: PlanHistory, past: Past) -> list[PlanVersion]:
    """All versions of a product's plan, oldest first, each with what changed against the one before."""
    versions: list[PlanVersion] = []
    before: Plan | None = None
    for fact in past.of(PlanAdopted):
        plan = plan_of(fact.what.plan)
        versions.append(
            PlanVersion(
                version=fact.what.version,
                digest=fact.what.digest,
                sections=fact.what.sections,
                adopted_by=fact.who,
                at=fact.at.isoformat(),
                changes=changes(before, plan) if before else [],
            )
        )
        before = plan
    return versions
