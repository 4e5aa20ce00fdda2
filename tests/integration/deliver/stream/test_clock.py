"""The wall clock is set an hour or a day forward and back while answers are given: none is lost, doubled or late."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from e2e.voyage.shop import PRODUCT, open_shop, plan_text, someone
from e2e.voyage.voyage import Voyage
from e2e.waiting import wait_for
from integration.deliver.stream.bus import ANSWERS, DEAD, Nats, desk_with, stream_plan
from integration.deliver.stream.test_letters import working

from shipworthy.app.wiring import close_desk
from shipworthy.app.words import DoWhatIsDue
from shipworthy.deliver.words import AnswersSealed, RefusalsSealed, Servers, StreamAccounted
from shipworthy.doors.house import running
from shipworthy.doors.predict.app import Predictions
from shipworthy.doors.predict.wire import Wire
from shipworthy.plan.words import AdoptPlan
from shipworthy.watch.words import AlarmRaised

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JUMPS = (timedelta(), HOUR, -HOUR, DAY, -DAY, timedelta())
EACH = 8  # questions after each jump
TILL = """
  till:
    who: The tills, which ask before they print
    person: till-system
    mode: realtime
    latency: 20s
    time_to_act: 1s
    if_stopped: baseline

sources:"""


@dataclass
class Clock:
    """A wall clock that goes on by itself and can be set."""

    start: datetime
    off: timedelta = timedelta()
    began: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return self.start + self.off + timedelta(seconds=time.monotonic() - self.began)


class OnTheWallClock(Voyage):
    """The shop, living by a clock on the wall, with a stream and a prediction server; its baseline answers."""

    def __init__(self, root: Path, url: str) -> None:
        self.shop, self.clock = open_shop(root), Clock(datetime(1997, 4, 1, 12, tzinfo=UTC))
        text = stream_plan(plan_text()).replace("\nsources:", TILL, 1)
        start = text.index("  clock: simulated")
        text = text[:start] + "  clock: wall\n" + text[text.index("  zone:", start) :]
        (root / "product.yaml").write_text(text)
        self.desk = desk_with(root, url, self.clock)
        self.do("administrator", AdoptPlan(product=PRODUCT, text=text))
        self.live_baseline("all")

    def sealed(self) -> list[list[dict[str, Any]]]:
        """The rows of each stretch that was sealed, as they stand in the log."""
        files = self.desk.store.files
        found = [what for what in self.facts(AnswersSealed) if what.run.startswith("serve/")]
        return [files.table(what.segment).to_pylist() for what in found]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    found = Nats(tmp_path_factory.mktemp("clock") / "nats")
    yield found
    found.kill()


@pytest.fixture(scope="module")
def shop(server: Nats, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnTheWallClock]:
    found = OnTheWallClock(tmp_path_factory.mktemp("clock") / "shop", server.url)
    yield found
    close_desk(found.desk)


def test_a_prediction_server_answers_and_seals_whatever_the_clock_does(shop: OnTheWallClock) -> None:
    bearer = {"Authorization": f"Bearer {shop.desk.people.add('till-system')}"}
    before, asked, told = len(shop.sealed()), iter(range(200)), []
    for jump in JUMPS:
        app = Predictions(shop.desk, PRODUCT)
        with (
            running(app, http=Wire) as address,
            httpx.Client(trust_env=False, timeout=120, base_url=address, headers=bearer) as client,
        ):
            for number in range(EACH):
                if number == EACH // 2:  # it seals, and says how it is, under another clock than it began under
                    shop.clock.off = jump
                answer = client.post("/predict", json={"customer_id": f"{next(asked):05d}"})
                assert answer.status_code == 200, answer.text
                told.append(answer.json())
        assert not app.tally.refused
        assert not app.tally.stood_in, "nobody was taken to be late"
        assert app.tally.seconds < 600, "how long an answer took is told by the clock that nobody sets"
        [card] = [one for one in shop.ask(Servers(product=PRODUCT)) if one.said.answered == EACH]
        assert 0 < card.said.per_second <= EACH * 100
    shop.clock.off = timedelta()
    log = [row for stretch in shop.sealed()[before:] for row in stretch]
    assert [row["answer_id"] for row in log] == [one["answer_id"] for one in told], "in the order of arrival"
    assert len({row["answer_id"] for row in log}) == len(JUMPS) * EACH
    assert_sound(shop)


def test_a_stream_is_answered_once_whatever_the_clock_does(shop: OnTheWallClock, server: Nats) -> None:
    before, ids = len(shop.sealed()), [f"q{number}" for number in range(len(JUMPS) * EACH)]
    with working(shop.desk) as worker:
        for at, jump in enumerate(JUMPS):
            shop.clock.off = jump
            mine = ids[at * EACH : (at + 1) * EACH]
            messages = [(json.dumps({"customer_id": f"{int(one[1:]):05d}"}).encode(), {"id": one}) for one in mine]
            server.send([*messages, messages[0]])  # one of them comes twice
            due = (at + 1, (at + 1) * EACH)
            assert wait_for(partial(lambda due: (worker.said.again, worker.said.answered) == due, due))
    shop.clock.off = timedelta()
    answers = [json.loads(body)["data"] for body, _ in server.all(ANSWERS)]
    assert sorted({one["question"] for one in answers}) == sorted(ids)
    log = [row for stretch in shop.sealed()[before:] for row in stretch]
    assert sorted(row["answer_id"] for row in log) == sorted({one["answer_id"] for one in answers})
    batches = [{row["entity"] for row in log[at : at + EACH]} for at in range(0, len(log), EACH)]
    assert batches == [{f"{number:05d}" for number in range(at, at + EACH)} for at in range(0, len(ids), EACH)], (
        "in the order of arrival"
    )
    assert server.count(DEAD) == 0
    told = shop.facts(StreamAccounted)
    assert (sum(one.answered for one in told), sum(one.again for one in told)) == (len(ids), len(JUMPS))
    assert_sound(shop)


def assert_sound(shop: OnTheWallClock) -> None:
    """The ledger holds, takes facts, and nothing that happened by the clock alone is raised."""
    shop.desk.store.ledger.verify()
    shop.desk.do(DoWhatIsDue(product=PRODUCT), someone("night-operator"))
    assert not shop.facts(RefusalsSealed)
    assert not shop.facts(AlarmRaised)
