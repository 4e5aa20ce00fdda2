"""Kafka: answers and the place up to which was read go in one transaction, so that each answer is there once."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any

from shipworthy.edges.broker import Arrived, Away, BrokerKind, Lost, Route, Sending, Taker, shown

COLLECT_SECONDS = 0.02  # how long a batch waits to become full
CONNECT_SECONDS, TRANSACTION_SECONDS, LOOK_SECONDS, LAG_SECONDS = 5.0, 20.0, 10.0, 2.0
_FOR_HEADERS = 8 * 1024
_GIVEN_AWAY = ("ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS", "FENCED_INSTANCE_ID")


class KafkaLine:
    """A line to Kafka. The topics must exist: their partitions and their keeping are for those who run the cluster."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._problem = ""
        self._broker: Any = None
        self._reading: Any = None
        self._producer: Any = None
        self.room = 1_000_000 - _FOR_HEADERS

    async def open(self, take: Taker | None) -> None:
        """Connect, see that the topics are there, and begin to read."""
        from faststream.confluent import KafkaBroker

        route = self._route
        try:
            await asyncio.to_thread(self._require_topics)
            self._producer = await asyncio.to_thread(self._new_producer)
            self._broker = KafkaBroker(
                route.url.split(","),
                logger=None,
                apply_types=False,
                allow_auto_create_topics=False,
                # The client's own default: what fails this check is left out without a word by the library.
                config={"error_cb": self._went_wrong, "check.crcs": False},
            )
            if take is not None:
                self._read(take)
            await self._broker.start()
        except Away:
            raise
        except Exception as error:
            await self.close()
            raise Away(_said(error, route.url)) from error

    def _read(self, take: Taker) -> None:
        from faststream import AckPolicy

        async def taken(messages: Sequence[Any]) -> None:
            self._problem = ""
            await take([_arrived(message) for message in messages])

        self._reading = self._broker.subscriber(
            self._route.reads,
            group_id=self._route.reader,
            batch=True,
            max_records=self._route.at_once,
            polling_interval=COLLECT_SECONDS,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            ack_policy=AckPolicy.MANUAL,
            parser=_unread,
            decoder=_as_it_came,
            no_reply=True,
        )
        self._reading(taken)

    def _require_topics(self) -> None:
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        try:
            known = AdminClient(self._settings()).list_topics(timeout=CONNECT_SECONDS).topics
        except KafkaException as error:
            raise Away(_said(error, self._route.url)) from error
        lacking = [topic for topic in (self._route.reads, *self._route.sends) if topic and topic not in known]
        if lacking:
            raise Away(f"{shown(self._route.url)} has no topic {', '.join(lacking)}. Make it, with its partitions.")

    def _new_producer(self) -> Any:
        from confluent_kafka import Producer

        name = f"{self._route.reader}-{secrets.token_hex(8)}"
        producer = Producer(self._settings() | {"transactional.id": name, "linger.ms": 2, "error_cb": self._went_wrong})
        producer.init_transactions(TRANSACTION_SECONDS)
        return producer

    async def settle(self, sending: Sequence[Sending], arrived: Sequence[Arrived]) -> None:
        """Send and move the place up to which was read, both or neither."""
        await asyncio.to_thread(self._in_one, sending, arrived)
        self._problem = ""

    def _in_one(self, sending: Sequence[Sending], arrived: Sequence[Arrived]) -> None:
        from confluent_kafka import KafkaException

        try:
            if self._producer is None:
                self._producer = self._new_producer()
            self._producer.begin_transaction()
            for one in sending:
                self._produce(one)
            if arrived:
                reader = self._reading.consumer.consumer
                self._producer.send_offsets_to_transaction(_behind(arrived), reader.consumer_group_metadata())
            self._producer.commit_transaction(TRANSACTION_SECONDS)
            if arrived:
                # The same once more, without waiting: not every cluster takes the place from a transaction over into
                # what it tells a group that begins anew, and to read again would be work for nothing.
                reader.commit(offsets=_behind(arrived), asynchronous=True)
        except (KafkaException, BufferError, AttributeError) as error:
            # A producer whose transaction failed is never used again: what it sent is void, and a new one begins anew.
            self._producer = None
            code = error.args[0] if error.args else error
            if getattr(code, "name", lambda: "")() in _GIVEN_AWAY:
                raise Lost(_said(error, self._route.url)) from error
            raise Away(_said(error, self._route.url)) from error

    def _produce(self, one: Sending) -> None:
        headers = [(name, value.encode()) for name, value in {"id": one.once, **one.headers}.items()]
        while True:
            try:
                self._producer.produce(one.topic, one.body, key=one.once.encode(), headers=headers)
                return
            except BufferError:  # its queue is full: wait until the broker has taken some
                if not self._producer.poll(TRANSACTION_SECONDS):
                    raise

    async def give_back(self, arrived: Sequence[Arrived]) -> None:
        """Nothing is to be done: what was not settled is read again by whoever reads next."""

    async def waiting(self, topic: str, reader: str, most: int) -> list[Arrived]:
        """What lies behind the place up to which the reader has read, in every partition."""
        return await asyncio.to_thread(self._look, topic, reader, most)

    def _look(self, topic: str, reader: str, most: int) -> list[Arrived]:
        from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

        # A reader that never subscribes takes nothing from anybody, and commits nothing.
        quiet = {"group.id": reader, "enable.auto.commit": False, "enable.partition.eof": True}
        looking = Consumer(self._settings() | quiet)
        try:
            partitions = looking.list_topics(topic, timeout=LOOK_SECONDS).topics[topic].partitions
            places = looking.committed([TopicPartition(topic, number) for number in partitions], timeout=LOOK_SECONDS)
            first = [one.offset if one.offset >= 0 else OFFSET_BEGINNING for one in places]
            looking.assign([TopicPartition(topic, one.partition, at) for one, at in zip(places, first, strict=True)])
            found: list[Arrived] = []
            ended: set[int] = set()
            while len(ended) < len(places) and len(found) < most:
                message = looking.poll(LOOK_SECONDS)
                if message is None:
                    break
                error = message.error()
                if error is not None and error.code() == KafkaError._PARTITION_EOF:
                    ended.add(message.partition() or 0)
                elif error is not None:
                    raise KafkaException(error)
                else:
                    found.append(_arrived(message))
            return found
        except KafkaException as error:
            raise Away(_said(error, self._route.url)) from error
        finally:
            looking.close()

    async def behind(self) -> int | None:
        """What lies behind the place up to which was read, in the partitions that this line was given."""
        return await asyncio.to_thread(self._behind_us) if self._reading is not None else None

    def _behind_us(self) -> int | None:
        try:
            reader = self._reading.consumer.consumer
            places = reader.committed(reader.assignment(), timeout=LAG_SECONDS)
            ends = [reader.get_watermark_offsets(place, timeout=LAG_SECONDS) for place in places]
            return int(sum(end - max(place.offset, start) for place, (start, end) in zip(places, ends, strict=True)))
        except Exception:  # what is away is said elsewhere
            return None

    def state(self) -> str:
        """What is wrong with the connection now."""
        return self._problem

    async def close(self) -> None:
        """Stop reading, wait for the batch at hand, and let go."""
        broker, self._broker, self._producer = self._broker, None, None
        if broker is None:
            return
        try:
            await asyncio.wait_for(broker.stop(), TRANSACTION_SECONDS)
        except Exception as error:  # nothing that was acknowledged hangs on a farewell
            self._problem = _said(error, self._route.url)

    def _went_wrong(self, error: Any) -> None:
        self._problem = _said(error, self._route.url)

    def _settings(self) -> dict[str, Any]:
        return {"bootstrap.servers": self._route.url, "allow.auto.create.topics": False, "log_level": 0}


async def _unread(messages: Any) -> Any:
    from faststream.message import StreamMessage

    # The library's own parser drops a whole batch without a word where one header is no text.
    return StreamMessage(messages, b"")


async def _as_it_came(message: Any) -> Any:
    return message.raw_message


def _arrived(message: Any) -> Arrived:
    headers = {name: (value or b"").decode(errors="replace") for name, value in message.headers() or []}
    # With its moment, so that a topic made anew under the same name does not repeat the names of the old one.
    place = f"{message.topic()}/{message.partition()}/{message.offset()}/{message.timestamp()[1]}"
    return Arrived(message.value() or b"", headers, place, message)


def _behind(arrived: Sequence[Arrived]) -> list[Any]:
    from confluent_kafka import TopicPartition

    furthest: dict[tuple[str, int], int] = {}
    for one in arrived:
        place = (one.raw.topic(), one.raw.partition())
        furthest[place] = max(furthest.get(place, 0), one.raw.offset() + 1)
    return [TopicPartition(topic, partition, offset) for (topic, partition), offset in furthest.items()]


def _said(error: object, url: str) -> str:
    return f"{shown(url)}: {error}"


BROKER = BrokerKind("kafka", "faststream.confluent", KafkaLine)
