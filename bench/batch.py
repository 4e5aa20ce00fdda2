"""How fast a list from Parquet to Parquet is made, beside the bare model: read, predict_proba, write, nothing else.

Run `python bench/batch.py [rows] [linear|boosted …]`; prints one JSON line for each model: seconds of both sides
(median of three, taken in turn), their ratio, and the most memory that the process of each took. Ours is one command,
`Score`: the contract is judged, the snapshot pinned, every row answered under its id, checked and brought, each step
on the durable road. Only ratios of one run say something; other work on the machine slows both.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:  # the bare side does without
    from shipworthy.app.desk import Desk
    from shipworthy.app.rights import Identity

NAMES = [f"x{number}" for number in range(20)]
TAUGHT = 4_000
AT_ONCE = 1_000_000  # rows are made and written so many at a time
TIMES = int(os.environ.get("TIMES", "3"))
LOADED = (  # what a worker has loaded after its first list; the bare side has its libraries loaded too
    "duckdb",
    *(f"shipworthy.{name}.flow" for name in ("data", "model", "deliver")),
    "shipworthy.data.piecewise",
    "shipworthy.deliver.sinks.parquet",
    "shipworthy.model.formats.skops",
)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
FEED = "feed/customers.parquet"
PLAN = f"""
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
    {{business: owner, technology: owner, privacy: owner, legal: owner, compliance: owner, validation: owner}}
consumers:
  team:
    who: The team that calls
    person: team-lead
    columns: [customer, score]
    sinks: [scores]
    every: 1mo
    start: 2026-01-01
    deadline: 1d
    time_to_act: 7d
sources:
  customers:
    kind: parquet
    path: {FEED}
    right_to_use: Contract with the customer.
    contract:
      key: [customer]
      volume: {{rows: [1, 1000000000]}}
      columns:
        customer: {{type: integer, min: 0}}
{"".join(f"        {name}: {{type: number, min: -100, max: 100}}{chr(10)}" for name in NAMES)}
  outcomes:
    kind: parquet
    path: feed/outcomes.parquet
    right_to_use: Contract with the customer.
    contract:
      key: [client]
      columns:
        client: {{type: integer}}
        customer: {{type: integer}}
        left: {{type: integer, min: 0, max: 1}}
sinks:
  scores: {{kind: parquet, path: out/scores.parquet, rehearsal: rehearsal/scores.parquet}}
data:
  features: {{source: customers, columns: [{", ".join(NAMES)}]}}
  label: {{source: outcomes, column: left}}
  by_row: customers
model:
  file: model.skops
  baseline: {{kind: column, column: x0, higher_is: more}}
  training: {{snapshots: 1, every: 1mo}}
decision: {{threshold: 0.5}}
proof: {{reasons: 0}}
release: {{cohorts: {{names: [all]}}}}
"""


def write_rows(file: Path, rows: int) -> None:
    """Customers with twenty numbers each, of three decimals, as prices and rates have them."""
    draw = np.random.default_rng(7)
    schema = pa.schema([("customer", pa.int64()), *((name, pa.float64()) for name in NAMES)])
    with pq.ParquetWriter(file, schema) as writer:
        for start in range(0, rows, AT_ONCE):
            count = min(AT_ONCE, rows - start)
            numbers = [pa.array(draw.normal(size=count).round(3)) for _ in NAMES]
            writer.write_table(pa.table([pa.array(np.arange(start, start + count)), *numbers], schema=schema))


def model_of(kind: str, numbers: np.ndarray, left: np.ndarray) -> object:
    """A model as a team would fit it, on plain arrays."""
    if kind == "linear":
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression().fit(numbers, left)
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=100, early_stopping=False).fit(numbers, left)


def prepare(folder: Path, kind: str, rows: int) -> None:
    """A store in which the model waits for its rehearsal, and the rows that it is to answer."""
    import skops.io

    from shipworthy.model.words import TrainCandidate
    from shipworthy.plan.words import AdoptPlan
    from shipworthy.prove.words import ProveCandidate
    from shipworthy.release.words import ReleaseCandidate

    (folder / "feed").mkdir()
    write_rows(folder / FEED, TAUGHT)
    taught = pq.read_table(folder / FEED)
    numbers = np.column_stack([taught[name].to_numpy() for name in NAMES])
    draw = np.random.default_rng(8)
    left = (numbers[:, :4].sum(axis=1) + numbers[:, 4] * numbers[:, 5] + draw.normal(size=TAUGHT) > 0).astype(np.int64)
    outcomes = pa.table({"client": taught["customer"], "customer": taught["customer"], "left": left})
    pq.write_table(outcomes, folder / "feed" / "outcomes.parquet")
    (folder / "model.skops").write_bytes(skops.io.dumps(model_of(kind, numbers, left)))
    (folder / "product.yaml").write_text(PLAN)
    desk = opened(folder)
    desk.do(AdoptPlan(product="batch", text=PLAN), someone("administrator"))
    made = desk.do(TrainCandidate(product="batch", role="model"), someone("data-scientist"))
    desk.do(ProveCandidate(product="batch", candidate=made.candidate), someone("data-scientist"))
    desk.do(ReleaseCandidate(product="batch", candidate=made.candidate, step="rehearsal"), someone("product-manager"))
    closed(desk)
    write_rows(folder / FEED, rows)


def opened(folder: Path) -> Desk:
    """A desk on the store in a folder."""
    from shipworthy.app.settings import settings
    from shipworthy.app.wiring import open_desk

    logging.disable(logging.WARNING)
    found = settings({**os.environ, "SHIPWORTHY_ROOT": str(folder), "XDG_CONFIG_HOME": str(folder)})
    return open_desk(found, make=True, clock=lambda: NOW)


def closed(desk: Desk) -> None:
    """Let go of a desk."""
    from shipworthy.app.wiring import close_desk

    close_desk(desk)


def someone(person: str) -> Identity:
    """A login of the product."""
    from shipworthy.app.rights import Identity

    return Identity(person, frozenset({"administrator"}) if person == "administrator" else frozenset())


def ours(folder: Path, number: int) -> float:
    """Seconds of one command that makes and brings the list; what every command loads is loaded before."""
    import importlib

    import skops.io  # noqa: F401
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: F401

    from shipworthy.deliver.words import Score

    for name in LOADED:
        importlib.import_module(name)
    desk = opened(folder)
    desk.open_road()
    begin = time.perf_counter()
    command = Score(product="batch", consumer="team", as_of=f"2026-05-{number + 1:02}", trial="rehearsal")
    account = desk.do(command, someone("operator"))
    taken = time.perf_counter() - begin
    closed(desk)
    assert account.answered == account.due == pq.read_metadata(folder / FEED).num_rows
    return taken


def bare(folder: Path, number: int) -> float:
    """Seconds of the model alone: the file into arrays, predict_proba, names and scores into a file."""
    import skops.io

    from shipworthy.model.formats.skops import TRUSTED

    model = skops.io.load(folder / "model.skops", trusted=list(TRUSTED))
    begin = time.perf_counter()
    table = pq.read_table(folder / FEED)
    numbers = table.select(NAMES).to_pandas().to_numpy()
    scores = model.predict_proba(numbers)[:, 1]
    pq.write_table(pa.table({"customer": table["customer"], "score": scores}), folder / "bare.parquet")
    return time.perf_counter() - begin


def same(folder: Path) -> bool:
    """Whether both sides gave every customer the same score, up to the twelve decimals that ours keeps."""
    theirs = pq.read_table(folder / "bare.parquet")
    mine = pq.read_table(folder / "rehearsal" / "scores.parquet")
    close = np.allclose(theirs["score"].to_numpy(), mine["score"].to_numpy(), rtol=0, atol=1e-12)
    names = pa.compute.cast(theirs["customer"], pa.string())
    return bool(close and names.equals(mine["customer"]))


def measured(side: str, folder: Path, number: int) -> tuple[float, int]:
    """Seconds and the most megabytes of one side, in a process of its own."""
    command = [sys.executable, __file__, f"--{side}", str(folder), str(number)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    return told["seconds"], told["mb"]


def main(rows: int, kinds: list[str]) -> None:
    """Measure and print."""
    for kind in kinds:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            prepare(folder, kind, rows)
            runs: dict[str, list[tuple[float, int]]] = {"bare": [], "ours": []}
            for number in range(TIMES):
                for side, of_side in runs.items():
                    of_side.append(measured(side, folder, number))
            theirs, mine = (statistics.median(seconds for seconds, _ in runs[side]) for side in ("bare", "ours"))
            figures = {
                "model": kind,
                "rows": rows,
                "bare_seconds": round(theirs, 2),
                "our_seconds": round(mine, 2),
                "share_of_bare_speed": round(theirs / mine, 3),
                "bare_mb": max(mb for _, mb in runs["bare"]),
                "our_mb": max(mb for _, mb in runs["ours"]),
                "file_mb": (folder / FEED).stat().st_size >> 20,
                "same_scores": same(folder),
            }
            print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1].startswith("--"):
        side = {"--ours": ours, "--bare": bare}[sys.argv[1]]
        seconds = side(Path(sys.argv[2]), int(sys.argv[3]))
        print(json.dumps({"seconds": seconds, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))
    else:
        given = sys.argv[1:]
        main(int(given[0]) if given else 10_000_000, given[1:] or ["linear", "boosted"])
