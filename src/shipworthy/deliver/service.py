"""How questions are served, counted as they come to their end, until their stretch of the log is sealed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shipworthy.base.errors import UserError
from shipworthy.deliver.ready import Question
from shipworthy.deliver.replies import Reply
from shipworthy.deliver.serving import Serving
from shipworthy.deliver.words import ServiceCounted

HELD_BACK = "serve.paused"
"""The code of what is held back on purpose; it counts as asked and as nothing else."""
NOT_AS_AGREED = frozenset(
    {
        "serve.input",
        "serve.unknown_entity",
        "serve.not_json",
        "serve.too_large",
        "serve.slow",
        "stream.not_json",
        "stream.not_an_object",
        "stream.event",
        "stream.too_large",
        "stream.same_id",
    }
)
"""Codes of questions that could not be answered for a reason of their own."""
OVERLOADED = frozenset({"serve.overloaded", "serve.log"})
"""Codes of questions turned away for reasons of the server, whichever candidate was meant to answer."""


class Mistaken(Exception):
    """A question that got no answer, known by the code of the reason alone."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class _Consumer:
    """What is counted of one consumer."""

    within: float
    answered: int = 0
    late: int = 0
    stood_in: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    candidates: dict[str, Counter[str]] = field(default_factory=dict)


class Stretch:
    """What is counted since the log was sealed last; its size does not grow with the questions."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._of: dict[str, _Consumer] = {}

    def count(self, serving: Serving, question: Question, told: Reply | Exception, seconds: float) -> None:
        """Count one question that came to its end after so many seconds."""
        mine = self._consumer(serving, question.consumer)
        late = seconds > mine.within
        if isinstance(told, Reply):
            mine.answered += 1
            mine.late += late
            candidate, cohort = told.row["candidate"], told.row["cohort"]
            champion = serving.pointer.champion.get(cohort)
            mine.stood_in += told.stood_in and candidate == serving.stand_in and candidate != champion
            if told.agreed:
                meant = serving.named(question, cohort) if told.stood_in else candidate
                _attribute(mine, meant, late, failed=told.stood_in)
            return
        code = _code(told)
        mine.refused[code] += 1
        if code != HELD_BACK and code not in NOT_AS_AGREED and code not in OVERLOADED:
            _attribute(mine, _meant(serving, question), late, failed=True)

    def shadowed(
        self,
        serving: Serving,
        asked: Sequence[Question],
        rows: Sequence[Mapping[str, Any]],
        seconds: float,
        share: float,
    ) -> None:
        """Count what a challenger in shadow made of the same questions, all of them together in so many seconds.

        Args:
            share: of the declared latency that a model may take.
        """
        names = {row["entity"] for row in rows}
        for question in asked:
            mine = self._consumer(serving, question.consumer)
            failed = bool(not rows or question.entity not in names)
            _attribute(mine, serving.challenger, seconds > share * mine.within, failed)

    def told(self, product: str, run: str) -> list[ServiceCounted]:
        """What was counted, as facts to be; a new stretch begins."""
        counted, self._of = self._of, {}
        return [
            ServiceCounted(
                product=product,
                consumer=name,
                run=run,
                within_ms=one.within * 1000,
                asked=one.answered + one.refused.total(),
                answered=one.answered,
                late=one.late,
                stood_in=one.stood_in,
                refused=dict(sorted(one.refused.items())),
                candidates={candidate: dict(counts) for candidate, counts in sorted(one.candidates.items())},
            )
            for name, one in sorted(counted.items())
        ]

    def _consumer(self, serving: Serving, name: str) -> _Consumer:
        if name not in self._of:
            self._of[name] = _Consumer(serving.seconds[name])
        return self._of[name]


def _attribute(mine: _Consumer, candidate: str, late: bool, failed: bool) -> None:
    if candidate:
        counts = mine.candidates.setdefault(candidate, Counter(asked=0, late=0, failed=0))
        counts["asked"] += 1
        counts["late"] += late
        counts["failed"] += failed


def _meant(serving: Serving, question: Question) -> str:
    """Who was meant to answer; empty where nobody was, or the question does not even say about whom it is."""
    return serving.meant_for(question) if question.entity else ""


def _code(told: Exception) -> str:
    if isinstance(told, UserError):
        return told.mistakes[0].code
    mistake = getattr(told, "mistake", None)
    return str(mistake.code if mistake is not None else getattr(told, "code", "serve.bug"))
