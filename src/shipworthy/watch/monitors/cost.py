"""What answers have cost in the calendar month, as the plan reckons it, against what the month may cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from shipworthy.base.fact import Past
from shipworthy.deliver.words import RunFinished, ServiceCounted
from shipworthy.plan.schema import Plan
from shipworthy.watch.counted import daily
from shipworthy.watch.monitor import Counting, Event, Judgement, Monitor, Settings, Since, Window, not_run


def applies(plan: Plan) -> bool:
    """Only where the plan says what answers cost."""
    return plan.watch.cost is not None


def events(plan: Plan, past: Past, since: Since, now: datetime) -> Iterator[Event]:
    """Each list and each stretch of real-time answers, with what it cost under the plan of now."""
    cost = plan.watch.cost
    if cost is None:
        return
    fixed = {"per_month": cost.per_month, "at_most": cost.at_most}
    for list_ in past.of(RunFinished, after=since.seq):
        spent = cost.per_list + list_.what.answered * cost.per_answer
        yield Event(list_.at, list_.seq, list_.what.consumer, list_.what.answered, 0, numbers=_numbers(spent, fixed))
    for fact in past.of(ServiceCounted, after=since.seq):
        spent = fact.what.answered * cost.per_answer
        yield Event(fact.at, fact.seq, fact.what.consumer, fact.what.answered, 0, numbers=_numbers(spent, fixed))


def _numbers(spent: float, fixed: Mapping[str, float]) -> dict[str, float]:
    # Numbers of a window add up, so what is the same for all goes with how often it was said.
    return {"spent": spent, "said": 1.0, **fixed}


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Alarm where the month has cost more than the plan allows: counted, so nothing is left to chance."""
    if not window.counted:
        return not_run(state, "Nothing was answered.")
    month = window.moment[:7]
    said = sum(one.numbers["said"] for one in window.counted.values())
    per_month, at_most = (
        sum(one.numbers[name] for one in window.counted.values()) / said for name in ("per_month", "at_most")
    )
    before = float(state.get("spent", 0.0)) if state.get("month") == month else per_month
    today = {name: one.numbers["spent"] for name, one in window.counted.items()}
    spent = before + sum(today.values())
    over = spent > at_most
    since = (str(state.get("since") or "") if state.get("month") == month else "") or window.moment
    return Judgement(
        level="alarm" if over else "quiet",
        text=f"{month} has cost {spent:,.2f} up to {window.day}; {at_most:,.2f} are planned for the whole month.",
        state={"month": month, "spent": spent, "since": since if over else ""},
        numbers={"spent": spent, "today": sum(today.values()), "at_most": at_most},
        parts={
            name: {"rows": float(window.counted[name].rows), "now": today[name], "tolerated": at_most} for name in today
        },
        guarantee="Counted, not estimated: answers and lists by the prices of the plan; other costs are not known.",
        kind="description",
        cause="More is asked than was planned, or lists were made again." if over else "",
        advice="See which consumer asks how much, and plan a new budget or fewer questions." if over else "",
        since=since if over else "",
    )


MONITOR = Monitor(
    name="cost",
    asks="What do answers cost this month?",
    needs="facts",
    judge=judge,
    tolerance=None,
    spends=False,
    applies=applies,
    counting=Counting(events, timedelta(days=1), daily),
)
