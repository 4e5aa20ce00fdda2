"""The shape of product.yaml: the whole plan, and the names of all its sections.

The sections lie beside this file, grouped by who reads them. Nothing here reads a file or knows a line number;
`plan.reading` does that. Unknown keys are refused.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from shipworthy.plan.fields import ColumnName, Day, Duration, Function, Name, Section, Share
from shipworthy.plan.schema_data import (
    Column,
    ColumnsFrom,
    Contract,
    Data,
    DueFrom,
    LabelFrom,
    Pages,
    RemovalRule,
    Source,
    Typical,
    Volume,
)
from shipworthy.plan.schema_life import (
    Cohorts,
    Cost,
    Envelope,
    Evidence,
    MonitorPlan,
    Release,
    RespondPlan,
    Retraining,
    Trigger,
    Watch,
    Worth,
)
from shipworthy.plan.schema_model import Baseline, Decision, Fairness, Humility, Model, Performance, Proof, Training
from shipworthy.plan.schema_need import Broker, Consumer, Need, Owners, People, Sink, StreamRoute, Time

__all__ = [
    "Baseline",
    "Broker",
    "Cohorts",
    "Column",
    "ColumnName",
    "ColumnsFrom",
    "Consumer",
    "Contract",
    "Cost",
    "Data",
    "Day",
    "Decision",
    "DueFrom",
    "Duration",
    "Envelope",
    "Evidence",
    "Fairness",
    "Function",
    "Humility",
    "LabelFrom",
    "Model",
    "MonitorPlan",
    "Name",
    "Need",
    "Owners",
    "Pages",
    "People",
    "Performance",
    "Plan",
    "Proof",
    "Release",
    "RemovalRule",
    "RespondPlan",
    "Retraining",
    "Section",
    "Share",
    "Sink",
    "Source",
    "StreamRoute",
    "Time",
    "Training",
    "Trigger",
    "Typical",
    "Volume",
    "Watch",
    "Worth",
    "plan_of",
]


class Plan(Section):
    """One product, declared on day one."""

    product: Name = Field(
        description="Its name, for good: small letters, digits and dashes.", examples=["next-purchase"]
    )
    need: Need = Field(
        description="What people need to know.",
        examples=[{"question": "Who will buy?", "decision": "Sales calls them.", "entity": "customer_id"}],
    )
    time: Time = Field(default=Time(), description="Whose clock the product lives by.")
    people: People = Field(description="Who does what.", examples=[{"product_manager": "product-manager"}])
    consumers: dict[Name, Consumer] = Field(
        min_length=1, description="Who acts on the output, by name.", examples=[{"sales": {"who": "The sales team"}}]
    )
    sources: dict[Name, Source] = Field(
        min_length=1, description="Systems that are read from, by name.", examples=[{"purchases": {"kind": "csv"}}]
    )
    sinks: dict[Name, Sink] = Field(
        default={}, description="Systems that are written to, by name.", examples=[{"sales-list": {"kind": "csv"}}]
    )
    brokers: dict[Name, Broker] = Field(
        default={}, description="Systems that carry streams, by name.", examples=[{"bus": {"kind": "nats"}}]
    )
    data: Data = Field(description="How sources become features and labels.", examples=[{"pipeline": "pipeline.py"}])
    model: Model = Field(description="What answers.", examples=[{"baseline": {"kind": "column", "column": "recency"}}])
    decision: Decision = Field(description="How a score becomes an action.", examples=[{"top": 200}])
    proof: Proof = Field(default=Proof(), description="What must be shown and signed.")
    release: Release = Field(default=Release(), description="In which steps a candidate reaches people.")
    watch: Watch = Field(default=Watch(), description="What is watched for life.")
    respond: RespondPlan = Field(default=RespondPlan(), description="What is done about it.")

    def values(self) -> dict[str, Any]:
        """The plan in JSON's types, as it goes into a fact; a null stays, since it may differ from a default."""
        return self.model_dump(mode="json")


def plan_of(values: dict[str, Any]) -> Plan:
    """The plan that a fact holds."""
    return Plan.model_validate(values)
