"""Questions of a stream by the same hot path as those over HTTP: answers and refusals in the log, then told."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.asked import Asked, DeadLetter
from shipworthy.deliver.beside import Beside
from shipworthy.deliver.journal import Journal
from shipworthy.deliver.ready import Question
from shipworthy.deliver.replies import Reply
from shipworthy.deliver.serving import Serving

LEAST_PATIENCE = 10.0  # seconds that a model may take for one batch, or its latency if that is longer
Told = Reply | Exception


class Answerers:
    """Whoever answers the questions of one consumer; a model that does not come back blocks no later question."""

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer
        self._model = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._stuck: Future[list[Told]] | None = None
        self._beside = Beside()

    def answered(
        self, serving: Serving, journal: Journal, asked: Sequence[Asked | DeadLetter], now: datetime
    ) -> list[Reply | DeadLetter]:
        """What became of each message, in its place; all of it is in the prediction log.

        The last 20 digits of an answer's name are the question's key, and so is the name of a refusal, so that the log
        says which questions it answers.

        Raises:
            OSError: the log could not be written; nobody is answered.
        """
        read = [self._read(serving, one, now) for one in asked]
        questions = [one for one in read if isinstance(one, Question)]
        answers = iter(self._told(serving, questions, now) if questions else ())
        told = [next(answers) if isinstance(one, Question) else one for one in read]
        found = [_as_told(one, what) for one, what in zip(asked, told, strict=True)]
        refusals = [
            _line(one, question, self._consumer, now)
            for one, question in zip(found, read, strict=True)
            if isinstance(one, DeadLetter)
        ]
        rows = [one.row for one in found if isinstance(one, Reply)]
        sync = serving.plan.consumers[self._consumer].log == "synced"
        asked_anew = [replace(one, answer_id="") for one in questions]  # under names of their own
        silent = self._beside.answered(serving, asked_anew, now)
        journal.write([*rows, *(row for one in silent for row in one.rows)], refusals, sync=sync)
        return found

    def close(self) -> None:
        """Let go; a model that does not come back is left behind."""
        self._model.shutdown(wait=False, cancel_futures=True)
        self._beside.close()

    def _read(self, serving: Serving, one: Asked | DeadLetter, now: datetime) -> Question | Told | DeadLetter:
        """A question by the contract of the consumer's inputs; or why it is none, or what the baseline says to it."""
        if isinstance(one, DeadLetter):
            return one
        try:
            return self._by_contract(serving, one, now)
        except Exception as error:  # a fault with one question must not keep all later ones waiting
            return error

    def _by_contract(self, serving: Serving, one: Asked, now: datetime) -> Question | Told:
        try:
            name, values = serving.inputs[self._consumer].read(dict(one.given))
            return Question(name, self._consumer, values, one.key)
        except UserError as error:
            doubtful = replace(serving.question_in_doubt(self._consumer, dict(one.given)), answer_id=one.key)
            return serving.invalid(doubtful, error, now) or error

    def _told(self, serving: Serving, questions: list[Question], now: datetime) -> list[Told]:
        try:
            return self._asked(serving, questions, now)
        except Exception as error:
            return [error] * len(questions)

    def _asked(self, serving: Serving, questions: list[Question], now: datetime) -> list[Told]:
        if serving.quick:
            return serving.answers(questions, now)
        if self._stuck is not None and not self._stuck.done():
            return _stood_in(serving, questions, "it has not come back from an earlier question", now)
        latency = serving.plan.consumers[self._consumer].latency
        asked = self._model.submit(serving.answers, questions, now)
        try:
            return asked.result(max(LEAST_PATIENCE, latency.days * 86_400 if latency else 0.0))
        except TimeoutError:
            self._stuck = asked
            return _stood_in(serving, questions, "it took too long", now)


def _stood_in(serving: Serving, questions: list[Question], why: str, now: datetime) -> list[Told]:
    found = "The model gave no answer in time, and nothing may stand in for it."
    late = UserError(Mistake("stream.late", "model", found, fix="Release a baseline with if_stopped: baseline."))
    return [one or late for one in serving.stood_in(questions, why, now)]


def _as_told(one: Asked | DeadLetter, told: Told | DeadLetter) -> Reply | DeadLetter:
    if isinstance(told, Reply | DeadLetter):
        return told
    if isinstance(told, UserError):
        mistake = told.mistakes[0]
    else:
        found = f"Whatever answers broke on this question: {type(told).__name__}."
        mistake = Mistake("stream.broken", "model", found, fix="Mend the model; then send the dead letters again.")
    return DeadLetter(one.key, one.id, mistake.code, mistake.found)


def _line(letter: DeadLetter, question: object, consumer: str, now: datetime) -> dict[str, Any]:
    """The line of a question that got no answer: the reason's code, without values."""
    return {
        "refusal_id": letter.key,
        "time": now.isoformat(),
        "entity": question.entity if isinstance(question, Question) else "",
        "consumer": consumer,
        "code": letter.code,
        "field": "",
    }
