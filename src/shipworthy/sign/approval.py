"""Whose word about a candidate counts, and which one stands. Pure: facts in, decision out."""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.fact import Past, Recorded, latest
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import answer_sections
from shipworthy.plan.schema import Plan, plan_of
from shipworthy.plan.words import PlanAdopted
from shipworthy.prove.words import CandidateProven
from shipworthy.sign.words import ReviewGiven, SignOffGiven, SignOffRevoked

Approval = ReviewGiven | SignOffGiven
Word = ReviewGiven | SignOffGiven | SignOffRevoked
_WORDS: tuple[type[Word], ...] = (ReviewGiven, SignOffGiven, SignOffRevoked)


def owner(plan: Plan, function: str) -> str:
    """The login that owns a function."""
    return str(getattr(plan.people.owners, function))


def needed(plan: Plan, made: CandidateMade) -> tuple[list[str], list[str]]:
    """The functions whose review, and those whose sign-off, a candidate needs; a baseline has a shorter list."""
    if made.role == "baseline":
        return [], list(plan.proof.baseline_sign_offs)
    return list(plan.proof.reviews), list(plan.proof.sign_offs)


def makers(past: Past, made: CandidateMade) -> frozenset[str]:
    """Who may not approve a candidate: whoever made it, and the builders of every plan while its code was in use.

    The scheduler retrains in the operator's name and anybody with the right to build can train what a colleague
    wrote, so the author alone does not say whose work it is.
    """
    same_code = [fact.what.plan_version for fact in past.of(CandidateMade) if made.code and fact.what.code == made.code]
    first = min([*same_code, made.plan_version])
    plans = [fact.what for fact in past.of(PlanAdopted) if first <= fact.what.version <= made.plan_version]
    return frozenset({made.author}.union(*(plan.plan["people"]["builders"] for plan in plans)))


def newest_proof(past: Past, candidate: str) -> CandidateProven | None:
    """The newest proof of a candidate, None while it has none."""
    found = latest(past.of(CandidateProven, about=candidate))
    return found.what if found else None


def standing(
    plan: Plan, past: Past, made: CandidateMade, proof: CandidateProven, form: type[Approval], function: str
) -> Recorded[Word] | None:
    """The approval of a function, where it is its last word, holds for this evidence and plan, and counts."""
    said = last_word(past, made, form, function)
    if said is None or isinstance(said.what, SignOffRevoked) or said.what.decision == "reject":
        return None
    holds = said.what.evidence == proof.evidence and said.what.sections == answer_sections(plan)
    # The plan may name another owner since; only the present one's word counts.
    counts = said.who == owner(plan, function) and said.who not in makers(past, made)
    return said if holds and counts and _trials_kept(plan, past, said) else None


def last_word(past: Past, made: CandidateMade, form: type[Approval], function: str) -> Recorded[Word] | None:
    """What a function said last that bears on its review or sign-off; a no in either form bears on both."""
    said = [fact for fact in words(past, made.candidate) if fact.what.function == function]
    return latest([fact for fact in said if isinstance(fact.what, form) or _is_no(fact.what)])


def refusals(past: Past, candidate: str) -> list[Recorded[Word]]:
    """The last words of those functions whose last word about a candidate is a no, by function."""
    last = {fact.what.function: fact for fact in words(past, candidate)}
    return [last[function] for function in sorted(last) if _is_no(last[function].what)]


def words(past: Past, candidate: str) -> Sequence[Recorded[Word]]:
    """All that owners said about a candidate, oldest first."""
    return past.of(*_WORDS, about=candidate)


def why_not(past: Past, made: CandidateMade, proof: CandidateProven, form: type[Approval], function: str) -> str:
    """Why the last word of a function does not stand, for a sentence that names what is missing."""
    said = last_word(past, made, form, function)
    if said is None:
        return ""
    if isinstance(said.what, SignOffRevoked):
        return f" (revoked: {said.what.reason})"
    if said.what.decision == "reject":
        return f" (rejected: {said.what.reason})"
    if said.what.evidence != proof.evidence:
        return " (void: the evidence has changed since)"
    return " (void: the plan or its owner has changed since)"


def _trials_kept(plan: Plan, past: Past, said: Recorded[Word]) -> bool:
    """Whether every trial that was planned when somebody signed still comes before people; more of them do no harm."""
    before = latest([fact for fact in past.of(PlanAdopted) if fact.seq < said.seq])
    then = plan_of(before.what.plan).release if before else plan.release
    now = plan.release
    counted = ("shadow_lists", "canary_lists", "canary_answers")
    return set(then.steps) <= set(now.steps) and all(getattr(then, name) <= getattr(now, name) for name in counted)


def _is_no(what: Word) -> bool:
    return isinstance(what, SignOffRevoked) or what.decision == "reject"
