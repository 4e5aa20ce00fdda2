"""What was answered and what was judged, as states that follow from facts one by one: a look reads only new facts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from shipworthy.base.fact import Fold, Recorded
from shipworthy.base.times import read_moment
from shipworthy.deliver.run import BACK_FILL
from shipworthy.deliver.words import AnswersSealed
from shipworthy.watch.words import WindowJudged

REHEARSAL = "rehearsal"
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
"""Of how many moments a monitor's rhythm is told."""
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
            state["newest"][candidate] = max(at, state["newest"].get(candidate, at))
    return state


def _judged(state: State, fact: Recorded[WindowJudged]) -> State:
    """Per candidate and monitor how each window stands, when some were judged, and what the newest carries on."""
    what = fact.what
    mine = state.setdefault(what.candidate, {}).setdefault(what.monitor, {"windows": {}})
    parts, waiting = what.numbers.get(PARTS, 0.0), bool(what.numbers.get(WAITING))
    seen = {"level": what.level, "parts": parts, "waiting": waiting, "at": fact.at.isoformat()}
    # Whoever cannot tell has judged all the same: its evidence has the rows of this window in it, once.
    told = what.level != "not_run" or UNSURE in what.numbers
    seen |= {"behind": bool(what.numbers.get(BEHIND)), "told": told}
    if not what.candidate:  # counted from facts, one window after the other: some come each hour, for years
        mine["windows"].clear()
    mine["windows"][what.window] = seen
    mine.setdefault("first", seen["at"])
    if told:
        mine["moments"] = sorted({*mine.get("moments", []), seen["at"]})[-REMEMBERED:]
    mine["carried"], mine["seq"] = what.state, fact.seq
    mine["newest"], mine["counted_to"] = what.window, what.numbers.get(COUNTED_TO, 0.0)
    return state


def _nothing_sealed() -> State:
    return {"windows": {}, "newest": {}}


SEALED: Fold[State] = Fold("watch.sealed", 2, (AnswersSealed,), _nothing_sealed, _sealed)
"""By moment and candidate: the ``parts`` and how many ``rows`` of it they have, when the ``last`` came, whether all
were ``served``, ``until`` when."""

JUDGED: Fold[State] = Fold("watch.judged", 3, (WindowJudged,), dict, _judged)
"""By candidate and monitor: its ``windows`` (about no candidate the newest one), when it looked ``first``, the last
``moments`` at which it judged one, and of the newest fact its number ``seq``, its window ``newest``, up to which fact
it has ``counted_to``, and the state ``carried`` on."""


def unreached(judged: State, candidates: Iterable[str]) -> set[str]:
    """The moments of these candidates whose truth the feed of outcomes had not reached when they were looked at last.

    Args:
        judged: the state of `JUDGED`.
    """
    newest: dict[str, dict[str, Any]] = {}
    for known in (known for one in candidates for known in judged.get(one, {}).values()):
        for moment, window in known["windows"].items():
            newest[moment] = max(newest.get(moment, window), window, key=lambda one: str(one["at"]))
    return {moment for moment, window in newest.items() if window["behind"]}
