"""A small product whose answers are classes: real wines of three growers, told apart by their chemistry."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

from e2e.voyage.shop import Shop, settings_of
from e2e.voyage.voyage import Voyage
from sklearn.datasets import load_wine

from shipworthy.app.opening import make_store
from shipworthy.plan.words import AdoptPlan

CELLAR = "which-grower"
CLASSES = ("barolo", "barbera", "grignolino")
FIRST, EACH = date(2025, 1, 2), 118  # bottles of the first month; the others come a month later
INPUTS = [name.replace("/", "_per_") for name in load_wine().feature_names]

_OWNERS = ("business", "technology", "privacy", "legal", "compliance", "validation")
PLAN = f"""\
product: {CELLAR}

need:
  question: Which of the three growers made the wine in this bottle?
  decision: The cellar puts the bottle on its grower's shelf, or has somebody taste it.
  entity: bottle
  answer: class
  classes: [{", ".join(CLASSES)}]
  horizon: 14d

time: {{clock: simulated, start: 2025-01-01}}

people:
  product_manager: product-manager
  builders: [data-scientist]
  operator: night-operator
  owners: {{{", ".join(f"{name}: {name}-owner" for name in _OWNERS)}}}
  auditors: [auditor]

consumers:
  cellar:
    who: The people who fill the shelves
    person: cellar-lead
    columns: [bottle, class, score, probabilities, decision, reasons, answer_id]
    sinks: [shelves]
    every: 1mo
    start: 2025-02-01
    deadline: 12h
    time_to_act: 7d
  till:
    who: The cellar's own program
    person: cellar-program
    mode: realtime
    asks_by: either
    latency: 200ms
    time_to_act: 1d
    columns: [bottle, class, score, probabilities, decision, reasons, answer_id]

sources:
  wines:
    kind: csv
    path: feed/wines.csv
    contract:
      time: bottled_on
      key: [bottle]
      columns:
        bottle: {{type: text}}
        bottled_on: {{type: date}}
{"".join(f"        {name}: {{type: number}}{chr(10)}" for name in INPUTS)}\
  tastings:
    kind: csv
    path: feed/tastings.csv
    contract:
      time: tasted_on
      key: [bottle]
      quarantine_at_most: 5%
      columns:
        bottle: {{type: text}}
        tasted_on: {{type: date}}
        grower: {{type: text, one_of: [{", ".join(CLASSES)}]}}

sinks:
  shelves: {{kind: csv, path: "out/{{as_of}}.csv", rehearsal: "out/rehearsal.csv"}}

data:
  features: {{source: wines, columns: [{", ".join(INPUTS)}]}}
  label: {{source: tastings, column: grower}}

model:
  training: {{first: 2025-02-01}}
  baseline: {{kind: constant}}

decision:
  yes: barolo
  ask: [0, 0.6]
  ask_name: taste it

proof:
  holdout: 45%
  performance: {{metric: accuracy, floor: 0.8}}
  calibration_tolerance: 0.2
  segments: [alcohol]

release:
  cohorts: {{names: [north]}}

watch:
  monitors:
    confusion: {{tolerance: 0.05}}

respond:
  triggers:
    - {{name: worse, on: alarm, do: [notify]}}
    - {{name: bad-feed, on: refusal, do: [notify]}}
    - {{name: late-list, on: late, do: [notify]}}
    - {{name: failed-list, on: failed, do: [notify]}}
  routes: {{technology: "file:messages"}}
"""


class Cellar(Voyage):
    """The cellar with its plan in force, and everybody's commands in short."""

    product = CELLAR

    def __init__(self, root: Path, plan: str = PLAN) -> None:
        """Open it: 118 bottles of the first month, 60 of the second; one was tasted as nobody's."""
        root.mkdir(parents=True, exist_ok=True)
        self.shop = Shop(settings_of(root), root)
        make_store(self.shop.found, "blank", "administrator")
        (root / "product.yaml").write_text(plan)
        write_feed(root / "feed")
        self.desk = self.shop.desk()
        self.do("administrator", AdoptPlan(product=CELLAR, text=plan))


def write_feed(folder: Path) -> None:
    """Real measurements, in an order that mixes the growers; each is tasted a week after it was bottled."""
    wine = load_wine()
    order = [(place * 61) % len(wine.target) for place in range(len(wine.target))]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "wines.csv").open("w", newline="") as wines, (folder / "tastings.csv").open("w", newline="") as told:
        bottles, tastings = csv.writer(wines, lineterminator="\n"), csv.writer(told, lineterminator="\n")
        bottles.writerow(("bottle", "bottled_on", *INPUTS))
        tastings.writerow(("bottle", "tasted_on", "grower"))
        for place, row in enumerate(order):
            day = FIRST + timedelta(days=place % 28 + (31 if place >= EACH else 0))
            bottles.writerow((f"b{place:03d}", day.isoformat(), *wine.data[row].tolist()))
            grower = CLASSES[wine.target[row]] if place else "barollo"
            tastings.writerow((f"b{place:03d}", (day + timedelta(days=7)).isoformat(), grower))
