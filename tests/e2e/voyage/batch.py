"""A product whose rows are answered by themselves, on a store where its model waits to answer them in a rehearsal.

Usage: batch.py FOLDER SEED: makes the list in lives of their own, each forked from here and killed at a moment of its
own, until one arrives; prints how many lives it took. Everything heavy is imported before the first fork.
"""

from __future__ import annotations

import random
import sys
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from e2e.voyage.lives import killed

from shipworthy.app.desk import Desk
from shipworthy.app.rights import Identity
from shipworthy.app.settings import settings
from shipworthy.app.wiring import close_desk, open_desk
from shipworthy.deliver.words import RunAccount, Score
from shipworthy.model.words import TrainCandidate
from shipworthy.plan.words import AdoptPlan
from shipworthy.prove.words import ProveCandidate
from shipworthy.release.words import ReleaseCandidate

PRODUCT = "batch"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = "2026-05-01"
TAUGHT = 600
KILLED_AT_MOMENTS = 6
PLAN = """
product: batch
need:
  question: Which customers will leave within a month?
  decision: The team calls those who are likely to.
  entity: customer
  answer: probability
  horizon: 30d
people:
  product_manager: product-manager
  builders: [data-scientist]
  operator: operator
  owners:
    {business: owner, technology: owner, privacy: owner, legal: owner, compliance: owner, validation: owner}
consumers:
  team:
    who: The team that calls
    person: team-lead
    columns: [customer, score, decision, answer_id]
    sinks: [scores, sheet]
    every: 1mo
    start: 2026-01-01
    deadline: 1d
    time_to_act: 7d
sources:
  customers:
    kind: parquet
    path: feed/customers.parquet
    right_to_use: Contract with the customer.
    contract:
      key: [customer]
      quarantine_at_most: 5%
      columns:
        customer: {type: text}
        spend: {type: number, min: 0}
        visits: {type: integer, min: 0}
        channel: {type: text, one_of: [web, shop], required: false, missing_at_most: 50%}
  outcomes:
    kind: parquet
    path: feed/outcomes.parquet
    right_to_use: Contract with the customer.
    contract:
      key: [customer]
      columns:
        customer: {type: text}
        day: {type: date}
        left: {type: integer, min: 0, max: 1}
sinks:
  scores: {kind: parquet, path: out/scores.parquet, rehearsal: rehearsal/scores.parquet}
  sheet: {kind: csv, path: out/scores.csv, rehearsal: rehearsal/scores.csv}
data:
  features: {source: customers, columns: [spend, visits, channel]}
  label: {source: outcomes, column: left}
  by_row: customers
model:
  baseline: {kind: column, column: visits, higher_is: less}
  training: {snapshots: 1, every: 1mo}
decision: {threshold: 0.5}
proof: {reasons: 0, calibration_tolerance: 0.9, performance: {metric: auc, floor: 0.5, beats_baseline_by: null}}
release: {cohorts: {names: [north, south]}}
"""


def customers(rows: int) -> pa.Table:
    """Customers of whom the last is nobody that the contract accepts."""
    draw = np.random.default_rng(5)
    spend = draw.gamma(2.0, 30.0, rows).round(2)
    spend[-1] = -1.0
    channel = draw.choice(np.array(["web", "shop"], dtype=object), rows)
    channel[draw.random(rows) < 0.1] = None
    names = pa.array([f"c{number:07}" for number in range(rows)])
    return pa.table({"customer": names, "spend": spend, "visits": draw.integers(0, 9, rows), "channel": channel})


def prepare(root: Path, rows: int, plan: str = PLAN) -> str:
    """A store in which the model waits, and the rows that it is to answer; gives the candidate."""
    (root / "feed").mkdir(parents=True, exist_ok=True)
    (root / "product.yaml").write_text(plan)
    taught = customers(TAUGHT)
    pq.write_table(taught, root / "feed" / "customers.parquet")
    draw = np.random.default_rng(6)
    left = (taught["visits"].to_numpy() + draw.normal(0, 3, TAUGHT) < 4).astype(np.int64)
    days = pa.array([date(2026, 1, 15)] * TAUGHT)
    outcomes = pa.table({"customer": taught["customer"], "day": days, "left": left})
    pq.write_table(outcomes, root / "feed" / "outcomes.parquet")
    desk = desk_on(root)
    desk.do(AdoptPlan(product=PRODUCT, text=plan), someone("administrator"))
    made = desk.do(TrainCandidate(product=PRODUCT, role="model"), someone("data-scientist"))
    desk.do(ProveCandidate(product=PRODUCT, candidate=made.candidate), someone("data-scientist"))
    desk.do(ReleaseCandidate(product=PRODUCT, candidate=made.candidate, step="rehearsal"), someone("product-manager"))
    close_desk(desk)
    pq.write_table(customers(rows), root / "feed" / "customers.parquet")
    return str(made.candidate)


def desk_on(root: Path, **environ: str) -> Desk:
    """A desk on the store in a folder."""
    found = settings({"SHIPWORTHY_ROOT": str(root), "HOME": str(root), "XDG_CONFIG_HOME": str(root), **environ})
    return open_desk(found, make=True, clock=lambda: NOW)


def someone(person: str) -> Identity:
    """A login of the product."""
    return Identity(person, frozenset({"administrator"}) if person == "administrator" else frozenset())


def listed(desk: Desk, key: str = "", day: str = DAY) -> RunAccount:
    """The list of a day, brought to the rehearsal destinations."""
    command = Score(product=PRODUCT, consumer="team", as_of=day, trial="rehearsal")
    account: RunAccount = desk.do(command, someone("operator"), key=key)
    return account


def live(root: Path) -> None:
    """One life: the list, under a key, so that it can be asked for again in the next one."""
    desk = desk_on(root)
    listed(desk, "the list")
    close_desk(desk)


def lives(root: Path, seed: int) -> int:
    """How many lives it took; the first ones are the shorter, and later ones are given time to arrive."""
    moment, number = random.Random(seed), 1
    while killed(partial(live, root), moment.uniform(0.05, 0.5 * number) if number <= KILLED_AT_MOMENTS else None):
        number += 1
    return number


if __name__ == "__main__":
    import e2e.voyage.preloaded  # noqa: F401

    print(lives(Path(sys.argv[1]), int(sys.argv[2])))
