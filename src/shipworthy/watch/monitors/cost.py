"""What answers and training have cost in the calendar month, as the plan reckons it, against what it may cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from shipworthy.base.fact import Past
from shipworthy.deliver.run import SHADOW
from shipworthy.deliver.words import AnswersSealed, RunFinished, ServiceCounted
from shipworthy.model.words import CandidateMade
from shipworthy.plan.schema import Plan
from shipworthy.watch.counted import daily
from shipworthy.watch.monitor import Counting, Event, Judgement, Monitor, Settings, Since, Window, not_run


def applies(plan: Plan) -> bool:
    """Only where the plan says what a month may cost."""
    return plan.watch.cost is not None


def events(plan: Plan, past: Past, since: Since, now: datetime) -> Iterator[Event]:
    """Each list, stretch of real-time answers, segment with answers in shadow and training, at the prices of now."""
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
    for sealed in past.of(
        AnswersSealed, after=since.seq
    ):  # those to people are in the account of their list or stretch
        if rows := sealed.what.steps.get(SHADOW, 0):
            numbers = _numbers(rows * cost.per_answer, fixed)
            yield Event(sealed.at, sealed.seq, "in shadow", rows, 0, numbers=numbers)
    for made in past.of(CandidateMade, after=since.seq):
        if made.what.role == "model":
            yield Event(made.at, made.seq, "training", 1, 0, numbers=_numbers(cost.per_training, fixed))


def _numbers(spent: float, fixed: Mapping[str, float]) -> dict[str, float]:
    # Numbers of a window add up, so what is the same for all goes with how often it was said.
    return {"spent": spent, "said": 1.0, **fixed}


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Alarm where the month has cost more than the plan allows: counted, so nothing is left to chance."""
    if not window.counted:
        return not_run(state, "Nothing was answered, and no model was trained.")
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
        guarantee="Counted, not estimated: answers, lists and trainings by the prices of the plan; other costs are "
        "not known.",
        kind="description",
        cause="More is asked or trained than was planned, or lists were made again." if over else "",
        advice="See which part costs how much, and plan a new budget, fewer questions or fewer trainings."
        if over
        else "",
        since=since if over else "",
    )


MONITOR = Monitor(
    name="cost",
    asks="What do answers and training cost this month?",
    needs="facts",
    judge=judge,
    tolerance=None,
    spends=False,
    applies=applies,
    counting=Counting(events, timedelta(days=1), daily),
)
