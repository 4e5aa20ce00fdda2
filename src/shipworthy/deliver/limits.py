"""Until when what was promised to consumers, and by them, has to come. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from shipworthy.base.fact import Past
from shipworthy.deliver.folds import Brought, brought, confirmed, ended
from shipworthy.deliver.owing import missing_arrivals, owed
from shipworthy.deliver.rules import due_by, run_name
from shipworthy.deliver.shortfall import NOT_FOR_PEOPLE
from shipworthy.plan.schema import Plan
from shipworthy.release.signed import plan_in_use

JUST = timedelta(microseconds=1)
"""Late is what is later than its limit."""


def limits(plan: Plan, past: Past, until: datetime) -> Iterator[datetime]:
    """The first moments, up to and with `until`, at which something falls short if nothing more comes meanwhile.

    A list that is not made, data that does not come in, a delivery that is not confirmed, or not used as promised.
    """
    signed, made = plan_in_use(plan, past), ended(past)
    found = [
        due_by(plan.consumers[name], moment)
        for name, moment in owed(signed, past, until)
        if run_name(plan.product, name, moment) not in made
    ]
    found += [expected for _, _, expected in missing_arrivals(signed, past, until)]
    found += _of_receivers(plan, past)
    yield from (limit + JUST for limit in found if limit < until)


def _of_receivers(plan: Plan, past: Past) -> Iterator[datetime]:
    """Until when consumers have to confirm, and to use, what was brought to them and is not confirmed."""
    promising = {name for name, one in plan.consumers.items() if one.acknowledge_within or one.use_at_least is not None}
    if not promising:
        return
    told, runs = confirmed(past), dict[str, list[Brought]]()
    for one in brought(past):
        if one.consumer in promising and one.step not in NOT_FOR_PEOPLE:
            runs.setdefault(one.run, []).append(one)
    for parts in runs.values():
        consumer = plan.consumers[parts[0].consumer]
        if consumer.acknowledge_within:
            yield from (consumer.acknowledge_within.after(one.at) for one in parts if one.delivery not in told)
        if consumer.use_at_least is not None:
            yield consumer.time_to_act.after(max(one.at for one in parts))
