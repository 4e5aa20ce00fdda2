"""Ask for the signed baseline to answer everybody from now on, in lists and in real time."""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.fact import What
from shipworthy.release.rules import answers_everybody, stand_in, standing
from shipworthy.respond.action import Action, Situation, nobody_to_blame


def act(situation: Situation) -> tuple[str, Sequence[What]]:
    """Nothing but the record: that it was asked for makes it due."""
    return f"the baseline {stand_in(situation.past)[:12]} answers everybody from now on", []


def blocked(situation: Situation) -> str:
    """Why there is nothing to fall back to, or from."""
    if why := nobody_to_blame(situation):
        return why
    now, baseline = standing(situation.past), stand_in(situation.past)
    if not (now.champion or now.canary):
        return "falling back waits: nobody is answered yet"
    if not baseline:
        return "falling back waits: there is no released baseline whose signatures stand"
    return "the baseline answers everybody already" if answers_everybody(now, baseline) else ""


ACTION = Action("fallback", "lets the signed baseline answer everybody", act, blocked)
