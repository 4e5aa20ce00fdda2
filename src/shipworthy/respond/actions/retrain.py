"""Ask for a challenger, trained on mature labels; blocked while data is suspect or no new truth has come in."""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.fact import Past, What
from shipworthy.base.times import read_moment
from shipworthy.model.rules import mature_moments
from shipworthy.model.words import CandidateMade
from shipworthy.release.rules import standing
from shipworthy.respond.action import Action, Situation
from shipworthy.respond.incidents import data_incidents_open


def act(situation: Situation) -> tuple[str, Sequence[What]]:
    """Nothing but the record: that retraining was asked for makes it due."""
    return "a challenger is asked for, learning from the newest mature labels", []


def blocked(situation: Situation) -> str:
    """Why there is nothing to learn: what came in while an incident about data is open, or nothing new is known."""
    names = data_incidents_open(situation.past)
    if names:
        return f"retraining waits for incident {', '.join(names)}: no learning from suspect data"
    mature = mature_moments(situation.plan, situation.now)
    if not mature:
        return "retraining waits: no truth is known yet that could be learnt from"
    learnt = _newest_lesson(situation.past)
    if learnt and mature[-1] <= read_moment(learnt):
        return f"retraining waits: no truth has become known since that of {learnt[:10]}, which is learnt already"
    return ""


def _newest_lesson(past: Past) -> str:
    """The newest moment that a model in use has learnt from; empty where none in use has learnt here."""
    in_use = set(standing(past).released.values())
    learnt = [
        moment
        for fact in past.of(CandidateMade)
        if fact.what.candidate in in_use and fact.what.role == "model"
        for moment in fact.what.trained_on
    ]
    return max(learnt, key=read_moment, default="")


ACTION = Action("retrain", "trains and proves a challenger", act, blocked)
