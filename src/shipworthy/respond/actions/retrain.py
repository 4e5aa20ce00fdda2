"""Ask for a challenger, trained on mature labels; blocked while data is suspect or no new truth has come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shipworthy.base.fact import Past, What, latest
from shipworthy.base.times import read_moment
from shipworthy.data.words import SnapshotTaken
from shipworthy.model.rules import mature_moments
from shipworthy.model.words import CandidateMade
from shipworthy.release.rules import standing
from shipworthy.respond.action import Action, Situation, nobody_to_blame
from shipworthy.respond.incidents import OF_A_FEED, about_data, data_incidents_open, wrong_for_good
from shipworthy.respond.words import IncidentClosed
from shipworthy.watch.folds import JUDGED, open_alarms, unreached

DRIFT = ("input-drift", "multivariate-drift", "score-drift")
"""Monitors that say that inputs are other than they were: the world, or a feed."""


def act(situation: Situation) -> tuple[str, Sequence[What]]:
    """Nothing but the record: that retraining was asked for makes it due."""
    return "a challenger is asked for, learning from the newest mature labels", []


def blocked(situation: Situation) -> str:
    """Why there is nothing to learn: what came in while an incident about data is open, or nothing new is known."""
    if why := nobody_to_blame(situation):
        return why
    names = data_incidents_open(situation.past)
    if names:
        return f"retraining waits for incident {', '.join(names)}: no learning from suspect data"
    if why := _suspect(situation.past):
        return why
    said = situation.plan.respond.retraining
    if said is not None and said.labels_only_when_acted and situation.plan.decision.explore is None:
        return (
            "retraining is refused: the truth is only known of those on whom the product acted "
            "(respond.retraining.labels_only_when_acted), and no slice of people is acted on at random "
            "(decision.explore); a model that learnt from them would only repeat its own choices"
        )
    behind = unreached(situation.past.fold(JUDGED), standing(situation.past).released.values())
    first = min(map(read_moment, behind), default=situation.now)  # what the clock calls mature may not have come
    mature = [one for one in mature_moments(situation.plan, situation.now) if one < first]
    if not mature:
        return "retraining waits: no truth is known yet that could be learnt from"
    learnt = _newest_lesson(situation.past)
    if learnt and mature[-1] <= read_moment(learnt):
        return f"retraining waits: no truth has become known since that of {learnt[:10]}, which is learnt already"
    wrong = wrong_for_good(situation.past, mature, situation.plan.need.horizon)
    if wrong is not None:
        told = wrong.what
        return (
            f"retraining waits: data from {told.wrong_from[:10]} to {told.wrong_until[:10]} stays wrong since incident "
            f"{told.incident}, and what would be learnt touches that time"
        )
    return ""


def _suspect(past: Past) -> str:
    """Why data since the last incident or alarm about a feed cannot be trusted yet; empty where it can."""
    suspect = about_data(past)
    closed = [fact for fact in past.of(IncidentClosed) if fact.what.incident in suspect]
    accepted = latest(past.of(SnapshotTaken))
    if closed and (accepted is None or accepted.seq < closed[-1].seq):
        name = closed[-1].what.incident
        return f"retraining waits: no data has been accepted since incident {name} about data was closed"
    feed = [one.monitor for one in open_alarms(past) if one.monitor in OF_A_FEED]
    if feed:
        return f"retraining waits: the alarm of {feed[0]} points to a feed, and is not answered yet"
    return _drifting_feed(past)


def _drifting_feed(past: Past) -> str:
    """Why drift may come from a feed: the data it was seen in was accepted with a warning, and nobody has said more.

    An alarm is traced to a feed until it is answered; a drift that is noted until its next window is quiet, or data
    comes without a warning.
    """
    taken = latest(past.of(SnapshotTaken))
    warned = [check for check in taken.what.checks if check.verdict == "warn"] if taken else []
    if not warned:
        return ""
    using = set(standing(past).released.values())
    open_now = [f"the alarm of {one.monitor}" for one in open_alarms(past) if one.candidate in using]
    judged = past.fold(JUDGED)
    newest = {
        name: max((judged[one][name] for one in using if name in judged.get(one, {})), key=_seq, default=None)
        for name in DRIFT
    }
    noted = [
        f"a drift noted by {name}" for name, one in newest.items() if one and one["windows"][one["newest"]] == "note"
    ]
    drifting = [name for name in open_now if name.removeprefix("the alarm of ") in DRIFT] + noted
    if not drifting:
        return ""
    return (
        f"retraining waits: {drifting[0]} may come from a feed, since the newest data was accepted with a warning: "
        + (warned[0].found)
    )


def _seq(judged: Mapping[str, Any]) -> int:
    return int(judged["seq"])


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
