"""Whoever builds does not approve, whoever pressed the button."""

from __future__ import annotations

import pytest
from unit.sign.history import CHALLENGER, MODEL, OWNERS, REVIEWS, History, at_once

from shipworthy.base.actor import Actor
from shipworthy.base.errors import NotAllowed
from shipworthy.plan.rules import answer_sections
from shipworthy.sign.approval import makers
from shipworthy.sign.views import waiting_for
from shipworthy.sign.words import SignOffGiven, WaitingFor

BUILDER_OWNS = ("technology: technology-owner", "technology: data-scientist")
OPERATOR_OWNS = ("technology: technology-owner", "technology: night-operator")


def approve_but_technology(history: History, candidate: str) -> None:
    for function in OWNERS:
        if function == "technology":
            continue
        if function in REVIEWS:
            history.review(function, candidate)
        history.sign(function, candidate)


def test_an_author_who_owns_a_function_cannot_sign() -> None:
    history = History(BUILDER_OWNS)
    history.make(author="data-scientist")
    history.prove()
    with pytest.raises(NotAllowed, match="cannot review or sign"):
        history.sign("technology", who="data-scientist")
    with pytest.raises(NotAllowed):
        history.review("technology", who="data-scientist")


def test_a_builder_cannot_sign_his_code_that_the_scheduler_trained() -> None:
    history = History(BUILDER_OWNS)
    history.make(author="data-scientist")
    history.make(CHALLENGER, author="night-operator", parent=MODEL, notes={"cause": "an alarm"})
    history.prove(CHALLENGER)
    with pytest.raises(NotAllowed):
        history.sign("technology", CHALLENGER, who="data-scientist")
    approve_but_technology(history, CHALLENGER)
    item = next(item for item in history.gate(CHALLENGER).missing)
    assert item.who == "administrator"
    assert "people.owners.technology" in item.fix


def test_nor_can_the_operator_in_whose_name_it_was_trained() -> None:
    history = History(OPERATOR_OWNS)
    history.make(CHALLENGER, author="night-operator", notes={"cause": "an alarm"})
    history.prove(CHALLENGER)
    with pytest.raises(NotAllowed):
        history.sign("technology", CHALLENGER, who="night-operator")


def test_a_builder_who_became_an_owner_cannot_sign_what_is_made_from_the_same_code() -> None:
    history = History()
    history.make(author="data-scientist")
    history.adopt(("builders: [data-scientist]", "builders: [second-builder]"), BUILDER_OWNS)
    history.make(CHALLENGER, author="second-builder")
    history.prove(CHALLENGER)
    with pytest.raises(NotAllowed):
        history.sign("technology", CHALLENGER, who="data-scientist")


def test_once_the_code_is_another_the_former_builder_may_sign() -> None:
    history = History()
    history.make(author="data-scientist")
    history.adopt(("builders: [data-scientist]", "builders: [second-builder]"), BUILDER_OWNS)
    made = history.make(CHALLENGER, author="second-builder", code="other code")
    history.prove(CHALLENGER)
    assert makers(history.past, made) == {"second-builder"}
    history.sign("technology", CHALLENGER, who="data-scientist")


def test_a_maker_s_signature_that_got_into_the_ledger_all_the_same_does_not_count() -> None:
    history = History(BUILDER_OWNS)
    history.make(author="night-operator")
    history.prove()
    approve_but_technology(history, MODEL)
    word = SignOffGiven(
        product="renewals",
        candidate=MODEL,
        function="technology",
        decision="approve",
        evidence=f"evidence of {MODEL}",
        sections=answer_sections(history.plan),
    )
    history.write(word, who="data-scientist")
    assert "technology sign-off" in history.missing()
    assert not history.gate().open


def test_makers_are_not_asked_for_what_they_may_not_give() -> None:
    history = History(BUILDER_OWNS)
    history.make(author="data-scientist")
    history.prove()
    roles = frozenset({"builder", "owner:technology"})
    asked = WaitingFor(product="renewals")
    assert waiting_for(asked, history.past, Actor("data-scientist", roles), history.now, at_once) == []
    legal = Actor("legal-owner", frozenset({"owner:legal"}))
    assert [task.kind for task in waiting_for(asked, history.past, legal, history.now, at_once)] == [
        "review",
        "sign-off",
    ]
