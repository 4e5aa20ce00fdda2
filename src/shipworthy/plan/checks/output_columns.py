"""Consumers get the columns they need, and columns with something in them.

What it asks: does a list name its entity and its decision? Are reasons asked for only where the proof demands some
(`proof.reasons`)?

Why: a row without a name cannot be acted on, and one without a decision is decided anew by each reader. An empty
column of reasons teaches people that reasons are not worth reading. Can the values of inputs that go with each row
(`needs_values`) be brought, beside the columns?

Example: `columns: [rank, customer_id, reasons]` with `proof: {reasons: 0}`.
"""

from collections.abc import Iterator

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.personal import treatments
from shipworthy.plan.references import CLASS_COLUMNS, OUTPUT_COLUMNS
from shipworthy.plan.schema import Consumer, Plan


def _lacking(plan: Plan) -> list[Finding]:
    return [finding for name, consumer in plan.consumers.items() for finding in _of(name, consumer, plan)]


def _of(name: str, consumer: Consumer, plan: Plan) -> Iterator[Finding]:
    path, columns = f"consumers.{name}.columns", consumer.columns
    if "reasons" in columns and plan.proof.reasons == 0 and plan.decision.explore is None:
        found = f"{path} has reasons, but proof.reasons is 0."
        why = f"{name} would get an empty column."
        advice = "proof.reasons of 1 or more, or take reasons out of the columns."
        yield Finding(path=path, found=found, why=why, advice=advice)
    if plan.proof.interval is None and (ends := [name for name in ("low", "high") if name in columns]):
        found = f"{path} has {' and '.join(ends)}, but there is no proof.interval."
        why = f"{name} would get an empty column."
        yield Finding(path=path, found=found, why=why, advice="Add `proof: {interval: 90%}`, or take them out.")
    if consumer.mode == "list" and "entity" not in columns and plan.need.entity not in columns:
        found = f"{path} has neither entity nor {plan.need.entity}."
        why = "Nobody can act on a row that does not say whom it is about."
        yield Finding(path=path, found=found, why=why, advice=f"Add {plan.need.entity}.")
    if "entity" in columns and plan.need.entity != "entity" and plan.need.entity in columns:
        found = f"{path} has entity and {plan.need.entity}, which are the same."
        yield Finding(path=path, found=found, advice="Keep one of them.", verdict="warn")
    if "decision" not in columns and not (consumer.mode == "list" and consumer.only == "chosen"):
        found = f"{path} has no decision."
        why = "Everybody would draw the line somewhere else, and not where it was proven."
        yield Finding(path=path, found=found, why=why, advice="Add decision.", verdict="warn")
    yield from _values(name, consumer, plan)


def _values(name: str, consumer: Consumer, plan: Plan) -> Iterator[Finding]:
    path, how = f"consumers.{name}.needs_values", treatments(plan)
    if lost := [one for one in consumer.needs_values if how.get(one) in ("drop", "hash")]:
        found = f"{path} has {' and '.join(lost)}, of which no value is kept."
        advice = "Take it out, or `encrypt` it in data.personal_kept."
        yield Finding(path=path, found=found, why=f"{name} would get no value, or a hash.", advice=advice)
    taken = {*OUTPUT_COLUMNS, *CLASS_COLUMNS, *consumer.columns, plan.need.entity}
    if twice := [one for one in consumer.needs_values if one in taken]:
        found = f"{path} has {' and '.join(twice)}, which is a column of the output already."
        yield Finding(path=path, found=found, why="Two columns of one name are no table.", advice="Take it out.")


CHECK = PlanCheck(
    name="output_columns",
    asks="Do consumers get the columns they need to act?",
    why="Output that lacks a name or a decision cannot be acted on as it was proven.",
    fine="Every consumer gets names and decisions, and every column has something in it.",
    run=_lacking,
)
