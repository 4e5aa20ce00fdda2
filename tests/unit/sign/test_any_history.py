"""Random histories, forged facts among them: the gate is open exactly when an independent reckoning says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from unit.sign.history import MODEL, OWNERS, REVIEWS, History, passing

from shipworthy.plan.rules import answer_sections
from shipworthy.sign.words import ReviewGiven, SignOffGiven, SignOffRevoked

PLANS = {
    "first": (),
    "typo": (("guide: guides/service.md", "guide: guides/services.md"),),
    "other need": (("next two months?", "next three months?"),),
    "other owner": (("legal: legal-owner", "legal: new-legal-owner"),),
}
PEOPLE = ("business-owner", "legal-owner", "new-legal-owner", "data-scientist", "night-operator", "validation-owner")

someone = st.sampled_from(PEOPLE)
functions = st.sampled_from(("business", "legal", "validation"))
events = st.one_of(
    st.tuples(st.just("plan"), st.sampled_from(sorted(PLANS))),
    st.tuples(st.just("prove"), st.sampled_from(("evidence", "other")), st.sampled_from(("pass", "warn", "not_run"))),
    st.tuples(
        st.sampled_from(("review", "sign")),
        functions,
        someone,
        st.sampled_from(("approve", "approve", "reject")),
        st.sampled_from(("evidence", "other")),
        st.sampled_from((MODEL, "b" * 64)),
    ),
    st.tuples(st.just("revoke"), functions, someone),
)


@dataclass
class Reckoning:
    """What must hold, kept as plain state while the history goes by."""

    owners: dict[str, str] = field(default_factory=lambda: dict(OWNERS))
    sections: Any = None
    evidence: str = ""
    stands: bool = False
    given: dict[tuple[str, str], tuple[str, str, Any]] = field(default_factory=dict)

    def open(self, made: Any) -> bool:
        def holds(form: str, function: str) -> bool:
            who, evidence, sections = self.given.get((form, function), ("", "", None))
            right = who == self.owners[function] and who != "data-scientist"
            return right and evidence == self.evidence and sections == self.sections

        reviewed = all(holds("review", function) for function in REVIEWS)
        signed = all(holds("sign", function) for function in OWNERS)
        return self.stands and made == self.sections and reviewed and signed

    def say(self, form: str, function: str, who: str, decision: str, evidence: str) -> None:
        if decision == "approve":
            self.given[form, function] = (who, evidence, self.sections)
        else:
            self.refuse(function)

    def refuse(self, function: str) -> None:
        for form in ("review", "sign"):
            self.given.pop((form, function), None)


def happen(history: History, reckoning: Reckoning, event: tuple[Any, ...]) -> None:
    if event[0] == "plan":
        history.adopt(*PLANS[event[1]])
        reckoning.sections = answer_sections(history.plan)
        reckoning.owners["legal"] = "new-legal-owner" if event[1] == "other owner" else "legal-owner"
    elif event[0] == "prove":
        history.prove(MODEL, event[1], [passing(), passing("prove.parity", event[2])])
        reckoning.evidence, reckoning.stands = event[1], event[2] != "not_run"
    elif event[0] == "revoke":
        _, function, who = event
        history.write(SignOffRevoked(product="renewals", candidate=MODEL, function=function, reason="No."), who)
        reckoning.refuse(function)
    else:
        form, function, who, decision, evidence, candidate = event
        values: dict[str, Any] = {
            "product": "renewals",
            "candidate": candidate,
            "function": function,
            "decision": decision,
            "evidence": f"{evidence} of {MODEL}",
            "sections": answer_sections(history.plan),
        }
        history.write(ReviewGiven(answers={}, **values) if form == "review" else SignOffGiven(**values), who)
        if candidate == MODEL:
            reckoning.say(form, function, who, decision, evidence)


@tries(max_examples=300, deadline=None)
@given(st.lists(events, max_size=8))
def test_the_gate_is_open_exactly_when_everything_that_is_wanted_stands(life: list[tuple[Any, ...]]) -> None:
    history, reckoning = History(), Reckoning()
    made = history.make().sections
    happen(history, reckoning, ("plan", "first"))
    happen(history, reckoning, ("prove", "evidence", "pass"))
    for function, owner in OWNERS.items():
        for form in ("review", "sign"):
            happen(history, reckoning, (form, function, owner, "approve", "evidence", MODEL))
    assert history.gate().open
    for event in life:
        happen(history, reckoning, event)
        state = history.gate()
        assert state.open == reckoning.open(made)
        assert state.open == (not state.missing)
