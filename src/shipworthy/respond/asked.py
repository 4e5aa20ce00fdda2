"""What triggers asked for that is not carried out yet: the worker does it with the ordinary commands. Pure."""

from __future__ import annotations

from shipworthy.base.fact import Past, Recorded, latest
from shipworthy.model.words import CandidateMade
from shipworthy.plan.schema import Plan
from shipworthy.plan.words import PlanAdopted
from shipworthy.release.rules import FOR_PEOPLE, paused, stand_in, standing
from shipworthy.release.words import (
    CameBack,
    DeliveriesPaused,
    DeliveriesResumed,
    FellBack,
    ReleaseStepped,
    RolledBack,
)
from shipworthy.respond.folds import ACTED, concerns
from shipworthy.respond.incidents import data_incidents_open
from shipworthy.respond.words import TriggerFired


def retraining_due(past: Past) -> Recorded[TriggerFired] | None:
    """The newest request for a challenger since which no model has been made, None where there is none."""
    asked = _asked(past, "retrain")
    if not asked or data_incidents_open(past):
        return None
    made = any(fact.seq > asked[-1].seq and fact.what.role == "model" for fact in past.of(CandidateMade))
    return None if made else asked[-1]


def _asked(past: Past, action: str) -> list[Recorded[TriggerFired]]:
    """The newest time that triggers asked for an action, and not only dry, for each thing it concerns; oldest first."""
    found: dict[str, Recorded[TriggerFired]] = {}
    for concerned, cause in past.fold(ACTED)["asked"].get(action, {}).items():
        for fact in past.of(TriggerFired, about=cause):
            if fact.what.action == action and not fact.what.dry and concerns(fact.what) == concerned:
                found[concerned] = fact
    return sorted(found.values(), key=lambda fact: fact.seq)


def rollbacks_due(past: Past) -> list[TriggerFired]:
    """The requests to take a candidate back that are not carried out, of each candidate the newest.

    One without a candidate means the one that was released to people last. It comes first: what stands in shadow may
    be taken back at the same moment, and is not what it means.
    """
    now = standing(past)
    using = {*now.released.values(), now.challenger, now.canary}
    for_people = {fact.what.candidate for fact in past.of(ReleaseStepped) if fact.what.step in FOR_PEOPLE}
    found: dict[str, TriggerFired] = {}
    for asked in _asked(past, "rollback"):
        meant = {asked.what.candidate} if asked.what.candidate else for_people
        done = any(fact.seq > asked.seq and fact.what.candidate in meant for fact in past.of(RolledBack))
        if not done and meant & using:
            found[asked.what.candidate] = asked.what
    return sorted(found.values(), key=lambda asked: asked.candidate != "")


def asking(plan: Plan, past: Past, attempt: str, concerns: str) -> str:
    """The trigger that asked for an attempt that is due; empty where a trial asks for it."""
    found: TriggerFired | None = None
    if attempt == "rollback":
        found = next((asked for asked in rollbacks_due(past) if asked.candidate == concerns), None)
    elif attempt == "fallback":
        found = fallback_due(past)
    elif attempt == "pause":
        found = pauses_due(plan, past).get(concerns)
    elif asked := _asked(past, "retrain"):  # the newest model is the one that is proven
        found = asked[-1].what
    return found.trigger if found else ""


def fallback_due(past: Past) -> TriggerFired | None:
    """The newest request for the baseline to take over that is not carried out, None where there is none."""
    asked = _asked(past, "fallback")
    if not asked or any(fact.seq > asked[-1].seq for fact in past.of(FellBack, CameBack)):
        return None
    baseline, now = stand_in(past), standing(past)
    answering = set(now.champion.values())
    return asked[-1].what if baseline and answering and answering != {baseline} else None


def pauses_due(plan: Plan, past: Past) -> dict[str, TriggerFired]:
    """The consumers whose deliveries are to be held, each with the newest request that is not carried out."""
    held, moved = paused(past), past.of(DeliveriesPaused, DeliveriesResumed)
    found = {}
    for asked in _asked(past, "pause"):
        # A consumer that came into the plan later was not meant by who asked for all of them.
        then = latest([fact for fact in past.of(PlanAdopted) if fact.seq < asked.seq])
        known = then.what.plan["consumers"] if then else plan.consumers
        for name in [asked.what.of] if asked.what.of in known else known:
            done = any(fact.seq > asked.seq and name in fact.what.consumers for fact in moved)
            if name in plan.consumers and name not in held and not done:
                found[name] = asked.what
    return found
