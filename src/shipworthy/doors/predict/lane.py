"""The lane that questions wait in: answered together, in time, and on disk before anybody is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.journal import Journal
from shipworthy.deliver.ready import Question
from shipworthy.deliver.serving import Reply, Serving
from shipworthy.doors.predict.refused import Refused
from shipworthy.doors.predict.tally import Tally

MOST_AT_ONCE = 256  # questions answered together; more wait for the next turn
LATENCY_SHARE = 0.5  # of the declared latency that a model may take; the rest is for whoever stands in and the disk
FIRST_GUESS = 1e-4  # seconds that a question is thought to take before one was answered
SEAL_SECONDS, SEAL_ROWS = 60.0, 50_000
Told = Reply | Exception


@dataclass(slots=True)
class Waiting:
    """A question, or a refusal that waits for its line in the log.

    Attributes:
        began: when it came, by the machine's monotonic clock, in seconds.
    """

    question: Question
    refusal: UserError | Refused | None
    told: asyncio.Future[Told]
    began: float


class Lane:
    """Answers whoever waits, batch after batch, and seals the log from time to time."""

    def __init__(self, serving: Callable[[], Serving], now: Callable[[], datetime], tally: Tally) -> None:
        """What answers and what time it is, asked anew for each batch."""
        self._serving, self._now, self._tally = serving, now, tally
        self._waiting: list[Waiting] = []
        self._asleep: asyncio.Future[None] | None = None
        self._each = FIRST_GUESS
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="prediction-log")
        self._models = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._simple = ThreadPoolExecutor(1, thread_name_prefix="baseline")
        self._stuck: asyncio.Future[list[Told]] | None = None
        self.problem = ""

    async def ask(self, questions: Sequence[Question]) -> list[Told]:
        """An answer for each question, or why there is none; everything is in the log when this comes back.

        Raises:
            Refused: more wait than can be answered in time (429).
        """
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        patience = self._patience(questions[0].consumer) if questions else 0.0
        expected = (len(self._waiting) + len(questions)) * self._each
        crowded = Refused.overloaded(expected) if self._waiting and expected > patience else None
        mine = [Waiting(question, crowded, loop.create_future(), began) for question in questions]
        return await self._answered(mine)

    async def refuse(self, question: Question, why: UserError | Refused) -> Told:
        """A refusal that is in the log when this comes back."""
        one = Waiting(question, why, asyncio.get_running_loop().create_future(), time.monotonic())
        return (await self._answered([one]))[0]

    async def _answered(self, mine: list[Waiting]) -> list[Told]:
        self._waiting += mine
        if self._asleep is not None and not self._asleep.done():
            self._asleep.set_result(None)
        return [await one.told for one in mine]

    async def run(self, journal: Journal, seal: Callable[[Journal], None]) -> None:
        """Answer for ever. `seal` is called from a thread, now and then."""
        loop = asyncio.get_running_loop()
        sealed = time.monotonic()
        while True:
            if not self._waiting:
                self._asleep = loop.create_future()
                timer = loop.call_later(SEAL_SECONDS, _wake, self._asleep)
                await self._asleep
                timer.cancel()
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            if batch:
                await self._settle(journal, batch)
            if journal.rows >= SEAL_ROWS or (journal.rows and time.monotonic() > sealed + SEAL_SECONDS):
                await loop.run_in_executor(self._writer, seal, journal)
                sealed = time.monotonic()

    def close(self) -> None:
        """End the threads; a model that does not come back is left behind."""
        for one in (self._writer, self._models, self._simple):
            one.shutdown(wait=one is self._writer, cancel_futures=True)

    async def _settle(self, journal: Journal, batch: list[Waiting]) -> None:
        """Give each who waits an answer that is on disk, or the reason why there is none."""
        began = time.monotonic()
        try:
            told = await self._logged(journal, batch)
        except Exception as error:  # whoever waits must hear of it, and the next ones be answered
            told = [error] * len(batch)
        now = time.monotonic()
        self._each += 0.05 * ((now - began) / len(batch) - self._each)
        for one, answer in zip(batch, told, strict=True):
            self._tally.count(answer, now - one.began)
            if not one.told.done():  # else the caller has gone
                one.told.set_result(answer)

    async def _logged(self, journal: Journal, batch: list[Waiting]) -> list[Told]:
        serving, now = self._serving(), self._now()
        asked = [one.question for one in batch if one.refusal is None]
        answers = iter(await self._answers(serving, asked, now) if asked else ())
        told: list[Told] = [
            next(answers) if one.refusal is None else _refusal(serving, one.question, one.refusal, now) for one in batch
        ]
        rows = [answer.row for answer in told if isinstance(answer, Reply)]
        refused = [
            _line(one.question, answer, now)
            for one, answer in zip(batch, told, strict=True)
            if not isinstance(answer, Reply)
        ]
        sync = any(serving.plan.consumers[one.question.consumer].log == "synced" for one in batch)
        shadow = self._shadow(serving, asked, now)
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._writer, lambda: journal.write([*rows, *shadow], refused, sync=sync))
        except OSError as error:
            refusal = Refused.unlogged(error)
            return [refusal] * len(told)
        return told

    async def _answers(self, serving: Serving, asked: list[Question], now: datetime) -> list[Told]:
        if serving.quick:
            return serving.answers(asked, now)
        if self._stuck is not None and not self._stuck.done():
            return await self._stand_in(serving, asked, now, "it has not come back from an earlier question")
        loop = asyncio.get_running_loop()
        model = loop.run_in_executor(self._models, serving.answers, asked, now)
        patience = min(self._patience(one.consumer) for one in asked)
        done, _ = await asyncio.wait({model}, timeout=patience)
        if done:
            return model.result()
        self._stuck = model
        return await self._stand_in(serving, asked, now, "it took too long")

    async def _stand_in(self, serving: Serving, asked: list[Question], now: datetime, why: str) -> list[Told]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._simple, serving.stood_in, asked, why, now)
        return [one if one is not None else Refused.late() for one in found]

    def _shadow(self, serving: Serving, asked: list[Question], now: datetime) -> list[dict[str, Any]]:
        """The challenger's rows beside them; one that breaks or is slow takes nothing from anybody."""
        ready = serving.ready.get(serving.challenger)
        if ready is None or ready.answerer.compiled is None or not asked:
            return []
        try:
            return serving.shadowed(asked, now)
        except Exception as error:
            self.problem = f"The challenger in shadow could not answer: {type(error).__name__}."
            return []

    def _patience(self, consumer: str) -> float:
        latency = self._serving().plan.consumers[consumer].latency
        return LATENCY_SHARE * latency.days * 86_400 if latency else 60.0


def _refusal(serving: Serving, question: Question, why: UserError | Refused, now: datetime) -> Told:
    invalid = isinstance(why, UserError) and why.mistakes[0].code == "serve.input"
    return (serving.invalid(question, why, now) if invalid else None) or why


def _line(question: Question, why: Exception, now: datetime) -> dict[str, Any]:
    """The line of a question that got no answer: the reason's code and field, without values."""
    mistake: Mistake | None = None
    if isinstance(why, UserError):
        mistake = why.mistakes[0]
    elif isinstance(why, Refused):
        mistake = why.mistake
    return {
        "refusal_id": uuid4().hex,
        "time": now.isoformat(),
        "entity": question.entity,
        "consumer": question.consumer,
        "code": mistake.code if mistake else "serve.bug",
        "field": mistake.where if mistake and mistake.code == "serve.input" else "",
    }


def _wake(asleep: asyncio.Future[None]) -> None:
    if not asleep.done():
        asleep.set_result(None)
