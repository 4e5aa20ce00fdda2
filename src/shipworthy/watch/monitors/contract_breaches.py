"""How often a source broke its contract and was stopped, by source and by vendor; each delivery of it counts once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shipworthy.base.check import CheckResult
from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Fold, Past, Recorded
from shipworthy.base.times import read_moment
from shipworthy.data.words import Intake, SnapshotRefused, SnapshotTaken
from shipworthy.plan.schema import Plan
from shipworthy.watch.counted import daily
from shipworthy.watch.folds import COUNTED_TO
from shipworthy.watch.monitor import Counting, Event, Judgement, Monitor, Settings, Since, Window
from shipworthy.watch.rates import Telling, judged_shares
from shipworthy.watch.words import WindowJudged

NAME = "contract-breaches"
TELLING = Telling(
    of="deliveries",
    fell_short="broke the contract",
    nothing="Nothing new was read from any source.",
    cause="The vendor changed what it sends, or sent it damaged; the rows set aside carry the reason of each.",
    advice="Open the quarantine of that source, and ask its vendor; rows that are mended can be replayed.",
)


def events(plan: Plan, past: Past, since: Since, now: datetime) -> Iterator[Event]:
    """Each delivery of a source that was read: whether it broke its contract, and how many of its rows were set aside.

    The same files read once more are the same delivery.
    """
    vendors = Counter(source.contract.vendor for source in plan.sources.values() if source.contract.vendor)
    new = [one for one in past.fold(DELIVERED)["new"] if one["seq"] > since.seq and one["source"] in plan.sources]
    order = list(plan.sources)
    for one in sorted(new, key=lambda one: (one["seq"], order.index(one["source"]))):
        name, at, seq, broke = one["source"], read_moment(one["at"]), one["seq"], int(bool(one["broke"]))
        vendor = plan.sources[name].contract.vendor
        part = f"{name}, from {vendor}" if vendor else name
        yield Event(at, seq, part, 1, broke, one["broke"], one["rows"])
        if vendors[vendor] > 1:
            yield Event(at, seq, f"all of {vendor}", 1, broke)


def _delivered(state: dict[str, Any], fact: Recorded[Any]) -> dict[str, Any]:
    what = fact.what
    if isinstance(what, WindowJudged):
        if what.monitor == NAME:
            upto = what.numbers.get(COUNTED_TO, 0.0)
            state["new"] = [one for one in state["new"] if one["seq"] > upto]
        return state
    intakes = {intake.source: intake for intake in what.intakes}
    for name in sorted({*intakes, *(check.where.partition(".")[0] for check in what.checks)}):
        found, intake = _breaches(what.checks, name), intakes.get(name)
        if not intake and not found:
            continue
        # The same file cut off at a later moment may break what it did not break before.
        content = digest_of([_content(intake), bool(found)])
        if content != state["seen"].get(name):
            broke = f"as of {what.as_of[:10]} {found[0]}" if found else ""
            when = {"at": fact.at.isoformat(), "seq": fact.seq}
            state["new"].append({"source": name, "broke": broke, "rows": _rows(intake)} | when)
        state["seen"][name] = content
    return state


DELIVERED: Fold[dict[str, Any]] = Fold(
    "watch.contract-breaches",
    1,
    (SnapshotTaken, SnapshotRefused, WindowJudged),
    lambda: {"seen": {}, "new": []},
    _delivered,
)
"""By source what was ``seen`` of it last, and the deliveries that were ``new`` and that the monitor has not counted."""


def _content(intake: Intake | None) -> str:
    """What was read, so that the same is known again."""
    if intake is None:
        return ""
    return repr(sorted(intake.read.items())) if intake.read else intake.content


def _rows(intake: Intake | None) -> dict[str, float]:
    if intake is None:
        return {}
    return {"rows_read": float(intake.source_rows), "set_aside": float(sum(intake.quarantined.values()))}


def _breaches(checks: Sequence[CheckResult], source: str) -> list[str]:
    """What was found wrong with a source, where it was stopped for it."""
    bad = [one for one in checks if one.verdict not in ("pass", "warn", "not_run")]
    return [one.found for one in bad if one.where.partition(".")[0] == source]


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note where a delivery broke its contract; alarm where a source does so more often than the plan tolerates."""
    return judged_shares(state, window, settings, TELLING)


MONITOR = Monitor(
    name=NAME,
    asks="How often does a source break its contract?",
    needs="facts",
    judge=judge,
    tolerance=0.05,
    phi=1.0,
    counting=Counting(events, timedelta(days=1), daily),
)
