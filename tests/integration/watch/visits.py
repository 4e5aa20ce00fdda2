"""A small product of visits with its store, moved through the months by hand, for tests of its watch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from shipworthy.base.fact import What
from shipworthy.deliver.flow import score
from shipworthy.deliver.words import Score
from shipworthy.edges.database import migrate, open_engine
from shipworthy.edges.files import Files
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.edges.outcome import Outcome
from shipworthy.edges.road import Trip
from shipworthy.edges.store import Store
from shipworthy.model.flow import train_candidate
from shipworthy.model.words import TrainCandidate
from shipworthy.plan.reading import read_plan
from shipworthy.plan.rules import adoption, current_plan
from shipworthy.plan.words import AdoptPlan
from shipworthy.release.words import ReleaseStepped
from shipworthy.watch.flow import watch
from shipworthy.watch.folds import UNSURE
from shipworthy.watch.rules import monitors as members
from shipworthy.watch.rules import watch_due
from shipworthy.watch.views import monitors
from shipworthy.watch.words import (
    Monitors,
    Watch,
    Watched,
    WatchState,
    WindowJudged,
)

PRODUCT = "visits"
PLAN = """
product: visits
need:
  question: Which customers will come in the next month?
  decision: The desk calls those who will not.
  entity: customer_id
  horizon: 1mo
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
    every: 1mo
    start: 1997-02-01
    deadline: 12h
    time_to_act: 1d
sources:
  visits:
    kind: csv
    path: visits.csv
    right_to_use: Contract with the customer.
    contract:
      time: date
      duplicates: keep
      columns:
        customer_id: {type: text}
        date: {type: date}
  people:
    kind: csv
    path: people.csv
    right_to_use: Contract with the customer.
    contract:
      columns:
        customer_id: {type: text}
        region: {type: text}
sinks:
  list: {kind: csv, path: "out/{as_of}.csv", rehearsal: "out/rehearsal-{as_of}.csv"}
data: {pipeline: pipeline.py, ages: [tenure]}
model:
  baseline: {kind: constant}
  training: {snapshots: 1, every: 1mo}
decision: {top: 50}
proof:
  reasons: 0
  calibration_tolerance: 0.05
  segments: [often]
  fairness: [{column: region, source: people}]
release: {cohorts: {names: [everyone]}}
watch:
  monitors:
    calibration: {tolerance: 0.05, phi: 2, false_alarms_per_year: 0.05}
respond:
  triggers:
    - {name: stale, on: alarm, of: calibration, do: [notify, retrain]}
  routes: {business: "file:out/messages", technology: "file:out/messages"}
"""
PIPELINE = '''
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def features(visits, as_of):
    """When and how often they came."""
    by = visits.groupby("customer_id")["date"]
    recent = visits[visits["date"] >= as_of - pd.Timedelta(days=60)].groupby("customer_id").size()
    table = pd.DataFrame({"recency": (as_of - by.max()).dt.days, "tenure": (as_of - by.min()).dt.days})
    table["recent"] = recent.reindex(table.index, fill_value=0)
    table = table.astype(float)
    table["often"] = np.where(table["recent"] > 1, "often", "seldom")
    return table.reset_index()


def label(visits, as_of, until):
    """Who came."""
    came = visits.loc[(visits["date"] >= as_of) & (visits["date"] < until), "customer_id"].unique()
    return pd.DataFrame({"customer_id": came, "label": 1})


def train(features, label):
    """A logistic regression."""
    numbers = make_column_transformer((StandardScaler(), ["recency", "tenure", "recent"]))
    return make_pipeline(numbers, LogisticRegression()).fit(features, label)
'''
CUSTOMERS = 800


def month(number: int) -> datetime:
    """The first of a month, counted from January 1997 = 1."""
    return datetime(1997 + (number - 1) // 12, (number - 1) % 12 + 1, 1, tzinfo=UTC)


def judging(*needs: str) -> int:
    """How many monitors judge a window of this product by what they need."""
    plan = read_plan(PLAN)
    return sum(monitor.applies(plan) and monitor.needs in needs for monitor in members().values())


def visits() -> pd.DataFrame:
    """Every customer comes in January; later about half of them a month, and from June on only a fifth."""
    random = np.random.default_rng(4)
    names = np.array([f"c{number:04}" for number in range(CUSTOMERS)])
    rows = [pd.DataFrame({"customer_id": names, "date": "1997-01-15"})]
    for number in range(2, 13):
        came = names[random.random(CUSTOMERS) < (0.5 if number < 6 else 0.2)]
        rows.append(pd.DataFrame({"customer_id": came, "date": f"1997-{number:02}-10"}))
    return pd.concat(rows, ignore_index=True)


def people() -> pd.DataFrame:
    """Every customer lives in one of two regions, but for one of whom it is not known."""
    regions = [("north", "south")[number % 2] for number in range(CUSTOMERS - 1)]
    return pd.DataFrame({"customer_id": [f"c{number:04}" for number in range(CUSTOMERS - 1)], "region": regions})


class World:
    """A product with its store, moved through the months by hand."""

    def __init__(self, root: Path) -> None:
        engine = open_engine(f"sqlite:///{root / 'ledger.sqlite'}")
        migrate(engine)
        keys = Keys(root / "keys")
        files = Files(root / "files")
        self.store = Store(root, root / ".shipworthy", Ledger(engine, keys), files, keys, {})
        self.engine = engine
        self.root = root
        self.now = month(1)
        self.runs = 0

    def trip(self, run: str = "", once: Callable[[str, Callable[[], Outcome]], Outcome] | None = None) -> Trip:
        self.runs += 1
        return Trip(
            self.store,
            PRODUCT,
            "operator",
            self.now,
            run or f"{self.root}/{self.runs}",
            once or (lambda _name, work: work()),
        )

    def record(self, *facts: What) -> None:
        self.store.ledger.append(lambda past: facts, product=PRODUCT, who="operator", at=self.now)

    def adopt(self, text: str) -> None:
        """Put a plan in force."""
        command = AdoptPlan(product=PRODUCT, text=text)
        (self.root / "product.yaml").write_text(text)
        self.store.ledger.append(
            lambda past: adoption(command, past, self.now, "pm", is_administrator=True)[0],
            product=PRODUCT,
            who="pm",
            at=self.now,
        )

    def train(self, role: str = "model") -> str:
        command = TrainCandidate(product=PRODUCT, role="baseline" if role == "baseline" else "model")
        return train_candidate(command, self.trip()).candidate

    def release(self, candidate: str, replaces: str = "", role: str = "model") -> None:
        self.record(
            ReleaseStepped(
                product=PRODUCT,
                candidate=candidate,
                step="all",
                cohorts=["everyone"],
                replaces=replaces,
                gate="",
                role=role,
            )
        )

    def list_of(self, number: int) -> None:
        self.now = month(number)
        score(Score(product=PRODUCT, consumer="desk", as_of=self.now.isoformat()), self.trip())

    def watch(self) -> Watched:
        return watch(Watch(product=PRODUCT), self.trip())

    def about_answers(self) -> int:
        """How many windows of answers have been judged; what is counted from facts is left out."""
        told = [what for what in self.of(WindowJudged) if what.level != "not_run" or UNSURE in what.numbers]
        return sum(bool(what.candidate) for what in told)

    def of(self, kind: type[Any]) -> list[Any]:
        return [fact.what for fact in self.store.ledger.past(PRODUCT).of(kind)]

    def judged(self, monitor: str, candidate: str = "") -> dict[str, WindowJudged]:
        return {
            what.window[:7]: what
            for what in self.of(WindowJudged)
            if what.monitor == monitor and candidate in ("", what.candidate)
        }

    @property
    def state(self) -> WatchState:
        past = self.store.ledger.past(PRODUCT)
        return monitors(Monitors(product=PRODUCT), past, lambda product: [], self.now, self.now)

    def is_due(self) -> bool:
        past = self.store.ledger.past(PRODUCT)
        return watch_due(current_plan(past), past, self.now)
