"""How many questions a second a stream answers through NATS, each answer in the log on disk before it leaves.

Told as ratios to two echoes of the same messages by FastStream alone, on the same server in the same run: the library's
plain way, one message after the other with an acknowledged publish; and the fastest way there is, whole batches with
all publishes under way at once. Neither answers, logs or remembers anything.

    python bench/stream.py [MESSAGES]
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from e2e.voyage.shop import PRODUCT
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, PullSub
from integration.deliver.stream.bus import ANSWERS, QUESTIONS, Nats, desk_with, streaming_shop

from shipworthy.app.wiring import close_desk
from shipworthy.doors.stream.worker import Worker

ROUNDS = 3
AT_ONCE = 256


async def echo_one_by_one(url: str, done: Callable[[], Awaitable[bool]]) -> float:
    """Seconds of the library's plain way: a handler for each message, an acknowledged publish in it."""
    broker = NatsBroker(url, logger=None)
    stream = JStream("shop_questions", declare=False)

    @broker.subscriber(QUESTIONS, stream=stream, durable="plain", pull_sub=PullSub(batch_size=AT_ONCE))
    async def echo(body: dict[str, Any]) -> None:
        await broker.publish(body, ANSWERS, stream="shop_answers")

    return await _timed(broker.start, broker.stop, done)


async def echo_in_batches(url: str, done: Callable[[], Awaitable[bool]]) -> float:
    """Seconds of the fastest way: batches as they came, all publishes at once, then all acknowledgements."""
    broker = NatsBroker(url, logger=None, apply_types=False)
    pull = PullSub(batch_size=AT_ONCE, timeout=0.02, batch=True)
    stream = JStream("shop_questions", declare=False)

    async def raw(message: Any) -> Any:
        return message.raw_message

    async def echo(messages: Sequence[Any]) -> None:
        await asyncio.gather(*(broker.publish(one.data, ANSWERS, stream="shop_answers") for one in messages))
        for one in messages:
            await one.ack()

    reading = broker.subscriber(
        QUESTIONS, stream=stream, durable="fast", pull_sub=pull, ack_policy=AckPolicy.MANUAL, decoder=raw
    )
    reading(echo)
    return await _timed(broker.start, broker.stop, done)


async def answered(worker: Worker, done: Callable[[], Awaitable[bool]]) -> float:
    """Seconds of a worker of ours, from its start at the broker to the last answer."""
    tasks: list[asyncio.Task[None]] = []

    async def start() -> None:
        tasks.append(asyncio.create_task(worker.run()))

    async def stop() -> None:
        worker.end()
        await tasks[0]

    return await _timed(start, stop, done)


async def _timed(
    start: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]], done: Callable[[], Awaitable[bool]]
) -> float:
    began = time.perf_counter()
    await start()
    while not await done():
        await asyncio.sleep(0.01)
    took = time.perf_counter() - began
    await stop()
    return took


def arrived(bus: Nats, many: int) -> Callable[[], Awaitable[bool]]:
    """Whether so many messages lie in the topic of answers."""
    found: list[Any] = []

    async def look() -> bool:
        import nats

        if not found:
            found.append((await nats.connect(bus.url)).jetstream())
        return bool((await found[0].stream_info("shop_answers")).state.messages >= many)

    return look


def main(many: int) -> None:
    """Measure each way on a server of its own, several times in turn, and print the best of each."""
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bus = Nats(folder / "nats of the rehearsal")
        close_desk(streaming_shop(folder / "shop", bus.url, AT_ONCE).desk)
        bus.kill()
        for turn in range(ROUNDS):
            for way in ("one by one", "in batches", "answered"):
                bus = Nats(folder / f"nats {turn} {way}")
                try:
                    took = _once(way, bus, folder / "shop", many, turn)
                finally:
                    bus.kill()
                best[way] = min(took, best.get(way, took))
    for way, took in best.items():
        print(f"{way:<12} {many / took:>8,.0f} messages/s")
    print(f"answered is {best['one by one'] / best['answered']:.2f} of the plain echo, one by one")
    print(f"answered is {best['in batches'] / best['answered']:.2f} of the echo in batches")


def _once(way: str, bus: Nats, shop: Path, many: int, turn: int) -> float:
    entity = [json.dumps({"customer_id": f"{number % 200:05d}"}).encode() for number in range(many)]
    bus.send([(body, {"id": f"{turn}-{number}"}) for number, body in enumerate(entity)])
    bus.count(ANSWERS)  # makes the topic
    done = arrived(bus, many)
    if way == "one by one":
        return asyncio.run(echo_one_by_one(bus.url, done))
    if way == "in batches":
        return asyncio.run(echo_in_batches(bus.url, done))
    desk = desk_with(shop, bus.url)

    async def work() -> float:
        return await answered(Worker(desk, PRODUCT, "shop"), done)

    try:
        return asyncio.run(work())
    finally:
        close_desk(desk)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
