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

    @property
    def about(self) -> str:
        return self.incident


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
class TakeUp(Command[str]):
    """Say that you look after something that people were told about; gives its name.

    Nobody is reminded of it any more, and it is not escalated.
    """

    right: ClassVar[str] = "respond"
    cause: str
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident(Command[str]):
    """Take up a bug in production; gives its name."""

    right: ClassVar[str] = "respond"
    title: str
    severity: Severity = "high"
    cause: str = ""


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
    it, `no_check_because` says why, and is shown as such.
    """

    right: ClassVar[str] = "respond"
    durable: ClassVar[bool] = True
    incident: str
    root_cause: str
    fix: str
    check: str = ""
    no_check_because: str = ""


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
    """

    triggers: list[TriggerCard]
    happenings: list[Happening]
    messages: list[MessageCard]
    held_back: list[str]
    paused: dict[str, str]
    fallen_back: str


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
