"""NATS with JetStream: read by a durable pull consumer, each message sent with an id that the server keeps once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from shipworthy.edges.broker import Arrived, Away, BrokerKind, Route, Sending, Taker, shown

COLLECT_SECONDS = 0.02  # how long a batch waits to become full
PUBLISH_SECONDS, CONNECT_SECONDS, LAG_SECONDS = 10.0, 5, 2.0
WORKERS = 16  # that may hold a batch each, the killed ones among them whose messages come again later
DOUBLES_SECONDS = 24 * 3600.0  # how long the server knows the ids of what was sent, in a stream that we make
_FOR_HEADERS = 8 * 1024
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")


class NatsLine:
    """A line to NATS. Streams that hold the topics are used as they are; where there is none, one is made."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._problem = ""
        self._streams: dict[str, str] = {}
        self._broker: Any = None
        self._client: Any = None
        self.room = 1 << 20

    async def open(self, take: Taker | None) -> None:
        """Connect, find or make the streams, and begin to read."""
        from faststream.nats import NatsBroker

        route = self._route
        self._broker = NatsBroker(
            route.url.split(","),
            logger=None,
            apply_types=False,
            connect_timeout=CONNECT_SECONDS,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            allow_reconnect=True,
            pending_size=64 << 20,
            error_cb=self._went_wrong,
            disconnected_cb=self._was_cut,
            reconnected_cb=self._is_back,
        )
        try:
            client = self._client = await asyncio.wait_for(self._connected(), CONNECT_SECONDS)
            self.room = int(client.max_payload) - _FOR_HEADERS
            for topic in filter(None, (route.reads, *route.sends)):
                self._streams[topic] = await self._stream_of(client.jetstream(), topic)
            if take is not None:
                await client.jetstream().add_consumer(self._streams[route.reads], self._consumer())
                self._read(take)
            await self._broker.start()
        except Exception as error:
            await self.close()
            raise Away(_said(error, route.url)) from error

    async def _connected(self) -> Any:
        # Left to itself the client tries for ever without a word; the first time it is we who try again, and say so.
        return await self._broker.connect()

    async def _stream_of(self, stream: Any, topic: str) -> str:
        from nats.js.errors import BadRequestError, NotFoundError

        try:
            return str(await stream.find_stream_name_by_subject(topic))
        except NotFoundError:
            name = _NO_NAME.sub("_", topic)
        try:
            await stream.add_stream(name=name, subjects=[topic], duplicate_window=DOUBLES_SECONDS)
            return name
        except BadRequestError:  # somebody made it in between
            return str(await stream.find_stream_name_by_subject(topic))

    def _consumer(self) -> Any:
        from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

        route = self._route
        return ConsumerConfig(
            durable_name=route.reader,
            filter_subject=route.reads,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=route.again_after,
            max_ack_pending=WORKERS * route.at_once,
        )

    def _read(self, take: Taker) -> None:
        from faststream import AckPolicy
        from faststream.nats import JStream, PullSub

        async def taken(messages: Sequence[Any]) -> None:
            await take([_arrived(message) for message in messages])

        route = self._route
        reading = self._broker.subscriber(
            route.reads,
            stream=JStream(self._streams[route.reads], declare=False),
            durable=route.reader,
            pull_sub=PullSub(batch_size=route.at_once, timeout=COLLECT_SECONDS, batch=True),
            ack_policy=AckPolicy.MANUAL,
            parser=_unread,
            decoder=_as_it_came,
            no_reply=True,
        )
        reading(taken)

    async def settle(self, sending: Sequence[Sending], arrived: Sequence[Arrived]) -> None:
        """Send all at the same time, each acknowledged by the server, then acknowledge what arrived."""
        if self._broker is None:
            raise Away("The line is closed.")
        told = await asyncio.gather(*(self._send(one) for one in sending), return_exceptions=True)
        for one in told:
            if isinstance(one, BaseException):
                raise Away(_said(one, self._route.url)) from one
        try:
            for message in arrived:
                await message.raw.ack()
        except Exception as error:  # it comes again, is known, and is acknowledged then
            self._problem = _said(error, self._route.url)

    async def _send(self, one: Sending) -> None:
        headers = {**one.headers, "Nats-Msg-Id": one.once}
        stream = self._streams[one.topic]
        await self._broker.publish(one.body, one.topic, headers=headers, stream=stream, timeout=PUBLISH_SECONDS)

    async def give_back(self, arrived: Sequence[Arrived]) -> None:
        """Tell the server not to wait for them."""
        try:
            for message in arrived:
                await message.raw.nak()
        except Exception as error:  # they come again all the same, only later
            self._problem = _said(error, self._route.url)

    async def waiting(self, topic: str, reader: str, most: int) -> list[Arrived]:
        """What lies behind the place up to which the reader has read."""
        from nats.js.errors import NotFoundError

        try:
            stream, name = self._client.jetstream(), self._streams[topic]
            try:
                behind = int((await stream.consumer_info(name, reader)).ack_floor.stream_seq)
            except NotFoundError:
                behind = 0
            state = (await stream.stream_info(name)).state
            found: list[Arrived] = []
            for number in range(max(behind + 1, int(state.first_seq)), int(state.last_seq) + 1):
                if len(found) == most:
                    break
                try:
                    message = await stream.get_msg(name, seq=number)
                except NotFoundError:  # removed by the rules of the stream
                    continue
                if message.subject == topic:
                    found.append(Arrived(message.data or b"", dict(message.headers or {}), f"{name}/{number}"))
            return found
        except Exception as error:
            raise Away(_said(error, self._route.url)) from error

    async def behind(self) -> int | None:
        """What the stream still holds for its readers, with what they have in hand."""
        if self._broker is None or not self._route.reads:
            return None
        try:
            stream = self._client.jetstream()  # the broker would connect anew where it is being closed meanwhile
            told = await stream.consumer_info(self._streams[self._route.reads], self._route.reader, timeout=LAG_SECONDS)
        except Exception:  # what is away is said elsewhere
            return None
        return int(told.num_pending or 0) + int(told.num_ack_pending or 0)

    def state(self) -> str:
        """What is wrong with the connection now."""
        return self._problem

    async def close(self) -> None:
        """Stop reading, wait for the batch at hand, and let go."""
        broker, self._broker = self._broker, None
        if broker is None:
            return
        try:
            await asyncio.wait_for(broker.stop(), CONNECT_SECONDS)
        except Exception as error:  # nothing that was acknowledged hangs on a farewell
            self._problem = _said(error, self._route.url)

    async def _went_wrong(self, error: Exception) -> None:
        self._problem = _said(error, self._route.url)

    async def _was_cut(self) -> None:
        self._problem = f"The connection to {shown(self._route.url)} is cut."

    async def _is_back(self) -> None:
        self._problem = ""


async def _unread(messages: Any) -> Any:
    from faststream.message import StreamMessage

    # The library's own parser drops a whole batch without a word where one header is no text.
    return StreamMessage(messages, b"")


async def _as_it_came(message: Any) -> Any:
    return message.raw_message


def _arrived(message: Any) -> Arrived:
    known = message.metadata
    # With its moment, so that a stream made anew under the same name does not repeat the names of the old one.
    place = f"{known.stream}/{known.sequence.stream}/{known.timestamp.timestamp():.6f}"
    return Arrived(message.data, dict(message.headers or {}), place, message)


def _said(error: BaseException, url: str) -> str:
    return f"{shown(url)}: {str(error) or type(error).__name__}"


BROKER = BrokerKind("nats", "faststream.nats", NatsLine)
