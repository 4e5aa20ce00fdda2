"""What can be asked and what happens while people label a random sample of the answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from shipworthy.base.fact import Command, Question, What


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditDrawn(What):
    """Answers of one window were drawn at random, for people to say what is true of them.

    Attributes:
        sample: digest of the table of answer id, entity, score and decision.
        candidate: that gave the answers; window: their moment, ISO 8601.
        rows: how many were drawn, of `answers`.
    """

    sample: str
    candidate: str
    window: str
    rows: int
    answers: int

    @property
    def about(self) -> str:
        return self.sample


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLabelled(What):
    """People said what is true of some answers of a sample.

    Attributes:
        segment: digest of the table of answer id, entity and label; a label is null where they could not tell.
        told: rows with a label; unsure: rows that nobody could tell; left: rows of the sample that still wait.
    """

    sample: str
    segment: str
    told: int
    unsure: int
    left: int

    @property
    def about(self) -> str:
        return self.sample


@dataclass(frozen=True, slots=True)
class AuditTask:
    """One answer whose truth a person is asked for. What was answered is not shown, lest it sways them.

    Attributes:
        sample: the sample it belongs to, first digits; window: as of when it was answered, ISO 8601.
        inputs: what was known of it, by name, without what is personal; where they were asked for.
    """

    answer_id: str
    entity: str
    window: str
    sample: str
    inputs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditOutcome:
    """What came of some labels."""

    told: int
    unsure: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTasks(Question[list[AuditTask]]):
    """The answers whose truth people are asked for, oldest first; `inputs`: with what was known of each."""

    right: ClassVar[str] = "label"
    limit: int = 1_000
    inputs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelAudit(Command[AuditOutcome]):
    """Say what is true of answers that were drawn for an audit.

    Attributes:
        labels: CSV with the columns `answer_id` and `label`: 1 or yes, 0 or no, `?` where nobody can tell. Other
            columns are not read, and rows with an empty label still wait.
    """

    right: ClassVar[str] = "label"
    durable: ClassVar[bool] = True
    kept: ClassVar[tuple[str, ...]] = ("labels",)
    labels: str
