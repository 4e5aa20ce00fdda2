"""The dead letters of a stream: what lies there and why, and how it is sent again as questions."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.asked import CODE, KEPT, ORIGIN, REASON, again_headers
from shipworthy.deliver.streaming import reader_name, route_of
from shipworthy.deliver.words import DeadLetterCard
from shipworthy.edges.broker import Arrived, Away, Line, Lost, Route, Sending, address, line_to
from shipworthy.edges.store import Store
from shipworthy.plan.schema import Plan

QUIET_SECONDS = 15.0  # how long nothing may come before a replay counts as done
TRIES, PAUSE_SECONDS, AGAIN_SECONDS = 5, 0.5, 3.0
_HANDFUL = 256
T = TypeVar("T")


def lying(store: Store, plan: Plan, consumer: str, most: int) -> list[DeadLetterCard]:
    """The oldest dead letters of a stream that were not sent again.

    Raises:
        UserError: there is no such stream, or its broker cannot be reached.
    """
    return [_card(one) for one in _run(_looked(store, plan, consumer, most))]


def replay(store: Store, plan: Plan, consumer: str, most: int) -> tuple[dict[str, int], int]:
    """Send the oldest dead letters again as questions; gives how many by code of the reason, and how many are left.

    Those that come to lie there meanwhile are not sent, so that what is no better now does not go round for ever.

    Raises:
        UserError: there is no such stream, or its broker cannot be reached.
    """
    return _run(_replayed(store, plan, consumer, most))


async def _looked(store: Store, plan: Plan, consumer: str, most: int) -> list[Arrived]:
    line, topic, reader = _line(store, plan, consumer)
    await line.open(None)
    try:
        return await line.waiting(topic, reader, most)
    finally:
        await line.close()


async def _replayed(store: Store, plan: Plan, consumer: str, most: int) -> tuple[dict[str, int], int]:
    lie = len(await _looked(store, plan, consumer, most + 1))
    questions, folder = route_of(plan, consumer).questions, _folder(store, plan, consumer)
    sent: Counter[str] = Counter()
    heard = [time.monotonic()]
    line, _, _ = _line(store, plan, consumer, reading=True)

    async def take(arrived: Sequence[Arrived]) -> None:
        heard[0] = time.monotonic()
        these = arrived[: max(0, min(most, lie) - sent.total())]
        await line.give_back(arrived[len(these) :])
        if these:
            await _settled(line, [_question(one, questions, folder) for one in these], these)
            sent.update(one.headers.get(CODE, "unknown") for one in these)

    if lie:
        await line.open(take)
        try:
            while sent.total() < min(most, lie) and time.monotonic() < heard[0] + QUIET_SECONDS:
                await asyncio.sleep(0.05)
        finally:
            await line.close()
    return dict(sorted(sent.items())), lie - sent.total()


async def _settled(line: Line, sending: Sequence[Sending], arrived: Sequence[Arrived]) -> None:
    for left in reversed(range(TRIES)):
        try:
            await line.settle(sending, arrived)
            return
        except (Away, Lost):
            if not left:
                raise
            await asyncio.sleep(PAUSE_SECONDS)


def _line(store: Store, plan: Plan, consumer: str, *, reading: bool = False) -> tuple[Line, str, str]:
    found = route_of(plan, consumer)
    broker, reader = plan.brokers[found.broker], f"{reader_name(plan.product, consumer)}-replay"
    reads, sends = (found.dead_letters, (found.questions,)) if reading else ("", (found.dead_letters,))
    url = address(broker.url, store.environ)
    route = Route(url=url, reader=reader, reads=reads, sends=sends, at_once=_HANDFUL, again_after=AGAIN_SECONDS)
    return line_to(broker.kind, route), found.dead_letters, reader


def _question(dead: Arrived, questions: str, folder: Path) -> Sending:
    body = dead.body
    kept = folder / f"{dead.headers.get(KEPT, '')}.whole"
    if dead.headers.get(KEPT, "").isalnum() and kept.is_file():
        body = kept.read_bytes()
    return Sending(questions, body, again_headers(dead), f"again-{dead.place}")


def _card(dead: Arrived) -> DeadLetterCard:
    headers = dead.headers
    return DeadLetterCard(
        id=headers.get("id", ""),
        code=headers.get(CODE, "unknown"),
        reason=_reason(headers.get(REASON, "")),
        bytes=len(dead.body),
        origin=headers.get(ORIGIN, ""),
        place=dead.place,
    )


def _reason(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def _folder(store: Store, plan: Plan, consumer: str) -> Path:
    return store.home / "streams" / plan.product / consumer


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except Away as away:
        fix = "See that the broker runs and is reached from here; then give the command again."
        raise UserError(Mistake("stream.away", "broker", f"The broker is not reached: {away}", fix=fix)) from away
