"""What can be asked and what happens when the product is answered for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from shipworthy.base.fact import Command, Question, What

Severity = Literal["low", "high", "critical"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerFired(What):
    """A declared trigger acted.

    Attributes:
        trigger: its name in the plan.
        cause: the name or digest of what set it off: an alarm, a refusal, a date.
        action: the member of respond/actions.
        outcome: what came of it, in plain words.
        candidate: the candidate that the cause is about, empty for none.
    """

    trigger: str
    cause: str
    action: str
    outcome: str
    made: str = ""
    candidate: str = ""

    @property
    def about(self) -> str:
        return self.cause


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened(What):
    """A bug in production was taken up."""

    incident: str
    severity: Severity
    title: str
    owner: str
    cause: str
    affected: list[str]

    @property
    def about(self) -> str:
        return self.incident


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClosed(What):
    """A bug in production was closed with cause, fix, a permanent check and a signature (who)."""

    incident: str
    root_cause: str
    fix: str
    check: str

    @property
    def about(self) -> str:
        return self.incident


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleTold(What):
    """A message was handed to a route.

    Attributes:
        message: an id that the receiver can use to drop a repetition.
        to: the function or consumer it is for; never an address.
    """

    message: str
    to: str
    subject: str
    route: str

    @property
    def about(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFailed(What):
    """A message could not be brought to its route; it is tried again.

    Attributes:
        message, to, subject, route: as in the message that is told once it arrives.
        reason: why, without the address.
    """

    message: str
    to: str
    subject: str
    route: str
    reason: str

    @property
    def about(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Responded:
    """What a look at the triggers led to, in plain words."""

    done: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Respond(Command[Responded]):
    """Let every declared trigger act on what it has not yet acted on."""

    right: ClassVar[str] = "operate"
    durable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident(Command[str]):
    """Take up a bug in production; gives its name."""

    right: ClassVar[str] = "respond"
    title: str
    severity: Severity = "high"
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseIncident(Command[str]):
    """Close an incident: its cause, what was fixed, the check that will catch it from now on, your signature.

    Only the owner of a function can sign that it is closed.
    """

    right: ClassVar[str] = "respond"
    incident: str
    root_cause: str
    fix: str
    check: str


@dataclass(frozen=True, slots=True)
class IncidentCard:
    """One incident for people to read."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidents(Question[list[IncidentCard]]):
    """Every incident, oldest first."""
