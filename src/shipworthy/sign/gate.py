"""Whether a candidate may be released: every proof, review and sign-off that the plan asks for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from shipworthy.base.check import sentence_of, stands
from shipworthy.base.errors import GateShut, Mistake
from shipworthy.base.fact import Past
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import answer_sections
from shipworthy.plan.schema import Plan
from shipworthy.prove.lasting import not_asked
from shipworthy.prove.views import candidate_made
from shipworthy.prove.words import CandidateProven
from shipworthy.sign.approval import Approval, makers, needed, newest_proof, owner, standing, why_not
from shipworthy.sign.envelope import outside_envelope
from shipworthy.sign.words import GateState, Missing, ReviewGiven, SignOffGiven


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
    if proof is None:
        missing.append(Missing("the proof", "builder", f"shipworthy prove {made.candidate[:12]}"))
        return GateState(made.candidate, False, missing, [])
    missing += _proof(proof) + _unasked(past, made, proof)
    given = [] if _proof(proof) else [f"proof {proof.evidence[:12]}: {len(proof.checks)} checks stand"]
    wanted, got = approvals(plan, past, made, proof)
    outside = outside_envelope(plan, past, made, proof, now) if wanted else ["every owner has signed this candidate"]
    if outside:
        missing += wanted
    else:
        given.append("inside the signed envelope")
    told = outside if wanted and plan.respond.envelope is not None and made.parent and made.role == "model" else []
    return GateState(made.candidate, not missing, missing, given + got, not outside, told)


def not_asked_yet(state: GateState, trial: str) -> GateState:
    """The state of a gate, saying why owners are not asked yet where a signature is missing.

    Args:
        trial: what is to be shown before they are asked, in plain words; empty where they are asked at once.
    """
    if not trial or not any(item.signature for item in state.missing):
        return state
    outside = f"Outside the signed envelope: {sentence_of(state.outside)} " if state.outside else ""
    return replace(state, on_trial=outside + trial)


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


def approvals(plan: Plan, past: Past, made: CandidateMade, proof: CandidateProven) -> tuple[list[Missing], list[str]]:
    """The reviews and sign-offs that are missing for a candidate, and those that stand."""
    reviews, sign_offs = needed(plan, made)
    if not sign_offs:
        nobody = "somebody who signs: the plan names nobody"
        return [Missing(nobody, plan.people.product_manager, "Name functions under proof.", signature=True)], []
    forms: list[tuple[type[Approval], str, str]] = [(ReviewGiven, "review", name) for name in reviews]
    forms += [(SignOffGiven, "sign-off", name) for name in sign_offs]
    missing: list[Missing] = []
    given: list[str] = []
    for form, word, function in forms:
        fact = standing(plan, past, made, proof, form, function)
        if fact is None:
            why = why_not(past, made, proof, form, function)
            missing.append(_missing(plan, past, made, f"the {function} {word}{why}", function, word))
        else:
            given.append(f"{function} {word} by {fact.who}")
    return missing, given


def _missing(plan: Plan, past: Past, made: CandidateMade, what: str, function: str, word: str) -> Missing:
    who = owner(plan, function)
    if who in makers(past, made):
        fix = f"{who} had a part in making it; have somebody else own `people.owners.{function}`."
        return Missing(what, "administrator", fix, signature=True)
    verb = "review" if word == "review" else "sign"
    return Missing(what, who, f"shipworthy {verb} {made.candidate[:12]} --function {function}", signature=True)


def _proof(proof: CandidateProven) -> list[Missing]:
    if stands(proof.checks):
        return []
    bad = ", ".join(check.check for check in proof.checks if check.verdict not in ("pass", "warn"))
    found = f"a proof that stands; these do not: {bad}" if bad else "a proof that stands; no check ran"
    return [Missing(found, "builder", "Read the report and its advice.")]


def _unasked(past: Past, made: CandidateMade, proof: CandidateProven) -> list[Missing]:
    """Checks that incidents left behind since the proof: what it does not ask, it does not show."""
    return [
        Missing(
            f"a proof that asks `{check.text}`, the check that incident {check.incident} left behind",
            "builder",
            f"shipworthy prove {made.candidate[:12]}; the owners then read and sign the new evidence",
        )
        for check in not_asked(past, made, proof)
    ]


def _plan_moved(plan: Plan, made: CandidateMade) -> list[Missing]:
    today = answer_sections(plan)
    moved = sorted(name for name in {*today, *made.sections} if made.sections.get(name) != today.get(name))
    if not moved:
        return []
    return [
        Missing(
            f"a candidate made under the plan in force; since this one was made, these changed: {', '.join(moved)}",
            "builder",
            "shipworthy train, then shipworthy prove",
        )
    ]
