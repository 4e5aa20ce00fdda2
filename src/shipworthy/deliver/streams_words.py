"""What can be asked and what happens while questions come and answers go by streams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shipworthy.base.fact import Command, Question, What


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamAccounted(What):
    """A stretch of a stream came to its end: read = answered + dead letters.

    Attributes:
        run: the stretch of one worker; its answers are in the segment of the same run.
        read: questions that came, each counted once however often it was delivered.
        answered: questions with an answer in the log.
        dead: questions that were set aside in the dead letters, by the code of the reason.
        again: how many messages came more than once.
    """

    consumer: str
    run: str
    read: int
    answered: int
    dead: dict[str, int]
    again: int = 0

    @property
    def about(self) -> str:
        return self.run


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLettersReplayed(What):
    """Dead letters of a stream were sent again as questions, by the code of the reason why they lay there."""

    consumer: str
    sent: dict[str, int]

    @property
    def about(self) -> str:
        return self.consumer


@dataclass(frozen=True, slots=True)
class StreamAccount:
    """Every question of a stream so far: read = answered + dead letters.

    Attributes:
        stretches: how many stretches of workers it sums up; those under way are not counted yet.
        read, answered, again: as in the accounts of the stretches.
        dead: dead letters by the code of the reason; replayed: how many of them were sent again as questions.
        rehearsed: answers that were published to the rehearsal topic; no question came for them.
        until: when the newest stretch ended, ISO 8601; empty before the first.
    """

    consumer: str
    broker: str
    read: int
    answered: int
    dead: dict[str, int]
    replayed: int
    again: int
    stretches: int
    until: str
    rehearsed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams(Question[list[StreamAccount]]):
    """The account of every stream: questions read, answered, set aside by reason, sent again."""


@dataclass(frozen=True, slots=True)
class LettersSentAgain:
    """How many dead letters were sent again, by the code of the reason.

    Attributes:
        left: how many of those that lay there were not; 1 for any number where more were there than were asked for.
    """

    consumer: str
    sent: dict[str, int]
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayDeadLetters(Command[LettersSentAgain]):
    """Send dead letters of a stream again as questions, once each, oldest first."""

    right: ClassVar[str] = "operate"
    durable: ClassVar[bool] = True
    consumer: str
    most: int = 10_000


@dataclass(frozen=True, slots=True)
class DeadLetterCard:
    """A message that could not be answered.

    Attributes:
        id: the message's own id, or the broker's name of it.
        code, reason: why it lies there.
        origin: the broker's name of the question; place: that of the dead letter.
    """

    id: str
    code: str
    reason: str
    bytes: int
    origin: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetters(Question[list[DeadLetterCard]]):
    """The dead letters of a stream that were not sent again, oldest first, with the reason of each."""

    right: ClassVar[str] = "operate"
    consumer: str
    most: int = 1_000
