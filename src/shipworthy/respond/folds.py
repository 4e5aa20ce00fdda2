"""What happened and what triggers have done about it, as states that follow from facts one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Fold, Recorded, What
from shipworthy.base.retries import MOST_TRIES, given_up
from shipworthy.data.words import SnapshotRefused, SnapshotTaken
from shipworthy.deliver.words import AnswersSealed
from shipworthy.model.words import CandidateMade
from shipworthy.prove.words import CandidateProven
from shipworthy.release.words import (
    REHEARSAL,
    CameBack,
    DeliveriesPaused,
    DeliveriesResumed,
    FellBack,
    ReleaseStepped,
    RolledBack,
    TrialFinished,
)
from shipworthy.respond.words import (
    AttemptFailed,
    CauseTakenUp,
    IncidentClosed,
    IncidentOpened,
    MessageFailed,
    PeopleTold,
    TriggerFired,
)
from shipworthy.watch.words import AlarmClosed, WindowJudged

MOST_RUNS = 50
SILENT = ("rehearsal", "shadow")
"""Steps in which answers are in the log and reach nobody."""
AT_ONCE = "serve/"
"""How the names of the runs of prediction servers and stream workers begin."""
OF_THE_NEWEST = ("retrain", "prove", "rehearse", "release")
"""What is tried to get a new model into use; it is over when a newer one is made."""
State = dict[str, Any]


def _nobody_acted() -> State:
    return {"fired": {}, "asked": {}, "retrain": {}, "incidents": {}, "taken_up": {}, "unsent": {}}


def _acted(state: State, fact: Recorded[Any]) -> State:
    what = fact.what
    if isinstance(what, TriggerFired):
        mine = state["fired"].setdefault(acting(what.trigger, what.dry), {}).setdefault(what.action, {})
        # One text for all times: there are many causes, and a state is read at each look.
        mine[what.cause] = f"{mine.get(what.cause, '')} {fact.at.isoformat()}".strip()
        if not what.dry:
            told = {"trigger": what.trigger, "cause": what.cause, "candidate": what.candidate, "of": what.of}
            state["asked"].setdefault(what.action, {})[f"{what.candidate} {what.of}"] = told | {"seq": fact.seq}
        if what.action == "retrain":
            state["retrain"][fact.digest] = fact.seq
    elif isinstance(what, MessageFailed | PeopleTold):
        if what.trigger:
            _sent(state["unsent"].setdefault(what.cause, {}).setdefault(what.trigger, {}), fact)
    elif isinstance(what, IncidentOpened):
        state["incidents"][what.incident] = what.cause
    elif isinstance(what, IncidentClosed):
        if what.incident in state["incidents"]:
            state["taken_up"][state["incidents"][what.incident]] = fact.seq
    else:
        state["taken_up"][what.about] = fact.seq
    return state


def _sent(unsent: State, fact: Recorded[MessageFailed | PeopleTold]) -> None:
    """Of a trigger and cause each receiver is owed the newest message only."""
    what = fact.what
    if isinstance(what, PeopleTold):
        unsent.pop(what.to, None)
    else:
        before = unsent.get(what.to, {})
        tries = before["tries"] + 1 if before.get("message") == what.message else 1
        told = {"message": what.message, "subject": what.subject, "action": what.action, "tries": tries}
        unsent[what.to] = told | {"at": fact.at.isoformat()}


def acting(trigger: str, dry: bool) -> str:
    """A trigger as `ACTED` tells it from one that only says what it would do."""
    return f"{trigger} {'dry' if dry else ''}".strip()


def _failing(state: State, fact: Recorded[Any]) -> State:
    what = fact.what
    if isinstance(what, AttemptFailed):
        one: State = state.get(what.about, {"tries": MOST_TRIES})
        if given_up(one["tries"]):  # it was asked for anew
            one = {"attempt": what.attempt, "concerns": what.concerns, "text": what.reason, "tries": 0} | _when(fact)
        one |= {"trigger": what.trigger, "reason": what.reason, "last": fact.at.isoformat(), "newest": fact.seq}
        state[what.about] = one | {"tries": one["tries"] + 1}
        return state
    return {name: one for name, one in state.items() if name not in _settled(what, state)}


def _settled(what: What, state: State) -> set[str]:
    """The attempts that a fact makes needless; only the newest model is proven."""
    if isinstance(what, RolledBack):
        return {"rollback", f"rollback {what.candidate}", *_of(state, what.candidate, "release", "rehearse")}
    if isinstance(what, ReleaseStepped):
        return _of(state, what.candidate, "release")
    if isinstance(what, TrialFinished):
        return {f"rehearse {what.candidate} {what.consumer}"} if what.step == REHEARSAL and what.ok else set()
    if isinstance(what, DeliveriesPaused | DeliveriesResumed):
        return {f"pause {name}" for name in what.consumers}
    if isinstance(what, CandidateProven):
        return {f"prove {what.candidate}"}
    if isinstance(what, CandidateMade):
        made = what.role == "model"
        return {name for name, one in state.items() if made and one["attempt"] in OF_THE_NEWEST}
    return {"fallback"}


def _of(state: State, candidate: str, *attempts: str) -> set[str]:
    return {
        name for name, one in state.items() if one["attempt"] in attempts and one["concerns"].split()[:1] == [candidate]
    }


def _noted(state: State, fact: Recorded[WindowJudged]) -> State:
    what = fact.what
    if what.level == "note":
        name = digest_of([what.monitor, what.candidate, what.since or what.window, "note"])
        state[name] = {"monitor": what.monitor, "text": what.text, "candidate": what.candidate} | _when(fact)
    return state


def _refused(state: State, fact: Recorded[SnapshotRefused | SnapshotTaken]) -> State:
    what = fact.what
    if isinstance(what, SnapshotTaken):
        state["newest"] = max(state["newest"], what.as_of)
        state["accepted"] += 1
    elif what.as_of >= state["newest"]:  # not a look back at the data of a past moment
        bad = [[one.where, one.found] for one in what.checks if one.verdict not in ("pass", "warn")]
        told = {"refusal": what.refusal, "as_of": what.as_of, "bad": bad, "accepted": state["accepted"]}
        state["refused"].append(told | _when(fact))
    return state


def _warned(state: State, fact: Recorded[SnapshotTaken]) -> State:
    state["accepted"] += 1
    bad = [[one.where, one.found] for one in fact.what.checks if one.verdict == "warn"]
    if bad:
        told = {"digest": fact.digest, "as_of": fact.what.as_of, "bad": bad, "accepted": state["accepted"]}
        state["warned"].append(told | _when(fact))
    return state


def _new(state: State, fact: Recorded[SnapshotTaken]) -> State:
    what = fact.what
    is_new = what.snapshot not in state["known"] and what.as_of > state["newest"]
    name, rows = digest_of([what.snapshot, "new"]), sum(one.accepted for one in what.intakes)
    told = {"name": name, "as_of": what.as_of, "rows": rows} | _when(fact)
    state["known"].setdefault(what.snapshot, told if is_new else None)
    state["newest"] = max(state["newest"], what.as_of)
    return state


def _answered(state: State, fact: Recorded[AnswersSealed]) -> State:
    what, seq = fact.what, fact.seq
    people = sum(rows for step, rows in what.steps.items() if step not in SILENT)
    if not what.run.startswith(AT_ONCE):
        mine = state["lists"].setdefault(what.run, {"answers": 0, "first": seq})
        mine["answers"], mine["last"] = mine["answers"] + people, seq
        return state
    hour = state["hours"].setdefault(hour_of(fact.at).isoformat(), {"first": seq, "answers": {}})
    who = " ".join(sorted(what.candidates))
    hour["answers"][who], hour["last"] = hour["answers"].get(who, 0) + people, seq
    for name in ("", *what.candidates):
        state["newest"][name] = [*state["newest"].get(name, []), [seq, fact.at.isoformat(), what.run]][-MOST_RUNS:]
    return state


def hour_of(moment: datetime) -> datetime:
    """When the hour began, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _when(fact: Recorded[Any]) -> State:
    return {"at": fact.at.isoformat(), "seq": fact.seq}


ACTED: Fold[State] = Fold(
    "respond.acted",
    5,
    (TriggerFired, CauseTakenUp, AlarmClosed, IncidentOpened, IncidentClosed, PeopleTold, MessageFailed),
    _nobody_acted,
    _acted,
)
"""By trigger, action and cause when it ``fired``; by action, and by candidate and object, the newest time it was
``asked`` for, not dry; every request to ``retrain``; the causes of ``incidents``; the causes that somebody has
``taken_up``; and by cause, trigger and receiver the newest message that is ``unsent``."""

FAILING: Fold[State] = Fold(
    "respond.failing",
    3,
    (
        AttemptFailed, RolledBack, FellBack, CameBack, DeliveriesPaused, DeliveriesResumed, CandidateMade,
        CandidateProven, ReleaseStepped, TrialFinished,
    ),
    dict,
    _failing,
)  # fmt: skip
"""What was tried and has not succeeded since, by what it is ``about``: when first and last, how often, and why. Tried
again after it was given up, it begins anew."""

NOTED: Fold[State] = Fold("respond.noted", 1, (WindowJudged,), dict, _noted)
"""The newest note of a monitor about each thing that goes on, by the name of that cause."""

REFUSED: Fold[State] = Fold(
    "respond.refused",
    1,
    (SnapshotRefused, SnapshotTaken),
    lambda: {"newest": "", "accepted": 0, "refused": []},
    _refused,
)
"""The data that was ``refused``: with what was ``bad`` where, and how many snapshots had been ``accepted`` before."""

WARNED: Fold[State] = Fold("respond.warned", 1, (SnapshotTaken,), lambda: {"accepted": 0, "warned": []}, _warned)
"""The snapshots of which something had ``warned``, each with how many had been ``accepted`` until then."""

NEW: Fold[State] = Fold("respond.new", 2, (SnapshotTaken,), lambda: {"newest": "", "known": {}}, _new)
"""Every snapshot that is ``known``, and what is told of it where it was new when it came."""

ANSWERED: Fold[State] = Fold(
    "respond.answered", 1, (AnswersSealed,), lambda: {"lists": {}, "hours": {}, "newest": {}}, _answered
)
"""The answers for people: of ``lists`` by run; of stretches of servers and stream workers, of which one comes each
minute, by the ``hours`` in which they were sealed and the candidates in them; each with the numbers of the first and
last fact. And the ``newest`` stretches with answers of each candidate, and of any."""
