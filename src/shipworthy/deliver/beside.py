"""Who answers in shadow, beside whoever answers people: for the log alone, and taking nothing from anybody."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shipworthy.deliver.ready import Question
from shipworthy.deliver.serving import Serving

PATIENCE = 10.0  # seconds after which a challenger that has not come back counts as failed


@dataclass(frozen=True, slots=True)
class Silent:
    """What a challenger in shadow made of some questions.

    Attributes:
        rows: for the log; none where it broke or did not come back.
        seconds: how long it took for all of them.
        problem: what is wrong with it, empty where nothing is.
    """

    serving: Serving
    asked: Sequence[Question]
    rows: list[dict[str, Any]]
    seconds: float
    problem: str = ""


class Beside:
    """The challenger in shadow.

    In its compiled form it answers every question, at once and in microseconds. As is it may take long: then it
    answers in a thread of its own, one batch after the other, and rests as long as each took. What is asked meanwhile
    it does not answer: its answers are a sample then, by nothing but the moment.
    """

    def __init__(self) -> None:
        """Nobody is at work yet."""
        self.woken: Callable[[], None] = lambda: None  # called from the thread when something is to be logged
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="shadow", initializer=step_back)
        self._at_work: Future[Silent] | None = None
        self._asked: Silent | None = None
        self._began = self._rested = 0.0

    def answered(self, serving: Serving, asked: Sequence[Question], now: datetime) -> list[Silent]:
        """What is to be logged now: of these questions, or of earlier ones that have come to their end."""
        found, ready = self.done(serving), serving.ready.get(serving.challenger)
        if ready is None or not asked:
            return found
        if ready.answerer.compiled is not None:
            return [*found, _tried(serving, asked, now)]
        if self._at_work is None and time.monotonic() >= self._rested:
            self._began, self._asked = time.monotonic(), Silent(serving, asked, [], 0.0)
            self._at_work = self._pool.submit(_tried, serving, list(asked), now)
            self._at_work.add_done_callback(lambda one: self.woken())
        return found

    def done(self, serving: Serving) -> list[Silent]:
        """What came to its end of what was asked before; each once, and nothing of what is in use no more."""
        if self._at_work is None:
            return []
        took = time.monotonic() - self._began
        asked = self._asked
        if not self._at_work.done():
            if asked is None or took < PATIENCE:
                return []
            self._asked = None
            if asked.serving is not serving:
                return []
            return [Silent(asked.serving, asked.asked, [], took, "The challenger in shadow has not come back.")]
        found, self._at_work = self._at_work.result(), None
        self._rested = time.monotonic() + found.seconds
        return [found] if asked is not None and found.serving is serving else []

    def close(self) -> None:
        """Let go; one that does not come back is left behind."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _tried(serving: Serving, asked: Sequence[Question], now: datetime) -> Silent:
    began, rows, problem = time.monotonic(), [], ""
    try:
        rows = serving.shadowed(asked, now)
    except Exception as error:  # it takes nothing from anybody
        problem = f"The challenger in shadow could not answer: {type(error).__name__}."
    return Silent(serving, asked, rows, time.monotonic() - began, problem)


def step_back() -> None:
    """Let everybody else go first on the processor: what this thread does is in no hurry."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
