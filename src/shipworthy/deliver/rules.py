"""What answers, in which shape it goes out, whether it is late, and whether nothing is lost. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.actor import Actor
from shipworthy.base.check import CheckResult
from shipworthy.base.digest import digest_of
from shipworthy.base.errors import Mistake, NotAllowed, UserError, not_found
from shipworthy.base.fact import Decided, Past, Recorded, latest
from shipworthy.base.times import midnight, read_moment
from shipworthy.data.erased import shut_out
from shipworthy.data.words import ErasureOrdered, PersonErased, PersonReadmitted
from shipworthy.deliver.folds import Brought, brought_by
from shipworthy.deliver.run import BACK_FILL, Account, Result, Run, Used
from shipworthy.deliver.run import NOT_RELEASED as NOT_RELEASED
from shipworthy.deliver.words import (
    AcknowledgeDelivery,
    DeliveryAcknowledged,
    DeliveryFailed,
    DeliveryMade,
    ReadmitMarked,
    RunAccount,
    RunFinished,
)
from shipworthy.model.intervals import Intervals, ends_of
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Consumer, Plan
from shipworthy.release.rules import said_instead
from shipworthy.release.words import CANARY, TrialFinished

MOST_MOMENTS = 10_000
_EVER = datetime.min.replace(tzinfo=UTC)
INTERVAL = ("low", "high")
"""The columns that are not in the prediction log: they follow from candidate and score."""
OUTPUT_COLUMNS = ("rank", "entity", "score", *INTERVAL, "decision", "reasons", "cohort", "answer_id", "as_of", "class")
PROBABILITIES = "probabilities"
"""A column of the contract that stands for one column `p_NAME` for each class."""
_P = "p_"
_VALUE = "value of "


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
        answers: rows of the prediction log, with the ends of the interval where the consumer asks for them.
        entity: the name that the plan gives the entity column.
        yes: the name of a positive decision, for consumers who get only those.
    """
    rows = answers.sort_by([("score", "descending"), ("entity", "ascending")])
    return shaped(rows.append_column("rank", pa.array(np.arange(1, len(rows) + 1))), consumer, yes)


def shaped(rows: pa.Table, consumer: Consumer, yes: str) -> pa.Table:
    """The rows and columns of the prediction log that a consumer wants, in the order in which they are given."""
    if consumer.only == "chosen":
        rows = rows.filter(pc.equal(rows["decision"], yes))
    logged = dict(zip(consumer.columns, logged_columns(consumer), strict=True))
    shares = [name for name in rows.column_names if name.startswith(_P)]
    found: list[tuple[str, str]] = []
    for name in consumer.columns:
        found += [(one, one) for one in shares] if name == PROBABILITIES else [(name, logged[name])]
    found += [(name, f"{_VALUE}{name}") for name in consumer.needs_values]
    return pa.table([rows[logged_as] for _, logged_as in found], names=[name for name, _ in found])


def logged_columns(consumer: Consumer) -> list[str]:
    """The columns that a consumer gets, under the names of the prediction log; the entity has a name of its own."""
    as_logged = {PROBABILITIES: "likely"}
    return [name if name in OUTPUT_COLUMNS else as_logged.get(name, "entity") for name in consumer.columns]


def columns_of(consumer: Consumer, classes: Sequence[str]) -> list[str]:
    """The names of the columns that a consumer is brought, in order."""
    shares = [f"{_P}{name}" for name in classes]
    own = [one for name in consumer.columns for one in (shares if name == PROBABILITIES else [name])]
    return [*own, *consumer.needs_values]


def with_probabilities(answers: pa.Table, own: Sequence[str], classes: Sequence[str]) -> pa.Table:
    """Answers of one candidate with a column `p_NAME` for each class; 0 of a class that it does not know.

    Args:
        own: the candidate's classes, in order; classes: those of the plan.
    """
    likely = answers["likely"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    flat = np.asarray(likely, dtype=np.float64).reshape(len(answers), len(own))
    for name in classes:
        column = flat[:, list(own).index(name)] if name in own else np.zeros(len(answers))
        answers = answers.append_column(f"{_P}{name}", pa.array(column))
    return answers


def with_values(answers: pa.Table, inputs: pa.Table, entity: str, names: Sequence[str]) -> pa.Table:
    """Answers with the values of some inputs beside them; empty where an entity has none.

    Args:
        inputs: as they were looked at, one row for each entity, which `entity` names.
    """
    place = pc.index_in(answers["entity"], value_set=inputs[entity].combine_chunks().cast(pa.string()))
    for name in names:
        known = name in inputs.column_names
        column = inputs[name].take(place) if known else pa.nulls(len(answers), pa.float64())
        answers = answers.append_column(f"{_VALUE}{name}", column)
    return answers


def values_in(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The values of inputs in one of these rows, by the names of the inputs."""
    return {name: row[f"{_VALUE}{name}"] for name in names}


def with_ends(answers: pa.Table, intervals: Intervals | None) -> pa.Table:
    """Answers of one candidate with the ends of their intervals; empty where it was made without."""
    ends = ends_of(intervals, answers["score"].to_numpy().astype(np.float64))
    for name, values in zip(INTERVAL, ends, strict=True):
        answers = answers.append_column(name, pa.array(values, pa.float64(), from_pandas=True))
    return answers


def canary_served(product: str, answers: pa.Table) -> list[TrialFinished]:
    """What came of canaries in a stretch of real-time answers: one fact for each of them and each consumer.

    Args:
        answers: a segment of the prediction log; what canaries did not answer is passed over.
    """
    rows = answers.filter(pc.equal(answers["step"], CANARY))
    counted = rows.group_by(["candidate", "consumer"], use_threads=False).aggregate(
        [("score", "count"), ("score", "mean"), ("as_of", "max")]
    )
    return [
        TrialFinished(
            product=product,
            candidate=one["candidate"],
            step=CANARY,
            consumer=one["consumer"],
            as_of=one["as_of_max"].isoformat(),
            ok=True,
            text=f"{one['score_count']} answers in real time as a canary",
            compared={"rows": float(one["score_count"]), "mean_score": float(one["score_mean"])},
        )
        for one in counted.to_pylist()
    ]


def due_by(consumer: Consumer, as_of: datetime) -> datetime:
    """When a list for a moment must have arrived; the moment itself where no deadline is declared."""
    return consumer.deadline.after(as_of) if consumer.deadline else as_of


def is_late(plan: Plan, fact: Recorded[DeliveryMade] | Brought) -> bool:
    """Whether a delivery came after its deadline.

    On the wall clock the moment of record counts: a run that was killed and resumed hours later is late.
    """
    what = fact if isinstance(fact, Brought) else fact.what
    # A back-fill was asked for long after its moment.
    return what.step != BACK_FILL and arrived(plan, fact) > read_moment(what.due_by)


def arrived(plan: Plan, fact: Recorded[DeliveryMade] | Brought) -> datetime:
    """When a delivery was there: on the wall clock not before it was recorded."""
    return fact.at if plan.time.clock == "simulated" else max(fact.at, fact.recorded_at)


def in_words(length: timedelta) -> str:
    """About how long, in one or two units.

    >>> in_words(timedelta(hours=50)), in_words(timedelta(minutes=62)), in_words(timedelta(seconds=12))
    ('2 d 2 h', '1 h 2 min', '12 s')
    """
    seconds = max(0, int(length.total_seconds()))
    units = (("d", seconds // 86400), ("h", seconds // 3600 % 24), ("min", seconds // 60 % 60), ("s", seconds % 60))
    told = [f"{count} {unit}" for unit, count in units if count]
    return " ".join(told[:2]) or "0 s"


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
    by = finished.by_candidate
    assert not by or sum(by.values()) == finished.answered, "an answer is nobody's, or somebody's twice"
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
        by_candidate=dict(by),
        back_fill=finished.back_fill,
        fell_back=finished.fell_back,
    )


def finished_run(past: Past, run: str) -> RunAccount | None:
    """The account of a run that came to its end, with what was brought since; None of one that did not."""
    found = latest(past.of(RunFinished, about=run))
    if found is None:
        return None
    told = found.what
    made = {one.sink: one for one in brought_by(past, run)}
    later = {what.sink: what.rows for what in made.values()}
    tried = dict(told.failed)
    if told.back_fill:  # made for the log alone, and brought afterwards or not
        tried |= {fact.what.sink: fact.what.rows for fact in past.of(DeliveryFailed) if fact.what.run == run}
    failed = {sink: rows for sink, rows in tried.items() if sink not in made}
    left_out = told.answered - next(iter({**later, **failed}.values()), told.answered - told.left_out)
    whole = replace(told, delivered={**told.delivered, **later}, failed=failed, left_out=left_out)
    return account(whole, [what.delivery for what in made.values()])


def unbrought(past: Past, run: str) -> list[str]:
    """The sinks that a finished run has not reached yet."""
    found = finished_run(past, run)
    return sorted(found.failed) if found else []


def tried(past: Past, run: str) -> tuple[int, datetime]:
    """How often it was tried in vain to bring a run to its sinks, and when last; 0 and long ago where it never was."""
    moments = [fact.at for fact in past.of(DeliveryFailed) if fact.what.run == run]
    return len(set(moments)), moments[-1] if moments else _EVER


def unvisited(past: Past, run: str, sinks: Sequence[str]) -> list[str]:
    """The sinks to which a run has brought nothing, whether or not that was tried."""
    made = {one.sink for one in brought_by(past, run)}
    return [sink for sink in sinks if sink not in made]


def newest_due(past: Past, consumer: str) -> int:
    """How many entities were due in the newest list of a consumer; 0 before the first."""
    found = latest(past.of(RunFinished), lambda what: what.consumer == consumer and what.due > 0 and not what.back_fill)
    return found.what.due if found else 0


def delivery_name(run: str, sink: str) -> str:
    """The digest that names a delivery: the same run to the same sink is the same delivery, however often tried."""
    return digest_of({"run": run, "sink": sink})


def notice(run: Run, used: Used) -> str:
    """What the consumer is told beside the rows; empty where all is as planned."""
    simulated = "Replay of history with simulated time. " if run.plan.time.clock == "simulated" else ""
    if run.trial == "rehearsal":
        return f"{simulated}Rehearsal: do not act on it."
    if run.back_fill:
        return (
            f"{simulated}Back-fill: this is the list of {run.moment:%Y-%m-%d}, made afterwards on what was known then. "
            "Do not act on it as on a new one."
        )
    if used.fell_back and not used.stood_in:
        return f"{simulated}{said_instead(used.fell_back)}"
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


def readmit_marked(command: ReadmitMarked, past: Past, at: datetime, actor: Actor) -> Decided[str]:
    """That a person who was erased may come in again, as a fact.

    Raises:
        UserError: they are not shut out, their erasure is still under way, or no reason is given.
    """
    if not command.reason.strip():
        fix = "Say why, such as the number of their new consent, without the name."
        raise UserError(Mistake("readmit.no_reason", "reason", "No reason is given.", _WHY_REASON, fix))
    if command.person not in shut_out(past):
        found, fix = "Nobody of this name is shut out.", "See `shipworthy erased`; nothing needs to be done."
        raise UserError(Mistake("readmit.not_shut_out", "person", found, fix=fix))
    ordered = past.of(ErasureOrdered, about=command.person)[-1]
    if not any(fact.seq > ordered.seq for fact in past.of(PersonErased, about=command.person)):
        found, fix = "Their erasure has not come to its end.", "Wait for it, or give `shipworthy erase` again."
        why = "Rows that come in now would be erased with the others, or not, as chance has it."
        raise UserError(Mistake("readmit.under_way", "person", found, why, fix))
    fact = PersonReadmitted(product=command.product, person=command.person, reason=command.reason)
    return Decided([fact], lambda then: command.person)


_WHY_REASON = "Whoever asks later by what right the person's data is held again finds the answer here."
