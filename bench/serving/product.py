"""The product that the serving benchmarks ask: 20 columns, 100 boosted trees, asked by values, on the whole road."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shipworthy.app.desk import Desk
from shipworthy.app.opening import make_store
from shipworthy.app.rights import Identity
from shipworthy.app.settings import settings
from shipworthy.app.wiring import close_desk, open_desk
from shipworthy.base.fact import Command
from shipworthy.model.words import Role, TrainCandidate
from shipworthy.plan.words import AdoptPlan
from shipworthy.prove.words import ProveCandidate
from shipworthy.release.words import ReleaseCandidate
from shipworthy.sign.words import GiveSignOff

PRODUCT, COLUMNS, ROWS, TREES = "bench", [f"x{number}" for number in range(20)], 20_000, 100
FUNCTIONS = ("business", "technology", "privacy", "legal", "compliance", "validation")

PLAN = """
product: bench
need:
  {question: Which rows are a yes?, decision: Somebody acts on each., entity: row, answer: probability, horizon: 30d}
people:
  product_manager: product-manager
  builders: [data-scientist]
  operator: operator
  owners: {business: owner, technology: owner, privacy: owner, legal: owner, compliance: owner, validation: owner}
consumers:
  caller:
    {who: A program, person: caller, mode: realtime, latency: 1s, time_to_act: 1d, asks_by: values, columns: [score]}
sources:
  table:
    kind: parquet
    path: table.parquet
    right_to_use: Made-up numbers.
    contract:
      time: day
      key: [row]
      quarantine_at_most: 1%
      columns:
        row: {type: text}
        day: {type: date}
        truth: {type: integer, min: 0, max: 1}
COLUMNS
data: {pipeline: pipeline.py}
model: {baseline: {kind: column, column: x0, higher_is: more}}
decision: {threshold: 0.5}
proof:
  performance: {metric: auc, floor: 0.6, beats_baseline_by: null}
  calibration_tolerance: 0.3
  reasons: 0
  reviews: []
  sign_offs: [business, technology, privacy, legal, compliance, validation]
release: {steps: [rehearsal, all]}
"""

PIPELINE = f"""
from sklearn.ensemble import HistGradientBoostingClassifier

COLUMNS = {COLUMNS!r}


def features(table):
    return table[["row", *COLUMNS]]


def label(table):
    return table[["row", "truth"]].rename(columns={{"truth": "label"}})


def train(features, label):
    return HistGradientBoostingClassifier(max_iter={TREES}, random_state=0).fit(features, label)
"""


def rows(count: int = ROWS) -> pa.Table:
    """Made-up rows, the same every time."""
    generator = np.random.default_rng(0)
    values = generator.normal(size=(count, len(COLUMNS)))
    truth = (values[:, 0] + values[:, 1] * values[:, 2] + generator.normal(size=count) > 0).astype(int)
    columns = {name: values[:, place] for place, name in enumerate(COLUMNS)}
    days = pa.array([date(2026, 1, 1)] * count)
    return pa.table({"row": [f"r{number}" for number in range(count)], "day": days, "truth": truth, **columns})


def released(root: Path) -> str:
    """Make the product in a folder and bring its model to everybody; gives the caller's token."""
    root.mkdir(parents=True, exist_ok=True)
    found = settings({"SHIPWORTHY_ROOT": str(root), "HOME": str(root), "XDG_CONFIG_HOME": str(root / ".config")})
    make_store(found, "blank", "administrator")
    columns = "".join(f"        {name}: {{type: number, min: -100, max: 100}}\n" for name in COLUMNS)
    plan = PLAN.replace("COLUMNS\n", columns)
    (root / "product.yaml").write_text(plan)
    (root / "pipeline.py").write_text(PIPELINE)
    pq.write_table(rows(), root / "table.parquet")
    desk = open_desk(found, clock=lambda: datetime.now(UTC))

    _do(desk, "administrator", AdoptPlan(product=PRODUCT, text=plan))
    for role in ("baseline", "model"):
        name = _ready(desk, role)
        _do(desk, "product-manager", ReleaseCandidate(product=PRODUCT, candidate=name, step="all"))
    token = desk.people.add("caller")
    close_desk(desk)
    return token


def kept_token(root: Path) -> str:
    """The caller's token of the product in a folder, which is made where it is not there yet."""
    kept = root / "token"
    if not kept.exists():
        token = released(root)
        kept.touch(mode=0o600)
        kept.write_text(token)
    return kept.read_text()


def second(desk: Desk, root: Path) -> str:
    """Another candidate of half as many trees, rehearsed and signed: one step before everybody."""
    (root / "pipeline.py").write_text(PIPELINE.replace(f"max_iter={TREES}", f"max_iter={TREES // 2}"))
    return _ready(desk, "model")


def _ready(desk: Desk, role: Role) -> str:
    """Make, prove, rehearse and sign a candidate; gives its name."""
    name: str = _do(desk, "data-scientist", TrainCandidate(product=PRODUCT, role=role)).candidate
    _do(desk, "data-scientist", ProveCandidate(product=PRODUCT, candidate=name))
    _do(desk, "product-manager", ReleaseCandidate(product=PRODUCT, candidate=name, step="rehearsal"))
    for function in FUNCTIONS if role == "model" else FUNCTIONS[:2]:
        _do(desk, "owner", GiveSignOff(product=PRODUCT, candidate=name, function=function))
    return name


def _do(desk: Desk, who: str, command: Command[Any]) -> Any:
    return desk.do(command, Identity(who, frozenset({"administrator"} if who == "administrator" else ())))
