"""What triggers asked for that is not carried out yet: the worker does it with the ordinary commands. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from shipworthy.base.fact import Past, Recorded, latest
from shipworthy.model.words import CandidateMade
from shipworthy.plan.schema import Plan
from shipworthy.plan.words import PlanAdopted
from shipworthy.release.rules import answers_everybody, paused, stand_in, standing
from shipworthy.release.trials import last_verdicts
from shipworthy.release.words import (
    FOR_PEOPLE,
    CameBack,
    DeliveriesPaused,
    DeliveriesResumed,
    FellBack,
    ReleaseStepped,
    RolledBack,
)
from shipworthy.respond.folds import ACTED
from shipworthy.respond.incidents import data_incidents_open
from shipworthy.respond.words import TriggerFired


@dataclass(frozen=True, slots=True)
class Asked:
    """That a trigger asked for an action, and not only dry.

    Attributes:
        candidate, of: the candidate and the monitor, consumer… that its cause concerns, empty for none.
        seq: the number of the fact that says so.
    """

    trigger: str
    cause: str
    candidate: str
    of: str
    seq: int


def retraining_due(past: Past) -> Recorded[TriggerFired] | None:
    """The newest request for a challenger since which no model has been made, None where there is none."""
    asked = _asked(past, "retrain")
    if not asked or data_incidents_open(past):
        return None
    seq, cause = asked[-1].seq, asked[-1].cause
    if any(fact.what.role == "model" for fact in past.of(CandidateMade, after=seq)):
        return None
    return next(fact for fact in past.of(TriggerFired, about=cause) if fact.seq == seq)


def _asked(past: Past, action: str) -> list[Asked]:
    """The newest time that triggers asked for an action, for each candidate and object it concerns; oldest first."""
    known = past.fold(ACTED)["asked"].get(action, {})
    return sorted((Asked(**told) for told in known.values()), key=lambda asked: asked.seq)


def rollbacks_due(past: Past) -> list[Asked]:
    """The requests to take a candidate back that are not carried out, of each candidate the newest.

    One without a candidate means the one that was released to people last. It comes first: what stands in shadow may
    be taken back at the same moment, and is not what it means.
    """
    now = standing(past)
    using = {*now.released.values(), now.challenger, now.canary}
    for_people = {fact.what.candidate for fact in past.of(ReleaseStepped) if fact.what.step in FOR_PEOPLE}
    found: dict[str, Asked] = {}
    for asked in _asked(past, "rollback"):
        meant = {asked.candidate} if asked.candidate else for_people
        done = any(fact.what.candidate in meant for fact in past.of(RolledBack, after=asked.seq))
        if not done and meant & using:
            found[asked.candidate] = asked
    return sorted(found.values(), key=lambda asked: asked.candidate != "")


def asking(plan: Plan, past: Past, attempt: str, concerns: str) -> Asked | None:
    """Who asks for an attempt that is due: a trigger; or, without a name, the trial that has shown harm."""
    if attempt == "rollback":
        found = [asked for asked in rollbacks_due(past) if asked.candidate == concerns] + _harmed(past, concerns)
        return max(found, key=lambda asked: asked.seq, default=None)
    if attempt == "fallback":
        return fallback_due(past)
    if attempt == "pause":
        return pauses_due(plan, past).get(concerns)
    return max(_asked(past, "retrain"), key=lambda asked: asked.seq, default=None)  # whose model is proven as well


def _harmed(past: Past, candidate: str) -> list[Asked]:
    verdicts = last_verdicts(past, candidate).values()
    return [Asked("", "", candidate, "", fact.seq) for fact in verdicts if fact.what.verdict == "roll back"]


def fallback_due(past: Past) -> Asked | None:
    """The newest request for the baseline to take over that is not carried out, None where there is none."""
    asked = _asked(past, "fallback")
    if not asked or past.of(FellBack, CameBack, after=asked[-1].seq):
        return None
    baseline, now = stand_in(past), standing(past)
    return asked[-1] if baseline and now.champion and not answers_everybody(now, baseline) else None


def pauses_due(plan: Plan, past: Past) -> dict[str, Asked]:
    """The consumers whose deliveries are to be held, each with the newest request that is not carried out."""
    held, moved = paused(past), past.of(DeliveriesPaused, DeliveriesResumed)
    found = {}
    for asked in _asked(past, "pause"):
        # A consumer that came into the plan later was not meant by who asked for all of them.
        then = latest([fact for fact in past.of(PlanAdopted) if fact.seq < asked.seq])
        known = then.what.plan["consumers"] if then else plan.consumers
        for name in [asked.of] if asked.of in known else known:
            done = any(fact.seq > asked.seq and name in fact.what.consumers for fact in moved)
            if name in plan.consumers and name not in held and not done:
                found[name] = asked
    return found
