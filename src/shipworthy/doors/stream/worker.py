"""The worker of a stream: batch by batch from the broker through the log and back; what is away is tried again."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from shipworthy.app.desk import Desk
from shipworthy.base.errors import UserError
from shipworthy.deliver.beat import Beat, leave
from shipworthy.deliver.loading import is_current, load_serving
from shipworthy.deliver.serving import Serving
from shipworthy.deliver.streaming import Batch, Streaming, answer_route
from shipworthy.edges.broker import Arrived, Away, Line, Lost, line_to
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan

LOOK_SECONDS = 1.0  # between two looks at the release pointer
BEAT_SECONDS = 10.0  # between two words for the page of the servers
SEAL_SECONDS, SEAL_ROWS = 60.0, 50_000
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0  # seconds between two tries of what failed; each twice the one before
HELD_SECONDS = 0.2  # between two looks at questions that another worker is at
T = TypeVar("T")


@dataclass
class Said:
    """What a worker says of itself; no fact, and nothing about a person.

    Attributes:
        state: connecting, reading, waiting or ended.
        problem: what stands in the way now; empty where nothing does.
        answered, again: since it started; dead: dead letters by code of the reason.
    """

    state: str = "connecting"
    problem: str = ""
    answered: int = 0
    again: int = 0
    dead: Counter[str] = field(default_factory=Counter)


class Worker:
    """One worker of one stream, until it is told to stop."""

    def __init__(self, desk: Desk, product: str, consumer: str) -> None:
        """Load what is released, and complete what workers that are gone left behind.

        Raises:
            NotFound: nothing is released, or there is no such stream.
            UserError: what answers was not signed for it, or its broker's library or address is missing.
            Tampered: pointer or files were changed.
        """
        self._desk, self._product, self._consumer = desk, product, consumer
        self._plan: Plan = current_plan(desk.store.ledger.past(product))
        self._route = answer_route(self._plan, consumer, desk.store.environ)
        self._broker = self._plan.brokers[self._plan_route().broker]
        self._line: Line = line_to(self._broker.kind, self._route)
        self._product_time = desk.now(product)
        self._streaming = Streaming(desk.store, self._plan, consumer, load_serving(desk.store, product), self._now)
        self._started, self._sealed = self._desk.clock().isoformat(), time.monotonic()
        self._ending, self._one_at_a_time = asyncio.Event(), asyncio.Lock()
        self.said, self._aloud = Said(), ""
        self._beaten, self._answered, self._last = time.monotonic(), 0, ""

    def end(self) -> None:
        """Take nothing more; finish what is under way."""
        self._ending.set()

    async def run(self) -> None:
        """Work until told to end; then settle what is at hand and seal."""
        look = asyncio.create_task(self._look())
        try:
            while not self._ending.is_set():
                if await self._tried(lambda: self._line.open(self._take)):
                    await self._ending.wait()
        finally:
            await self._line.close()
            look.cancel()
            await asyncio.gather(look, return_exceptions=True)
            async with self._one_at_a_time:
                await asyncio.to_thread(self._streaming.close)
            self.said.state = "ended"
            self._leave()
            await self._beat(stopped=True)

    async def _take(self, arrived: Sequence[Arrived]) -> None:
        """A batch, from its answers in the log to the acknowledgement; comes back when it is settled or given up."""
        self.said.state, self._last = "reading", self._desk.clock().isoformat()
        left = list(arrived)
        while left and not self._ending.is_set():
            async with self._one_at_a_time:
                paused = self._streaming.paused
                batch = None if paused else await self._settled(left)
            if paused:  # the questions wait at the broker, and nothing more is read
                self.said.state, self.said.problem = "waiting", f"Answers to {self._consumer} are paused: {paused}"
                await self._pause(HELD_SECONDS)
                continue
            if batch is None:
                return
            left = batch.held
            if left:
                await self._pause(HELD_SECONDS)

    async def _settled(self, arrived: Sequence[Arrived]) -> Batch | None:
        """What came of some messages when all has gone out; None where it is left for a later delivery."""
        self._streaming.room = self._line.room
        taken, began = list[Batch](), time.monotonic()

        async def take() -> None:
            taken[:] = [await asyncio.to_thread(self._streaming.take, arrived)]

        if not await self._tried(take):
            return None
        [batch] = taken
        try:
            if not await self._tried(lambda: self._line.settle(batch.sending, batch.done)):
                return None
        except Lost:
            return None
        await self._tried(lambda: asyncio.to_thread(self._streaming.sent, batch, time.monotonic() - began))
        self.said.answered += batch.answered
        self.said.again += batch.again
        self.said.dead.update(batch.dead)
        self.said.problem = batch.notice
        return batch

    async def _tried(self, act: Callable[[], Any]) -> bool:
        """Do something until it is done, with growing pauses; False where the end came first.

        What fails is the broker or the disk. Nothing is dropped: meanwhile nothing more is read.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                await act()
            except Lost:
                raise
            except Exception as error:  # a fault in one batch must not end the line for all later ones
                self.said.state, self.said.problem = "waiting", _in_words(error)
                self._leave()
                if self._ending.is_set():
                    return False
                await self._pause(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                self.said.state, self.said.problem = "reading", ""
                return True

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._ending.wait(), seconds)
        except TimeoutError:
            return

    async def _look(self) -> None:
        """Follow the release pointer, seal from time to time, take over from workers that are gone, say how it is."""
        await self._beat()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                fresh = await asyncio.to_thread(self._newer)
                async with self._one_at_a_time:
                    if fresh is not None:
                        self._streaming.serving = fresh
                    await asyncio.to_thread(self._keep)
            except Exception as error:  # what cannot be verified or sealed changes nothing, and is said
                self.said.problem = _in_words(error)
            self._leave()
            if time.monotonic() > self._beaten + BEAT_SECONDS:
                await self._beat()

    async def _beat(self, *, stopped: bool = False) -> None:
        """Leave word for the page of the servers."""
        said, serving, now = self.said, self._streaming.serving, time.monotonic()
        rate = (said.answered - self._answered) / max(now - self._beaten, 1e-3)
        beat = Beat(
            server=f"{socket.gethostname()}/{os.getpid()}/{self._consumer}/{self._streaming.register.worker[:8]}",
            product=self._product,
            consumer=self._consumer,
            address=f"{self._streaming.route.questions} at {self._streaming.route.broker}",
            started=self._started,
            at=self._desk.clock().isoformat(),
            pointer=serving.pointer.digest,
            candidates={name: ready.answerer.form for name, ready in serving.ready.items()},
            as_of=serving.pinned.as_of.isoformat(),
            answered=said.answered,
            refused=said.dead.total(),
            per_second=rate,
            unsealed=self._streaming.rows,
            problem=said.problem or self._line.state(),
            lag=None if stopped else await self._line.behind(),
            last_message=self._last,
            stopped=stopped,
        )
        self._beaten, self._answered = now, said.answered
        with suppress(OSError):  # a full disk is said where the log cannot be written
            await asyncio.to_thread(leave, self._desk.store, beat)

    def _newer(self) -> Serving | None:
        self._product_time = self._desk.now(self._product)
        if is_current(self._streaming.serving, self._desk.store):
            return None
        fresh = load_serving(self._desk.store, self._product)
        self._streaming.require_signed(fresh)
        return fresh

    def _keep(self) -> None:
        self._streaming.recover()
        rows = self._streaming.rows
        if rows >= SEAL_ROWS or (rows and time.monotonic() > self._sealed + SEAL_SECONDS):
            self._streaming.seal()
            self._sealed = time.monotonic()

    def _now(self) -> datetime:
        # A simulated clock stands still between two looks; to ask the ledger for each batch would be slow.
        return self._desk.clock() if self._plan.time.clock == "wall" else self._product_time

    def _plan_route(self) -> Any:
        return self._plan.consumers[self._consumer].stream

    def _leave(self) -> None:
        """Leave word of how it is, in place of the word before; a change for worse or better is also said aloud."""
        said = self.said
        problem = said.problem or self._line.state()
        if problem != self._aloud:
            self._aloud = problem
            print(f"stream {self._consumer}: {problem or 'goes on'}", file=sys.stderr, flush=True)
        word = {
            "product": self._product,
            "consumer": self._consumer,
            "process": os.getpid(),
            "started": self._started,
            "at": self._desk.clock().isoformat(),
            "state": said.state,
            "problem": problem,
            "pointer": self._streaming.serving.pointer.digest,
            "answered": said.answered,
            "dead": dict(sorted(said.dead.items())),
            "again": said.again,
            "unsealed": self._streaming.rows,
        }
        file = self._streaming.register.folder / f"{self._streaming.register.worker}.json"
        fresh = Path(f"{file}.new")
        try:
            fresh.write_text(json.dumps(word))
            fresh.replace(file)
        except OSError:  # a full disk is said where the log cannot be written
            return


def _in_words(error: Exception) -> str:
    if isinstance(error, UserError):
        return error.mistakes[0].found
    return str(error) if isinstance(error, Away) else f"{type(error).__name__}: {error}"
