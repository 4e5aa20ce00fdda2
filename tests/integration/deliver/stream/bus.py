"""Real brokers for the tests: a NATS server from its wheel and Kafka's own mock cluster; and a shop with a stream."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import nats
from confluent_kafka import Consumer, Producer
from e2e.voyage.shop import PRODUCT, settings_of
from e2e.voyage.voyage import Voyage
from e2e.waiting import wait_for
from integration.outside import place_of_its_own
from nats.js.errors import BadRequestError, NotFoundError

from shipworthy.app.desk import Desk
from shipworthy.app.identity import wall_clock
from shipworthy.app.settings import Settings
from shipworthy.app.wiring import close_desk, open_desk
from shipworthy.plan.words import AdoptPlan

T = TypeVar("T")
SOURCES = Path(__file__).parents[4] / "src"
QUESTIONS, ANSWERS, DEAD = "shop.questions", "shop.answers", "shop.dead-letters"
REHEARSAL = "rehearsal.shop.answers"
STREAM = f"""\
    mode: stream
    latency: 1s
    needs_values: [recency]
    stream:
      broker: bus
      questions: {QUESTIONS}
      answers: {ANSWERS}
      dead_letters: {DEAD}
      rehearsal: {REHEARSAL}
      at_once: 64
"""


class Nats:
    """A NATS server with its messages in a folder, so that it can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.host, self.port = place_of_its_own()
        self.url, self._folder = f"nats://{self.host}:{self.port}", folder
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        # It must not inherit our output: a server that outlives a test would keep a pipeline waiting for its end.
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        program = Path(sys.executable).with_name("nats-server")
        command = [str(program), "-js", "-sd", str(self._folder), "-a", self.host, "-p", str(self.port)]
        self._process = subprocess.Popen(command, **quiet)  # type: ignore[call-overload]
        assert wait_for(self._listens), "the NATS server does not listen"

    def kill(self) -> None:
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def send(self, messages: list[tuple[bytes, Mapping[str, str]]], topic: str = QUESTIONS) -> None:
        async def sent() -> None:
            client = await nats.connect(self.url)
            stream = client.jetstream()
            await _made(stream, topic)
            for start in range(0, len(messages), 200):
                some = messages[start : start + 200]
                await asyncio.gather(
                    *(stream.publish(topic, body, headers=dict(headers) or None, timeout=10) for body, headers in some)
                )
            await client.close()

        asyncio.run(sent())

    def all(self, topic: str) -> list[tuple[bytes, dict[str, str]]]:
        """Every message that lies in a topic."""

        async def read() -> list[tuple[bytes, dict[str, str]]]:
            client = await nats.connect(self.url)
            stream = client.jetstream()
            await _made(stream, topic)
            name = await stream.find_stream_name_by_subject(topic)
            state = (await stream.stream_info(name)).state
            found = []
            for number in range(state.first_seq, state.last_seq + 1):
                message = await stream.get_msg(name, seq=number)
                found.append((message.data or b"", dict(message.headers or {})))
            await client.close()
            return found

        return asyncio.run(read())

    def count(self, topic: str) -> int:
        async def counted() -> int:
            client = await nats.connect(self.url)
            stream = client.jetstream()
            await _made(stream, topic)
            name = await stream.find_stream_name_by_subject(topic)
            state = (await stream.stream_info(name)).state
            await client.close()
            return int(state.messages)

        return asyncio.run(counted())

    def unread(self) -> int:
        """How many questions are not acknowledged yet."""

        async def counted() -> int:
            client = await nats.connect(self.url)
            info = await client.jetstream().consumer_info("shop_questions", f"shipworthy-{PRODUCT}-shop")
            await client.close()
            return int(info.num_pending or 0) + int(info.num_ack_pending or 0)

        return asyncio.run(counted())

    def _listens(self) -> bool:
        with socket.create_connection((self.host, self.port), 1) as reached:
            return reached.recv(4) == b"INFO"


async def _made(stream: Any, topic: str) -> None:
    try:
        await stream.find_stream_name_by_subject(topic)
    except NotFoundError:
        with suppress(BadRequestError):  # the worker has made it in between
            await stream.add_stream(name=topic.replace(".", "_"), subjects=[topic], duplicate_window=3600)


class Kafka:
    """Kafka's own mock cluster, in this process and reached over TCP."""

    def __init__(self) -> None:
        self._cluster = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "none", "log_level": 0})
        brokers = self._cluster.list_topics(timeout=10).brokers.values()
        self._reach(",".join(f"{broker.host}:{broker.port}" for broker in brokers))

    def _reach(self, url: str) -> None:
        self.url = url
        self._producer = Producer({"bootstrap.servers": self.url, "log_level": 0})
        for topic in (QUESTIONS, ANSWERS, DEAD, REHEARSAL):  # a topic is there when it has had a message
            self._producer.produce(topic, b"{}", headers=[("id", b"first")])
        self._producer.flush(10)

    def send(self, messages: list[tuple[bytes, Mapping[str, str]]], topic: str = QUESTIONS) -> None:
        for body, headers in messages:
            self._producer.produce(topic, body, headers=[(name, value.encode()) for name, value in headers.items()])
        assert not self._producer.flush(20)

    def all(self, topic: str, at_least: int) -> list[tuple[bytes, dict[str, str]]]:
        """The messages of a topic, but the one that made it; waits a while for so many."""
        own = {"group.id": os.urandom(8).hex(), "auto.offset.reset": "earliest", "log_level": 0}
        reading = Consumer({"bootstrap.servers": self.url, "isolation.level": "read_committed", **own})
        reading.subscribe([topic])
        found: list[tuple[bytes, dict[str, str]]] = []
        until = time.monotonic() + 30
        while len(found) <= at_least and time.monotonic() < until:
            for message in reading.consume(1000, 0.2):
                assert message.error() is None, message.error()
                headers: Any = message.headers() or []
                found.append((message.value() or b"", {name: (value or b"").decode() for name, value in headers}))
        reading.close()
        return [one for one in found if one[1].get("id") != "first" or one[0] != b"{}"]


class Apart(Kafka):
    """The mock cluster in a process of its own, whose broker goes down and up."""

    def __init__(self) -> None:
        program = [sys.executable, str(Path(__file__).with_name("cluster.py"))]
        self._process = subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        self._reach(self._process.stdout.readline().strip())

    def tell(self, word: str) -> None:
        """Have the broker go `down`, its connections cut, or `up` again with what it held."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == f"{word}\n"

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


def streaming_shop(root: Path, url: str, at_once: int = 64) -> Voyage:
    """A shop whose baseline was rehearsed at a broker and answers a stream; the address is in STREAM_URL."""
    voyage = Voyage(root)
    file = root / "product.yaml"
    text = file.read_text()
    file.write_text(stream_plan(text).replace("at_once: 64", f"at_once: {at_once}"))
    voyage.do("administrator", AdoptPlan(product=PRODUCT, text=file.read_text()))
    close_desk(voyage.desk)
    voyage.desk = desk_with(root, url)
    voyage.live_baseline("all")
    return voyage


def stream_plan(text: str, kind: str = "nats") -> str:
    """The plan of the shop, with a stream in place of HTTP."""
    realtime = "    mode: realtime\n    latency: 100ms\n"
    assert realtime in text
    brokers = f"brokers:\n  bus: {{kind: {kind}, url: '${{STREAM_URL}}'}}\n\n"
    return text.replace(realtime, STREAM).replace("data:\n  pipeline", f"{brokers}data:\n  pipeline")


def desk_with(root: Path, url: str, clock: Callable[[], datetime] = wall_clock) -> Desk:
    """A desk on the shop that knows where the broker is."""
    found = settings_of(root)
    known = {**found.environ, "STREAM_URL": url}
    return open_desk(Settings(found.root, found.database, found.files, found.keys, "", "", known), clock=clock)


def command(root: Path, url: str, *words: str) -> subprocess.Popen[str]:
    """Our command on the shop's store, as an operator starts it."""
    environ = {**os.environ, "PYTHONPATH": str(SOURCES), "SHIPWORTHY_ROOT": str(root), "STREAM_URL": url}
    environ |= {"HOME": str(root), "XDG_CONFIG_HOME": str(root / ".config")}
    return subprocess.Popen(
        [sys.executable, "-m", "shipworthy", *words],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def worker(root: Path, url: str) -> Iterator[subprocess.Popen[str]]:
    """A worker of the shop's stream in a process of its own, told to end at the end."""
    process = command(root, url, "stream", "shop", "-p", PRODUCT)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=120)
        assert process.returncode in (0, -signal.SIGKILL), said


def running(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)
