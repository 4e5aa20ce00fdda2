"""Review and sign: what is asked, the evidence, and exactly what a signature covers."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from shipworthy.app.words import ProductRoad
from shipworthy.base.errors import Mistake, NotFound, UserError, not_found
from shipworthy.doors.web.visit import Page, Visit
from shipworthy.model.words import CandidateCard, Candidates
from shipworthy.prove.words import Proof, ProofOf
from shipworthy.sign.rules import review_for
from shipworthy.sign.words import (
    Decision,
    Gate,
    GateState,
    GiveReview,
    GiveSignOff,
    RevokeSignOff,
    SignEnvelope,
    Task,
    WaitingFor,
)

DONE = {
    "review": "Your review is on record.",
    "sign-off": "Your signature is on record.",
    "envelope": "Your signature on the envelope is on record.",
    "reject": "Your rejection is on record, with its reason.",
    "revoke": "Your review and signature are taken back; releases to more people stop.",
}


_CHOOSE = "Choose one on the page where they are signed."


def _show(visit: Visit) -> Response:
    candidates = visit.ask(Candidates(product=visit.product))
    card = _chosen(visit, candidates)
    waiting = visit.ask(WaitingFor(product=visit.product))
    proof, gate = _evidence(visit, card)
    early = visit.ask(WaitingFor(product=visit.product, early=True))
    tasks = [task for task in early if card and task.candidate == card.candidate]
    return visit.product_page(
        "sign.html",
        candidates=candidates,
        card=card,
        proof=proof,
        gate=gate,
        tasks=tasks,
        covers={task.function: review_for(task.function).covers for task in tasks if task.kind == "review"},
        before={(task.kind, task.function): _said_before(task, gate) for task in tasks},
        elsewhere=[task for task in waiting if task not in tasks],
        done=DONE.get(visit.query.get("done", ""), ""),
    )


def _said_before(task: Task, gate: GateState | None) -> str:
    """Why what the owner gave before does not hold, such as "void: the evidence has changed since"."""
    named = f"the {task.function} {task.kind}"
    for item in gate.missing if gate else []:
        if item.what.startswith(named) and item.what.endswith(")"):
            return item.what.removeprefix(named).strip(" ()")
    return ""


def _chosen(visit: Visit, candidates: Sequence[CandidateCard]) -> CandidateCard | None:
    asked_for = visit.query.get("candidate", "")
    named = asked_for or visit.ask(ProductRoad(product=visit.product)).candidate
    found = next((card for card in reversed(candidates) if card.candidate == named), None)
    if asked_for and found is None:
        raise not_found("candidate", asked_for, [card.candidate[:12] for card in candidates], _CHOOSE)
    return found


def _evidence(visit: Visit, card: CandidateCard | None) -> tuple[Proof | None, GateState | None]:
    if card is None:
        return None, None
    try:
        proof = visit.ask(ProofOf(product=visit.product, candidate=card.candidate))
    except NotFound:
        proof = None
    return proof, visit.ask(Gate(product=visit.product, candidate=card.candidate))


def _send(visit: Visit) -> Response:
    form = visit.form
    candidate, function, what = form.get("candidate", ""), form.get("function", ""), form.get("what", "")
    reason = form.get("reason", "").strip()
    if what == "revoke":
        visit.do(RevokeSignOff(product=visit.product, candidate=candidate, function=function, reason=reason))
    else:
        decision = _decision(form.get("decision", ""), visit.address)
        _give(visit, what, candidate, function, decision, reason)
    return visit.back("reject" if form.get("decision") == "reject" and what != "revoke" else what, candidate=candidate)


def _give(visit: Visit, what: str, candidate: str, function: str, decision: Decision, reason: str) -> None:
    read = visit.form.get("evidence", "")
    if what == "review":
        answers = {key.removeprefix("answer."): value for key, value in visit.form.items() if key.startswith("answer.")}
        review = GiveReview(
            product=visit.product,
            candidate=candidate,
            function=function,
            answers=answers,
            decision=decision,
            reason=reason,
            evidence=read,
        )
        visit.do(review)
    elif what == "envelope":
        visit.do(
            SignEnvelope(
                product=visit.product, candidate=candidate, function=function, decision=decision, reason=reason
            )
        )
    else:
        visit.do(
            GiveSignOff(
                product=visit.product,
                candidate=candidate,
                function=function,
                decision=decision,
                reason=reason,
                evidence=read,
            )
        )


def _decision(text: str, where: str) -> Decision:
    if text == "approve":
        return "approve"
    if text == "reject":
        return "reject"
    raise UserError(
        Mistake("web.decision", where, "Neither approve nor reject was chosen.", fix="Choose one, then send again.")
    )


PAGE = Page("/products/{product}/sign", _show, label="Sign", order=3, send=_send)
