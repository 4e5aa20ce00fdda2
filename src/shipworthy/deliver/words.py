"""What can be asked and what happens while answers reach the people who need them.

Erasure, servers, streams and traces have files of their own; a stage's words are found here, all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from shipworthy.base.check import CheckResult
from shipworthy.base.fact import Command, Question, What
from shipworthy.deliver.erasure_words import Erased as Erased
from shipworthy.deliver.erasure_words import ErasedCard as ErasedCard
from shipworthy.deliver.erasure_words import EraseMarked as EraseMarked
from shipworthy.deliver.erasure_words import ErasureOutcome as ErasureOutcome
from shipworthy.deliver.erasure_words import ReadmitMarked as ReadmitMarked
from shipworthy.deliver.servers_words import Beat as Beat
from shipworthy.deliver.servers_words import ServerCard as ServerCard
from shipworthy.deliver.servers_words import Servers as Servers
from shipworthy.deliver.servers_words import ServiceCounted as ServiceCounted
from shipworthy.deliver.streams_words import DeadLetterCard as DeadLetterCard
from shipworthy.deliver.streams_words import DeadLetters as DeadLetters
from shipworthy.deliver.streams_words import DeadLettersReplayed as DeadLettersReplayed
from shipworthy.deliver.streams_words import LettersSentAgain as LettersSentAgain
from shipworthy.deliver.streams_words import ReplayDeadLetters as ReplayDeadLetters
from shipworthy.deliver.streams_words import StreamAccount as StreamAccount
from shipworthy.deliver.streams_words import StreamAccounted as StreamAccounted
from shipworthy.deliver.streams_words import Streams as Streams
from shipworthy.deliver.trace_words import Trace as Trace
from shipworthy.deliver.trace_words import TracedAnswer as TracedAnswer
from shipworthy.deliver.trace_words import TraceLine as TraceLine
from shipworthy.model.answers_words import AnswersSealed as AnswersSealed


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalsSealed(What):
    """A sealed segment of real-time questions that got no answer, and why: `codes` counts them by reason."""

    segment: str
    rows: int
    run: str
    codes: dict[str, int]
    traced: int = 0

    @property
    def about(self) -> str:
        return self.segment


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(What):
    """A run came to its end: due = answered + refused, and for each sink answered = left out + delivered or failed.

    Attributes:
        run: its name: product, consumer, moment.
        due: entities that the sources name.
        answered: entities that got an answer for people; a shadow's answers are not counted.
        refused: entities that got none, by reason.
        left_out: answers that the consumer does not want on its list (`only: chosen`).
        delivered, failed: rows brought to a sink, or not, by sink; a failed delivery is tried again later.
        stood_in: why the baseline, the last list or nothing came in place of fresh answers; empty where none did.
        broken: why the released model could not answer; empty where it could.
        by_candidate: the answered entities by who answered them; empty for a list that was brought again.
        back_fill: it was made long after its moment: `log`, for the prediction log alone, or `deliver`.
        fell_back: why the baseline answered in place of the model on purpose: somebody fell back to it, or the model
            was taken back; empty where it did not.
    """

    run: str
    consumer: str
    as_of: str
    due: int
    answered: int
    refused: dict[str, int]
    delivered: dict[str, int]
    failed: dict[str, int]
    snapshot: str
    stood_in: str = ""
    left_out: int = 0
    broken: str = ""
    by_candidate: dict[str, int] = field(default_factory=dict)
    back_fill: Literal["", "log", "deliver"] = ""
    fell_back: str = ""

    @property
    def about(self) -> str:
        return self.run


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryMade(What):
    """Output was brought to a consumer.

    Attributes:
        delivery: digest of run, consumer, sink and content.
        rows: rows delivered.
        content: digest of the delivered file or table content.
        where: the place it went to, without secrets.
        step: the release step; a rehearsal goes to a marked rehearsal destination.
        late: delivered after the deadline.
        notice: what the consumer is told, empty where all is as planned.
    """

    delivery: str
    run: str
    consumer: str
    sink: str
    candidate: str
    step: str
    rows: int
    content: str
    where: str
    as_of: str
    due_by: str
    late: bool
    checks: list[CheckResult]
    notice: str = ""

    @property
    def about(self) -> str:
        return self.delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed(What):
    """Output could not be brought to a consumer; it was retried and is raised."""

    delivery: str
    run: str
    consumer: str
    sink: str
    rows: int
    as_of: str
    reason: str

    @property
    def about(self) -> str:
        return self.delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAcknowledged(What):
    """The consumer confirmed a delivery, and may have said how much of it was used.

    Attributes:
        way: how it was shown to be the consumer: empty for a login, or `signed link`.
    """

    delivery: str
    used: int | None = None
    remark: str = ""
    way: Literal["", "signed link"] = ""

    @property
    def about(self) -> str:
        return self.delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideRead(What):
    """Somebody read one version of the guide for their kind of consumer.

    Attributes:
        guide: the file's path in the plan.
        digest: of the text that was read; empty in facts of before it was kept.
    """

    consumer: str
    guide: str
    reader: str
    digest: str = ""

    @property
    def about(self) -> str:
        return self.guide


@dataclass(frozen=True, slots=True)
class RunAccount:
    """Every row of a run: due = answered + refused; per sink answered = left out + delivered or failed.

    Attributes:
        by_candidate: the answered by who answered them, such as champion and canary.
    """

    run: str
    consumer: str
    as_of: str
    due: int
    answered: int
    refused: dict[str, int]
    delivered: dict[str, int]
    failed: dict[str, int]
    deliveries: list[str] = field(default_factory=list)
    stood_in: str = ""
    left_out: int = 0
    by_candidate: dict[str, int] = field(default_factory=dict)
    back_fill: str = ""
    fell_back: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(Command[RunAccount]):
    """Answer for every entity that is due and bring the answers to a consumer, now or as of a past moment.

    What answers is decided by the release: the champion of each cohort, a canary for its share of everybody, the
    baseline where none is released, and a challenger in shadow beside them. A trial brings a candidate's rehearsal
    to the rehearsal destination, or lets a challenger answer the newest list in shadow, and delivers nothing to
    people. Given again for a list that is made, it brings the same rows once more to the sinks that did not get
    them.
    """

    right: ClassVar[str] = "operate"
    durable: ClassVar[bool] = True
    consumer: str
    as_of: str = ""
    trial: Literal["", "rehearsal", "shadow"] = ""


@dataclass(frozen=True, slots=True)
class BackFilled:
    """What came of a back-fill: the account of each list that was made or brought, oldest first.

    Attributes:
        there: how many lists of that time were there already.
        not_made: why a list could not be made, by its moment; it can be asked for again.
    """

    consumer: str
    made: list[RunAccount]
    there: int
    not_made: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackFill(Command[BackFilled]):
    """Make the lists of a past time that were never made, each on what was known at its moment.

    What answers today answers; nothing stands in for it. The answers go to the prediction log, marked as back-fill, and
    no monitor judges them. With `deliver` they are brought to the consumer's destinations too, with a notice; lists
    that were back-filled for the log before are brought then.

    Attributes:
        start, until: the first and the last moment, both included.
    """

    right: ClassVar[str] = "operate"
    durable: ClassVar[bool] = True
    consumer: str
    start: str
    until: str
    deliver: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeDelivery(Command[str]):
    """Confirm that a delivery arrived, and say how many of its rows were acted on."""

    right: ClassVar[str] = "acknowledge"
    delivery: str
    used: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryCard:
    """One delivery for people to read.

    Attributes:
        state: on time, late, failed, rehearsal or back-fill.
        late_by: how much too late it came, in words; empty where it did not.
        tries: how often it was tried, this time included.
        content: digest of what was brought; checks: what was asked of it on the way out.
        fact: the number of the fact that says so.
    """

    delivery: str
    run: str
    consumer: str
    sink: str
    candidate: str
    step: str
    rows: int
    where: str
    as_of: str
    at: str
    due_by: str
    state: str
    acknowledged: str
    used: int | None
    notice: str
    acknowledged_by: str = ""
    remark: str = ""
    late_by: str = ""
    tries: int = 1
    content: str = ""
    checks: list[CheckResult] = field(default_factory=list)
    fact: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries(Question[list[DeliveryCard]]):
    """What went to whom, when, on time or late, acknowledged or not; oldest first."""


ListState = Literal["due", "overdue", "on time", "late", "partial", "failed", "nothing", "back-fill", "rehearsal"]


@dataclass(frozen=True, slots=True)
class ListCard:
    """One list for people to read: what became of everybody who was due, where it went and what came back.

    Attributes:
        state: due (not made yet), overdue (not made in time), on time, late, partial (it reached only some of its
            destinations), failed, nothing (nobody got anything), back-fill or rehearsal.
        late_by: how much too late it came, or is by now, in words.
        account: where every entity and answer went; None before the run came to its end, and for a rehearsal.
        deliveries: the newest try for each destination.
        received: when a receiver first confirmed it; by: who.
        used: the most rows that somebody acted on; None where nobody has said; of: how many were delivered.
        troubles: what fell short of the plan, in plain words.
    """

    run: str
    consumer: str
    as_of: str
    due_by: str
    state: ListState
    late_by: str
    account: RunAccount | None
    deliveries: list[DeliveryCard]
    received: str
    by: str
    used: int | None
    of: int
    notice: str
    troubles: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists(Question[list[ListCard]]):
    """Every list that was made or is owed: on time, late or missing, received, used; newest first.

    `consumer` narrows it to one consumer, `state` to one state.
    """

    consumer: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs(Question[list[RunAccount]]):
    """The account of every finished run: due, answered, refused, delivered, failed; oldest first."""
