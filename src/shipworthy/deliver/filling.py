"""Which lists of a past time are still to be made, and whether they may be brought anywhere. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.fact import Past
from shipworthy.base.times import given_moment
from shipworthy.deliver.owing import moments_of
from shipworthy.deliver.rules import run_name, unvisited
from shipworthy.deliver.words import BackFill, RunFinished
from shipworthy.plan.schema import Consumer, Plan

MOST_LISTS = 400
"""More lists than this in one command are a slip of the year, and would take days."""


def missing(command: BackFill, past: Past, plan: Plan) -> tuple[list[datetime], int]:
    """The moments of the lists that a back-fill has to make or bring, oldest first, and how many are there already.

    Raises:
        UserError: the time is none or holds no list or too many, or a destination would be overwritten.
    """
    consumer, where = plan.consumers[command.consumer], f"consumers.{command.consumer}"
    start, until = given_moment(command.start, "from"), given_moment(command.until, "to")
    if start > until:
        found = f"{start:%Y-%m-%d %H:%M} lies after {until:%Y-%m-%d %H:%M}."
        raise UserError(Mistake("deliver.no_time", "from, to", found, fix="Name the earlier moment first."))
    moments = [moment for moment in moments_of(consumer, past, until) if moment >= start]
    if not moments:
        found = f"{command.consumer} gets no list between {start:%Y-%m-%d} and {until:%Y-%m-%d}: {_rhythm(consumer)}."
        fix = "Name a time in which one was to be made; a single one is made by `shipworthy score --as-of`."
        raise UserError(Mistake("deliver.no_lists", where, found, fix=fix))
    if len(moments) > MOST_LISTS:
        found = f"There are {len(moments):,} lists in that time; {MOST_LISTS} are made at once."
        raise UserError(Mistake("deliver.many_lists", "from, to", found, fix="Go on in parts."))
    if command.deliver:
        _require_own_place(consumer, plan, where)
    wanted = [moment for moment in moments if _wanted(command, consumer, past, moment)]
    return wanted, len(moments) - len(wanted)


def to_fill(command: BackFill, past: Past, settled: dict[str, Any]) -> dict[str, Any]:
    """What is settled about a back-fill before anything is read, in JSON's types: plan, moments, how many are there."""
    plan = Plan.model_validate(settled["plan"])
    wanted, there = missing(command, past, plan)
    return {"plan": settled["plan"], "moments": [moment.isoformat() for moment in wanted], "there": there}


def _wanted(command: BackFill, consumer: Consumer, past: Past, moment: datetime) -> bool:
    run = run_name(command.product, command.consumer, moment)
    made = past.of(RunFinished, about=run)
    if not made:
        return True
    filled = bool(made[-1].what.back_fill)
    return command.deliver and filled and bool(unvisited(past, run, consumer.sinks))


def _require_own_place(consumer: Consumer, plan: Plan, where: str) -> None:
    """Every list has a place of its own at each destination, so that an old one never lies where the newest one is."""
    shared = [
        name
        for name in consumer.sinks
        if (path := plan.sinks[name].path) and "{as_of}" not in path and "{run}" not in path
    ]
    if shared:
        path = plan.sinks[shared[0]].path
        found = f"The lists of {shared[0]} all lie at {path!r}; an old one would take the place of the newest."
        why = "Whoever opens it would act on the list of a past month."
        fix = "Put {as_of} into its path, or back-fill for the log alone."
        raise UserError(Mistake("deliver.one_place", where, found, why, fix))


def _rhythm(consumer: Consumer) -> str:
    if consumer.when == "arrival":
        return "it gets one when data has come in"
    return f"it gets one every {consumer.every} from {consumer.start}"
