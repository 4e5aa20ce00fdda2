"""What can be asked and what happens about incidents, and about the checks that they leave behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from shipworthy.base.fact import Command, Question, What

Severity = Literal["low", "high", "critical"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened(What):
    """A bug in production was taken up.

    Attributes:
        source: the source whose data is suspect, `*` where it may be any; empty where it is not about data.
    """

    incident: str
    severity: Severity
    title: str
    owner: str
    cause: str
    affected: list[str]
    source: str = ""

    @property
    def about(self) -> str:
        return self.incident


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentChanged(What):
    """An incident is worse, or less bad, than was thought; or somebody else looks after it."""

    incident: str
    severity: Severity
    owner: str
    remark: str

    @property
    def about(self) -> str:
        return self.incident


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClosed(What):
    """A bug in production was closed with cause, fix, a permanent check and a signature (who).

    Attributes:
        check: the line that every later proof asks; empty where none can find it.
        no_check_because: why no check can find it; empty where one does.
        affected: the newest of the runs that it had to do with until now.
        deliveries: how many lists of these were brought; answers: how many answers they gave to people.
        people_at_least, people_at_most: how many people these were; the same where they were counted in the log.
        wrong_from, wrong_until: the time of which data stays wrong; empty where it was mended, or was never wrong.
    """

    incident: str
    root_cause: str
    fix: str
    check: str
    affected: list[str] = field(default_factory=list)
    answers: int = 0
    people_at_least: int = 0
    no_check_because: str = ""
    deliveries: int = 0
    people_at_most: int = 0
    wrong_from: str = ""
    wrong_until: str = ""

    @property
    def about(self) -> str:
        return self.incident


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident(Command[str]):
    """Take up a bug in production; gives its name.

    `cause` is the digest or name of what set it off: an alarm, a refusal, a list or a delivery. `source` is the source
    whose data is suspect, `*` where it may be any: nothing is learnt from data while such an incident is open.
    """

    right: ClassVar[str] = "respond"
    title: str
    severity: Severity = "high"
    cause: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeIncident(Command[str]):
    """Say that an incident is worse, or less bad, than was thought, or that somebody else looks after it."""

    right: ClassVar[str] = "respond"
    incident: str
    severity: Severity
    owner: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseIncident(Command[str]):
    """Close an incident: its cause, what was fixed, the check that will catch it from now on, your signature.

    Only the owner of a function can sign that it is closed. A check such as `floor auc 0.7 where region=south`,
    `column visits.minutes median between 10 80` or `golden minutes_30=12 score between 0.1 0.3` is run in every later
    proof, and stops a candidate that fails it; an earlier proof carries no release any more. Where no check can find
    it, `no_check_because` says why, and is shown as such. Where data of some time stays wrong for good, `wrong_from`
    and `wrong_until` say which: retraining waits as long as it would learn from that time.
    """

    right: ClassVar[str] = "respond"
    durable: ClassVar[bool] = True
    incident: str
    root_cause: str
    fix: str
    check: str = ""
    no_check_because: str = ""
    wrong_from: str = ""
    wrong_until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireCheck(Command[str]):
    """Sign that a permanent check is not to be asked any more; it takes the owners of two functions.

    Says what came of it. Whoever builds may not retire what stops a candidate.
    """

    right: ClassVar[str] = "respond"
    check: str
    reason: str


@dataclass(frozen=True, slots=True)
class PermanentCheckCard:
    """One check that an incident left behind.

    Attributes:
        asked: whether proofs ask it now.
        signed: who signed that it is to be retired, each with the reason; two of them retire it.
    """

    check: str
    text: str
    incident: str
    since: str
    asked: bool
    signed: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PermanentChecks(Question[list[PermanentCheckCard]]):
    """Every check that incidents left behind, oldest first, with who wants it retired and why."""


@dataclass(frozen=True, slots=True)
class IncidentCard:
    """One incident for people to read.

    Attributes:
        affected: the newest of the runs that it had to do with.
        deliveries, answers: how many lists were brought, and answers given to people, in all of them.
        people_at_least, people_at_most: bounds of how many people these were; the same where the log was counted.
        check_runs: whether proofs ask the check now.
        source: the source whose data is suspect, `*` where it may be any; empty where it is not about data.
        wrong_from, wrong_until: the time of which data stays wrong.
    """

    incident: str
    severity: Severity
    title: str
    owner: str
    opened_at: str
    cause: str
    affected: list[str]
    closed_at: str
    closed_by: str
    root_cause: str
    fix: str
    check: str
    answers: int = 0
    people_at_least: int = 0
    due_by: str = ""
    overdue: bool = False
    check_runs: bool = False
    no_check_because: str = ""
    deliveries: int = 0
    people_at_most: int = 0
    source: str = ""
    wrong_from: str = ""
    wrong_until: str = ""


@dataclass(frozen=True, slots=True)
class AffectedPerson:
    """Somebody, or something, that an incident reached.

    Attributes:
        entity: as the prediction log holds it: hashed or encrypted where the plan says so.
        answers: how many they got; first, last: when.
    """

    entity: str
    answers: int
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedPeople(Question[list[AffectedPerson]]):
    """Everybody whom an incident reached, counted in the prediction log; until it was closed, where it is."""

    right: ClassVar[str] = "respond"
    incident: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a time line."""

    at: str
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class PostMortemTold:
    """An incident from its cause to the signature that closed it."""

    incident: IncidentCard
    cause: str
    moments: list[Moment]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostMortem(Question[PostMortemTold]):
    """The time line of an incident, its reach, cause, fix and check, as the facts tell it."""

    incident: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidents(Question[list[IncidentCard]]):
    """Every incident, oldest first."""
