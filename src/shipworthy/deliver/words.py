"""What can be asked and what happens while answers reach the people who need them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from shipworthy.base.check import CheckResult
from shipworthy.base.fact import Command, Question, What


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersSealed(What):
    """Answers were written to the prediction log: one sealed segment.

    Attributes:
        segment: digest of the Parquet file.
        rows: answers in it.
        run: which run made them: a list of one moment, or a stretch of the prediction server.
        as_of: the moment as of which features were read, ISO 8601.
        candidates: answers by candidate digest.
        steps: answers by release step.
        mean_score: mean score by candidate digest, where there are scores.
        snapshot: the data that was read; features: digest of the feature table that `inputs` refers to.
    """

    segment: str
    rows: int
    run: str
    as_of: str
    candidates: dict[str, int]
    steps: dict[str, int]
    mean_score: dict[str, float]
    snapshot: str
    features: str

    @property
    def about(self) -> str:
        return self.segment


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalsSealed(What):
    """A sealed segment of real-time questions that got no answer, and why: `codes` counts them by reason."""

    segment: str
    rows: int
    run: str
    codes: dict[str, int]

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
    """The consumer confirmed a delivery, and may have said how much of it was used."""

    delivery: str
    used: int | None = None
    remark: str = ""

    @property
    def about(self) -> str:
        return self.delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideRead(What):
    """Somebody read one version of the guide for their kind of consumer."""

    consumer: str
    guide: str
    reader: str

    @property
    def about(self) -> str:
        return self.guide


@dataclass(frozen=True, slots=True)
class RunAccount:
    """Every row of a run: due = answered + refused; per sink answered = left out + delivered or failed."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(Command[RunAccount]):
    """Answer for every entity that is due and bring the answers to a consumer, now or as of a past moment.

    What answers is decided by the release: the champion of each cohort, the baseline where none is released,
    and a challenger in shadow beside them. A trial brings a candidate's rehearsal to the rehearsal destination, or
    lets a challenger answer the newest list in shadow, and delivers nothing to people. Given again for a list that is
    made, it brings the same rows once more to the sinks that did not get them.
    """

    right: ClassVar[str] = "operate"
    durable: ClassVar[bool] = True
    consumer: str
    as_of: str = ""
    trial: Literal["", "rehearsal", "shadow"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeDelivery(Command[str]):
    """Confirm that a delivery arrived, and say how many of its rows were acted on."""

    right: ClassVar[str] = "acknowledge"
    delivery: str
    used: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadGuide(Command[str]):
    """Record that you have read the guide for a consumer; gives the guide's text."""

    right: ClassVar[str] = "read"
    consumer: str


@dataclass(frozen=True, slots=True)
class DeliveryCard:
    """One delivery for people to read."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries(Question[list[DeliveryCard]]):
    """What went to whom, when, on time or late, acknowledged or not; oldest first."""


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One station of the way an answer came: what it is, its digest and the fact that says so."""

    station: str
    text: str
    digest: str
    fact: int


@dataclass(frozen=True, slots=True)
class TracedAnswer:
    """An answer and everything behind it, from source rows to recipient."""

    answer: str
    entity: str
    score: float | None
    decision: str
    reasons: list[str]
    lines: list[TraceLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace(Question[TracedAnswer]):
    """For any answer: source rows and snapshot, code, candidate, proof, signatures, release, delivery, recipient."""

    right: ClassVar[str] = "read"
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs(Question[list[RunAccount]]):
    """The account of every finished run: due, answered, refused, delivered, failed; oldest first."""
