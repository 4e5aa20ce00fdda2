"""A candidate is made and proven through ledger and files, down to a shop with hardly any customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from integration.model.shop import PIPELINE, PLAN

from shipworthy.base.check import stands
from shipworthy.base.errors import NotFound, UserError
from shipworthy.edges.database import migrate, open_engine
from shipworthy.edges.files import Files
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.edges.road import Trip
from shipworthy.edges.store import Store
from shipworthy.model.flow import train_candidate
from shipworthy.model.words import TrainCandidate
from shipworthy.plan.rules import adoption
from shipworthy.plan.words import AdoptPlan
from shipworthy.prove.flow import evidence_digest, prove_candidate
from shipworthy.prove.views import candidate_made, proof_of
from shipworthy.prove.words import CandidateProven, Proof, ProofOf, ProveCandidate
from shipworthy.sign.views import damaged
from shipworthy.watch.foresight import foreseen

NOW = datetime(2024, 5, 15, tzinfo=UTC)


@dataclass
class Shop:
    """A shop with its store, feed and plan."""

    root: Path
    store: Store
    runs: int = 0

    @classmethod
    def opened(cls, root: Path, customers: int, plan: str = PLAN, seed: int = 11) -> Shop:
        engine = open_engine(f"sqlite:///{root / 'ledger.sqlite'}")
        migrate(engine)
        keys = Keys(root / "keys")
        store = Store(root, root / ".shipworthy", Ledger(engine, keys), Files(root / "files"), keys, {})
        shop = cls(root, store)
        (root / "pipeline.py").write_text(PIPELINE)
        (root / "orders.csv").write_text(orders(customers, seed))
        shop.adopt(plan)
        return shop

    def adopt(self, plan: str) -> None:
        (self.root / "product.yaml").write_text(plan)
        command = AdoptPlan(product="shop", text=plan)
        self.store.ledger.append(
            lambda past: adoption(command, past, NOW, "builder", is_administrator=True)[0],
            product="shop",
            who="builder",
            at=NOW,
        )

    def trip(self) -> Trip:
        self.runs += 1
        return Trip(self.store, "shop", "data-scientist", NOW, f"{self.root}/{self.runs}", lambda _name, work: work())

    def make(self, role: Any = "model", parent: str = "") -> str:
        return train_candidate(TrainCandidate(product="shop", role=role, parent=parent), self.trip()).candidate

    def prove(self, candidate: str) -> Proof:
        return prove_candidate(ProveCandidate(product="shop", candidate=candidate), self.trip(), foreseen)


def orders(customers: int, seed: int) -> str:
    """Orders of a few months: each customer has a rate of its own, and a third of them stop for good."""
    random = np.random.default_rng(seed)
    rows = ["customer,day,paid"]
    for number in range(customers):
        rate, last = random.uniform(0.01, 0.15), random.integers(20, 150) if number % 3 == 0 else 150
        for day in np.flatnonzero(random.random(last) < rate):
            when = date(2024, 1, 1) + timedelta(int(day))
            if when < NOW.date():
                rows.append(f"c{number:03},{when},{random.integers(5, 50)}")
    return "\n".join(rows) + "\n"


def test_a_proof_can_be_repeated_to_the_byte_and_read_by_anybody(tmp_path: Path) -> None:
    proof = "proof: {performance: {floor: 0.55, beats_baseline_by: null}}\n"
    shop = Shop.opened(tmp_path, 600, PLAN + proof)
    candidate = shop.make()
    shop.make("baseline")
    first, again = shop.prove(candidate), shop.prove(candidate[:10])
    assert first.evidence == again.evidence
    assert [one.found for one in first.checks if one.verdict not in ("pass", "warn")] == []
    past = shop.store.ledger.past("shop")
    proven = past.of(CandidateProven)[-1].what
    assert proven.evidence == evidence_digest(proven.files)
    assert proof_of(ProofOf(product="shop", candidate=candidate[:8]), past) == again
    page = shop.store.files.get(proven.report).decode()
    assert "The proof stands" in page
    (blind,) = (one for one in first.checks if one.check == "prove.monitors.performance")
    assert blind.verdict == "warn"
    assert "Cannot tell of everybody" in blind.found
    assert "What the monitors will be able to tell" in page
    for name in ("results.json", "performance.json", "reliability.json", "golden-rows.json", "parity.json"):
        assert shop.store.files.get(proven.files[name])
    assert "c001" not in page
    assert not any(b"c001" in shop.store.files.get(digest) for digest in proven.files.values())


@pytest.mark.parametrize("customers", [12, 40])
def test_a_shop_with_hardly_any_customers_never_stands(tmp_path: Path, customers: int) -> None:
    shop = Shop.opened(tmp_path, customers)
    proof = shop.prove(shop.make())
    found = {check.check: check.verdict for check in proof.checks}
    assert found["prove.performance"] == "not_run"
    assert proof.verdict in ("not_run", "fail", "error")
    assert not stands(proof.checks)


def test_a_challenger_of_the_same_code_is_held_against_the_one_before(tmp_path: Path) -> None:
    shop = Shop.opened(tmp_path, 400)
    first = shop.make()
    with (tmp_path / "orders.csv").open("a") as feed:
        feed.write("c001,2024-05-14,20\n")
    second = shop.make(parent=first)
    assert second != first
    results = {check.check: check for check in shop.prove(second).checks}
    for part in ("", ".order", ".family"):
        result = results[f"prove.change_of_output{part}"]
        assert result.where == f"candidate {first}"
        assert result.verdict == "pass"


def test_what_was_changed_on_disk_is_found(tmp_path: Path) -> None:
    shop = Shop.opened(tmp_path, 300)
    candidate = shop.make()
    shop.prove(candidate)
    past = shop.store.ledger.past("shop")
    made, proven = candidate_made(past, candidate), past.of(CandidateProven)[-1].what
    assert damaged(shop.store.files, made, proven) == []
    for digest in (made.files["model"], proven.files["results.json"], proven.report):
        file = next(path for path in (tmp_path / "files").rglob("*") if digest in path.as_posix().replace("/", ""))
        good = file.read_bytes()
        file.chmod(0o644)
        file.write_bytes(good + b" ")
        (found,) = damaged(shop.store.files, made, proven)
        assert digest[:12] in found
        file.write_bytes(good)


def test_what_cannot_be_proven_is_refused_with_the_reason(tmp_path: Path) -> None:
    shop = Shop.opened(tmp_path, 300)
    candidate = shop.make()
    with pytest.raises(NotFound, match="no proof of candidate"):
        proof_of(ProofOf(product="shop", candidate=candidate), shop.store.ledger.past("shop"))
    with pytest.raises(NotFound, match="no candidate 'ffffff'"):
        shop.prove("ffffff")
    shop.adopt(PLAN.replace("top: 10", "top: 20"))
    with pytest.raises(UserError, match="changed in: decision"):
        shop.prove(candidate)


def test_a_baseline_is_proven_before_any_truth_is_known(tmp_path: Path) -> None:
    shop = Shop.opened(tmp_path, 300, PLAN.replace("horizon: 30d", "horizon: 300d"))
    proof = shop.prove(shop.make("baseline"))
    assert stands(proof.checks)
    assert {check.verdict for check in proof.checks} == {"pass", "warn"}
