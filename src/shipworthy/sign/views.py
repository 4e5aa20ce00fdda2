"""The gate and what waits for whom, for people to read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from shipworthy.base.actor import Actor
from shipworthy.base.errors import NotFound, UserError
from shipworthy.base.fact import Past, latest
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan
from shipworthy.prove.words import CandidateProven
from shipworthy.sign.envelope import unsigned
from shipworthy.sign.gate import not_asked_yet
from shipworthy.sign.rules import candidate_made, gate_state, newest_proof, review_for
from shipworthy.sign.words import Gate, GateState, Missing, Task, WaitingFor


class Contents(Protocol):
    """Files by digest, verified when read."""

    def get(self, digest: str) -> bytes: ...


def gate(question: Gate, past: Past, files: Contents, now: datetime, on_trial: Callable[[str], str]) -> GateState:
    """Whether a candidate may be released; its files and evidence are read and compared with their digests.

    Args:
        on_trial: gives why owners are not asked about a candidate yet; empty where they are.
    """
    made = candidate_made(past, question.candidate)
    found = damaged(files, made, newest_proof(past, made.candidate))
    return not_asked_yet(gate_state(current_plan(past), past, made.candidate, now, found), on_trial(made.candidate))


def damaged(files: Contents, made: CandidateMade, proof: CandidateProven | None) -> list[str]:
    """What no longer matches its digest among a candidate's files and evidence, in plain words."""
    wanted = {f"the candidate's {name}": digest for name, digest in made.files.items()}
    if proof is not None:
        wanted |= {f"the evidence {name}": digest for name, digest in proof.files.items()}
        wanted["the report"] = proof.report
    found = []
    for name, digest in wanted.items():
        try:
            files.get(digest)
        except UserError:
            found.append(f"{name} ({digest[:12]}) is gone or was changed")
    return found


def waiting_for(
    question: WaitingFor, past: Past, actor: Actor, now: datetime, on_trial: Callable[[str], str]
) -> list[Task]:
    """The reviews, sign-offs and envelope signatures that wait for one person.

    Args:
        on_trial: gives why owners are not asked about a candidate yet; empty where they are.
    """
    try:
        plan = current_plan(past)
    except NotFound:
        return []
    tasks: list[Task] = []
    for role in ("baseline", "model"):
        made = latest(past.of(CandidateMade), lambda what, role=role: what.role == role)  # type: ignore[misc]
        if made is None or newest_proof(past, made.what.candidate) is None:
            continue
        state = gate_state(plan, past, made.what.candidate, now)
        later = not question.early and on_trial(made.what.candidate)
        for missing in [] if later else state.missing:
            tasks += _task(plan, question.product, made.what, missing, actor)
        if role == "model" and state.open and not state.by_envelope:
            tasks += _envelope_task(plan, past, question.product, made.what, actor, now)
    return tasks


def _task(plan: Plan, product: str, made: CandidateMade, missing: Missing, actor: Actor) -> list[Task]:
    for function in actor.functions if missing.who == actor.person else ():
        for word in ("review", "sign-off"):
            if missing.what.startswith(f"the {function} {word}"):
                questions = list(review_for(function).questions) if word == "review" else []
                title = f"{function.capitalize()} {word} of the {made.role} {made.candidate[:12]}"
                return [Task(product, word, function, made.candidate, made.role, title, questions)]
    return []


def _envelope_task(
    plan: Plan, past: Past, product: str, made: CandidateMade, actor: Actor, now: datetime
) -> list[Task]:
    if plan.respond.envelope is None:
        return []
    return [
        Task(
            product, "envelope", function, made.candidate, made.role, f"{function.capitalize()}: sign the envelope", []
        )
        for function, _ in unsigned(plan, past, made, now)
        if function in actor.functions
    ]
