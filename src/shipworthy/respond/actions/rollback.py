"""Ask for the candidate before, or the baseline, to answer again."""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.errors import UserError
from shipworthy.base.fact import What
from shipworthy.release.rules import rollback_target
from shipworthy.respond.action import Action, Situation


def act(situation: Situation) -> tuple[str, Sequence[What]]:
    """Nothing but the record: that a rollback was asked for makes it due."""
    _, target = rollback_target(situation.past)
    return f"going back to {target[:12]}", []


def blocked(situation: Situation) -> str:
    """Why there is nothing to go back to, or nothing to go back from."""
    try:
        current, _ = rollback_target(situation.past)
    except UserError as error:
        return error.mistakes[0].found
    concerned = situation.cause.candidate
    if concerned and concerned != current:
        return f"candidate {concerned[:12]} is not the one that would be taken back, {current[:12]}"
    return ""


ACTION = Action("rollback", "gives consumers back what they had before", act, blocked)
