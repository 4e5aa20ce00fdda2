"""Workers that are killed at any moment, and a broker that is: every question answered, in the log once, out once."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from e2e.voyage.shop import PRODUCT, someone
from e2e.waiting import wait_for
from integration.deliver.stream.bus import ANSWERS, DEAD, Nats, desk_with, worker

from shipworthy.app.desk import Desk
from shipworthy.app.listening import note_silence
from shipworthy.app.wiring import close_desk
from shipworthy.deliver.beat import beats
from shipworthy.deliver.words import AnswersSealed, Servers, Streams
from shipworthy.watch.words import Monitors

EACH, BAD, LIVES = 1_500, 10, 3


def questions(count: int, name: str = "q") -> list[tuple[bytes, Mapping[str, str]]]:
    """Good questions, each with an id."""
    return [(json.dumps({"customer_id": f"{n % 200:05d}"}).encode(), {"id": f"{name}{n}"}) for n in range(count)]


def logged(desk: Desk) -> list[dict[str, Any]]:
    """Every sealed answer of the stream."""
    facts = desk.store.ledger.past(PRODUCT).of(AnswersSealed)
    segments = [fact.what.segment for fact in facts if fact.what.run.startswith("serve/")]
    return [row for segment in segments for row in desk.store.files.table(segment).to_pylist()]


def assert_each_once(desk: Desk, bus: Nats, many: int, bad: int) -> None:
    """Every question is in the log once and out once, under one name, and the account says so."""
    sent = [json.loads(body)["data"] for body, _ in bus.all(ANSWERS)]
    rows = logged(desk)
    assert Counter(row["answer_id"] for row in rows) == Counter(one["answer_id"] for one in sent)
    assert len({one["answer_id"] for one in sent}) == len(sent) == many
    assert len({one["question"] for one in sent}) == many
    scores = {row["answer_id"]: (row["score"], row["decision"], row["entity"]) for row in rows}
    assert all(scores[one["answer_id"]] == (one["score"], one["decision"], one["customer_id"]) for one in sent)
    [told] = desk.ask(Streams(product=PRODUCT), someone("auditor"))
    assert (told.read, told.answered, told.dead) == (many + bad, many, {"stream.not_json": bad} if bad else {})


def test_workers_killed_at_any_moment_answer_every_question_once(root: Path, bus: Nats) -> None:
    chance, many, bad, cut = random.Random(2), 0, 0, 0
    while cut < LIVES:  # a life that had answered everything before it was killed does not count
        mixed = questions(EACH, f"q{many}-") + [(b"{", {})] * BAD
        chance.shuffle(mixed)
        bus.send(mixed)
        many, bad = many + EACH, bad + BAD
        assert many <= 20 * EACH, "each life was over before it was killed"
        with worker(root, bus.url) as process:
            before = bus.count(ANSWERS)
            assert wait_for(lambda before=before: bus.count(ANSWERS) > before)  # type: ignore[misc]
            time.sleep(chance.uniform(0.0, 0.12))
            os.kill(process.pid, signal.SIGKILL)
        cut += bus.unread() > 0
    with worker(root, bus.url):
        assert wait_for(lambda: bus.count(ANSWERS) >= many and bus.count(DEAD) >= bad and bus.unread() == 0, 300)
    desk = desk_with(root, bus.url)
    try:
        assert_each_once(desk, bus, many, bad)
        assert bus.count(DEAD) == bad
    finally:
        close_desk(desk)


def test_two_workers_share_a_stream_and_a_killed_one_is_taken_over_from(root: Path, bus: Nats) -> None:
    bus.send(questions(3_000))
    with worker(root, bus.url), worker(root, bus.url) as other:
        assert wait_for(lambda: bus.count(ANSWERS) > 100)
        os.kill(other.pid, signal.SIGKILL)
        assert wait_for(lambda: bus.count(ANSWERS) >= 2_800)
        bus.send(questions(200, "late"))
        # What the killed one held comes again when the server has waited for it long enough.
        assert wait_for(lambda: bus.count(ANSWERS) >= 3_200 and bus.unread() == 0, 300)
    desk = desk_with(root, bus.url)
    try:
        assert_each_once(desk, bus, 3_200, 0)
    finally:
        close_desk(desk)


def test_a_worker_that_ends_puts_one_on_record_that_was_killed_with_nothing_left_to_do(root: Path, bus: Nats) -> None:
    bus.send(questions(20))
    with worker(root, bus.url) as killed:
        assert wait_for(lambda: bus.count(ANSWERS) == 20 and bus.unread() == 0)
        with worker(root, bus.url) as ending:
            assert ending.stdout is not None
            ending.stdout.readline()
            os.kill(killed.pid, signal.SIGKILL)
            killed.wait()
    desk = desk_with(root, bus.url)
    try:
        assert_each_once(desk, bus, 20, 0)
    finally:
        close_desk(desk)


def test_an_answer_still_held_by_a_dying_worker_is_waited_for(root: Path, bus: Nats) -> None:
    """A process that dies gives its locks back one by one: that of the register may be free before the journal's."""
    bus.send(questions(20))
    desk = desk_with(root, bus.url)
    try:
        with worker(root, bus.url) as killed:
            assert wait_for(lambda: bus.count(ANSWERS) == 20 and bus.unread() == 0)
            [journal] = (root / ".shipworthy/journal" / PRODUCT).glob("*.jsonl")
            with journal.open("rb") as held:
                os.kill(killed.pid, signal.SIGKILL)
                killed.wait()
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with worker(root, bus.url) as other:
                    assert other.stdout is not None
                    other.stdout.readline()
                    [told] = desk.ask(Streams(product=PRODUCT), someone("auditor"))
                    assert told.read == 0, "nothing is told of a stretch whose answers are not sealed"
                    held.close()
        assert_each_once(desk, bus, 20, 0)
    finally:
        close_desk(desk)


def test_a_broker_killed_in_the_middle_loses_nothing(root: Path, bus: Nats) -> None:
    bus.send(questions(2_000))
    with worker(root, bus.url):
        assert wait_for(lambda: bus.count(ANSWERS) > 100)
        bus.kill()
        words = root / ".shipworthy" / "streams" / PRODUCT / "shop"
        assert wait_for(lambda: any(json.loads(word.read_text())["problem"] for word in words.glob("*.json")))
        bus.start()
        bus.send(questions(200, "late"))
        assert wait_for(lambda: bus.count(ANSWERS) >= 2_200 and bus.unread() == 0, 300)
    desk = desk_with(root, bus.url)
    try:
        assert_each_once(desk, bus, 2_200, 0)
    finally:
        close_desk(desk)


def test_a_broker_that_is_away_at_the_start_is_waited_for(root: Path, bus: Nats) -> None:
    bus.send(questions(20))
    bus.kill()
    with worker(root, bus.url) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.5)
        bus.start()
        assert wait_for(lambda: bus.count(ANSWERS) == 20)
    desk = desk_with(root, bus.url)
    try:
        [last] = beats(desk.store, PRODUCT)
        assert (last.consumer, last.answered, last.stopped) == ("shop", 20, True)
        assert last.last_message > last.started
    finally:
        close_desk(desk)


def test_a_worker_says_how_it_is_and_one_that_was_killed_is_silent_after_a_minute(root: Path, bus: Nats) -> None:
    bus.send(questions(20))
    desk = desk_with(root, bus.url)
    try:
        with worker(root, bus.url) as process:
            assert wait_for(lambda: [one for one in beats(desk.store, PRODUCT) if one.answered == 20 and one.lag == 0])
            os.kill(process.pid, signal.SIGKILL)
        [card] = desk.ask(Servers(product=PRODUCT), someone("auditor"))
        assert (card.said.consumer, card.said.address, card.state) == ("shop", "shop.questions at bus", "answering")
        later = replace(desk, clock=lambda: datetime.now(UTC) + timedelta(minutes=2))
        [card] = later.ask(Servers(product=PRODUCT), someone("auditor"))
        assert card.state == "silent"
        operator = someone("night-operator")
        assert note_silence(desk, PRODUCT, operator) == [], "a minute has not passed"
        assert [one.name for one in later.ask(Monitors(product=PRODUCT), someone("auditor")).silent] == [
            f"worker of the stream shop {card.said.server}"
        ]
        (said,) = note_silence(later, PRODUCT, operator)
        assert f"The worker of the stream shop {card.said.server} has reported nothing since" in said
        assert note_silence(later, PRODUCT, operator) == []
        with worker(root, bus.url):
            assert wait_for(lambda: any(one.started > card.said.at for one in beats(desk.store, PRODUCT)))
            (said,) = note_silence(desk, PRODUCT, operator)
            assert "reports again" in said
        (alarm,) = desk.ask(Monitors(product=PRODUCT), someone("auditor")).alarms
        assert (alarm.monitor, alarm.open) == ("dead-man", False)
        assert "reports again" in alarm.answer
    finally:
        close_desk(desk)
