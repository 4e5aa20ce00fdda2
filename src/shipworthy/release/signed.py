"""The plan under which a released candidate answers: what was signed for stays, whatever is planned next. Pure."""

from __future__ import annotations

from shipworthy.base.fact import Past, latest
from shipworthy.model.words import CandidateMade
from shipworthy.plan.differences import ANSWER_SECTIONS, CONSUMER_CONTRACT
from shipworthy.plan.rules import answer_sections
from shipworthy.plan.schema import Consumer, Plan, plan_of
from shipworthy.plan.words import PlanAdopted
from shipworthy.release.rules import standing
from shipworthy.release.words import FOR_PEOPLE, ReleaseStepped


def plan_in_use(plan: Plan, past: Past) -> Plan:
    """The plan as it was signed for whom people got last; the plan in force before anybody was released to people."""
    now = standing(past)
    champions = set(now.champion.values()) or {now.canary}
    newest = latest(past.of(ReleaseStepped), lambda what: what.step in FOR_PEOPLE and what.candidate in champions)
    return plan_as_signed(plan, past, newest.what.candidate) if newest else plan


def plan_as_signed(plan: Plan, past: Past, candidate: str) -> Plan:
    """The plan in force, but with all that determines answers as it was when a candidate was made, proven and signed.

    A new decision rule, source or column is for the next candidate: nobody has proven or signed it with this one. A
    consumer who came later gets nothing from it. Routes, deadlines, people and cohorts are those of today.
    """
    made = latest(past.of(CandidateMade, about=candidate))
    if made is None or made.what.sections == answer_sections(plan):
        return plan
    signed = next(fact.what for fact in past.of(PlanAdopted) if fact.what.version == made.what.plan_version)
    then = plan_of(signed.plan)
    sections = {name: getattr(then, name) for name in ANSWER_SECTIONS if name != "consumers"}
    consumers = {
        name: _with_contract(consumer, then.consumers[name])
        for name, consumer in plan.consumers.items()
        if name in then.consumers
    }
    return plan.model_copy(update={**sections, "consumers": consumers})


def _with_contract(now: Consumer, then: Consumer) -> Consumer:
    return now.model_copy(update={name: getattr(then, name) for name in CONSUMER_CONTRACT})
