"""The gate is tried through every door of the desk, and the release pointer and files from outside."""

from __future__ import annotations

import json
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.compute as pc
import pytest
from e2e.voyage.shop import OWNERS, PRODUCT, someone
from e2e.voyage.shops import Shops
from e2e.voyage.voyage import REVIEWED, Voyage
from mlflow import MlflowClient

from shipworthy.app.wiring import close_desk
from shipworthy.app.words import Advance, VerifyLedger
from shipworthy.base.errors import GateShut, NotAllowed, Tampered, UserError
from shipworthy.data.words import TakeSnapshot
from shipworthy.deliver.loading import load_serving
from shipworthy.deliver.words import AcknowledgeDelivery, AnswersSealed, Deliveries, Runs, Score, Trace
from shipworthy.model.words import TrainCandidate
from shipworthy.release.words import ReleaseCandidate, Releases, RollBack
from shipworthy.respond.words import CloseIncident, Incidents
from shipworthy.sign.rules import candidate_made, newest_proof
from shipworthy.sign.words import Gate, GiveSignOff, RevokeSignOff


class Proven(Voyage):
    """A shop whose baseline answers cohort north and whose model is proven and not yet signed."""

    baseline = ""
    model = ""


@pytest.fixture(scope="module")
def voyage(shops: Shops, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proven]:
    voyage = Proven.left_in(shops.copied("july in north", tmp_path_factory.mktemp("shop")))
    voyage.baseline = voyage.newest()
    voyage.model = voyage.made("model")
    yield voyage
    close_desk(voyage.desk)


def test_1_without_the_last_signature_nothing_is_released(voyage: Proven) -> None:
    voyage.release(voyage.model, "rehearsal")
    for function in REVIEWED:
        voyage.review(voyage.model, function)
    for function in OWNERS[:-1]:
        voyage.sign(voyage.model, function)
    with pytest.raises(GateShut, match="validation sign-off"):
        voyage.release(voyage.model, "shadow")
    assert voyage.desk.ask(Releases(product=PRODUCT), someone("auditor")).champion == {"north": voyage.baseline}


def test_2_nobody_signs_for_another_or_without_a_review(voyage: Proven) -> None:
    with pytest.raises(NotAllowed):
        voyage.do("privacy-owner", GiveSignOff(product=PRODUCT, candidate=voyage.model, function="validation"))
    with pytest.raises(NotAllowed):
        voyage.do("data-scientist", GiveSignOff(product=PRODUCT, candidate=voyage.model, function="validation"))
    with pytest.raises(NotAllowed):
        voyage.do("sales-lead", ReleaseCandidate(product=PRODUCT, candidate=voyage.model, step="shadow"))


def test_3_a_changed_byte_of_the_model_shuts_the_gate(voyage: Proven) -> None:
    voyage.sign(voyage.model, "validation")
    assert voyage.desk.ask(Gate(product=PRODUCT, candidate=voyage.model), someone("auditor")).open
    file = file_of(voyage, candidate_made(voyage.desk.store.ledger.past(PRODUCT), voyage.model).files["model"])
    good = file.read_bytes()
    file.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    try:
        assert not voyage.desk.ask(Gate(product=PRODUCT, candidate=voyage.model), someone("auditor")).open
        with pytest.raises(UserError):
            voyage.release(voyage.model, "shadow")
    finally:
        file.write_bytes(good)


def test_3b_a_changed_byte_of_the_evidence_voids_the_signatures(voyage: Proven) -> None:
    proof = newest_proof(voyage.desk.store.ledger.past(PRODUCT), voyage.model)
    assert proof
    file = file_of(voyage, proof.report)
    good = file.read_bytes()
    file.write_bytes(good.replace(b"pass", b"best", 1))
    try:
        state = voyage.desk.ask(Gate(product=PRODUCT, candidate=voyage.model), someone("auditor"))
        assert [item.what for item in state.missing if "the report" in item.what]
        with pytest.raises(GateShut, match="the report"):
            voyage.release(voyage.model, "shadow")
    finally:
        file.write_bytes(good)


def test_3c_a_hand_set_alias_in_the_registry_changes_nothing(voyage: Proven) -> None:
    before = voyage.desk.ask(Releases(product=PRODUCT), someone("auditor"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own deprecations
        address = f"sqlite:///{voyage.shop.root / '.shipworthy' / 'mlflow.db'}"
        mirror = MlflowClient(tracking_uri=address, registry_uri=address)
        [version] = mirror.search_model_versions(f"name = '{PRODUCT}'")
        assert version.tags["shipworthy.candidate"] == voyage.model
        mirror.set_registered_model_alias(PRODUCT, "champion", version.version)
        mirror.transition_model_version_stage(PRODUCT, version.version, "Production")
    assert voyage.desk.ask(Releases(product=PRODUCT), someone("auditor")) == before
    assert voyage.model not in load_serving(voyage.desk.store, PRODUCT).pointer.champion.values()
    with pytest.raises(GateShut, match="comes after shadow"):
        voyage.release(voyage.model, "all")


def test_4_a_revoked_signature_shuts_it_and_a_new_one_opens_it(voyage: Proven) -> None:
    command = RevokeSignOff(product=PRODUCT, candidate=voyage.model, function="legal", reason="The contract has ended.")
    voyage.do("legal-owner", command)
    with pytest.raises(GateShut, match="revoked"):
        voyage.release(voyage.model, "shadow")
    voyage.review(voyage.model, "legal")
    voyage.sign(voyage.model, "legal")
    voyage.release(voyage.model, "shadow")
    with pytest.raises(GateShut, match="comes after"):
        voyage.release(voyage.model, "all")


def test_5_every_entity_and_answer_is_accounted_for(voyage: Proven) -> None:
    runs = voyage.desk.ask(Runs(product=PRODUCT), someone("auditor"))
    assert runs
    for run in runs:
        assert run.due == run.answered + sum(run.refused.values())
    with pytest.raises(UserError, match="after now"):
        voyage.do("night-operator", Score(product=PRODUCT, consumer="sales", as_of="1999-01-01"))


def test_6_the_real_time_answer_is_that_of_the_list(voyage: Proven) -> None:
    voyage.release(voyage.model, "cohort", "north")
    voyage.do("night-operator", Advance(product=PRODUCT, to="1997-08-01"))
    serving = load_serving(voyage.desk.store, PRODUCT)
    sealed = voyage.desk.store.ledger.past(PRODUCT).of(AnswersSealed)
    listed = [fact.what for fact in sealed if voyage.model in fact.what.candidates and "/crm/" in fact.what.run][-1]
    table = voyage.desk.store.files.table(listed.segment)
    north = table.filter(pc.equal(table["cohort"], "north")).to_pylist()
    for row in north:
        answer = serving.answer(row["entity"], "shop", voyage.desk.now(PRODUCT))
        assert answer.notice == ""
        assert (answer.row["score"], answer.row["decision"]) == (row["score"], row["decision"])
    found = voyage.desk.ask(Trace(product=PRODUCT, answer=north[0]["answer_id"]), someone("auditor"))
    stations = {line.station for line in found.lines}
    assert {"data", "plan", "code", "candidate", "proof", "signature", "release", "answer", "delivery"} <= stations


def test_7_an_edited_pointer_answers_nobody(voyage: Proven) -> None:
    pointer = voyage.shop.root / ".shipworthy" / "releases" / f"{PRODUCT}.json"
    good = pointer.read_text()
    edited = json.loads(good)
    edited["content"]["champion"]["south"] = voyage.model
    pointer.write_text(json.dumps(edited))
    try:
        with pytest.raises(Tampered, match="signature"):
            load_serving(voyage.desk.store, PRODUCT)
    finally:
        pointer.write_text(good)


def test_8_rolled_back_in_one_step(voyage: Proven) -> None:
    voyage.do("night-operator", RollBack(product=PRODUCT, reason="rehearsing a rollback"))
    assert voyage.desk.ask(Releases(product=PRODUCT), someone("auditor")).champion == {"north": voyage.baseline}


def test_9_a_feed_in_cents_is_stopped_and_the_consumer_is_told(voyage: Proven) -> None:
    feed = voyage.shop.root / "feed" / "purchases-all.csv"
    good = feed.read_text()
    cents = [in_cents(line) if line[6:13] == "1997-08" else line for line in good.splitlines()]
    feed.write_text("\n".join(cents) + "\n")
    voyage.do("night-operator", Advance(product=PRODUCT, to="1997-09-01"))
    cards = [
        card for card in voyage.desk.ask(Deliveries(product=PRODUCT), someone("auditor")) if card.as_of[:7] == "1997-09"
    ]
    assert cards
    assert all("does not come from the model" in card.notice for card in cards)
    incident = next(one for one in voyage.desk.ask(Incidents(product=PRODUCT), someone("auditor")) if not one.closed_at)
    with pytest.raises(UserError, match=r"median"):
        voyage.do("data-scientist", TrainCandidate(product=PRODUCT))
    feed.write_text(good)
    closing = CloseIncident(
        product=PRODUCT,
        incident=incident.incident,
        root_cause="The unit changed.",
        fix="The month was sent again.",
        check="column purchases.dollar_value median between 10 80",
    )
    voyage.do("technology-owner", closing)
    assert voyage.do("data-scientist", TakeSnapshot(product=PRODUCT)).snapshot
    receipt = AcknowledgeDelivery(product=PRODUCT, delivery=cards[0].delivery, used=1)
    with pytest.raises(NotAllowed):
        voyage.do("auditor", receipt)


def file_of(voyage: Proven, digest: str) -> Path:
    """Where the store keeps a content."""
    file = voyage.shop.root / ".shipworthy" / "files" / digest[:2] / digest[2:]
    file.chmod(0o644)
    return file


def in_cents(line: str) -> str:
    """A line of the feed with its dollars in cents."""
    front, _, dollars = line.rpartition(",")
    return f"{front},{dollars.replace('.', '')}"


def test_a_fact_edited_in_the_database_is_found_and_stops_every_release(voyage: Proven) -> None:
    database = voyage.shop.root / ".shipworthy" / "ledger.sqlite"
    with closing(sqlite3.connect(database)) as connection, connection:
        seq, body = connection.execute("SELECT seq, body FROM fact WHERE kind = 'SignOffGiven' LIMIT 1").fetchone()
        connection.execute("UPDATE fact SET body = ? WHERE seq = ?", (body.replace("approve", "reject"), seq))
    try:
        with pytest.raises(Tampered):
            voyage.desk.ask(VerifyLedger(), someone("auditor"))
        with pytest.raises(Tampered):
            voyage.release(voyage.model, "cohort", "south")
    finally:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("UPDATE fact SET body = ? WHERE seq = ?", (body, seq))
    voyage.desk.ask(VerifyLedger(), someone("auditor"))
