"""The gate is open only while every wanted review and sign-off stands; whatever is changed shuts it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from unit.sign.history import BASELINE, CHALLENGER, MODEL, OWNERS, REVIEWS, History, passing, plan, signed

from shipworthy.base.check import CheckResult
from shipworthy.base.errors import GateShut, NotAllowed, NotFound, UserError
from shipworthy.plan.rules import answer_sections
from shipworthy.sign.rules import candidate_made, gate_state, require_open
from shipworthy.sign.words import ReviewGiven, SignOffGiven

NEED = ("Which subscribers will cancel within", "Which of our subscribers will cancel within")


def test_everybody_who_is_asked_opens_it_and_nobody_less_does() -> None:
    history = History()
    history.make()
    assert history.missing() == "the proof"
    history.prove()
    wanted = [*((history.review, one) for one in REVIEWS), *((history.sign, one) for one in OWNERS)]
    for step, function in wanted:
        assert not history.gate().open
        step(function)
    state = history.gate()
    assert state.open
    assert not state.by_envelope
    require_open(state, "all")
    assert len(state.given) == 1 + len(wanted)


@tries(max_examples=20, deadline=None)
@given(st.permutations([*((0, one) for one in REVIEWS), *((1, one) for one in OWNERS)]))
def test_the_order_of_signatures_does_not_matter(order: list[tuple[int, str]]) -> None:
    history = History()
    history.make()
    history.prove()
    waiting = list(order)
    while waiting:  # a signature whose review is still to come is given after it
        later = []
        for form, function in waiting:
            assert not history.gate().open
            try:
                (history.sign if form else history.review)(function)
            except UserError:
                later.append((form, function))
        waiting = later
    assert history.gate().open


def new_owner(history: History) -> None:
    history.adopt(("legal: legal-owner", "legal: new-legal-owner"))


def owner_gone_and_back(history: History) -> None:
    new_owner(history)
    history.revoke("legal", reason="I have not read it.")
    history.adopt()


def another_need(history: History) -> None:
    history.adopt(NEED)


CHANGES: dict[str, Callable[[History], None]] = {
    "the proof was made again with other evidence": lambda history: history.prove(evidence="other"),
    "the newest proof fails": lambda history: history.prove(checks=[passing(), passing("prove.leakage", "fail")]),
    "a check of it was not run": lambda history: history.prove(checks=[passing(verdict="not_run")]),
    "a check of it could not be judged": lambda history: history.prove(checks=[passing(verdict="error")]),
    "no check ran at all": lambda history: history.prove(checks=[]),
    "a section of the plan has changed": another_need,
    "an owner has left": new_owner,
    "the new owner refused before the old one came back": owner_gone_and_back,
    "a sign-off was taken back": lambda history: history.revoke("business"),
    "a reviewer's word was taken back": lambda history: history.revoke("privacy"),
    "a sign-off was followed by a rejection": lambda history: history.sign("legal", decision="reject", reason="No."),
    "a review was followed by a rejection": lambda history: history.review("legal", decision="reject", reason="No."),
    "who signs rejects in a review nobody asked for": lambda history: history.review(
        "technology", decision="reject", reason="It cannot be run."
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_one_change_shuts_it(change: str) -> None:
    history = signed()
    CHANGES[change](history)
    assert not history.gate().open, change
    with pytest.raises(GateShut):
        require_open(history.gate(), "all")


@pytest.mark.parametrize(
    "change",
    [
        ("guide: guides/service.md", "guide: guides/services.md"),
        ("every: 1w", "every: 2w"),
        (
            "steps: [rehearsal, shadow, all]",
            "steps: [rehearsal, shadow, cohort, all]\n  cohorts: {names: [north, south]}",
        ),
        ("again_after: 1mo", "again_after: 2mo"),
        ("operator: night-operator", "operator: other-operator"),
    ],
)
def test_what_does_not_touch_the_answers_voids_nothing(change: tuple[str, str]) -> None:
    history = signed()
    history.adopt(change)
    assert history.gate().open


def test_a_plan_that_comes_back_finds_its_signatures_again() -> None:
    history = signed()
    history.adopt(NEED)
    assert "need" in history.missing()
    history.adopt()
    assert history.gate().open


def test_what_is_damaged_shuts_it_whatever_was_signed() -> None:
    history = signed()
    state = gate_state(history.plan, history.past, MODEL, history.now, ["the candidate's model is gone"])
    assert [item.what for item in state.missing] == ["the candidate's model is gone"]


def test_a_review_and_a_signature_follow_a_revocation_anew() -> None:
    history = signed()
    history.revoke("legal")
    assert "revoked: It is not right." in history.missing()
    with pytest.raises(UserError, match="review has not been given"):
        history.sign("legal")
    history.review("legal")
    assert not history.gate().open
    history.sign("legal")
    assert history.gate().open


def test_the_baseline_has_a_shorter_gate_of_its_own() -> None:
    history = History()
    history.make(BASELINE, role="baseline")
    history.prove(BASELINE)
    history.sign("business", BASELINE)
    assert not history.gate(BASELINE).open
    history.sign("technology", BASELINE)
    assert history.gate(BASELINE).open
    history.make(MODEL)
    history.prove(MODEL)
    assert not history.gate(MODEL).open


def test_a_word_about_one_candidate_says_nothing_about_another() -> None:
    history = signed()
    history.make(CHALLENGER)
    history.prove(CHALLENGER)
    assert not history.gate(CHALLENGER).open


def test_one_person_with_two_functions_gives_two_signatures() -> None:
    history = History(("legal: legal-owner", "legal: privacy-owner"))
    history.make()
    history.prove()
    for function in OWNERS:
        if function != "legal":
            if function in REVIEWS:
                history.review(function)
            history.sign(function)
    assert "legal sign-off" in history.missing()
    history.review("legal")
    history.sign("legal")
    assert history.gate().open


def test_who_signs_for_a_function_of_another_is_refused() -> None:
    history = History()
    history.make()
    history.prove()
    for who in ("privacy-owner", "data-scientist", "night-operator", "stranger"):
        with pytest.raises(NotAllowed):
            history.sign("business", who=who)
    with pytest.raises(NotFound):
        history.sign("astrology", who="business-owner")


def test_whoever_forges_a_fact_in_the_name_of_another_owner_opens_nothing() -> None:
    history = signed()
    history.prove(evidence="other")
    for function in OWNERS:
        values: dict[str, Any] = {
            "product": "renewals",
            "candidate": MODEL,
            "function": function,
            "decision": "approve",
            "evidence": f"other of {MODEL}",
            "sections": answer_sections(history.plan),
        }
        history.write(ReviewGiven(answers={}, **values), who="data-scientist")
        history.write(SignOffGiven(**values), who="data-scientist")
    assert not history.gate().open


def test_a_signature_given_while_another_plan_was_in_force_does_not_count() -> None:
    history = signed()
    history.adopt(NEED)
    history.sign("business")
    history.adopt()
    assert history.missing() == "the business sign-off (void: the plan or its owner has changed since)"


def test_a_name_that_several_candidates_begin_with_names_none() -> None:
    history = History()
    for candidate in ("f" * 62 + "00", "f" * 62 + "01"):
        history.make(candidate)
    with pytest.raises(NotFound):
        candidate_made(history.past, "f" * 60)
    with pytest.raises(NotFound):
        candidate_made(history.past, "")
    with pytest.raises(NotFound):
        candidate_made(history.past, "fffff")
    assert candidate_made(history.past, "f" * 62 + "01").candidate.endswith("01")


def test_a_plan_that_names_nobody_leaves_it_shut() -> None:
    history = signed()
    nobody = plan().model_copy(update={"proof": plan().proof.model_copy(update={"sign_offs": [], "reviews": []})})
    history.facts = [fact for fact in history.facts if not isinstance(fact.what, (ReviewGiven, SignOffGiven))]
    state = gate_state(nobody, history.past, MODEL, history.now)
    assert not state.open
    assert any("the plan names nobody" in item.what for item in state.missing)


results = st.lists(st.sampled_from([passing(verdict=v) for v in ("pass", "warn", "fail", "error", "not_run")]))


@tries(max_examples=40, deadline=None)
@given(results)
def test_only_a_proof_whose_every_check_ran_and_stands_opens(checks: list[CheckResult]) -> None:
    history = signed()
    history.prove(checks=checks)
    stands = bool(checks) and {check.verdict for check in checks} <= {"pass", "warn"}
    assert history.gate().open == stands


def test_the_gate_says_what_is_missing_in_words_with_who_and_how() -> None:
    history = History()
    history.make()
    history.prove()
    for item in history.gate().missing:
        assert item.signature
        assert item.who in OWNERS.values()
        assert "shipworthy" in item.fix
    assert len({item.what for item in history.gate().missing}) == len(REVIEWS) + len(OWNERS)
