"""What was answered and what was judged, as states that follow from facts one by one: a look reads only new facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shipworthy.base.fact import Fold, Past, Recorded
from shipworthy.base.times import read_moment
from shipworthy.data.words import SnapshotRefused, SnapshotTaken
from shipworthy.deliver.run import BACK_FILL
from shipworthy.deliver.words import AnswersSealed
from shipworthy.release.words import REHEARSAL
from shipworthy.watch.words import AlarmClosed, AlarmRaised, AuditDrawn, AuditLabelled, LabelsSealed, WindowJudged

SERVED = "serve/"
# Names of numbers in a finding: of how many segments or runs it is made, and that it waits for data to become readable.
PARTS, WAITING = "parts", "waiting"
BEHIND = "behind"
"""The number of a finding that waits since the feed that says what is true has not come so far yet."""
UNSURE = "held_out_needed"
"""The number of a finding that was judged and cannot tell: how many more held-out rows it would take."""
COUNTED_TO = "counted_to"
"""The number of the newest fact that a monitor of facts has counted."""
REMEMBERED = 12
"""Of how many moments the rhythm of a monitor or a feed is told."""
SETTLED = timedelta(minutes=10)
"""Servers side by side seal at other instants: so long after the last part of a window, none of them adds to it."""
_DAY = timedelta(days=1)
State = dict[str, Any]


def _sealed(state: State, fact: Recorded[AnswersSealed]) -> State:
    """Its segment added to each window that it holds answers of; see `rules.answered` for which count.

    A product that answers day and night seals one each minute, so the parts of a window are one text.
    """
    what, at = fact.what, fact.at.isoformat()
    if set(what.steps) == {REHEARSAL} or BACK_FILL in what.steps:
        return state
    for window, candidates in (what.windows or {what.as_of: what.candidates}).items():
        begins = read_moment(window)
        for candidate in (name for name, rows in candidates.items() if rows):
            mine = state["windows"].setdefault(begins.isoformat(), {})
            known = mine.setdefault(candidate, {"parts": "", "rows": 0, "last": at, "served": True, "until": ""})
            known["rows"] += candidates[candidate]
            known["parts"] = f"{known['parts']} {what.segment}".strip()
            known["last"] = at
            known["served"] = known["served"] and what.run.startswith(SERVED)
            if "T" not in window:  # a day of answers to questions that brought their inputs
                known["until"] = (begins + _DAY).isoformat()
            known["settled"] = ""
            state["open"].setdefault(candidate, {})[begins.isoformat()] = fact.seq
            _settle(state, candidate, at)
    return state


def _settle(state: State, candidate: str, at: str) -> None:
    """Note of the windows of a candidate that no server adds to any more since when that is so.

    No part came later than one that was sealed after it: where the clock was put back, the later one says when.
    """
    newest = read_moment(at)
    for moment in list(state["open"][candidate]):
        known = state["windows"][moment][candidate]
        known["last"] = min(known["last"], at, key=read_moment)
        if not known["served"] or read_moment(known["last"]) + SETTLED <= newest:
            known["settled"] = at
            del state["open"][candidate][moment]


def _judged(state: State, fact: Recorded[WindowJudged]) -> State:
    """Per candidate and monitor how each window stands, when some were judged, and what the newest carries on."""
    what = fact.what
    mine = state.setdefault(what.candidate, {}).setdefault(what.monitor, {"windows": {}})
    parts, waiting = what.numbers.get(PARTS, 0.0), bool(what.numbers.get(WAITING))
    at = fact.at.isoformat()
    # Whoever cannot tell has judged all the same: its evidence has the rows of this window in it, once.
    told = what.level != "not_run" or UNSURE in what.numbers
    if not what.candidate:  # counted from facts, one window after the other: some come each hour, for years
        mine["windows"].clear()
    # Of a window that was judged nothing more is asked; it stays here for years.
    tried = {"parts": parts, "waiting": waiting, "at": at, "behind": bool(what.numbers.get(BEHIND))}
    mine["windows"][what.window] = what.level if told else tried
    mine["at"] = max(at, mine.get("at", at))
    mine.setdefault("first", at)
    if told:
        mine["moments"] = sorted({*mine.get("moments", []), at})[-REMEMBERED:]
    mine["carried"], mine["seq"] = what.state, fact.seq
    mine["newest"], mine["counted_to"] = what.window, what.numbers.get(COUNTED_TO, 0.0)
    return state


def _nothing_sealed() -> State:
    return {"windows": {}, "open": {}}


def _newest(state: State, fact: Recorded[SnapshotTaken | SnapshotRefused]) -> State:
    for intake in fact.what.intakes:
        if intake.newest:
            known = {*state.get(intake.source, []), read_moment(intake.newest).isoformat()}
            state[intake.source] = sorted(known, key=read_moment)[-REMEMBERED:]
    return state


def _labelled(state: State, fact: Recorded[LabelsSealed]) -> State:
    what = fact.what
    counts = {"matched": what.matched, "unlabelled": what.unlabelled, "not_acted": what.not_acted}
    first = {"at": fact.at.isoformat(), "seq": fact.seq, "segments": []} | counts
    state.setdefault(read_moment(what.as_of).isoformat(), first)["segments"].append(what.segment)
    return state


def _audited(state: State, fact: Recorded[AuditDrawn | AuditLabelled]) -> State:
    what, at = fact.what, fact.at.isoformat()
    if isinstance(what, AuditDrawn):
        state["drawn"].setdefault(what.candidate, {})[what.window] = what.sample
        state["waiting"][what.sample] = {"at": at, "seq": fact.seq}
        return state
    state["told"] = max(at, state["told"])
    if not what.left:
        state["waiting"].pop(what.sample, None)
    return state


def _alarmed(state: State, fact: Recorded[AlarmRaised | AlarmClosed]) -> State:
    """A later word on whether an alarm was false answers nothing: only the first one did."""
    what = fact.what
    if isinstance(what, AlarmRaised):
        told = {name: getattr(what, name) for name in ("product", "monitor", "candidate", "text", "since")}
        state["open"].setdefault(what.alarm, told | {"at": fact.at.isoformat(), "seq": fact.seq})
    elif one := state["open"].pop(what.alarm, None):
        state["answered"].setdefault(one["candidate"], {})[one["monitor"]] = fact.seq
    return state


SEALED: Fold[State] = Fold("watch.sealed", 4, (AnswersSealed,), _nothing_sealed, _sealed)
"""By moment and candidate: the ``parts`` and how many ``rows`` of it they have, when the ``last`` came, whether all
were ``served``, ``until`` when, and since when it is ``settled``; the moments that are ``open`` are not."""

JUDGED: Fold[State] = Fold("watch.judged", 4, (WindowJudged,), dict, _judged)
"""By candidate and monitor: its ``windows`` (about no candidate the newest one), each with its level or, where it could
not be judged, how it was tried; when it looked ``first`` and was asked last (``at``); the last ``moments`` at which it
judged one; and of the newest fact its number ``seq``, its window ``newest``, up to which fact it has ``counted_to``,
and the state ``carried`` on."""

FEEDS: Fold[State] = Fold("watch.feeds", 1, (SnapshotTaken, SnapshotRefused), dict, _newest)
"""By source the last different moments that the newest row of it was of, oldest first."""

LABELLED: Fold[State] = Fold("watch.labelled", 1, (LabelsSealed,), dict, _labelled)
"""By moment the ``segments`` with the truth about its answers, and of the first when it came and what it counts."""

AUDITED: Fold[State] = Fold(
    "watch.audited", 2, (AuditDrawn, AuditLabelled), lambda: {"drawn": {}, "waiting": {}, "told": ""}, _audited
)
"""By candidate and window the sample that was ``drawn``; those still ``waiting`` for a label of some row, with when
they were drawn and the number of that fact; and when people ``told`` a label last."""

ALARMS: Fold[State] = Fold(
    "watch.alarms", 1, (AlarmRaised, AlarmClosed), lambda: {"open": {}, "answered": {}}, _alarmed
)
"""The alarms that are ``open``, by name; and by candidate and monitor the number of the fact that ``answered`` the
newest of the others."""


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """An alarm that nobody has answered.

    Attributes:
        at: when it was raised; seq: the number of that fact.
        since: since when what it is about has lasted, as it was said.
    """

    product: str
    alarm: str
    monitor: str
    candidate: str
    text: str
    since: str
    at: datetime
    seq: int


def open_alarms(past: Past) -> list[OpenAlarm]:
    """The alarms that nobody has answered, oldest first."""
    known = past.fold(ALARMS)["open"]
    found = [OpenAlarm(alarm=name, **{**one, "at": read_moment(one["at"])}) for name, one in known.items()]
    return sorted(found, key=lambda one: one.seq)


def unreached(judged: State, candidates: Iterable[str]) -> set[str]:
    """The moments of these candidates whose truth the feed of outcomes had not reached when they were looked at last.

    Args:
        judged: the state of `JUDGED`.
    """
    newest: dict[str, dict[str, Any]] = {}
    for known in (known for one in candidates for known in judged.get(one, {}).values()):
        for moment, window in known["windows"].items():
            if not isinstance(window, str):
                newest[moment] = max(newest.get(moment, window), window, key=lambda one: str(one["at"]))
    return {moment for moment, window in newest.items() if window["behind"]}
