"""What a member of the folder `reviews` is: the questions that the owner of one function answers."""

from __future__ import annotations

from dataclasses import dataclass

from shipworthy.base.errors import Mistake
from shipworthy.sign.words import Decision, GiveReview, ReviewQuestion


@dataclass(frozen=True, slots=True)
class Review:
    """A questionnaire of one function.

    Attributes:
        function: who answers it: privacy, legal…
        title: its heading.
        covers: one sentence on what the answers are about.
    """

    function: str
    title: str
    covers: str
    questions: tuple[ReviewQuestion, ...]


def mistakes_in(review: Review, command: GiveReview) -> list[Mistake]:
    """Everything that is wrong with the answers to a review; empty where nothing is."""
    where = f"{command.function} review"
    known = {question.name: question for question in review.questions}
    mistakes = [
        Mistake("sign.unknown_question", where, f"There is no question {name!r}.", fix=f"Known: {', '.join(known)}.")
        for name in command.answers
        if name not in known
    ]
    for name, question in known.items():
        mistakes += _mistakes_in_answer(question, command.answers.get(name, "").strip(), where, command.decision)
    if command.decision == "reject" and not command.reason.strip():
        mistakes.append(Mistake("sign.reason", where, "No reason is given.", fix="Say why with --reason."))
    return mistakes


def _mistakes_in_answer(question: ReviewQuestion, answer: str, where: str, decision: Decision) -> list[Mistake]:
    place = f"{where}, {question.name}"
    if not answer:
        return [Mistake("sign.no_answer", place, f"No answer to: {question.text}", fix="Answer it.")]
    if question.choices and answer not in question.choices:
        quoted = ", ".join(f"“{one}”" for one in question.choices)  # a choice may hold a comma itself
        return [Mistake("sign.choice", place, f"“{answer}” is no choice.", fix=f"One of: {quoted}.")]
    if decision == "approve" and answer in (question.forbids or []):
        found = f"The answer {answer!r} to “{question.text}” does not go with an approval."
        return [Mistake("sign.forbids", place, found, fix="Reject with a reason, or have the cause removed first.")]
    return []
