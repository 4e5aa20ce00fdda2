"""What an owner may say about a candidate, and when it is refused. Pure: facts in, decision out."""

from __future__ import annotations

from datetime import datetime

from shipworthy.base.actor import Actor
from shipworthy.base.check import stands
from shipworthy.base.errors import GateShut, Mistake, NotAllowed, UserError, not_found
from shipworthy.base.fact import Decided, Past
from shipworthy.base.kinds import kind
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import answer_sections, current_plan
from shipworthy.plan.schema import Plan
from shipworthy.prove.views import candidate_made
from shipworthy.prove.words import CandidateProven, EnvelopeSigned
from shipworthy.sign.approval import makers, needed, newest_proof, owner, standing
from shipworthy.sign.envelope import envelope_digest, unapproved, unsigned
from shipworthy.sign.gate import gate_state, require_open
from shipworthy.sign.review import Review, mistakes_in
from shipworthy.sign.words import (
    GateState,
    GiveReview,
    GiveSignOff,
    Missing,
    ReviewGiven,
    RevokeSignOff,
    SignEnvelope,
    SignOffGiven,
    SignOffRevoked,
)

__all__ = [
    "candidate_made",
    "gate_state",
    "give_review",
    "give_sign_off",
    "newest_proof",
    "require_open",
    "review_for",
    "revoke_sign_off",
    "sign_envelope",
]


def review_for(function: str) -> Review:
    """The questionnaire of a function."""
    return kind("sign/reviews", function, Review)


def give_review(command: GiveReview, past: Past, at: datetime, actor: Actor) -> Decided[GateState]:
    """The review as a fact.

    Raises:
        NotAllowed: not the actor's function, or the actor's own candidate.
        UserError: answers are missing, unknown, or forbid approval.
    """
    plan, made, proof = _to_sign(past, command, actor)
    _require_read(command.evidence, proof)
    review = review_for(command.function)
    mistakes = mistakes_in(review, command)
    if mistakes:
        raise UserError(*mistakes)
    fact = ReviewGiven(
        product=command.product,
        candidate=made.candidate,
        function=command.function,
        answers={question.name: command.answers[question.name].strip() for question in review.questions},
        decision=command.decision,
        evidence=proof.evidence,
        sections=answer_sections(plan),
        reason=command.reason,
    )
    return Decided([fact], lambda then: gate_state(plan, then, made.candidate, at))


def give_sign_off(command: GiveSignOff, past: Past, at: datetime, actor: Actor) -> Decided[GateState]:
    """The sign-off as a fact, over the candidate's digest, its evidence and the sections it was read with.

    Raises:
        NotAllowed: not the actor's function, or the actor's own candidate.
        UserError: an approval without the function's review or without a standing proof, a rejection without reason.
    """
    plan, made, proof = _to_sign(past, command, actor)
    _require_read(command.evidence, proof)
    if command.decision == "approve":
        _require_approvable(plan, past, made, proof, command.function)
    _require_reason(command.decision, command.reason, command.function)
    fact = SignOffGiven(
        product=command.product,
        candidate=made.candidate,
        function=command.function,
        decision=command.decision,
        evidence=proof.evidence,
        sections=answer_sections(plan),
        reason=command.reason,
    )
    return Decided([fact], lambda then: gate_state(plan, then, made.candidate, at))


def revoke_sign_off(command: RevokeSignOff, past: Past, at: datetime, actor: Actor) -> Decided[GateState]:
    """The revocation as a fact.

    Raises:
        NotAllowed: not the actor's function.
        UserError: there is nothing to revoke, or no reason is given.
    """
    plan = current_plan(past)
    made = candidate_made(past, command.candidate)
    _require_function(plan, command.function, actor)
    if not [
        fact
        for fact in past.of(ReviewGiven, SignOffGiven, about=made.candidate)
        if fact.what.function == command.function
    ]:
        raise UserError(
            Mistake(
                "sign.nothing_given",
                f"{command.function} of {made.candidate[:12]}",
                f"{command.function} has neither reviewed nor signed this candidate.",
                fix="See `shipworthy gate` for what has been given.",
            )
        )
    _require_reason("reject", command.reason, command.function)
    fact = SignOffRevoked(
        product=command.product, candidate=made.candidate, function=command.function, reason=command.reason
    )
    return Decided([fact], lambda then: gate_state(plan, then, made.candidate, at))


def sign_envelope(command: SignEnvelope, past: Past, at: datetime, actor: Actor) -> Decided[list[Missing]]:
    """The signature on the envelope as a fact; changes are measured from the candidate it is signed with.

    Raises:
        NotAllowed: not the actor's function.
        UserError: the plan declares no envelope, its start is not approved, or a rejection has no reason.
    """
    plan, made, _ = _to_sign(past, command, actor)
    _require_envelope(plan, past, made, command)
    _require_reason(command.decision, command.reason, command.function)
    fact = EnvelopeSigned(
        product=command.product,
        envelope=envelope_digest(plan),
        candidate=made.candidate,
        function=command.function,
        decision=command.decision,
        reason=command.reason,
    )

    def still_missing(then: Past) -> list[Missing]:
        fix = f"shipworthy sign-envelope {made.candidate[:12]}"
        return [
            Missing(f"a signature on the envelope: {why}", owner(plan, function), fix)
            for function, why in unsigned(plan, then, made, at)
        ]

    return Decided([fact], still_missing)


def _require_approvable(plan: Plan, past: Past, made: CandidateMade, proof: CandidateProven, function: str) -> None:
    where = f"{function} of {made.candidate[:12]}"
    reviews, _ = needed(plan, made)
    if function in reviews and standing(plan, past, made, proof, ReviewGiven, function) is None:
        raise UserError(
            Mistake(
                "sign.review_first",
                where,
                f"The {function} review has not been given for this candidate and this evidence.",
                "The plan asks for the review before the signature.",
                f"shipworthy review {made.candidate[:12]} --function {function}",
            )
        )
    if not stands(proof.checks):
        raise GateShut(
            Mistake(
                "sign.proof_fails",
                where,
                "The proof does not stand, so there is nothing to approve.",
                fix="Read the report; have a new candidate made and proven.",
            )
        )


def _require_envelope(plan: Plan, past: Past, made: CandidateMade, command: SignEnvelope) -> None:
    if plan.respond.envelope is None:
        raise UserError(
            Mistake(
                "sign.no_envelope",
                "respond.envelope",
                "The plan declares no envelope.",
                fix="Declare the bounds under respond.envelope and adopt the plan.",
            )
        )
    why = unapproved(plan, past, made, command.function)
    if command.decision == "approve" and why:
        raise UserError(
            Mistake(
                "sign.envelope_first",
                f"envelope, {command.function}",
                f"{why[0].upper()}{why[1:]}.",
                "What follows by itself can be no better than what it follows from.",
                f"Review and sign {made.candidate[:12]} first.",
            )
        )


def _to_sign(
    past: Past, command: GiveReview | GiveSignOff | SignEnvelope, actor: Actor
) -> tuple[Plan, CandidateMade, CandidateProven]:
    plan = current_plan(past)
    made = candidate_made(past, command.candidate)
    _require_function(plan, command.function, actor)
    if actor.person in makers(past, made):
        raise NotAllowed(
            Mistake(
                "sign.own_candidate",
                f"{command.function} of {made.candidate[:12]}",
                f"{actor.person} made this candidate, or built what it was made from, and cannot review or sign it.",
                "Whoever builds does not approve.",
                f"Have somebody else own `people.owners.{command.function}`.",
            )
        )
    proof = newest_proof(past, made.candidate)
    if proof is None:
        raise GateShut(
            Mistake(
                "sign.not_proven",
                f"candidate {made.candidate[:12]}",
                "It has no proof yet, so there is nothing to read and sign.",
                fix=f"Ask a builder to run `shipworthy prove {made.candidate[:12]}`.",
            )
        )
    return plan, made, proof


def _require_read(read: str, proof: CandidateProven) -> None:
    if read and read != proof.evidence:
        raise UserError(
            Mistake(
                "sign.evidence_changed",
                f"proof of {proof.candidate[:12]}",
                f"You read evidence {read[:12]}, but by now the newest is {proof.evidence[:12]}.",
                "A signature covers exactly the evidence that was read.",
                "Read the new results, then decide again.",
            )
        )


def _require_function(plan: Plan, function: str, actor: Actor) -> None:
    if function not in type(plan.people.owners).model_fields:
        raise not_found("function", function, list(type(plan.people.owners).model_fields))
    if function not in actor.functions:
        raise NotAllowed(
            Mistake(
                "sign.not_owner",
                f"people.owners.{function}",
                f"{actor.person} does not own {function}; {owner(plan, function)} does.",
                fix=f"Log in as {owner(plan, function)}.",
            )
        )


def _require_reason(decision: str, reason: str, function: str) -> None:
    if decision == "reject" and not reason.strip():
        raise UserError(
            Mistake(
                "sign.reason",
                function,
                "No reason is given.",
                "Whoever must put it right needs to know what is wrong.",
                "Say why with --reason.",
            )
        )
