"""A product with one source, over a real store: files are laid down, a snapshot is taken, its rows are read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from shipworthy.base.check import CheckResult
from shipworthy.base.fact import Past, What
from shipworthy.data.flow import take_snapshot
from shipworthy.data.views import quarantine
from shipworthy.data.words import (
    Intake,
    Quarantine,
    QuarantinedRow,
    SnapshotOutcome,
    SnapshotRefused,
    SnapshotTaken,
    TakeSnapshot,
)
from shipworthy.edges.outcome import Outcome
from shipworthy.edges.store import Store
from shipworthy.edges.trip import Trip
from shipworthy.plan.reading import read_plan
from shipworthy.plan.reference_examples import WITH_PIPELINE
from shipworthy.plan.words import PlanAdopted

AS_OF = datetime(2024, 6, 1, tzinfo=UTC)
TEXT: dict[str, Any] = {"type": "text"}
NUMBER: dict[str, Any] = {"type": "number"}
ORDERS: dict[str, Any] = {"customer_id": {**TEXT, "personal": True}, "paid": NUMBER}


@dataclass
class Feed:
    """One product with the source `orders`."""

    store: Store
    product: str = "shop"

    def lay(self, name: str, content: str | bytes) -> None:
        """Put a file into the product's folder."""
        file = self.store.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def take(
        self,
        kind: str,
        path: str = "",
        columns: dict[str, Any] = ORDERS,
        as_of: datetime = AS_OF,
        *,
        url: str = "",
        query: str = "",
        **contract: Any,
    ) -> SnapshotOutcome:
        """Declare the source and take a snapshot of it."""
        own: dict[str, Any] = {
            name: contract.pop(name) for name in ("sheet", "version", "format", "headers", "pages") if name in contract
        }
        terms = {"quarantine_at_most": 1.0, **contract, "columns": columns}
        source: dict[str, Any] = {"kind": kind, "path": path, "url": url, "query": query, "contract": terms, **own}
        values = read_plan(WITH_PIPELINE).values() | {"product": self.product, "sources": {"orders": source}}
        adopted = PlanAdopted(product=self.product, version=1, plan=values, digest="", sections={})
        self.append(lambda past: [adopted])
        (self.store.root / "product.yaml").write_text(f"product: {self.product}\n")
        trip = Trip(self.store, self.product, "data-scientist", AS_OF, f"run {len(self.facts())}", _straight_on)
        return take_snapshot(TakeSnapshot(product=self.product, as_of=as_of.isoformat()), trip)

    def append(self, decide: Callable[[Past], list[What]]) -> None:
        """Append facts to the ledger."""
        self.store.ledger.append(decide, product=self.product, who="builder", at=AS_OF)

    def facts(self) -> list[What]:
        """What is known of snapshots."""
        return [fact.what for fact in self.store.ledger.past(self.product).of(SnapshotTaken, SnapshotRefused)]

    def said(self) -> str:
        """Everything that facts about snapshots hold, as text."""
        return json.dumps([asdict(fact) for fact in self.facts()], ensure_ascii=False)

    def accepted(self, outcome: SnapshotOutcome) -> list[dict[str, Any]]:
        """The accepted rows."""
        rows: list[dict[str, Any]] = self.store.files.table(intake(outcome).content).to_pylist()
        return rows

    def aside(self, **question: Any) -> list[QuarantinedRow]:
        """The quarantined rows as people see them."""
        asked = Quarantine(product=self.product, **question)
        return quarantine(asked, self.store.ledger.past(self.product), self.store.files)


def _straight_on(step: str, work: Callable[[], Outcome]) -> Outcome:
    return work()


def intake(outcome: SnapshotOutcome) -> Intake:
    """The account of the source's rows, which adds up."""
    [account] = outcome.intakes
    assert account.source_rows == account.accepted + sum(account.removed.values()) + sum(account.quarantined.values())
    return account


def failed(outcome: SnapshotOutcome) -> list[str]:
    """The names of the checks that failed."""
    return [check.check for check in outcome.checks if check.verdict != "pass"]


def refusal(outcome: SnapshotOutcome) -> CheckResult:
    """The one reason for which a source was not read at all; it says why it matters and what to do."""
    assert outcome.snapshot == ""
    assert outcome.intakes == []
    [check] = outcome.checks
    assert (check.check, check.where, check.verdict) == ("data.readable", "orders", "fail")
    assert check.why
    assert check.advice
    return check
