"""A product's past for the tests of signing: facts in the order in which they happened, by whoever did it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from shipworthy.app.rights import roles_in
from shipworthy.base.actor import Actor
from shipworthy.base.check import CheckResult, Verdict
from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Decided, KnownPast, Past, Recorded, What
from shipworthy.model.words import CandidateMade, Role
from shipworthy.plan.differences import section_digests
from shipworthy.plan.reading import read_plan
from shipworthy.plan.reference_examples import WITH_PIPELINE
from shipworthy.plan.rules import answer_sections, current_plan, plan_digest
from shipworthy.plan.schema import Plan
from shipworthy.plan.words import PlanAdopted
from shipworthy.prove.words import CandidateProven
from shipworthy.sign.rules import gate_state, give_review, give_sign_off, review_for, revoke_sign_off, sign_envelope
from shipworthy.sign.words import GateState, GiveReview, GiveSignOff, RevokeSignOff, SignEnvelope

PRODUCT = "renewals"
OWNERS = {
    "business": "business-owner",
    "technology": "technology-owner",
    "privacy": "privacy-owner",
    "legal": "legal-owner",
    "compliance": "compliance-owner",
    "validation": "validation-owner",
}
REVIEWS = ("privacy", "legal", "compliance", "validation")
MODEL, CHALLENGER, BASELINE = ("a" * 64, "b" * 64, "c" * 64)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ENVELOPE = "respond:\n  envelope: {mean_score_change_at_most: 0.2, rank_correlation_at_least: 0.8, within: 12mo}\n"

Change = tuple[str, str]
Rule = Callable[[Any, Past, datetime, Actor], Decided[Any]]


@cache
def plan(*changes: Change) -> Plan:
    """The example's plan with pieces of its text replaced."""
    text = WITH_PIPELINE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_plan(text)


def passing(name: str = "prove.performance", verdict: Verdict = "pass", **values: Any) -> CheckResult:
    """A result of a check."""
    return CheckResult(name, "Is it good enough?", verdict, f"{name} says {verdict}.", **values)


class History:
    """Facts of one product; who does something may do it through the rules, or write the fact itself."""

    def __init__(self, *changes: Change) -> None:
        self.facts: list[Recorded[Any]] = []
        self.now = NOW
        self.adopt(*changes)

    @property
    def past(self) -> KnownPast:
        return KnownPast(self.facts)

    @property
    def plan(self) -> Plan:
        return current_plan(self.past)

    def write(self, what: What, who: str = "product-manager") -> None:
        seq = len(self.facts) + 1
        self.facts.append(Recorded(seq, who, self.now, self.now, what, "", digest_of([seq, who])))

    def adopt(self, *changes: Change) -> None:
        new = plan(*changes)
        version = 1 + sum(isinstance(fact.what, PlanAdopted) for fact in self.facts)
        digests = section_digests(new)
        self.write(
            PlanAdopted(product=PRODUCT, version=version, plan=new.values(), digest=plan_digest(new), sections=digests)
        )

    def make(
        self, candidate: str = MODEL, role: Role = "model", author: str = "data-scientist", **values: Any
    ) -> CandidateMade:
        version = sum(isinstance(fact.what, PlanAdopted) for fact in self.facts)
        made = CandidateMade(
            product=PRODUCT,
            candidate=candidate,
            role=role,
            plan_version=version,
            sections=answer_sections(self.plan),
            code="code",
            snapshot="snapshot",
            environment="environment",
            model="model",
            format="skops",
            files={"model": f"file of {candidate}"},
            features=["minutes_30"],
            trained_on=["2026-01-01"],
            rows=100,
            author=author,
        )
        self.write(replace(made, **values), author)
        return replace(made, **values)

    def prove(
        self, candidate: str = MODEL, evidence: str = "evidence", checks: list[CheckResult] | None = None
    ) -> None:
        checks = [passing()] if checks is None else checks
        self.write(
            CandidateProven(
                product=PRODUCT,
                candidate=candidate,
                verdict="pass",
                checks=checks,
                evidence=f"{evidence} of {candidate}",
                report="report",
                files={},
                snapshot="snapshot",
            )
        )

    def do(self, rule: Rule, command: Any, who: str) -> Any:
        """Let a person give a command; the plan in force says which parts the person plays."""
        decided = rule(command, self.past, self.now, Actor(who, frozenset(roles_in(self.plan, who))))
        for fact in decided.facts:
            self.write(fact, who)
        return decided.result(self.past)

    def review(self, function: str, candidate: str = MODEL, who: str = "", **values: Any) -> Any:
        answers = {
            question.name: next(choice for choice in question.choices if choice not in (question.forbids or []))
            if question.choices
            else "Read."
            for question in review_for(function).questions
        }
        values = {"answers": answers, **values}
        command = GiveReview(product=PRODUCT, candidate=candidate, function=function, **values)
        return self.do(give_review, command, who or self.owner(function))

    def sign(self, function: str, candidate: str = MODEL, who: str = "", **values: Any) -> Any:
        command = GiveSignOff(product=PRODUCT, candidate=candidate, function=function, **values)
        return self.do(give_sign_off, command, who or self.owner(function))

    def revoke(self, function: str, candidate: str = MODEL, who: str = "", reason: str = "It is not right.") -> Any:
        command = RevokeSignOff(product=PRODUCT, candidate=candidate, function=function, reason=reason)
        return self.do(revoke_sign_off, command, who or self.owner(function))

    def envelope(self, function: str, candidate: str = MODEL, who: str = "", **values: Any) -> Any:
        command = SignEnvelope(product=PRODUCT, candidate=candidate, function=function, **values)
        return self.do(sign_envelope, command, who or self.owner(function))

    def approve(self, candidate: str = MODEL) -> None:
        """Everybody reviews and signs."""
        for function in OWNERS:
            if function in self.plan.proof.reviews:
                self.review(function, candidate)
            self.sign(function, candidate)

    def owner(self, function: str) -> str:
        return str(getattr(self.plan.people.owners, function))

    def gate(self, candidate: str = MODEL) -> GateState:
        return gate_state(self.plan, self.past, candidate, self.now)

    def missing(self, candidate: str = MODEL) -> str:
        return "; ".join(item.what for item in self.gate(candidate).missing)


def at_once(candidate: str) -> str:
    """No trial is waited for: owners are asked about every candidate."""
    return ""


def signed() -> History:
    """A model that everybody has approved."""
    history = History()
    history.make()
    history.prove()
    history.approve()
    return history
