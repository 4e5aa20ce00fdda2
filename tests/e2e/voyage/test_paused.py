"""Deliveries that are held: lists wait, real questions get the reason, and all goes on without a restart."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from e2e.voyage.shop import PRODUCT
from e2e.voyage.shops import Shops
from e2e.voyage.test_server import Server
from e2e.voyage.voyage import Voyage
from e2e.waiting import wait_for

from shipworthy.app.wiring import close_desk
from shipworthy.base.errors import UserError
from shipworthy.deliver.words import AnswersSealed, DeliveryMade, RefusalsSealed, Score
from shipworthy.doors.house import running
from shipworthy.doors.predict.app import Predictions
from shipworthy.doors.predict.wire import Wire
from shipworthy.release.words import PauseDeliveries, ResumeDeliveries

MANAGER = "product-manager"


@pytest.fixture(scope="module")
def voyage(shops: Shops, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voyage]:
    """A shop whose baseline answers everybody."""
    voyage = shops.at("july", tmp_path_factory.mktemp("shop"))
    yield voyage
    close_desk(voyage.desk)


def brought(voyage: Voyage, consumer: str) -> list[str]:
    return [what.as_of[5:10] for what in voyage.facts(DeliveryMade) if what.consumer == consumer][-2:]


def pause(voyage: Voyage, consumer: str) -> None:
    voyage.do(MANAGER, PauseDeliveries(product=PRODUCT, consumer=consumer, reason="We look first."))


def resume(voyage: Voyage) -> None:
    voyage.do(MANAGER, ResumeDeliveries(product=PRODUCT, reason="All is right."))


def test_a_list_that_is_held_is_made_when_deliveries_go_on_and_nobody_else_waits(voyage: Voyage) -> None:
    pause(voyage, "sales")
    voyage.advance("1997-08-02")
    assert brought(voyage, "sales") == ["06-01", "07-01"]
    assert brought(voyage, "crm") == ["07-01", "08-01"]
    with pytest.raises(UserError, match="paused: We look first"):
        voyage.do("night-operator", Score(product=PRODUCT, consumer="sales", as_of="1997-08-01"))
    resume(voyage)
    voyage.advance("1997-08-03")
    assert brought(voyage, "sales") == ["07-01", "08-01"]
    assert brought(voyage, "crm") == ["07-01", "08-01"]


def test_a_question_to_a_paused_server_is_refused_with_the_reason_and_each_has_one_fate(voyage: Voyage) -> None:
    token, ended = voyage.desk.people.add("shop-system"), threading.Event()
    fates: Counter[str] = Counter()
    with running(Predictions(voyage.desk, PRODUCT), http=Wire) as address:
        server = Server(voyage, address, token)

        def asking() -> None:
            while not ended.is_set():
                fates[fate(server)] += 1

        caller = threading.Thread(target=asking)
        caller.start()
        try:
            assert wait_for(lambda: fates["answered"])
            pause(voyage, "shop")
            assert wait_for(lambda: fates["serve.paused"])
            while_paused = fates["answered"]
            assert wait_for(lambda: fates["serve.paused"] > 20)
            assert fates["answered"] == while_paused
            resume(voyage)
            assert wait_for(lambda: fates["answered"] > while_paused)
        finally:
            ended.set()
            caller.join()
    assert set(fates) == {"answered", "serve.paused"}
    served = [what.rows for what in voyage.facts(AnswersSealed) if what.run.startswith("serve/")]
    refused = [what.rows for what in voyage.facts(RefusalsSealed) if what.run.startswith("serve/")]
    assert (sum(served), sum(refused)) == (fates["answered"], fates["serve.paused"])


def fate(server: Server, customer: str = "00001") -> str:
    """How a question ends: answered, or the code of the reason."""
    status, told = server.call("POST", "/predict", {"customer_id": customer})
    found: Any = "answered" if status == 200 else told["error"]["mistakes"][0]["code"]
    return str(found)


def test_a_server_that_starts_while_deliveries_are_paused_refuses_too(voyage: Voyage) -> None:
    pause(voyage, "shop")
    try:
        with running(Predictions(voyage.desk, PRODUCT), http=Wire) as address:
            server = Server(voyage, address, voyage.desk.people.add("shop-system"))
            status, told = server.call("POST", "/predict", {"customer_id": "00001"})
            assert (status, "We look first." in told["error"]["mistakes"][0]["found"]) == (503, True)
            assert fate(server, "nobody") == "serve.paused"
    finally:
        resume(voyage)
