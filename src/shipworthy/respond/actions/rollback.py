"""Ask for the candidate before, or the baseline, to answer again."""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.errors import UserError
from shipworthy.base.fact import What
from shipworthy.release.rules import rollback_target
from shipworthy.respond.action import Action, Situation, nobody_to_blame


def act(situation: Situation) -> tuple[str, Sequence[What]]:
    """Nothing but the record: that a rollback was asked for makes it due."""
    current, target = rollback_target(situation.past, situation.cause.candidate)
    return f"{current[:12]} is taken back; {target[:12] or 'nobody'} answers in its place", []


def blocked(situation: Situation) -> str:
    """Why there is nothing to go back to."""
    if why := nobody_to_blame(situation):
        return why
    try:
        rollback_target(situation.past, situation.cause.candidate)
    except UserError as error:
        return error.mistakes[0].found
    return ""


ACTION = Action("rollback", "gives consumers back what they had before", act, blocked)
