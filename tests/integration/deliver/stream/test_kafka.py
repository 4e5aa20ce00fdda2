"""Kafka whose broker goes away, and a worker on it that is killed: every question answered, out once."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.voyage.shop import PRODUCT, someone
from e2e.waiting import wait_for
from integration.deliver.stream.bus import ANSWERS, Apart, desk_with, worker
from integration.deliver.stream.test_killed import logged, questions

from shipworthy.app.wiring import close_desk
from shipworthy.deliver.beat import beats
from shipworthy.plan.words import AdoptPlan

MANY = 3_000


@pytest.fixture
def apart() -> Iterator[Apart]:
    cluster = Apart()
    yield cluster
    cluster.end()


def test_a_killed_worker_and_a_broker_that_was_away_lose_and_double_nothing(root: Path, apart: Apart) -> None:
    desk = desk_with(root, apart.url)
    text = (root / "product.yaml").read_text().replace("{kind: nats, url:", "{kind: kafka, url:")
    desk.do(AdoptPlan(product=PRODUCT, text=text), someone("administrator"))
    words = root / ".shipworthy" / "streams" / PRODUCT / "shop"

    def told(name: str) -> int:
        return max((int(json.loads(word.read_text())[name]) for word in words.glob("*.json")), default=0)

    try:
        apart.send(questions(MANY))
        with worker(root, apart.url) as first:
            assert wait_for(lambda: told("answered") > 0)
            os.kill(first.pid, signal.SIGKILL)
        with worker(root, apart.url) as second:
            assert second.stdout is not None
            second.stdout.readline()
            apart.tell("down")
            assert wait_for(lambda: any(json.loads(word.read_text())["problem"] for word in words.glob("*.json")))
            apart.tell("up")
            apart.send(questions(200, "late"))
            assert wait_for(lambda: len(apart.all(ANSWERS, MANY + 200)) >= MANY + 200, 300)
        assert any(one.stopped for one in beats(desk.store, PRODUCT))
        sent = [json.loads(body)["data"] for body, _ in apart.all(ANSWERS, MANY + 200)]
        assert len(sent) == len({one["answer_id"] for one in sent}) == len({one["question"] for one in sent})
        assert {one["answer_id"] for one in sent} == {row["answer_id"] for row in logged(desk)}
        assert len(sent) == MANY + 200
    finally:
        close_desk(desk)
