"""What cannot be answered goes to the dead letters as it came, and is sent again when the reason is gone."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from e2e.voyage.shop import PRODUCT, someone
from e2e.waiting import wait_for
from integration.deliver.stream.bus import ANSWERS, DEAD, QUESTIONS, Kafka, Nats, desk_with

from shipworthy.app.desk import Desk
from shipworthy.app.wiring import close_desk
from shipworthy.base.errors import NotAllowed, UserError
from shipworthy.deliver.asked import Asked
from shipworthy.deliver.words import (
    AnswersSealed,
    DeadLetters,
    RefusalsSealed,
    ReplayDeadLetters,
    ServiceCounted,
    StreamAccounted,
    Streams,
)
from shipworthy.doors.stream.worker import Worker
from shipworthy.plan.words import AdoptPlan
from shipworthy.release.words import PauseDeliveries, ResumeDeliveries

OPERATOR = "night-operator"
GOOD = b'{"customer_id": "00001"}'
EVENT = {"specversion": "1.0", "id": "e1", "source": "/till", "type": "asked", "data": {"customer_id": "00002"}}
BAD: list[tuple[bytes, str]] = [
    (b"{", "stream.not_json"),
    (b"\xff\x00", "stream.not_json"),
    (b"[1]", "stream.not_an_object"),
    (b'{"customer": "00001"}', "serve.input"),
    (b'{"customer_id": ["00001"]}', "serve.input"),
    (b'{"customer_id": "00001", "extra": 1}', "serve.input"),
    (b'{"customer_id": "nobody"}', "serve.unknown_entity"),
    (b'{"specversion": "1.0", "id": "x", "data": {}}', "stream.event"),
    (b"x" * 70_000, "stream.too_large"),
]


@contextmanager
def working(desk: Desk) -> Iterator[Worker]:
    """A worker of the shop's stream in a thread of this process."""
    found: list[Worker] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def work() -> None:
        loops.append(asyncio.get_running_loop())
        found.append(Worker(desk, PRODUCT, "shop"))
        await found[0].run()

    thread = threading.Thread(target=lambda: asyncio.run(work()), daemon=True)
    thread.start()
    assert wait_for(lambda: found)
    try:
        yield found[0]
    finally:
        loops[0].call_soon_threadsafe(found[0].end)
        thread.join(120)
        assert not thread.is_alive()


@pytest.fixture
def desk(root: Path, bus: Nats) -> Iterator[Desk]:
    found = desk_with(root, bus.url)
    yield found
    close_desk(found)


def replayed(desk: Desk) -> Any:
    return desk.do(ReplayDeadLetters(product=PRODUCT, consumer="shop"), someone(OPERATOR))


def test_each_bad_message_lies_there_as_it_came_and_blocks_nobody(desk: Desk, bus: Nats) -> None:
    mixed: list[tuple[bytes, dict[str, str]]] = []
    for number, (body, _) in enumerate(BAD):
        mixed += [(body, {"trace": f"t{number}"}), (GOOD, {"id": f"g{number}"})]
    bus.send([*mixed, (json.dumps(EVENT).encode(), {})])
    with working(desk):
        assert wait_for(lambda: bus.count(ANSWERS) == len(BAD) + 1 and bus.count(DEAD) == len(BAD))
        dead = bus.all(DEAD)
    assert sorted((body, headers["shipworthy-code"]) for body, headers in dead) == sorted(BAD)
    assert {headers["trace"] for _, headers in dead} == {f"t{number}" for number in range(len(BAD))}
    answers = [json.loads(body) for body, _ in bus.all(ANSWERS)]
    [event] = [one for one in answers if one["data"]["question"] == "e1"]
    assert (event["specversion"], event["type"], event["data"]["customer_id"]) == ("1.0", "shipworthy.answer", "00002")
    lying = desk.ask(DeadLetters(product=PRODUCT, consumer="shop"), someone(OPERATOR))
    assert sorted(card.code for card in lying) == sorted(code for _, code in BAD)
    assert all(card.reason and card.id for card in lying)
    [told] = desk.ask(Streams(product=PRODUCT), someone("auditor"))
    assert (told.read, told.answered, sum(told.dead.values())) == (2 * len(BAD) + 1, len(BAD) + 1, len(BAD))
    past = desk.store.ledger.past(PRODUCT)
    refused = past.of(RefusalsSealed)[-1].what
    assert refused.rows == len(BAD)
    assert "nobody" not in repr([fact.what for fact in past.of(RefusalsSealed)])
    served = [fact.what for fact in past.of(ServiceCounted)]
    assert {what.run for what in served} == {fact.what.run for fact in past.of(StreamAccounted)}
    assert (sum(what.asked for what in served), sum(what.answered for what in served)) == (told.read, told.answered)
    assert sum((Counter(what.refused) for what in served), Counter()) == told.dead


def test_a_question_that_comes_twice_is_answered_once_and_another_under_its_id_is_not_lost(
    desk: Desk, bus: Nats
) -> None:
    with working(desk) as worker:
        bus.send([(GOOD, {"id": "a"})] * 3)
        assert wait_for(lambda: worker.said.again == 2)
        bus.send([(GOOD, {"id": "a"}), (b'{"customer_id": "00003"}', {"id": "a"})])
        assert wait_for(lambda: bus.count(DEAD) == 1 and worker.said.again == 3)
        bus.send([(b'{"customer_id": "00003"}', {"id": "a", "source": "elsewhere"})])
        assert wait_for(lambda: bus.count(ANSWERS) == 2)
        assert bus.all(DEAD)[0][1]["shipworthy-code"] == "stream.same_id"
        first = json.loads(bus.all(ANSWERS)[0][0])["data"]
    assert list(first["values"]) == ["recency"]
    # Told once more from the sealed log, as after a crash, it is the same with the values that were looked at.
    sealed = desk.store.ledger.past(PRODUCT).of(AnswersSealed)[-1].what
    rows = desk.store.files.table(sealed.segment).to_pylist()
    [row] = [one for one in rows if one["answer_id"] == first["answer_id"]]
    again = worker._streaming._again(Asked("", "a", "", {"customer_id": "00001"}), row)
    assert again.values == first["values"]


def test_dead_letters_are_sent_again_once_by_who_may(desk: Desk, bus: Nats) -> None:
    bus.send([(b'{"customer_id": "nobody"}', {"id": "n"}), (b"{", {})])
    with working(desk) as worker:
        assert wait_for(lambda: bus.count(DEAD) == 2)
        with pytest.raises(NotAllowed):
            desk.do(ReplayDeadLetters(product=PRODUCT, consumer="shop"), someone("auditor"))
        told = replayed(desk)
        assert (told.sent, told.left) == ({"serve.unknown_entity": 1, "stream.not_json": 1}, 0)
        # They are no better now: each lies there once more, counted as a message of its own.
        assert wait_for(lambda: bus.count(DEAD) == 4 and worker.said.dead.total() == 4)
    again = [headers for body, headers in bus.all(QUESTIONS) if headers.get("shipworthy-round") == "1"]
    assert sorted(headers.get("id", "") for headers in again) == ["", "n"]
    assert replayed(desk).sent == {"serve.unknown_entity": 1, "stream.not_json": 1}
    [account] = desk.ask(Streams(product=PRODUCT), someone("auditor"))
    assert (account.read, account.answered, account.replayed) == (4, 0, 4)


def test_a_log_that_cannot_be_written_stops_the_reading_and_loses_nothing(
    desk: Desk, bus: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    with working(desk) as worker:
        full = [True]
        write = worker._streaming.journal.write

        def written(*rows: Any, **how: Any) -> None:
            if full[0]:
                raise OSError(28, "No space left on device")
            write(*rows, **how)

        monkeypatch.setattr(worker._streaming.journal, "write", written)
        bus.send([(GOOD, {"id": f"d{number}"}) for number in range(300)])
        assert wait_for(lambda: "No space left" in worker.said.problem)
        assert bus.count(ANSWERS) == 0
        full[0] = False
        assert wait_for(lambda: bus.count(ANSWERS) == 300 and bus.unread() == 0)
        assert worker.said.state == "reading"
    sealed = [fact.what for fact in desk.store.ledger.past(PRODUCT).of(AnswersSealed)]
    assert sum(what.rows for what in sealed if what.run.startswith("serve/")) == 300


def test_a_broker_that_is_not_there_is_said_to_whoever_asks_for_dead_letters(desk: Desk, bus: Nats) -> None:
    bus.kill()
    with pytest.raises(UserError, match="not reached"):
        desk.ask(DeadLetters(product=PRODUCT, consumer="shop"), someone(OPERATOR))


def test_kafka_has_the_same_answers_each_once(root: Path, cluster: Kafka) -> None:
    desk = desk_with(root, cluster.url)
    text = (root / "product.yaml").read_text().replace("{kind: nats, url:", "{kind: kafka, url:")
    desk.do(AdoptPlan(product=PRODUCT, text=text), someone("administrator"))
    try:
        good = [(json.dumps({"customer_id": f"{n % 200:05d}"}).encode(), {"id": f"k{n}"}) for n in range(1_000)]
        cluster.send([*good, *((body, {}) for body, _ in BAD), *good[:50]])
        with working(desk) as worker:
            assert wait_for(lambda: worker.said.answered == 1_000 and worker.said.again == 50)
            assert wait_for(lambda: worker.said.dead.total() == len(BAD) + 1)  # one of them made the topic
            lying = desk.ask(DeadLetters(product=PRODUCT, consumer="shop"), someone(OPERATOR))
            assert len(lying) == len(BAD) + 2  # and the messages that made the topics
            told = replayed(desk)
            assert (sum(told.sent.values()), told.left) == (len(BAD) + 2, 0)
            # The two that made the topics have one id, so they are one question.
            assert wait_for(lambda: worker.said.dead.total() == 2 * len(BAD) + 2)
        answers = [json.loads(body)["data"] for body, _ in cluster.all(ANSWERS, 1_000)]
        assert len(answers) == len({one["answer_id"] for one in answers}) == len({one["question"] for one in answers})
        assert len(answers) == 1_000
        dead = cluster.all(DEAD, len(BAD) + 1)
        assert {(body, headers["shipworthy-code"]) for body, headers in dead} >= set(BAD)
    finally:
        close_desk(desk)


def test_questions_to_a_paused_stream_wait_at_the_broker_and_are_answered_once_without_a_restart(
    desk: Desk, bus: Nats
) -> None:
    def asked(name: str) -> list[tuple[bytes, Mapping[str, str]]]:
        return [(GOOD, {"id": f"{name}{number}"}) for number in range(100)]

    with working(desk) as worker:
        bus.send(asked("a"))
        assert wait_for(lambda: bus.count(ANSWERS) == 100)
        desk.do(PauseDeliveries(product=PRODUCT, consumer="shop", reason="We look first."), someone("product-manager"))
        assert wait_for(lambda: worker._streaming.paused)
        bus.send(asked("b"))
        assert wait_for(lambda: "paused: We look first." in worker.said.problem)
        assert (bus.count(ANSWERS), bus.count(DEAD), bus.unread()) == (100, 0, 100)
        desk.do(ResumeDeliveries(product=PRODUCT, reason="All is right."), someone("product-manager"))
        assert wait_for(lambda: bus.count(ANSWERS) == 200)
        assert wait_for(lambda: worker.said.problem == "")
    names = [json.loads(body)["data"]["question"] for body, _ in bus.all(ANSWERS)]
    assert len(set(names)) == len(names) == 200
    [told] = desk.ask(Streams(product=PRODUCT), someone("auditor"))
    assert (told.read, told.answered, told.dead) == (200, 200, {})
