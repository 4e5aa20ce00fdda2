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
        by_candidate: the answered entities by who answered them; empty for a list that was brought again.
        back_fill: it was made long after its moment: `log`, for the prediction log alone, or `deliver`.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadGuide(Command[str]):
    """Record that you have read the guide for a consumer; gives the guide's text."""

    right: ClassVar[str] = "read"
    consumer: str


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


@dataclass(frozen=True, slots=True)
class ErasureOutcome:
    """What an erasure did.

    Attributes:
        person: keyed hash of the entity's name.
        certificate: digest of the evidence.
        rows: rows erased, by what held them; none where a repeated erasure found nothing.
        rewritten: stored files that were replaced.
        outside: what is out of reach, and who must act.
    """

    person: str
    certificate: str
    rows: dict[str, int]
    rewritten: int
    outside: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseMarked(Command[ErasureOutcome]):
    """Erase the rows of one person, who is named by the keyed hash alone, so that no record of this holds the name.

    Doors give ErasePerson, which turns the name into its hash.
    """

    right: ClassVar[str] = "erase"
    durable: ClassVar[bool] = True
    person: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ErasedCard:
    """One erasure for people to read.

    Attributes:
        state: ordered, where it has not come to its end; erased.
        rows: rows erased, by what held them.
        outside: how many things were out of reach; the certificate names them.
    """

    person: str
    at: str
    by: str
    reason: str
    state: str
    rows: dict[str, int]
    rewritten: int
    outside: int
    certificate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased(Question[list[ErasedCard]]):
    """Whose data was erased, by keyed hash: when, by whom, how many rows of what, the certificate; oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What a running prediction server says of itself; it is no fact and never reaches the ledger.

    Attributes:
        server: a name of this one process, such as host and process id; the next beat of the same name replaces it.
        address: where callers reach it.
        started, at: when it started, and when it said this; the wall clock, ISO 8601.
        pointer: digest of the release pointer that it follows.
        candidates: how each candidate that it holds is run, such as `onnx`, `skops` or `baseline`, by its digest.
        as_of: the moment as of which it knows the features, ISO 8601.
        answered, refused, shed: since it started: answers given; requests turned down for a reason of their own; and
            requests turned away because it had too much to do.
        stood_in: of the answers, those that the baseline gave in place of a model that broke or was too slow.
        per_second: answers per second over the stretch since the beat before.
        p50_ms, p99_ms: half, and 99 of 100, of the answers of that stretch took at most so long, in milliseconds; None
            where it gave none.
        unsealed: answers that are on disk and not sealed into the prediction log yet.
        problem: what is wrong, in plain words; empty where nothing is.
        stopped: it has ended by itself, and this is its last word.
    """

    server: str
    product: str
    address: str
    started: str
    at: str
    pointer: str
    candidates: dict[str, str]
    as_of: str = ""
    answered: int = 0
    refused: int = 0
    shed: int = 0
    stood_in: int = 0
    per_second: float = 0.0
    p50_ms: float | None = None
    p99_ms: float | None = None
    unsealed: int = 0
    problem: str = ""
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class ServerCard:
    """One prediction server for people to read.

    Attributes:
        said: what it last said of itself.
        state: answering; trouble (it says that something is wrong); behind (it holds none of what is released now);
            silent (it has said nothing for a minute); stopped (it ended by itself).
        silent_for: how long ago it last said something, in words.
        stood_in: the share of its answers that the baseline gave; None before the first.
    """

    said: Beat
    state: Literal["answering", "trouble", "behind", "silent", "stopped"]
    silent_for: str
    stood_in: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers(Question[list[ServerCard]]):
    """What every prediction server of a product says of itself, the ones that answer first."""


@dataclass(frozen=True, slots=True)
class StreamAccount:
    """Every question of a stream so far: read = answered + dead letters.

    Attributes:
        stretches: how many stretches of workers it sums up; those under way are not counted yet.
        read, answered, again: as in the accounts of the stretches.
        dead: dead letters by the code of the reason; replayed: how many of them were sent again as questions.
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
