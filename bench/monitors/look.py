"""What a look at the world costs as history grows: a day of new answers over 1, 2, 4 and 8 times as many old ones.

Run `python bench/monitors/look.py [served] [days …]` (15 30 60 120). A product answers a list of 1,500 customers every
day and is watched every day, by every monitor that has something to judge in it; labels are known after a week. With
`served` it answers as many questions that bring their inputs, sealed in 96 stretches a day. The last looks are timed,
beside DuckDB counting the new rows of each column in the files that the look is about. Prints one JSON line for each
length of history: what counts is that neither the ratio nor the memory grows with it. Seconds are those of the
processor, so that other work on the machine says little.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from shipworthy.base.times import read_moment
from shipworthy.data.reading import tables
from shipworthy.data.words import SnapshotTaken
from shipworthy.deliver.flow import score
from shipworthy.deliver.journal import Journal
from shipworthy.deliver.words import AnswersSealed, Score
from shipworthy.edges.database import migrate, open_engine
from shipworthy.edges.files import Files
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.edges.road import Trip
from shipworthy.edges.store import Store
from shipworthy.model.answering import load
from shipworthy.model.flow import train_candidate
from shipworthy.model.words import CandidateMade, TrainCandidate
from shipworthy.plan.rules import adoption, current_plan
from shipworthy.plan.words import AdoptPlan
from shipworthy.release.words import ReleaseStepped
from shipworthy.watch.flow import watch
from shipworthy.watch.words import Watch, WindowJudged

PRODUCT, CUSTOMERS, DAYS, TIMES, STRETCHES = "visits", 1_500, (15, 30, 60, 120), 3, 96
START = datetime(2025, 3, 1, tzinfo=UTC)
PLAN = """
product: visits
need:
  question: Which customers will come in the next week?
  decision: The desk calls those who will not.
  entity: customer_id
  horizon: 1w
people:
  product_manager: pm
  builders: [builder]
  operator: operator
  owners: {business: b, technology: t, privacy: p, legal: l, compliance: c, validation: v}
consumers:
  desk:
    who: The front desk
    person: desk-lead
    columns: [customer_id, score, decision]
    sinks: [list]
    every: 1d
    start: 2025-03-01
    deadline: 12h
    time_to_act: 1d
sources:
  visits:
    kind: parquet
    path: visits.parquet
    right_to_use: Contract with the customer.
    contract:
      time: date
      duplicates: keep
      columns:
        customer_id: {type: text}
        date: {type: date}
        shop: {type: text}
        spent: {type: number}
sinks:
  list: {kind: csv, path: "out/{as_of}.csv", rehearsal: "out/rehearsal-{as_of}.csv"}
data: {pipeline: pipeline.py, ages: [tenure]}
model:
  baseline: {kind: constant}
  training: {snapshots: 1, every: 1w}
decision: {top: 200}
proof:
  reasons: 0
  calibration_tolerance: 0.05
  segments: [often]
release: {cohorts: {names: [everyone]}}
"""
PIPELINE = '''
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def features(visits, as_of):
    """When, how often and where they came in the last month."""
    visits = visits[visits["date"] >= as_of - pd.Timedelta(days=30)]
    by = visits.groupby("customer_id")
    table = pd.DataFrame({"recency": (as_of - by["date"].max()).dt.days, "tenure": (as_of - by["date"].min()).dt.days})
    table["visits"] = by.size()
    table["spent"] = by["spent"].mean()
    table = table.astype(float)
    table["often"] = np.where(table["visits"] > 8, "often", "seldom")
    table["shop"] = by["shop"].last()
    return table.reset_index()


def label(visits, as_of, until):
    """Who came."""
    came = visits.loc[(visits["date"] >= as_of) & (visits["date"] < until), "customer_id"].unique()
    return pd.DataFrame({"customer_id": came, "label": 1})


def train(features, label):
    """A logistic regression."""
    numbers = make_column_transformer((StandardScaler(), ["recency", "tenure", "visits", "spent"]))
    return make_pipeline(numbers, LogisticRegression()).fit(features, label)
'''


class Product:
    """A product with its store, moved through the days by hand."""

    def __init__(self, root: Path, served: bool = False) -> None:
        self.served = served
        self.inputs: pd.DataFrame | None = None
        root.mkdir(parents=True, exist_ok=True)
        engine = open_engine(f"sqlite:///{root / 'ledger.sqlite'}")
        migrate(engine)
        keys = Keys(root / "keys")
        self.store = Store(root, root / ".shipworthy", Ledger(engine, keys), Files(root / "files"), keys, {})
        self.now, self.steps = START, 0
        self.random: Any = np.random.default_rng(1)
        self.keen = self.random.beta(2, 8, CUSTOMERS)

    def trip(self) -> Trip:
        """The next step's trip."""
        self.steps += 1
        return Trip(self.store, PRODUCT, "operator", self.now, f"bench/{self.steps}", lambda _name, work: work())

    def visits(self, days: int) -> None:
        """Everybody's visits, from a month before the start, as far as `days` after it."""
        made = []
        for day in range(-40, days):
            came = np.flatnonzero(self.random.random(CUSTOMERS) < (1.0 if day == -25 else self.keen))
            names = [f"c{number:05}" for number in came]
            shops = self.random.choice(["north", "south", "east", "west"], came.size)
            date = (START + timedelta(days=day)).date()
            made.append(pd.DataFrame({"customer_id": names, "date": date, "shop": shops}))
        rows = pd.concat(made, ignore_index=True)
        rows["spent"] = self.random.gamma(2.0, 20.0, len(rows)).round(2)
        rows.to_parquet(self.store.root / "visits.parquet", index=False)

    def begin(self, days: int, plan: str = PLAN) -> None:
        """A plan in force and one candidate that answers everybody."""
        (self.store.root / "product.yaml").write_text(plan)
        (self.store.root / "pipeline.py").write_text(PIPELINE)
        self.visits(days)
        adopted = AdoptPlan(product=PRODUCT, text=plan)
        self.store.ledger.append(
            lambda past: adoption(adopted, past, self.now, "pm", is_administrator=True)[0],
            product=PRODUCT,
            who="pm",
            at=self.now,
        )
        made = train_candidate(TrainCandidate(product=PRODUCT, role="model"), self.trip()).candidate
        step = ReleaseStepped(
            product=PRODUCT, candidate=made, step="all", cohorts=["everyone"], replaces="", gate="", role="model"
        )
        self.store.ledger.append(lambda past: [step], product=PRODUCT, who="operator", at=self.now)

    def answer(self) -> None:
        """The list of today, or the questions since yesterday."""
        if self.served:
            self.serve()
            return
        score(Score(product=PRODUCT, consumer="desk", as_of=self.now.isoformat()), self.trip())

    def serve(self) -> None:
        """As many answers to questions that bring their inputs, all day long, each stretch of the log sealed."""
        past = self.store.ledger.past(PRODUCT)
        made = past.of(CandidateMade)[-1].what
        if self.inputs is None:
            taken = past.of(SnapshotTaken)[-1].what
            self.answerer = load(self.store.files, made, current_plan(past))
            self.inputs = self.answerer.features(tables(self.store.files, taken, current_plan(past), START), START)
        asked = self.inputs.iloc[self.random.integers(0, len(self.inputs), CUSTOMERS)]
        scores, given = self.answerer.scores(asked), asked.to_dict("records")
        journal = Journal(self.store, PRODUCT)
        for number, rows in enumerate(np.array_split(np.arange(CUSTOMERS), STRETCHES)):
            at = self.now - timedelta(days=1) + number * timedelta(days=1) / STRETCHES
            answers = [self._row(made.candidate, asked.index[n], given[n], scores[n], at) for n in rows]
            journal.write(answers, sync=False)
            journal.seal("server", at)
        journal.close("server", self.now)

    def _row(self, candidate: str, entity: str, given: dict[str, Any], score: float, at: datetime) -> dict[str, Any]:
        return {
            "answer_id": f"{self.random.integers(1 << 62):020x}",
            "time": at.isoformat(),
            "as_of": at.isoformat(),
            "entity": entity,
            "candidate": candidate,
            "inputs": json.dumps(given),
            "inputs_ref": "",
            "score": float(score),
            "decision": "yes" if score > 0.8 else "no",
            "reasons": [],
            "consumer": "desk",
            "step": "all",
            "cohort": "everyone",
        }

    def look(self) -> float:
        """Seconds of the processor for a look."""
        start = time.process_time()
        watch(Watch(product=PRODUCT), self.trip())
        return time.process_time() - start

    def counted(self) -> float:
        """Seconds of the processor for DuckDB to count each column of the newest answers and inputs, where they lie."""
        sealed = [fact.what for fact in self.store.ledger.past(PRODUCT).of(AnswersSealed)]
        new = sealed[-STRETCHES:] if self.served else sealed[-1:]
        database = duckdb.connect()
        start = time.process_time()
        for digests in ([one.segment for one in new], [one.features for one in new if one.features]):
            if digests:
                rows = f"read_parquet({[str(self.store.files.local(digest)) for digest in digests]})"
                names = [row[0] for row in database.execute(f"describe select * from {rows}").fetchall()]
                database.execute(f"select {', '.join(f'count({name})' for name in names)} from {rows}").fetchall()
        return time.process_time() - start


def grown(folder: Path, days: int, served: bool) -> dict[str, Any]:
    """The last looks of a history, and the most memory that this process took."""
    product = Product(folder, served)
    product.begin(days + TIMES + 8)
    product.now += timedelta(days=8)
    looks = []
    for _ in range(days + TIMES - 8):
        product.now += timedelta(days=1)
        product.answer()
        looks.append(product.look())
    ours, theirs = statistics.median(looks[-TIMES:]), statistics.median(product.counted() for _ in range(TIMES))
    past = product.store.ledger.past(PRODUCT)
    return {
        "days": days,
        "given by": "server" if served else "lists",
        "answers": sum(fact.what.rows for fact in past.of(AnswersSealed)),
        "monitors": len({fact.what.monitor for fact in past.of(WindowJudged)}),
        "first looks, seconds": round(statistics.median(looks[:TIMES]), 2),
        "seconds": round(ours, 2),
        "duckdb counts the new rows, seconds": round(theirs, 3),
        "ratio": round(ours / theirs, 1),
        "MB at most": _most(),
        "last window": read_moment(past.of(WindowJudged)[-1].what.window).date().isoformat(),
    }


def _most() -> int:
    """The most memory of this process so far, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


def main() -> None:
    """Each length of history in a process of its own."""
    how, *rest = sys.argv[1:] or ["lists"]
    if how == "one":
        print(json.dumps(grown(Path(rest[0]), int(rest[1]), rest[2] == "served")))
        return
    how, rest = (how, rest) if how == "served" else ("lists", [one for one in (how, *rest) if one != "lists"])
    for days in [int(one) for one in rest] or DAYS:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, __file__, "one", folder, str(days), how], check=True, env=dict(os.environ))


if __name__ == "__main__":
    main()
