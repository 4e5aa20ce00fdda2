"""How often a source broke its contract and was stopped, by source and by vendor; each delivery of it counts once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shipworthy.base.check import CheckResult
from shipworthy.base.fact import Past
from shipworthy.data.words import Intake, SnapshotRefused, SnapshotTaken
from shipworthy.plan.schema import Plan
from shipworthy.watch.counted import daily
from shipworthy.watch.monitor import Counting, Event, Judgement, Monitor, Settings, Since, Window
from shipworthy.watch.rates import Telling, judged_shares

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
    seen: dict[str, str] = {}
    vendors = Counter(source.contract.vendor for source in plan.sources.values() if source.contract.vendor)
    for fact in past.of(SnapshotTaken, SnapshotRefused):
        intakes = {intake.source: intake for intake in fact.what.intakes}
        for name, source in plan.sources.items():
            found, intake = _breaches(fact.what.checks, name), intakes.get(name)
            # The same file cut off at a later moment may break what it did not break before.
            content = f"{_content(intake)} {bool(found)}" if intake or found else ""
            is_new, seen[name] = content and content != seen.get(name), content or seen.get(name, "")
            if not is_new or fact.seq <= since.seq:
                continue
            vendor = source.contract.vendor
            text = f"as of {fact.what.as_of[:10]} {found[0]}" if found else ""
            part = f"{name}, from {vendor}" if vendor else name
            yield Event(fact.at, fact.seq, part, 1, int(bool(found)), text, _rows(intake))
            if vendors[vendor] > 1:
                yield Event(fact.at, fact.seq, f"all of {vendor}", 1, int(bool(found)))


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
    name="contract-breaches",
    asks="How often does a source break its contract?",
    needs="facts",
    judge=judge,
    tolerance=0.05,
    phi=1.0,
    counting=Counting(events, timedelta(days=1), daily),
)
