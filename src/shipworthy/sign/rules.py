"""Who must review and sign, what voids it, and whether the gate is open. Pure: facts in, decision out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shipworthy.base.actor import Actor
from shipworthy.base.check import stands
from shipworthy.base.errors import GateShut, Mistake, NotAllowed, UserError, not_found
from shipworthy.base.fact import Decided, Past, Recorded, latest
from shipworthy.base.kinds import kind
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import answer_sections, current_plan
from shipworthy.plan.schema import Plan
from shipworthy.prove.words import CandidateProven
from shipworthy.sign.envelope import envelope_digest, outside_envelope
from shipworthy.sign.review import Review
from shipworthy.sign.words import (
    EnvelopeSigned,
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

Approval = ReviewGiven | SignOffGiven


def candidate_made(past: Past, candidate: str) -> CandidateMade:
    """The candidate of that digest, or of the only digest that begins so.

    Raises:
        NotFound: there is none, or several begin so.
    """
    made = {fact.what.candidate: fact.what for fact in past.of(CandidateMade)}
    matching = [
        digest for digest in made if digest == candidate or (len(candidate) >= 6 and digest.startswith(candidate))
    ]
    if len(matching) != 1:
        raise not_found("candidate", candidate, [digest[:12] for digest in made], "See `shipworthy candidates`.")
    return made[matching[0]]


def newest_proof(past: Past, candidate: str) -> CandidateProven | None:
    """The newest proof of a candidate, None while it has none."""
    found = latest(past.of(CandidateProven, about=candidate))
    return found.what if found else None


def review_for(function: str) -> Review:
    """The questionnaire of a function."""
    return kind("sign/reviews", function, Review)


def needed(plan: Plan, made: CandidateMade) -> tuple[list[str], list[str]]:
    """The functions whose review, and those whose sign-off, a candidate needs; a baseline has a shorter list."""
    if made.role == "baseline":
        return [], list(plan.proof.baseline_sign_offs)
    return list(plan.proof.reviews), list(plan.proof.sign_offs)


def gate_state(plan: Plan, past: Past, candidate: str, now: datetime, damaged: Sequence[str] = ()) -> GateState:
    """Whether a candidate may be released.

    Args:
        damaged: what was found changed in the candidate's or the proof's files, in plain words; each shuts the gate.
    """
    made = candidate_made(past, candidate)
    proof = newest_proof(past, made.candidate)
    missing = [
        Missing(text, "builder", "Make and prove a new candidate; nothing that was signed holds.") for text in damaged
    ]
    missing += _plan_moved(plan, made)
    given: list[str] = []
    if proof is None:
        missing.append(Missing("the proof", "builder", f"shipworthy prove {made.candidate[:12]}"))
    elif not stands(proof.checks):
        bad = [check.check for check in proof.checks if check.verdict not in ("pass", "warn")]
        missing.append(
            Missing(
                f"a proof that stands; these do not: {', '.join(bad)}", "builder", "Read the report and its advice."
            )
        )
    else:
        given.append(f"proof {proof.evidence[:12]}: {len(proof.checks)} checks stand")
    if proof is None:
        return GateState(made.candidate, False, missing, given)
    wanted, got = _approvals(plan, past, made, proof)
    outside = outside_envelope(plan, past, made, proof, now) if wanted else ["every owner has signed this candidate"]
    by_envelope = not outside
    if by_envelope:
        given.append("inside the signed envelope")
    else:
        missing += wanted
    return GateState(made.candidate, not missing, missing, given + got, by_envelope)


def require_open(state: GateState, step: str) -> None:
    """Nothing, where the gate is open.

    Raises:
        GateShut: with everything that is missing and who can give it.
    """
    if not state.open:
        raise GateShut(
            *(
                Mistake(
                    "sign.gate_shut",
                    f"gate of {state.candidate[:12]}, step {step}",
                    f"Missing: {item.what}.",
                    f"It is for {item.who} to give.",
                    item.fix,
                )
                for item in state.missing
            )
        )


def give_review(command: GiveReview, past: Past, at: datetime, actor: Actor) -> Decided[GateState]:
    """The review as a fact.

    Raises:
        NotAllowed: not the actor's function, or the actor's own candidate.
        UserError: answers are missing, unknown, or forbid approval.
    """
    plan, made, proof = _to_sign(past, command.candidate, command.function, actor)
    review = review_for(command.function)
    mistakes = _answer_mistakes(review, command)
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
    plan, made, proof = _to_sign(past, command.candidate, command.function, actor)
    reviews, _ = needed(plan, made)
    if command.decision == "approve" and command.function in reviews:
        review = _standing(past, ReviewGiven, plan, made, proof, command.function)
        if review is None:
            raise UserError(
                Mistake(
                    "sign.review_first",
                    f"{command.function} of {made.candidate[:12]}",
                    f"The {command.function} review has not been given for this candidate and this evidence.",
                    "The plan asks for the review before the signature.",
                    f"shipworthy review {made.candidate[:12]} --function {command.function}",
                )
            )
    if command.decision == "approve" and not stands(proof.checks):
        raise GateShut(
            Mistake(
                "sign.proof_fails",
                f"proof of {made.candidate[:12]}",
                "The proof does not stand, so there is nothing to approve.",
                fix="Read the report; have a new candidate made and proven.",
            )
        )
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
        UserError: the plan declares no envelope, or a rejection has no reason.
    """
    plan, made, _ = _to_sign(past, command.candidate, command.function, actor)
    digest = envelope_digest(plan)
    if not digest:
        raise UserError(
            Mistake(
                "sign.no_envelope",
                "respond.envelope",
                "The plan declares no envelope.",
                fix="Declare the bounds under respond.envelope and adopt the plan.",
            )
        )
    _require_reason(command.decision, command.reason, command.function)
    fact = EnvelopeSigned(
        product=command.product,
        envelope=digest,
        candidate=made.candidate,
        function=command.function,
        decision=command.decision,
        reason=command.reason,
    )

    def still_missing(then: Past) -> list[Missing]:
        signed = {
            given.what.function for given in then.of(EnvelopeSigned, about=digest) if given.what.decision == "approve"
        }
        return [
            Missing(
                "a signature on the envelope", _owner(plan, function), f"shipworthy sign-envelope {made.candidate[:12]}"
            )
            for function in plan.proof.sign_offs
            if function not in signed
        ]

    return Decided([fact], still_missing)


def revoked_now(past: Past) -> list[Recorded[SignOffRevoked]]:
    """The revocations that no later approval by the same function has answered, oldest first."""
    approved = {
        (fact.what.candidate, fact.what.function): fact.seq
        for fact in past.of(SignOffGiven)
        if fact.what.decision == "approve"
    }
    return [
        fact
        for fact in past.of(SignOffRevoked)
        if approved.get((fact.what.candidate, fact.what.function), 0) < fact.seq
    ]


def _to_sign(past: Past, candidate: str, function: str, actor: Actor) -> tuple[Plan, CandidateMade, CandidateProven]:
    plan = current_plan(past)
    made = candidate_made(past, candidate)
    _require_function(plan, function, actor)
    if made.author == actor.person:
        raise NotAllowed(
            Mistake(
                "sign.own_candidate",
                f"{function} of {made.candidate[:12]}",
                f"{actor.person} made this candidate and cannot review or sign it.",
                "Whoever builds does not approve.",
                f"Have somebody else own `people.owners.{function}`.",
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


def _require_function(plan: Plan, function: str, actor: Actor) -> None:
    if function not in type(plan.people.owners).model_fields:
        raise not_found("function", function, list(type(plan.people.owners).model_fields))
    if function not in actor.functions:
        raise NotAllowed(
            Mistake(
                "sign.not_owner",
                f"people.owners.{function}",
                f"{actor.person} does not own {function}; {_owner(plan, function)} does.",
                fix=f"Log in as {_owner(plan, function)}.",
            )
        )


def _owner(plan: Plan, function: str) -> str:
    return str(getattr(plan.people.owners, function))


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


def _plan_moved(plan: Plan, made: CandidateMade) -> list[Missing]:
    today = answer_sections(plan)
    moved = sorted(name for name in today if made.sections.get(name) != today[name])
    if not moved:
        return []
    return [
        Missing(
            f"a candidate made under the plan in force; since this one was made, these changed: {', '.join(moved)}",
            "builder",
            "shipworthy train, then shipworthy prove",
        )
    ]


def _approvals(plan: Plan, past: Past, made: CandidateMade, proof: CandidateProven) -> tuple[list[Missing], list[str]]:
    reviews, sign_offs = needed(plan, made)
    missing: list[Missing] = []
    given: list[str] = []
    wanted: list[tuple[type[Approval], str, str]] = [(ReviewGiven, "review", name) for name in reviews]
    wanted += [(SignOffGiven, "sign-off", name) for name in sign_offs]
    for kind_, word, function in wanted:
        fact = _standing(past, kind_, plan, made, proof, function)
        verb = "review" if word == "review" else "sign"
        if fact is None:
            why = _why_not(past, kind_, made, proof, function)
            fix = f"shipworthy {verb} {made.candidate[:12]} --function {function}"
            missing.append(Missing(f"the {function} {word}{why}", _owner(plan, function), fix, signature=True))
        else:
            given.append(f"{function} {word} by {fact.who}")
    return missing, given


def _standing(
    past: Past, kind_: type[Approval], plan: Plan, made: CandidateMade, proof: CandidateProven, function: str
) -> Recorded[Approval] | None:
    """The newest word of a function, where it approves, holds for this evidence and plan, and is not revoked."""
    given = _last_word(past, kind_, made, function)
    if given is None or isinstance(given.what, SignOffRevoked) or given.what.decision != "approve":
        return None
    holds = given.what.evidence == proof.evidence and given.what.sections == answer_sections(plan)
    # The plan may name another owner since; only the present one's word counts.
    return given if holds and given.who == _owner(plan, function) and given.who != made.author else None  # type: ignore[return-value]


def _last_word(
    past: Past, kind_: type[Approval], made: CandidateMade, function: str
) -> Recorded[Approval | SignOffRevoked] | None:
    said = past.of(kind_, SignOffRevoked, about=made.candidate)
    return latest([fact for fact in said if fact.what.function == function])


def _why_not(past: Past, kind_: type[Approval], made: CandidateMade, proof: CandidateProven, function: str) -> str:
    given = _last_word(past, kind_, made, function)
    if given is None:
        return ""
    if isinstance(given.what, SignOffRevoked):
        return f" (revoked: {given.what.reason})"
    if given.what.decision == "reject":
        return f" (rejected: {given.what.reason})"
    if given.what.evidence != proof.evidence:
        return " (void: the evidence has changed since)"
    return " (void: the plan or its owner has changed since)"


def _answer_mistakes(review: Review, command: GiveReview) -> list[Mistake]:
    where = f"{command.function} review"
    known = {question.name: question for question in review.questions}
    mistakes = [
        Mistake("sign.unknown_question", where, f"There is no question {name!r}.", fix=f"Known: {', '.join(known)}.")
        for name in command.answers
        if name not in known
    ]
    for name, question in known.items():
        answer = command.answers.get(name, "").strip()
        if not answer:
            mistakes.append(
                Mistake("sign.no_answer", f"{where}, {name}", f"No answer to: {question.text}", fix="Answer it.")
            )
        elif question.choices and answer not in question.choices:
            choices = ", ".join(question.choices)
            mistakes.append(
                Mistake("sign.choice", f"{where}, {name}", f"{answer!r} is no choice.", fix=f"One of: {choices}.")
            )
        elif command.decision == "approve" and answer in (question.forbids or []):
            mistakes.append(
                Mistake(
                    "sign.forbids",
                    f"{where}, {name}",
                    f"The answer {answer!r} to “{question.text}” does not go with an approval.",
                    fix="Reject with a reason, or have the cause removed first.",
                )
            )
    if command.decision == "reject" and not command.reason.strip():
        mistakes.append(Mistake("sign.reason", where, "No reason is given.", fix="Say why with --reason."))
    return mistakes
