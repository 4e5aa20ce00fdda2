"""A small shop with regular and fading customers, its plan and its pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.plan.reading import read_plan
from shipworthy.plan.schema import Plan

PLAN = """
product: shop
need:
  question: Which customers will buy in the next month?
  decision: Sales calls the likeliest ones.
  entity: customer
  answer: probability
  horizon: 30d
people:
  product_manager: product-manager
  builders: [data-scientist]
  operator: night-operator
  owners:
    business: business-owner
    technology: technology-owner
    privacy: privacy-owner
    legal: legal-owner
    compliance: compliance-owner
    validation: validation-owner
consumers:
  sales:
    who: The sales team
    person: sales-lead
    sinks: [list]
    every: 1mo
    start: 2024-05-01
    deadline: 1d
    time_to_act: 7d
sources:
  orders:
    kind: csv
    path: orders.csv
    right_to_use: Contract with the customer.
    contract:
      time: day
      columns:
        customer: {type: text}
        day: {type: date}
        paid: {type: number}
sinks:
  list: {kind: csv, path: out/list.csv, rehearsal: out/rehearsal.csv}
data: {pipeline: pipeline.py}
model:
  baseline: {kind: column, column: recency, higher_is: less}
  training: {snapshots: 2, every: 1mo}
decision: {top: 10}
"""

PIPELINE = """
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def features(orders, as_of):
    by = orders.groupby("customer")
    return pd.DataFrame({
        "recency": (as_of - by["day"].max()).dt.days,
        "orders": by.size(),
        "paid": by["paid"].sum(),
    }).reset_index()


def label(orders, as_of, until):
    bought = orders.loc[orders["day"] >= as_of, "customer"].unique()
    return pd.DataFrame({"customer": bought, "label": 1})


def train(features, label):
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(features, label)
"""


def plan_of_shop(old: str = "", new: str = "") -> Plan:
    """The shop's plan, with one piece of its text replaced."""
    assert old in PLAN
    return read_plan(PLAN.replace(old, new) if old else PLAN)


def orders(customers: int = 300, days: int = 150) -> pa.Table:
    """Orders from 2024-01-01: each customer has a rate of its own, and a third of them stop for good."""
    rng = np.random.default_rng(11)
    rows: list[tuple[str, date, float]] = []
    for number in range(customers):
        rate, last = rng.uniform(0.01, 0.15), rng.integers(20, days) if number % 3 == 0 else days
        bought = np.flatnonzero(rng.random(last) < rate)
        rows += [
            (f"c{number:03}", date(2024, 1, 1) + timedelta(int(day)), float(rng.integers(5, 50))) for day in bought
        ]
    names, when, paid = zip(*rows, strict=True)
    return pa.table({"customer": list(names), "day": pa.array(list(when), pa.date32()), "paid": list(paid)})


def reader(table: pa.Table) -> Any:
    """The accepted rows before a moment."""

    def read(before: datetime) -> Mapping[str, pa.Table]:
        return {"orders": table.filter(pc.less(table["day"], pa.scalar(before.date(), pa.date32())))}

    return read


NOW = datetime(2024, 5, 15, tzinfo=UTC)
DAY_ONE = datetime(2024, 1, 20, tzinfo=UTC)
