"""A small product that brings its list by many ways, over a real store, with a baseline that answers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from integration.watch.visits import PIPELINE, PLAN, PRODUCT

from shipworthy.base.fact import What
from shipworthy.deliver.flow import score
from shipworthy.deliver.words import RunAccount, Score
from shipworthy.edges.database import migrate, open_engine
from shipworthy.edges.files import Files
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.edges.road import Trip
from shipworthy.edges.store import Store
from shipworthy.model.flow import train_candidate
from shipworthy.model.words import TrainCandidate
from shipworthy.plan.rules import adoption, current_plan
from shipworthy.plan.schema import Plan
from shipworthy.plan.words import AdoptPlan
from shipworthy.release.words import ReleaseStepped

ONE_SINK = """  list: {kind: csv, path: "out/{as_of}.csv", rehearsal: "out/rehearsal-{as_of}.csv"}
"""
CUSTOMERS = 20


def plan_with(sinks: dict[str, str]) -> str:
    """The product's plan with other sinks."""
    text = PLAN.replace(ONE_SINK, "".join(f"  {name}: {how}\n" for name, how in sinks.items()))
    return text.replace("sinks: [list]", f"sinks: [{', '.join(sinks)}]")


class Product:
    """The product in its folder, over its store."""

    def __init__(self, root: Path, environ: dict[str, str]) -> None:
        self.root = root
        self.engine = open_engine(f"sqlite:///{root / 'ledger.sqlite'}")
        migrate(self.engine)
        keys = Keys(root / "keys")
        self.store = Store(root, root / ".shipworthy", Ledger(self.engine, keys), Files(root / "files"), keys, environ)
        self.now, self.runs = datetime(1997, 2, 1, tzinfo=UTC), 0

    def begin(self, text: str) -> None:
        """Adopt a plan, and release its baseline to everybody."""
        (self.root / "product.yaml").write_text(text)
        (self.root / "pipeline.py").write_text(PIPELINE)
        lines = [f"c{number:04},1997-01-15" for number in range(CUSTOMERS)]
        (self.root / "visits.csv").write_text("\n".join(["customer_id,date", *lines, ""]))
        regions = [f"c{number:04},{('north', 'south')[number % 2]}" for number in range(CUSTOMERS)]
        (self.root / "people.csv").write_text("\n".join(["customer_id,region", *regions, ""]))
        command = AdoptPlan(product=PRODUCT, text=text)
        self.store.ledger.append(
            lambda past: adoption(command, past, self.now, "pm", is_administrator=True)[0],
            product=PRODUCT,
            who="pm",
            at=self.now,
        )
        baseline = train_candidate(TrainCandidate(product=PRODUCT, role="baseline"), self.trip()).candidate
        stepped = ReleaseStepped(
            product=PRODUCT,
            candidate=baseline,
            step="all",
            cohorts=["everyone"],
            replaces="",
            gate="",
            role="baseline",
        )
        self.store.ledger.append(lambda past: [stepped], product=PRODUCT, who="operator", at=self.now)

    @property
    def plan(self) -> Plan:
        return current_plan(self.store.ledger.past(PRODUCT))

    def trip(self) -> Trip:
        self.runs += 1
        return Trip(self.store, PRODUCT, "operator", self.now, f"{self.root}/{self.runs}", lambda _name, work: work())

    def bring(self, as_of: datetime | None = None) -> RunAccount:
        """Make the list of a moment, or bring it once more to the sinks that did not get it."""
        moment = as_of or self.now
        return score(Score(product=PRODUCT, consumer="desk", as_of=moment.isoformat()), self.trip())

    def of(self, kind: type[What]) -> list[Any]:
        return [fact.what for fact in self.store.ledger.past(PRODUCT).of(kind)]
