"""Ask for a challenger, trained on mature labels; blocked while an incident about data is open."""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.fact import What
from shipworthy.respond.action import Action, Situation
from shipworthy.respond.incidents import data_incidents_open


def act(situation: Situation) -> tuple[str, Sequence[What]]:
    """Nothing but the record: that retraining was asked for makes it due."""
    return "a challenger is asked for, learning from the newest mature labels", []


def blocked(situation: Situation) -> str:
    """The open incidents about data: what came in while they are open must not be learnt from."""
    names = data_incidents_open(situation.past)
    return f"retraining waits for incident {', '.join(names)}: no learning from suspect data" if names else ""


ACTION = Action("retrain", "trains and proves a challenger", act, blocked)
