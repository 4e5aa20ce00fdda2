"""A candidate is rehearsed over the stream's own broker: its answers go to the rehearsal topic and to nobody else."""

from __future__ import annotations

import json
from pathlib import Path

from e2e.voyage.shop import PRODUCT, someone
from integration.deliver.stream.bus import ANSWERS, DEAD, REHEARSAL, Kafka, Nats, desk_with

from shipworthy.app.desk import Desk
from shipworthy.app.wiring import close_desk
from shipworthy.deliver.words import AnswersSealed, DeliveryFailed, DeliveryMade, Score, Streams
from shipworthy.model.words import TrainCandidate
from shipworthy.plan.words import AdoptPlan
from shipworthy.prove.words import ProveCandidate
from shipworthy.release.words import ReleaseCandidate, TrialFinished


def rehearse(desk: Desk) -> str:
    """The baseline in the step rehearsal; what follows from it is done at once."""
    made = desk.do(TrainCandidate(product=PRODUCT, role="baseline"), someone("data-scientist"))
    desk.do(ProveCandidate(product=PRODUCT, candidate=made.candidate), someone("data-scientist"))
    step = ReleaseCandidate(product=PRODUCT, candidate=made.candidate, step="rehearsal")
    desk.do(step, someone("product-manager"))
    return str(made.candidate)


def test_a_rehearsal_publishes_every_answer_to_its_own_topic_and_stands_in_the_account(root: Path, bus: Nats) -> None:
    desk = desk_with(root, bus.url)
    try:
        candidate = rehearse(desk)
        past = desk.store.ledger.past(PRODUCT)
        made = [fact.what for fact in past.of(DeliveryMade) if fact.what.consumer == "shop"][-1]
        sealed = past.of(AnswersSealed)[-1].what
        assert (made.sink, made.where, made.step) == ("stream bus", REHEARSAL, "rehearsal")
        assert sealed.steps == {"rehearsal": made.rows}
        events = [json.loads(body)["data"] for body, _ in bus.all(REHEARSAL)]
        logged = desk.store.files.table(sealed.segment).to_pylist()
        assert [(one["customer_id"], one["score"]) for one in events] == [(r["entity"], r["score"]) for r in logged]
        inputs = desk.store.files.table(sealed.features).to_pylist()
        assert {one["customer_id"]: one["values"] for one in events} == {
            row["entity"]: {"recency": row["recency"]} for row in inputs
        }
        assert {one["answer_id"] for one in events} == {row["answer_id"] for row in logged}
        assert {(one["candidate"], one["step"], one["notice"]) for one in events} == {
            (candidate, "rehearsal", "Replay of history with simulated time. Rehearsal: do not act on it.")
        }
        assert bus.count(ANSWERS) == bus.count(DEAD) == 0
        [told] = desk.ask(Streams(product=PRODUCT), someone("auditor"))
        before = [fact.what.rows for fact in past.of(DeliveryMade) if fact.what.sink == "stream bus"]
        assert (told.read, told.answered, told.rehearsed) == (0, 0, sum(before))
    finally:
        close_desk(desk)


def test_a_broker_that_is_away_fails_the_rehearsal_and_it_can_be_made_up_for(root: Path, bus: Nats) -> None:
    desk = desk_with(root, bus.url)
    again = Score(product=PRODUCT, consumer="shop", trial="rehearsal", as_of="1997-03-31")
    try:
        candidate = rehearse(desk)
        before = bus.count(REHEARSAL)
        bus.kill()
        desk.do(again, someone("night-operator"))
        past = desk.store.ledger.past(PRODUCT)
        failed = past.of(DeliveryFailed)[-1].what
        assert failed.sink == "stream bus"
        assert "not reached" in failed.reason
        assert not past.of(TrialFinished, about=candidate)[-1].what.ok
        bus.start()
        desk.do(again, someone("night-operator"))
        assert desk.store.ledger.past(PRODUCT).of(TrialFinished, about=candidate)[-1].what.ok
        assert bus.count(REHEARSAL) > before
    finally:
        close_desk(desk)


def test_on_kafka_a_rehearsal_goes_to_its_own_topic_too(root: Path, cluster: Kafka) -> None:
    desk = desk_with(root, cluster.url)
    try:
        text = (root / "product.yaml").read_text().replace("{kind: nats, url:", "{kind: kafka, url:")
        desk.do(AdoptPlan(product=PRODUCT, text=text), someone("administrator"))
        rehearse(desk)
        made = desk.store.ledger.past(PRODUCT).of(DeliveryMade)[-1].what
        assert (made.sink, made.where) == ("stream bus", REHEARSAL)
        assert len(cluster.all(REHEARSAL, made.rows)) == made.rows
    finally:
        close_desk(desk)
