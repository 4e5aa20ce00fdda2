"""The lane that questions wait in: answered together, in time, and on disk before anybody is told."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.beside import Beside, Silent, step_back
from shipworthy.deliver.journal import Journal
from shipworthy.deliver.ready import Question
from shipworthy.deliver.replies import Reply
from shipworthy.deliver.service import Stretch
from shipworthy.deliver.serving import Serving
from shipworthy.doors.predict.refused import Refused
from shipworthy.doors.predict.tally import Tally

MOST_AT_ONCE = 256  # questions answered together; more wait for the next turn
LATENCY_SHARE = 0.5  # of the declared latency that a model may take; the rest is for whoever stands in and the disk
SEAL_SECONDS, SEAL_ROWS = 60.0, 50_000
COMPANY_SECONDS = 2e-4  # that the first of several waits for the others
RECENT_SECONDS = 5.0  # for which a line that failed says that the log cannot be written
QUICK_DISK = 1e-3  # seconds for a batch of lines, on average
Line = dict[str, Any]
Told = Reply | Exception
Tell = Callable[[Told], None]
Seal = Callable[[str, datetime], str]


@dataclass(slots=True)
class Waiting:
    """A question, or a refusal that waits for its line in the log.

    Attributes:
        began: when it came, by the machine's monotonic clock, in seconds.
    """

    question: Question
    refusal: UserError | Refused | None
    told: Tell
    began: float


class Lane:
    """Answers whoever waits, batch after batch, and seals the log from time to time."""

    def __init__(self, serving: Callable[[], Serving], now: Callable[[], datetime], tally: Tally) -> None:
        """What answers and what time it is, asked anew for each batch."""
        self._serving, self._now, self._tally = serving, now, tally
        self._waiting: list[Waiting] = []
        self._asleep: asyncio.Future[None] | None = None
        self._turn = self._disk = 0.0  # seconds that a batch takes, and its lines on the disk, of late
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="prediction-log")
        self._models = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._sealer = ThreadPoolExecutor(1, thread_name_prefix="sealing", initializer=step_back)
        self._simple = ThreadPoolExecutor(1, thread_name_prefix="baseline")
        self._stuck: asyncio.Future[list[Told]] | None = None
        self.problem = ""
        self.newest: Question | None = None
        self._beside = Beside()
        self._journal: Journal | None = None
        self._served = Stretch()
        self._failed, self._failure = 0.0, ""

    def hear(
        self, question: Question, told: Callable[[Told], None], refusal: UserError | Refused | None = None
    ) -> None:
        """Take a question; `told` is called with its answer, or with why there is none, once that is in the log.

        Args:
            refusal: why it gets no answer, which only waits for its line in the log.
        """
        if len(self._waiting) >= MOST_AT_ONCE and refusal is None:
            expected = (len(self._waiting) / MOST_AT_ONCE + 1) * self._turn
            refusal = Refused.overloaded(expected) if expected > self._patience(question.consumer) else None
        self._waiting.append(Waiting(question, refusal, told, time.monotonic()))
        self._rouse()

    @property
    def unsealed(self) -> int:
        """How many lines are on disk and not sealed yet."""
        return self._journal.rows if self._journal else 0

    async def unwritable(self) -> str:
        """Why the log cannot be written; empty where it can.

        A line that failed counts for as long as its caller was told to wait. After that a look at the disk does: who
        is sent nobody any more, because it is not ready, would never learn otherwise that there is room again.
        """
        if self._journal is None:
            return "the log is not open"
        if time.monotonic() < self._failed + RECENT_SECONDS:
            return self._failure
        try:
            await asyncio.get_running_loop().run_in_executor(self._sealer, self._journal.probe)
        except OSError as error:
            return error.strerror or type(error).__name__
        return ""

    async def ask(self, questions: Sequence[Question]) -> list[Told]:
        """An answer for each question, or why there is none; everything is in the log when this comes back."""
        found = [self._future(question) for question in questions]
        return [await one for one in found]

    async def refuse(self, question: Question, why: UserError | Refused) -> Told:
        """A refusal that is in the log when this comes back; the baseline's answer where the plan lets it answer."""
        return await self._future(question, why)

    def _future(self, question: Question, why: UserError | Refused | None = None) -> asyncio.Future[Told]:
        found: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self.hear(question, lambda told: None if found.done() else found.set_result(told), why)
        return found

    async def run(self, journal: Journal, seal: Callable[[Seal], None]) -> None:
        """Answer for ever. `seal` is called from a thread, now and then, with what seals the log written so far."""
        self._journal = journal
        journal.told = lambda run: self._served.told(self._serving().plan.product, run)
        loop = asyncio.get_running_loop()
        self._beside.woken = partial(_from_thread, loop, self._rouse)
        sealed = time.monotonic()
        sealing: asyncio.Future[None] | None = None
        expected = 1
        while True:
            if not self._waiting:
                self._asleep = loop.create_future()
                timer = loop.call_later(SEAL_SECONDS, _wake, self._asleep)
                await self._asleep
                timer.cancel()
                await self._company(expected)
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            if batch:
                expected = len(batch)
                await self._settle(journal, batch)
            await self._log_late(journal)
            due = journal.rows >= SEAL_ROWS or (journal.rows and time.monotonic() > sealed + SEAL_SECONDS)
            if due and (sealing is None or sealing.done()):
                sealing = loop.run_in_executor(self._sealer, seal, journal.turned())
                sealed = time.monotonic()

    def close(self) -> None:
        """End the threads; a model that does not come back is left behind."""
        self._beside.close()
        for one in (self._writer, self._sealer, self._models, self._simple):
            one.shutdown(wait=one in (self._writer, self._sealer), cancel_futures=True)

    async def _company(self, expected: int) -> None:
        """Wait a moment for as many as came together the last time: they share one wait for the disk."""
        until = time.monotonic() + COMPANY_SECONDS
        while len(self._waiting) < expected and time.monotonic() < until:
            await asyncio.sleep(0)

    async def _settle(self, journal: Journal, batch: list[Waiting]) -> None:
        """Give each who waits an answer that is on disk, or the reason why there is none."""
        began = time.monotonic()
        try:
            told = await self._logged(journal, batch)
        except Exception as error:  # whoever waits must hear of it, and the next ones be answered
            told = [error] * len(batch)
        now, serving = time.monotonic(), self._serving()
        self._turn += 0.1 * (now - began - self._turn)
        for one, answer in zip(batch, told, strict=True):
            self._tally.count(answer, now - one.began)
            self._served.count(serving, one.question, answer, now - one.began)
            one.told(answer)

    async def _logged(self, journal: Journal, batch: list[Waiting]) -> list[Told]:
        serving, now = self._serving(), self._now()
        asked = [one.question for one in batch if one.refusal is None]
        self.newest = asked[-1] if asked else self.newest
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
        shadow = self._silent(self._beside.answered(serving, asked, now))
        try:
            await self._written(journal, [*rows, *shadow] if shadow else rows, refused, sync)
        except OSError as error:
            self._failed, self._failure = time.monotonic(), error.strerror or type(error).__name__
            refusal = Refused.unlogged(error)
            return [refusal] * len(told)
        return told

    async def _written(self, journal: Journal, rows: list[Line], refused: list[Line], sync: bool) -> None:
        """Lines on disk. A quick disk is waited for here: a thread would cost more than it takes, and nobody can be
        told anything before; a slow one is waited for in a thread, so that others are heard meanwhile."""

        def write() -> None:
            began = time.monotonic()
            journal.write(rows, refused, sync=sync)
            self._disk += 0.1 * (time.monotonic() - began - self._disk)

        if self._disk < QUICK_DISK:
            write()
        else:
            await asyncio.get_running_loop().run_in_executor(self._writer, write)

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

    def _silent(self, answered: Sequence[Silent]) -> list[Line]:
        """The rows of the challenger in shadow, counted; one that breaks or is slow takes nothing from anybody."""
        for one in answered:
            self.problem = one.problem
            self._served.shadowed(one.serving, one.asked, one.rows, one.seconds, LATENCY_SHARE)
        return [row for one in answered for row in one.rows]

    async def _log_late(self, journal: Journal) -> None:
        """Write what a challenger that took its time has answered since; nobody waits for it."""
        if rows := self._silent(self._beside.done(self._serving())):
            with contextlib.suppress(OSError):
                await self._written(journal, rows, [], False)

    def _rouse(self) -> None:
        if self._asleep is not None:
            _wake(self._asleep)

    def _patience(self, consumer: str) -> float:
        return LATENCY_SHARE * self._serving().seconds[consumer]


def _refusal(serving: Serving, question: Question, why: UserError | Refused, now: datetime) -> Told:
    invalid = isinstance(why, UserError) and why.mistakes[0].code == "serve.input"
    return (serving.invalid(question, why, now) if invalid else None) or why


def _line(question: Question, why: Exception, now: datetime) -> Line:
    """The line of a question that got no answer: the reason's code and field, without values."""
    mistake: Mistake | None = None
    if isinstance(why, UserError):
        mistake = why.mistakes[0]
    elif isinstance(why, Refused):
        mistake = why.mistake
    line = {
        "refusal_id": uuid4().hex,
        "time": now.isoformat(),
        "entity": question.entity,
        "consumer": question.consumer,
        "code": mistake.code if mistake else "serve.bug",
        "field": mistake.where if mistake and mistake.code == "serve.input" else "",
    }
    if question.trace:
        line["trace"] = question.trace
    return line


def _from_thread(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the server has ended
        loop.call_soon_threadsafe(call)


def _wake(asleep: asyncio.Future[None]) -> None:
    if not asleep.done():
        asleep.set_result(None)
