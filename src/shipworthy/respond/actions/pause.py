"""Ask for deliveries to be held: those to the consumer concerned, or all of them; everybody who waits is told."""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.fact import What
from shipworthy.release.rules import paused
from shipworthy.respond.action import Action, Situation


def act(situation: Situation) -> tuple[str, Sequence[What]]:
    """Nothing but the record: that it was asked for makes it due."""
    return f"deliveries to {', '.join(waiting(situation))} are held until somebody resumes them", []


def blocked(situation: Situation) -> str:
    """Whether they are held already."""
    return "" if waiting(situation) else "deliveries are paused already"


def waiting(situation: Situation) -> list[str]:
    """The consumers whose deliveries would be held: the one concerned, else all."""
    consumers, of = situation.plan.consumers, situation.cause.of
    held = paused(situation.past)
    return [name for name in ([of] if of in consumers else consumers) if name not in held]


ACTION = Action("pause", "holds deliveries until somebody resumes them", act, blocked)
