"""What a member of the folder `actions` is: one thing that a trigger can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shipworthy.base.fact import Past, What
from shipworthy.plan.schema import Plan, Trigger
from shipworthy.plan.schema_life import Escalation

ESCALATES = "escalate"
"""The action that is no member of the folder: it follows from `escalate` of a trigger that notifies."""

RESENDS = "resend"
"""The action that is no member of the folder either: a message that failed is tried again, and the trigger has acted
already."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What set a trigger off.

    Attributes:
        name: digest or name of the alarm, refusal, delivery… ; the same cause is acted on once.
        of: the monitor, source, consumer or function it concerns.
        text: what happened, in plain words.
        lasting: whether it still goes on.
        candidate: the candidate it is about, empty for none.
        at: when it came to be.
        seq: the number of the fact that it rests on, 0 where it rests on the time that has gone by.
        trigger: the one trigger that it sets off, empty where any may.
        attempt: what was asked for and failed, empty where it is something else.
        to: whom it is told where the trigger names nobody; empty for all whom it concerns.
        sink: the destination it concerns as well, empty for none.
    """

    on: str
    name: str
    of: str
    text: str
    lasting: bool = True
    candidate: str = ""
    at: datetime | None = None
    seq: int = 0
    trigger: str = ""
    attempt: str = ""
    to: tuple[str, ...] = ()
    sink: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """What an action decides on.

    Attributes:
        escalation: the step of it that is due, None for an ordinary action.
    """

    plan: Plan
    past: Past
    now: datetime
    trigger: Trigger
    cause: Cause
    escalation: Escalation | None = None


def in_circles(situation: Situation, action: str) -> str:
    """Why a failed attempt is not answered by the same again, nor by another one that the trigger does not mean.

    Empty where people are told of it, or where the trigger names the attempt and does something else.
    """
    attempt = situation.cause.attempt
    if not attempt or action in (ESCALATES, RESENDS, "notify", "incident"):
        return ""
    if action == attempt:
        return f"{action} is what failed; the same again is no answer to it"
    if situation.trigger.of == attempt:
        return ""
    return f"it is {attempt} that failed; a trigger with `of: {attempt}` does it all the same"


def nobody_to_blame(situation: Situation) -> str:
    """Why an alarm about no candidate, such as one about a late list, changes nothing about who answers.

    Empty where the trigger names its monitor: then it is meant.
    """
    cause = situation.cause
    if cause.on != "alarm" or cause.candidate or situation.trigger.of == cause.of:
        return ""
    return f"the alarm of {cause.of} is about no candidate; a trigger with `of: {cause.of}` does it all the same"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a trigger can do.

    Attributes:
        does: in plain words.
        blocked: why it may not act now, empty where it may; a blocked action acts when the block is gone.
        act: what came of it, and facts of its own. What takes long is not done here: the fact that it was asked for
            makes it due, and the worker does it with the ordinary commands.
    """

    name: str
    does: str
    act: Callable[[Situation], tuple[str, Sequence[What]]]
    blocked: Callable[[Situation], str] = lambda situation: ""
