"""Training as a durable flow: over a real store, again after a crash, and with a mirror that may fail."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.csv
import pytest
from integration.model.shop import DAY_ONE, NOW, PIPELINE, PLAN, orders

from shipworthy.base.errors import UserError
from shipworthy.edges.database import migrate, open_engine
from shipworthy.edges.files import Files
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.edges.outcome import Outcome
from shipworthy.edges.store import Store
from shipworthy.edges.trip import Trip
from shipworthy.model.answering import load
from shipworthy.model.flow import train_candidate
from shipworthy.model.views import candidates
from shipworthy.model.words import CandidateMade, CandidateMirrored, Candidates, MadeCandidate, TrainCandidate
from shipworthy.plan.rules import adoption, current_plan
from shipworthy.plan.words import AdoptPlan

Train = Callable[..., MadeCandidate]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    home = tmp_path / ".shipworthy"
    engine = open_engine(f"sqlite:///{home / 'ledger.sqlite'}")
    migrate(engine)
    keys = Keys(tmp_path / "keys")
    yield Store(tmp_path, home, Ledger(engine, keys), Files(home / "files"), keys, {})
    engine.dispose()


@pytest.fixture
def train(store: Store) -> Train:
    """Adopts what lies in the folder, then trains as of a moment; steps that were done are remembered by run."""
    (store.root / "pipeline.py").write_text(PIPELINE)
    pyarrow.csv.write_csv(orders(), store.root / "orders.csv")
    remembered: dict[str, dict[str, Outcome]] = {}

    def run(
        role: Any = "model",
        at: datetime = NOW,
        plan: str = PLAN,
        who: str = "data-scientist",
        name: str = "",
        die_after: str = "",
    ) -> MadeCandidate:
        (store.root / "product.yaml").write_text(plan)
        command = AdoptPlan(product="shop", text=plan)
        store.ledger.append(
            lambda past: adoption(command, past, at, "product-manager", is_administrator=True)[0],
            product="shop",
            who="product-manager",
            at=at,
        )
        known = remembered.setdefault(name or f"run {len(remembered)}", {})

        def once(step: str, work: Callable[[], Outcome]) -> Outcome:
            key = f"{len(done)} {step}"
            done.append(step)
            if key not in known:
                known[key] = work()
            if step == die_after:
                raise KeyboardInterrupt
            return known[key]

        done: list[str] = []
        trip = Trip(store, "shop", who, at, name or f"run {len(remembered)}", once)
        return train_candidate(TrainCandidate(product="shop", role=role), trip)

    return run


def test_training_records_one_candidate_that_answers_and_is_mirrored(store: Store, train: Train) -> None:
    made = train()
    past = store.ledger.past("shop")
    facts = past.of(CandidateMade)
    assert [fact.what.candidate for fact in facts] == [made.candidate]
    assert (facts[0].what.author, facts[0].what.plan_version) == ("data-scientist", 1)
    mirrored = past.of(CandidateMirrored, about=made.candidate)
    assert [(fact.what.version, fact.what.warning) for fact in mirrored] == [("1", "")]
    assert (store.home / "mlflow.db").is_file()
    kept = {file.name for file in (store.home / "mlruns").rglob("*") if file.is_file()}
    assert kept == {"model.skops", "code.code.json", "environment.json", "profile.json", "terms.json"}
    load(store.files, facts[0].what, current_plan(past))
    cards = candidates(Candidates(product="shop"), past)
    assert [(card.candidate, card.role, card.made_by) for card in cards] == [
        (made.candidate, "model", "data-scientist")
    ]
    train()  # the same again is the same candidate
    assert len(store.ledger.past("shop").of(CandidateMade)) == 1
    assert len(store.ledger.past("shop").of(CandidateMirrored)) == 1


@pytest.mark.parametrize("step", ["gather plan and code", "pin the snapshot", "make the model", "record the candidate"])
def test_a_run_that_died_goes_on_where_it_was(store: Store, train: Train, step: str) -> None:
    (store.home / "mlflow.db").mkdir(parents=True)  # the mirror cannot be written, which stops nothing
    with pytest.raises(KeyboardInterrupt):
        train(name="first", die_after=step)
    made = train(name="first")
    past = store.ledger.past("shop")
    assert [fact.what.candidate for fact in past.of(CandidateMade)] == [made.candidate]
    warnings = [fact.what.warning for fact in past.of(CandidateMirrored)]
    assert len(warnings) == 1
    assert warnings[0]


def test_data_that_breaks_its_contract_makes_no_candidate(store: Store, train: Train) -> None:
    plan = PLAN.replace("      time: day\n", "      time: day\n      volume: {rows: [1000000, 2000000]}\n")
    with pytest.raises(UserError) as caught:
        train(plan=plan)
    assert [mistake.where for mistake in caught.value.mistakes] == ["data.volume orders"]
    assert caught.value.mistakes[0].fix
    assert not store.ledger.past("shop").of(CandidateMade)


def test_a_baseline_is_made_on_day_one_and_a_model_is_not(store: Store, train: Train) -> None:
    (store.home / "mlflow.db").mkdir(parents=True)
    baseline = train("baseline", at=DAY_ONE)
    assert (baseline.role, baseline.trained_on) == ("baseline", [])
    with pytest.raises(UserError, match="no truth is known yet"):
        train(at=DAY_ONE)


def test_a_model_file_that_can_run_code_is_not_even_kept(store: Store, train: Train) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return Path.write_text, (store.root / "mark", "it ran")

    for name in ("model.skops", "model.onnx"):
        (store.root / name).write_bytes(pickle.dumps(Evil()))
        before = {file for file in store.home.rglob("*") if file.is_file()}
        with pytest.raises(UserError, match="It is a pickle"):
            train(plan=PLAN.replace("  training:", f"  file: {name}\n  training:"))
        assert {file for file in store.home.rglob("*") if file.is_file()} == before
    assert not (store.root / "mark").exists()
