"""The envelope: bounds signed beforehand, inside which a retrained candidate needs no new signature."""

from __future__ import annotations

from datetime import datetime

from shipworthy.base.check import stands
from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Past, latest
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import answer_sections
from shipworthy.plan.schema import Plan
from shipworthy.prove.words import CandidateProven
from shipworthy.sign.words import EnvelopeSigned

CHANGE_CHECK = "prove.change_of_output"


def envelope_digest(plan: Plan) -> str:
    """The digest of the declared envelope with all that determines answers; empty where none is declared."""
    if plan.respond.envelope is None:
        return ""
    bounds = plan.respond.envelope.model_dump(mode="json")
    return digest_of({"envelope": bounds, "sections": answer_sections(plan)})


def outside_envelope(plan: Plan, past: Past, made: CandidateMade, proof: CandidateProven, now: datetime) -> list[str]:
    """Why a candidate is not inside a signed envelope, in plain words; empty where it is inside."""
    digest = envelope_digest(plan)
    if not digest or plan.respond.envelope is None or made.role != "model":
        return ["no envelope is declared for it"]
    reasons = _unsigned(plan, past, digest, made, now)
    parent = latest(past.of(CandidateMade, about=made.parent)) if made.parent else None
    if parent is None:
        return [*reasons, "it replaces no candidate that the envelope was signed with"]
    if plan.respond.envelope.same_features and made.features != parent.what.features:
        reasons.append("its features differ from the champion's")
    if plan.respond.envelope.same_family and made.notes.get("family") != parent.what.notes.get("family"):
        reasons.append("its algorithm family differs from the champion's")
    if not stands(proof.checks):
        reasons.append("its proof does not stand")
    change = [check for check in proof.checks if check.check.startswith(CHANGE_CHECK)]
    if not change:
        reasons.append("the change of its output was not measured")
    reasons += [check.found for check in change if check.verdict != "pass"]
    return reasons


def _unsigned(plan: Plan, past: Past, digest: str, made: CandidateMade, now: datetime) -> list[str]:
    assert plan.respond.envelope is not None
    reasons = []
    for function in plan.proof.sign_offs:
        owner = getattr(plan.people.owners, function)
        signed = latest([fact for fact in past.of(EnvelopeSigned, about=digest) if fact.what.function == function])
        if signed is None or signed.what.decision != "approve" or signed.who != owner:
            reasons.append(f"{function} has not signed the envelope")
        elif plan.respond.envelope.within.after(signed.at) < now:
            reasons.append(f"the envelope's signature by {function} has run out")
        elif signed.what.candidate != made.parent:
            reasons.append(f"{function} signed the envelope for changes from another candidate")
    return reasons
