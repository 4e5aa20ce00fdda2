"""What can be asked and what happens when the product is answered for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from shipworthy.base.fact import Command, Question, What
from shipworthy.respond.incident_words import AffectedPeople as AffectedPeople
from shipworthy.respond.incident_words import AffectedPerson as AffectedPerson
from shipworthy.respond.incident_words import ChangeIncident as ChangeIncident
from shipworthy.respond.incident_words import CloseIncident as CloseIncident
from shipworthy.respond.incident_words import IncidentCard as IncidentCard
from shipworthy.respond.incident_words import IncidentChanged as IncidentChanged
from shipworthy.respond.incident_words import IncidentClosed as IncidentClosed
from shipworthy.respond.incident_words import IncidentOpened as IncidentOpened
from shipworthy.respond.incident_words import Incidents as Incidents
from shipworthy.respond.incident_words import Moment as Moment
from shipworthy.respond.incident_words import OpenIncident as OpenIncident
from shipworthy.respond.incident_words import PermanentCheckCard as PermanentCheckCard
from shipworthy.respond.incident_words import PermanentChecks as PermanentChecks
from shipworthy.respond.incident_words import PostMortem as PostMortem
from shipworthy.respond.incident_words import PostMortemTold as PostMortemTold
from shipworthy.respond.incident_words import RetireCheck as RetireCheck
from shipworthy.respond.incident_words import Severity as Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerFired(What):
    """A declared trigger acted.

    Attributes:
        trigger: its name in the plan.
        cause: the name or digest of what set it off: an alarm, a refusal, a date.
        action: the member of respond/actions.
        outcome: what came of it, in plain words.
        candidate: the candidate that the cause is about, empty for none.
        of: the monitor, source, consumer or function that the cause concerns.
        text: what set it off, in plain words.
        dry: nothing was done; the outcome says what would have been.
    """

    trigger: str
    cause: str
    action: str
    outcome: str
    made: str = ""
    candidate: str = ""
    of: str = ""
    text: str = ""
    dry: bool = False

    @property
    def about(self) -> str:
        return self.cause


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseTakenUp(What):
    """Somebody said that they look after what a trigger told about: reminders and escalation end.

    Attributes:
        cause: the name of the alarm, refusal, delivery…
    """

    cause: str
    remark: str = ""

    @property
    def about(self) -> str:
        return self.cause


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleTold(What):
    """A message was handed to a route.

    Attributes:
        message: an id that the receiver can use to drop a repetition.
        to: the function or consumer it is for; never an address.
        trigger, cause, action: why it was sent; empty in facts of before these were kept.
    """

    message: str
    to: str
    subject: str
    route: str
    trigger: str = ""
    cause: str = ""
    action: str = ""

    @property
    def about(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFailed(What):
    """A message could not be brought to its route; it is tried again.

    Attributes:
        message, to, subject, route, trigger, cause, action: as in the message that is told once it arrives.
        reason: why, without the address.
    """

    message: str
    to: str
    subject: str
    route: str
    reason: str
    trigger: str = ""
    cause: str = ""
    action: str = ""

    @property
    def about(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed(What):
    """What a trigger asked for, or what follows from it, could not be done; it is tried again, see `base.retries`.

    Attributes:
        attempt: rollback, fallback, pause, retrain, prove, rehearse or release.
        concerns: the candidate or consumer; of rehearse and release the candidate, and behind a blank the consumer, or
            the step with its cohort; empty where the attempt says all.
        reason: why.
        trigger: the trigger that asked for it; empty where a trial did.
    """

    attempt: str
    concerns: str
    reason: str
    trigger: str = ""

    @property
    def about(self) -> str:
        return f"{self.attempt} {self.concerns}".strip()


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
class TakeUp(Command[str]):
    """Say that you look after something that people were told about; gives its name.

    Nobody is reminded of it any more, and it is not escalated.
    """

    right: ClassVar[str] = "respond"
    cause: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class TriggerCard:
    """One trigger of the plan in force, with what it did.

    Attributes:
        when: what sets it off, in plain words.
        acted: how often; last: when, ISO 8601, empty for never.
    """

    name: str
    when: str
    does: list[str]
    severity: Severity
    dry: bool
    acted: int
    last: str


@dataclass(frozen=True, slots=True)
class Happening:
    """One cause that a trigger acted on.

    Attributes:
        actions: each action with what came of it, in order.
        taken_up_by: who looks after it, empty for nobody yet.
        waits: whether people were told and nobody has answered yet.
        told: the functions, roles and consumers to whom a message about it went.
    """

    cause: str
    trigger: str
    text: str
    at: str
    actions: list[str]
    dry: bool
    taken_up_by: str
    remark: str
    waits: bool
    told: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MessageCard:
    """One message; `reason` says why it did not arrive, empty where it did."""

    to: str
    subject: str
    route: str
    at: str
    reason: str
    tries: int


@dataclass(frozen=True, slots=True)
class ResponseState:
    """How the product answers to what happens: triggers, what they did, who was told, what is held.

    Attributes:
        held_back: what a trigger would act on but does not now, each with the reason.
        paused: consumers to whom nothing goes, with the reason.
        fallen_back: why the baseline answers in place of the released candidates; empty where it does not.
        failing: what was asked for and has not succeeded yet, each with the reason and the next try.
    """

    triggers: list[TriggerCard]
    happenings: list[Happening]
    messages: list[MessageCard]
    held_back: list[str]
    paused: dict[str, str]
    fallen_back: str
    failing: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Responses(Question[ResponseState]):
    """What triggers did, who was told, which messages failed, and what waits for somebody to take it up."""


@dataclass(frozen=True, slots=True)
class WouldHave:
    """One thing that a trigger would have done.

    Attributes:
        done: the plain words of what would have come of it; why_not where it would have been held back.
    """

    at: str
    trigger: str
    cause: str
    text: str
    action: str
    done: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What triggers would have done over a past time.

    Attributes:
        counts: how often each trigger would have taken each action, as `trigger: action`.
        held_back: how many were held back, by reason.
        really: how often each trigger really took each action in that time.
        looked_at: how many moments.
    """

    since: str
    until: str
    counts: dict[str, int]
    held_back: dict[str, int]
    really: dict[str, int]
    looked_at: int
    lines: list[WouldHave]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf(Question[Preview]):
    """What the triggers of a plan would have done over a past time; nothing is done and nothing recorded.

    `plan` is the text of a product.yaml whose triggers are tried; those of the plan in force where it is empty.
    """

    since: str = ""
    plan: str = ""
