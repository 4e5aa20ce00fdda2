"""What a look at one large list takes: a candidate's answers to millions of rows, from the store to verdicts.

Run `python bench/monitors/large.py [rows …]` (1,000,000 10,000,000). A product answers a list of so many rows of twenty
columns, four of them texts (`data.by_row`), and is then watched by every monitor of answers, as a plan gives them
without tuning. The look is one command in a process of its own; prints one JSON line for each size, with the seconds,
the most memory of that process, and the seconds that DuckDB takes for counts and means of the same inputs, taken in
turn. `drift_seconds` is the pass alone that counts all answers and inputs for every monitor (`watch.gathered`). What
counts are the ratios, and that the memory does not grow with the rows.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from speed import counts_and_means

from shipworthy.deliver.flow import score
from shipworthy.deliver.words import AnswersSealed, Score
from shipworthy.edges.database import migrate, open_engine
from shipworthy.edges.files import Files
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.edges.road import Trip
from shipworthy.edges.store import Store
from shipworthy.model.flow import train_candidate
from shipworthy.model.words import TrainCandidate
from shipworthy.plan.rules import adoption, current_plan
from shipworthy.plan.words import AdoptPlan
from shipworthy.release.words import ReleaseStepped
from shipworthy.watch.flow import watch
from shipworthy.watch.gathered import SOME
from shipworthy.watch.reading import Reading
from shipworthy.watch.rules import answered, monitors
from shipworthy.watch.words import Watch, WindowJudged

PRODUCT, TAUGHT, AT_ONCE = "large", 100_000, 1 << 20
TIMES = int(os.environ.get("TIMES", "3"))
NUMBERS, TEXTS = [f"x{number}" for number in range(16)], [f"t{number}" for number in range(4)]
NOW, MATURE = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
WORDS = pa.array([f"word {number}" for number in range(8)])
PLAN = f"""
product: {PRODUCT}
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
    path: customers.parquet
    right_to_use: Contract with the customer.
    contract:
      key: [customer]
      volume: {{rows: [1, 1000000000]}}
      columns:
        customer: {{type: text}}
{"".join(f"        {name}: {{type: number}}{chr(10)}" for name in NUMBERS)}
{"".join(f"        {name}: {{type: text}}{chr(10)}" for name in TEXTS)}
  outcomes:
    kind: parquet
    path: outcomes.parquet
    right_to_use: Contract with the customer.
    contract:
      key: [client]
      columns:
        client: {{type: text}}
        customer: {{type: text}}
        left: {{type: integer, min: 0, max: 1}}
sinks:
  scores: {{kind: parquet, path: out/scores.parquet, rehearsal: rehearsal/scores.parquet}}
data:
  features: {{source: customers, columns: [{", ".join(NUMBERS + TEXTS)}]}}
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


def write_rows(file: Path, rows: int, seed: int) -> None:
    """Customers with sixteen numbers and four texts each."""
    draw = np.random.default_rng(seed)
    types = [("customer", pa.string()), *((name, pa.float64()) for name in NUMBERS), *((t, pa.string()) for t in TEXTS)]
    with pq.ParquetWriter(file, pa.schema(types)) as writer:
        for start in range(0, rows, AT_ONCE):
            count = min(AT_ONCE, rows - start)
            names = pa.array([f"c{number:08}" for number in range(start, start + count)])
            numbers = [pa.array(draw.normal(size=count)) for _ in NUMBERS]
            texts = [WORDS.take(pa.array(draw.integers(0, 8, count))) for _ in TEXTS]
            writer.write_table(pa.table([names, *numbers, *texts], schema=pa.schema(types)))


def fitted(taught: pa.Table, left: np.ndarray) -> bytes:
    """A logistic regression on numbers and texts."""
    import skops.io
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns = make_column_transformer((StandardScaler(), NUMBERS), (OneHotEncoder(), TEXTS))
    model = make_pipeline(columns, LogisticRegression()).fit(taught.select(NUMBERS + TEXTS).to_pandas(), left)
    return bytes(skops.io.dumps(model))


class Product:
    """A product in a folder."""

    def __init__(self, root: Path) -> None:
        engine = open_engine(f"sqlite:///{root / 'ledger.sqlite'}")
        migrate(engine)
        keys = Keys(root / "keys")
        self.store = Store(root, root / ".shipworthy", Ledger(engine, keys), Files(root / "files"), keys, {})
        self.plan = current_plan(self.store.ledger.past(PRODUCT)) if (root / "product.yaml").exists() else None

    def trip(self, step: str, now: datetime = NOW) -> Trip:
        """The trip of one command."""
        return Trip(self.store, PRODUCT, "operator", now, f"bench/{step}", lambda _name, work: work())

    def begin(self, rows: int) -> None:
        """One candidate that answers everybody, and its list."""
        root = self.store.root
        write_rows(root / "customers.parquet", TAUGHT, 1)
        taught = pq.read_table(root / "customers.parquet")
        left = (taught["x0"].to_numpy() + np.random.default_rng(2).normal(size=TAUGHT) > 0).astype(np.int64)
        outcomes = {"client": taught["customer"], "customer": taught["customer"], "left": left}
        pq.write_table(pa.table(outcomes), root / "outcomes.parquet")
        (root / "model.skops").write_bytes(fitted(taught, left))
        (root / "product.yaml").write_text(PLAN)
        given = AdoptPlan(product=PRODUCT, text=PLAN)
        append = self.store.ledger.append
        append(lambda past: adoption(given, past, NOW, "pm", is_administrator=True)[0], product=PRODUCT, who="", at=NOW)
        made = train_candidate(TrainCandidate(product=PRODUCT, role="model"), self.trip("train")).candidate
        step = ReleaseStepped(
            product=PRODUCT, candidate=made, step="all", cohorts=["all"], replaces="", gate="", role="model"
        )
        append(lambda past: [step], product=PRODUCT, who="operator", at=NOW)
        write_rows(root / "customers.parquet", rows, 3)
        score(Score(product=PRODUCT, consumer="team", as_of="2026-05-20"), self.trip("list"))

    def inputs(self) -> Path:
        """Where the inputs of the list lie."""
        return self.store.files.local(self.store.ledger.past(PRODUCT).of(AnswersSealed)[-1].what.features)

    def pass_alone(self) -> float:
        """Seconds of the pass that counts everything, without what monitors then make of it."""
        past = self.store.ledger.past(PRODUCT)
        of = answered(past)[-1]
        assert self.plan is not None
        reading = Reading(self.store.files, self.plan, of.moment)
        answerer = reading.answerer(past, of.candidate)
        asked = [one for one in monitors().values() if one.needs == "answers" and one.applies(self.plan)]
        start = time.perf_counter()
        reading.counted(past, of, asked, answerer, SOME)
        return time.perf_counter() - start

    def look(self, now: datetime) -> dict[str, Any]:
        """Seconds of a look, how many windows of the list it judged, and the most memory of this process."""
        past = self.store.ledger.past
        before, start = len(past(PRODUCT).of(WindowJudged)), time.perf_counter()
        watch(Watch(product=PRODUCT), self.trip(f"look/{now}", now))
        seconds = time.perf_counter() - start
        judged = [fact.what for fact in past(PRODUCT).of(WindowJudged)[before:] if fact.what.candidate]
        levels = {one.monitor: one.level for one in judged}
        return {"seconds": round(seconds, 2), "MB": _most(), "judged": levels}


def _most() -> int:
    """The most memory of this process so far, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


def timed(work: Any) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measured(rows: int, folder: Path) -> dict[str, Any]:
    """The figures of a list of so many rows."""
    product = Product(folder)
    product.begin(rows)
    product = Product(folder)
    inputs = product.inputs()
    looks = {}
    for name, now in (("answers", NOW), ("truth", MATURE)):
        command = [sys.executable, __file__, "--look", str(folder), now.isoformat()]
        looks[name] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    counts_and_means(inputs)
    pairs = [(product.pass_alone(), timed(lambda: counts_and_means(inputs))) for _ in range(TIMES)]
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    return {
        "rows": rows,
        "pass_seconds": round(ours, 2),
        "duckdb_seconds": round(theirs, 2),
        "ratio": round(statistics.median(one / other for one, other in pairs), 2),
        "looks": looks,
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--look"]:
        print(json.dumps(Product(Path(sys.argv[2])).look(datetime.fromisoformat(sys.argv[3]))))
    else:
        for size in [int(one) for one in sys.argv[1:]] or [1_000_000, 10_000_000]:
            with tempfile.TemporaryDirectory() as name:
                print(json.dumps(measured(size, Path(name))), flush=True)
