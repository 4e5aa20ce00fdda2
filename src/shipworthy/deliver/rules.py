"""What answers, in which shape it goes out, whether it is late, and whether nothing is lost. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.actor import Actor
from shipworthy.base.check import CheckResult
from shipworthy.base.digest import digest_of
from shipworthy.base.errors import Mistake, NotAllowed, UserError, not_found
from shipworthy.base.fact import Decided, Past, Recorded, latest
from shipworthy.base.times import midnight, read_moment
from shipworthy.deliver.run import Account, Result, Run, Used
from shipworthy.deliver.words import (
    AcknowledgeDelivery,
    DeliveryAcknowledged,
    DeliveryMade,
    GuideRead,
    ReadGuide,
    RunAccount,
    RunFinished,
)
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Consumer, Plan

MOST_MOMENTS = 10_000
NOT_RELEASED = "cohort not released"
"""Why an entity got no answer that nobody was released to give."""
OUTPUT_COLUMNS = ("rank", "entity", "score", "decision", "reasons", "cohort", "answer_id", "as_of")


def run_name(product: str, consumer: str, as_of: datetime, trial: str = "", candidate: str = "") -> str:
    """The name of a run: one for each list, and one for each trial of a candidate.

    >>> from shipworthy.base.times import read_moment
    >>> run_name("p", "sales", read_moment("1998-01-01"))
    'p/sales/1998-01-01T00:00:00+00:00'
    """
    name = f"{product}/{consumer}/{as_of.isoformat()}"
    return f"{name}/{trial}-{candidate[:12]}" if trial else name


def output(answers: pa.Table, consumer: Consumer, entity: str, yes: str) -> pa.Table:
    """Answers in the shape that a consumer's contract asks for, best first.

    Args:
        answers: rows of the prediction log.
        entity: the name that the plan gives the entity column.
        yes: the name of a positive decision, for consumers who get only those.
    """
    rows = answers.sort_by([("score", "descending"), ("entity", "ascending")])
    return shaped(rows.append_column("rank", pa.array(np.arange(1, len(rows) + 1))), consumer, yes)


def shaped(rows: pa.Table, consumer: Consumer, yes: str) -> pa.Table:
    """The rows and columns of the prediction log that a consumer wants, in the order in which they are given."""
    if consumer.only == "chosen":
        rows = rows.filter(pc.equal(rows["decision"], yes))
    return pa.table([rows[name] for name in logged_columns(consumer)], names=list(consumer.columns))


def logged_columns(consumer: Consumer) -> list[str]:
    """The columns that a consumer gets, under the names of the prediction log; the entity has a name of its own."""
    return [name if name in OUTPUT_COLUMNS else "entity" for name in consumer.columns]


def unknown_columns(consumer: Consumer, entity: str) -> list[str]:
    """The columns a consumer asks for that no answer has."""
    return [name for name in consumer.columns if name not in (*OUTPUT_COLUMNS, entity)]


def due_by(consumer: Consumer, as_of: datetime) -> datetime:
    """When a list for a moment must have arrived; the moment itself where no deadline is declared."""
    return consumer.deadline.after(as_of) if consumer.deadline else as_of


def is_late(plan: Plan, fact: Recorded[DeliveryMade]) -> bool:
    """Whether a delivery came after its deadline.

    On the wall clock the moment of record counts: a run that was killed and resumed hours later is late.
    """
    arrived = fact.at if plan.time.clock == "simulated" else max(fact.at, fact.recorded_at)
    return arrived > read_moment(fact.what.due_by)


def list_moments(consumer: Consumer, until: datetime) -> Iterator[datetime]:
    """The moments up to and with `until` for which a consumer is owed a list, or fresh features."""
    if consumer.every is None or consumer.start is None:
        return
    first = midnight(consumer.start)
    for number in range(MOST_MOMENTS):
        # Counted from the start each time, so that a month's end never drifts to an earlier day.
        moment = consumer.every.times(number).after(first)
        if moment > until:
            return
        yield moment


def owed(plan: Plan, since: datetime, until: datetime) -> Iterator[tuple[str, datetime]]:
    """The lists that are owed between two moments, both included: consumer and moment."""
    for name, consumer in plan.consumers.items():
        if consumer.mode == "list":
            yield from ((name, moment) for moment in list_moments(consumer, until) if moment >= since)


def account_of(results: Sequence[Result]) -> Account:
    """Where every entity went, over all who took part; each answers other cohorts."""
    made = [result for result in results if not result.broken]
    due, known = max(result.due for result in made), max(result.known for result in made)
    answered, unscored = sum(result.real for result in made), sum(result.unscored for result in made)
    reasons = {"no features": due - known, "no score": unscored, NOT_RELEASED: known - answered - unscored}
    return Account(due, answered, {reason: count for reason, count in reasons.items() if count})


def account(finished: RunFinished, deliveries: list[str]) -> RunAccount:
    """The account of a run; every entity and every answer is somewhere.

    Raises:
        AssertionError: something was lost; promise 2 is broken and the run must not be recorded.
    """
    refused = finished.refused.values()
    assert finished.due == finished.answered + sum(refused), "an entity is lost"
    assert all(count > 0 for count in refused), "an entity is counted twice"
    for rows in (*finished.delivered.values(), *finished.failed.values()):
        assert finished.answered == finished.left_out + rows, "an answer is lost"
    return RunAccount(
        run=finished.run,
        consumer=finished.consumer,
        as_of=finished.as_of,
        due=finished.due,
        answered=finished.answered,
        refused=dict(finished.refused),
        delivered=dict(finished.delivered),
        failed=dict(finished.failed),
        deliveries=deliveries,
        stood_in=finished.stood_in,
        left_out=finished.left_out,
    )


def finished_run(past: Past, run: str) -> RunAccount | None:
    """The account of a run that came to its end, with what was brought since; None of one that did not."""
    found = latest(past.of(RunFinished, about=run))
    if found is None:
        return None
    told = found.what
    made = {fact.what.sink: fact.what for fact in past.of(DeliveryMade) if fact.what.run == run}
    late = {sink: rows for sink, rows in told.failed.items() if sink in made}
    failed = {sink: rows for sink, rows in told.failed.items() if sink not in made}
    whole = replace(told, delivered={**told.delivered, **late}, failed=failed)
    return account(whole, [what.delivery for what in made.values()])


def unbrought(past: Past, run: str) -> list[str]:
    """The sinks that a finished run has not reached yet."""
    found = finished_run(past, run)
    return sorted(found.failed) if found else []


def newest_due(past: Past, consumer: str) -> int:
    """How many entities were due in the newest list of a consumer; 0 before the first."""
    found = latest(past.of(RunFinished), lambda what: what.consumer == consumer and what.due > 0)
    return found.what.due if found else 0


def delivery_name(run: str, sink: str) -> str:
    """The digest that names a delivery: the same run to the same sink is the same delivery, however often tried."""
    return digest_of({"run": run, "sink": sink})


def notice(run: Run, used: Used) -> str:
    """What the consumer is told beside the rows; empty where all is as planned."""
    simulated = "Replay of history with simulated time. " if run.plan.time.clock == "simulated" else ""
    if run.trial == "rehearsal":
        return f"{simulated}Rehearsal: do not act on it."
    if not used.stood_in:
        return ""
    day = read_moment(used.as_of)
    if used.again is not None:
        return f"{simulated}This is the list of {day:%Y-%m-%d} once more. {used.stood_in}"
    return (
        f"{simulated}This list does not come from the model. {used.stood_in} "
        f"The simple baseline rule answers instead, on data as of {day:%Y-%m-%d}."
    )


def failed_checks(checks: list[CheckResult]) -> list[CheckResult]:
    """The checks on the way out that forbid a delivery."""
    return [check for check in checks if check.verdict not in ("pass", "warn")]


def acknowledge_delivery(command: AcknowledgeDelivery, past: Past, at: datetime, actor: Actor) -> Decided[str]:
    """The acknowledgement as a fact.

    Raises:
        NotFound: there is no such delivery.
        NotAllowed: the actor does not speak for its consumer.
        UserError: more rows used than were delivered.
    """
    known = {fact.what.delivery: fact.what for fact in past.of(DeliveryMade)}
    matching = [name for name in known if name.startswith(command.delivery)] if len(command.delivery) >= 6 else []
    if len(matching) != 1:
        raise not_found("delivery", command.delivery, [name[:12] for name in known], "See `shipworthy deliveries`.")
    delivery = known[matching[0]]
    plan = current_plan(past)
    if delivery.consumer not in actor.consumers:
        person = plan.consumers[delivery.consumer].person if delivery.consumer in plan.consumers else "its consumer"
        raise NotAllowed(
            Mistake(
                "deliver.not_consumer",
                f"delivery {delivery.delivery[:12]}",
                f"{actor.person} does not speak for {delivery.consumer}; {person} does.",
                fix=f"Log in as {person}.",
            )
        )
    if command.used is not None and not 0 <= command.used <= delivery.rows:
        raise UserError(
            Mistake(
                "deliver.used",
                f"delivery {delivery.delivery[:12]}",
                f"{command.used} rows used, but {delivery.rows} were delivered.",
                fix=f"A number from 0 to {delivery.rows}.",
            )
        )
    fact = DeliveryAcknowledged(
        product=command.product, delivery=delivery.delivery, used=command.used, remark=command.remark
    )
    return Decided([fact], lambda then: delivery.delivery)


def read_guide(command: ReadGuide, past: Past, at: datetime, actor: Actor) -> Decided[str]:
    """That the actor read a consumer's guide, as a fact; the guide is named by its path and plan version.

    Raises:
        NotFound: there is no such consumer.
    """
    plan = current_plan(past)
    if command.consumer not in plan.consumers:
        raise not_found("consumer", command.consumer, list(plan.consumers))
    guide = plan.consumers[command.consumer].guide or "no guide"
    fact = GuideRead(product=command.product, consumer=command.consumer, guide=guide, reader=actor.person)
    return Decided([fact], lambda then: guide)
