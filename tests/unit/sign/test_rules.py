"""What an owner may say, with which words, and why it is refused."""

from __future__ import annotations

import pytest
from unit.sign.history import MODEL, History, passing, signed

from shipworthy.base.errors import GateShut, NotFound, UserError
from shipworthy.base.kinds import kinds
from shipworthy.sign.rules import review_for
from shipworthy.sign.words import ReviewGiven, SignOffGiven


def proven() -> History:
    history = History()
    history.make()
    history.prove()
    return history


@pytest.mark.parametrize("function", kinds("sign/reviews"))
def test_every_questionnaire_can_be_answered_and_approved(function: str) -> None:
    review = review_for(function)
    assert review.function == function
    assert len({question.name for question in review.questions}) == len(review.questions)
    for question in review.questions:
        assert question.text.endswith("?")
        assert set(question.forbids or []) <= set(question.choices or [])
        assert not question.choices or set(question.choices) - set(question.forbids or [])
    history = proven()
    history.review(function)
    fact = history.facts[-1].what
    assert isinstance(fact, ReviewGiven)
    assert (fact.evidence, fact.sections) == (f"evidence of {MODEL}", history.facts[1].what.sections)


def test_every_mistake_in_the_answers_is_told_at_once() -> None:
    answers = {"proof_sound": "perhaps", "independent": "no", "mood": "good", "limits": "  "}
    with pytest.raises(UserError) as caught:
        proven().review("validation", answers=answers)
    codes = [mistake.code for mistake in caught.value.mistakes]
    assert sorted(codes) == [
        "sign.choice",
        "sign.forbids",
        "sign.no_answer",
        "sign.no_answer",
        "sign.unknown_question",
    ]
    assert all(mistake.fix for mistake in caught.value.mistakes)


def test_a_forbidding_answer_goes_with_a_rejection_that_says_why() -> None:
    history = proven()
    answers = {question.name: "no" if question.choices else "Read." for question in review_for("validation").questions}
    with pytest.raises(UserError, match="does not go with an approval"):
        history.review("validation", answers=answers)
    with pytest.raises(UserError, match="No reason is given"):
        history.review("validation", answers=answers, decision="reject")
    history.review("validation", answers=answers, decision="reject", reason="I built it.")
    assert "rejected: I built it." in history.missing()


def test_a_signature_needs_the_review_the_proof_and_a_proof_that_stands() -> None:
    history = History()
    history.make()
    with pytest.raises(GateShut, match="no proof yet"):
        history.sign("business")
    history.prove(checks=[passing("prove.performance", "fail")])
    with pytest.raises(GateShut, match="does not stand"):
        history.sign("business")
    history.sign("business", decision="reject", reason="It is no better than the rule.")
    history.prove()
    with pytest.raises(UserError, match="privacy review has not been given"):
        history.sign("privacy")
    history.review("privacy")
    history.prove(evidence="other")
    with pytest.raises(UserError, match="privacy review has not been given"):
        history.sign("privacy")


def test_what_was_read_is_what_is_signed() -> None:
    history = proven()
    read = f"evidence of {MODEL}"
    history.prove(evidence="other")
    with pytest.raises(UserError, match="by now the newest is"):
        history.sign("business", evidence=read)
    with pytest.raises(UserError, match="by now the newest is"):
        history.review("privacy", evidence=read)
    history.sign("business", evidence=f"other of {MODEL}")
    assert isinstance(history.facts[-1].what, SignOffGiven)


def test_a_rejection_and_a_revocation_say_why() -> None:
    history = signed()
    with pytest.raises(UserError, match="No reason"):
        history.sign("business", decision="reject", reason=" ")
    with pytest.raises(UserError, match="No reason"):
        history.revoke("business", reason="")


def test_nothing_can_be_taken_back_that_was_not_given() -> None:
    with pytest.raises(UserError, match="neither reviewed nor signed"):
        proven().revoke("business")


def test_a_candidate_is_named_by_its_first_digits() -> None:
    history = proven()
    history.sign("business", MODEL[:8])
    assert history.facts[-1].what.candidate == MODEL
    with pytest.raises(NotFound, match="no candidate 'fedcba'"):
        history.sign("business", "fedcba")
