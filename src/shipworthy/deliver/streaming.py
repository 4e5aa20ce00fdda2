"""The stream mode: a batch of messages becomes answers in the log and dead letters, each question once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.digest import digest_of_bytes
from shipworthy.base.errors import Mistake, NotFound, UserError
from shipworthy.base.fact import latest
from shipworthy.deliver.answered import Answerers
from shipworthy.deliver.asked import (
    EVENT_HEADERS,
    KEPT,
    Asked,
    DeadLetter,
    answer_message,
    asked,
    dead_headers,
    same_id,
)
from shipworthy.deliver.journal import Journal, is_open, seal_left_over
from shipworthy.deliver.passing import looked_at
from shipworthy.deliver.ready import Question
from shipworthy.deliver.register import ANSWERED, DEAD, TAKEN, Known, Register
from shipworthy.deliver.replies import Reply
from shipworthy.deliver.run import SHADOW
from shipworthy.deliver.service import Mistaken, Stretch
from shipworthy.deliver.serving import Serving
from shipworthy.deliver.words import AnswersSealed, RefusalsSealed, StreamAccounted
from shipworthy.edges.broker import Arrived, Route, Sending, address
from shipworthy.edges.store import Store
from shipworthy.plan.schema import Plan, StreamRoute

WHO = "stream-worker"
SOONEST_AGAIN, LATEST_AGAIN = 3.0, 60.0  # seconds after which what a killed worker held is given to another
_PREFIX = 12  # digits of an answer's id that name its run


@dataclass
class Batch:
    """What came of some messages.

    Attributes:
        sending: what is to go out.
        keys: the questions that are settled when it has gone out.
        done: the messages that are then to be acknowledged.
        held: messages whose question another worker is at; they are looked at again when it is done, or gone.
        again: how many had come before.
        answered: how many are new in the log; dead: dead letters by the code of the reason.
        notice: what a receiver is told of an answer that is not as planned.
        told: what came of each question that was new.
    """

    sending: list[Sending] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    done: list[Arrived] = field(default_factory=list)
    held: list[Arrived] = field(default_factory=list)
    again: int = 0
    answered: int = 0
    dead: Counter[str] = field(default_factory=Counter)
    notice: str = ""
    told: list[tuple[str, Reply | DeadLetter]] = field(default_factory=list)


def route_of(plan: Plan, consumer: str) -> StreamRoute:
    """Where the questions of a consumer come from and its answers go to.

    Raises:
        UserError: it is declared for another mode.
    """
    found = plan.consumers.get(consumer)
    if found is None or found.stream is None:
        streams = [name for name, one in plan.consumers.items() if one.mode == "stream"]
        fix = f"Consumers with `mode: stream`: {', '.join(streams) or 'none yet'}."
        raise NotFound(Mistake("stream.no_consumer", consumer, f"{consumer} is no consumer of a stream.", fix=fix))
    return found.stream


def reader_name(product: str, consumer: str) -> str:
    """The name under which a broker remembers how far a stream was read."""
    return f"shipworthy-{product}-{consumer}"


def answer_route(plan: Plan, consumer: str, environ: Mapping[str, str]) -> Route:
    """The route of the worker: questions in, answers and dead letters out.

    Raises:
        UserError: no such stream, or the broker's address cannot be filled in.
    """
    found, latency = route_of(plan, consumer), plan.consumers[consumer].latency
    seconds = latency.days * 86_400 if latency else SOONEST_AGAIN
    return Route(
        url=address(plan.brokers[found.broker].url, environ),
        reader=reader_name(plan.product, consumer),
        reads=found.questions,
        sends=(found.answers, found.dead_letters),
        at_once=found.at_once,
        again_after=min(max(4 * seconds, SOONEST_AGAIN), LATEST_AGAIN),
    )


class Streaming:
    """One worker of one stream. Not for two threads at the same time."""

    def __init__(self, store: Store, plan: Plan, consumer: str, serving: Serving, now: Callable[[], datetime]) -> None:
        """Complete what workers that are gone left behind, and begin a stretch.

        Args:
            now: the product's time.

        Raises:
            UserError: there is no such stream, or what answers was not signed for it.
        """
        self.route = route_of(plan, consumer)
        self.serving = serving
        self._store, self._product, self._consumer, self._now = store, plan.product, consumer, now
        self._source = f"shipworthy/{plan.product}/{consumer}"
        self._answerers = Answerers(consumer)
        self._late: list[tuple[str, bytes]] = []
        self._unsealed: list[str] = []
        self._late_letters: list[tuple[str, str, str]] = []
        self.room = 1 << 20  # bytes of a message that the broker takes; the line knows
        self.require_signed(serving)
        self.register = Register(store.home / "streams" / plan.product / consumer)
        self.recover()
        self.register.sweep()
        self.served = Stretch()
        self.journal = Journal(store, plan.product)
        self.journal.told = lambda run: self.served.told(plan.product, run)
        self.register.begin(self.journal.run)

    def require_signed(self, serving: Serving) -> None:
        """Nothing, where what answers was signed for this consumer.

        Raises:
            UserError: the consumer came later, or had another mode then.
        """
        known = serving.plan.consumers.get(self._consumer)
        if known is None or known.mode != "stream":
            found = f"What answers now was not signed for {self._consumer} as a stream."
            fix = "Make, prove and sign a candidate under the plan in force, and release it."
            raise UserError(Mistake("stream.not_signed_for", self._consumer, found, fix=fix))

    @property
    def rows(self) -> int:
        """Answers that are in no sealed segment yet."""
        return self.journal.rows

    @property
    def paused(self) -> str:
        """Why nothing is answered for now; empty where it is."""
        return self.serving.pointer.paused.get(self._consumer, "")

    def take(self, arrived: Sequence[Arrived]) -> Batch:
        """Answer what is new, into the log; what came before is answered from it.

        Raises:
            OSError: the log could not be written; the messages may be taken again.
        """
        self._catch_up()
        came, again = self._read(arrived)
        known = self.register.look(came)
        if any(before.state == TAKEN and not before.alive for before in known.values()):
            self.recover()
            known = self.register.look(came)
        under_way = {key: before for key, before in known.items() if before.state == TAKEN}
        held = {key for key, before in under_way.items() if before.alive and not before.mine}
        fresh = [key for key in came if key not in known or key in under_way.keys() - held]
        batch = Batch(again=again + len(known.keys() - held))
        self._answer([came[key] for key in fresh], {key: known[key].run for key in fresh if key in known}, held, batch)
        older = [(came[key], before) for key, before in known.items() if before.state in (ANSWERED, DEAD)]
        batch.sending += [self._once_more(*pair, before) for pair, before in older]
        batch.keys = [key for key in came if key not in held]
        batch.held = [came[key][1] for key in held]
        left = {message.place for message in batch.held}
        batch.done = [message for message in arrived if message.place not in left]
        return batch

    def sent(self, batch: Batch, seconds: float = 0.0) -> None:
        """The broker has what was to go out.

        Args:
            seconds: from when the questions were at hand.
        """
        for entity, told in batch.told:
            one = Mistaken(told.code) if isinstance(told, DeadLetter) else told
            self.served.count(self.serving, Question(entity, self._consumer), one, seconds)
        self.register.sent(self.journal.run, batch.keys, batch.again)

    def seal(self) -> None:
        """Seal the answers since the last time, put the account of the stretch on record, and begin a new one.

        Raises:
            OSError, UserError: they could not be sealed; they stay in their file, and are sealed another time.
        """
        self._catch_up()
        self.register.settle()
        run, sealing = self.journal.run, self.journal.turned()
        self.register.begin(self.journal.run)
        self._unsealed.append(run)
        with suppress(OSError, UserError):  # it is tried once more at once, and then said
            sealing(WHO, self._now())
        self._tell_left_over()

    def _tell_left_over(self) -> None:
        if self._unsealed:
            seal_left_over(self._store, self._product, WHO, self._now())
        while self._unsealed:
            self._tell(self._unsealed[0])
            del self._unsealed[0]

    def close(self) -> None:
        """Seal and end, with the account of workers that have gone since the last look."""
        self._answerers.close()
        self.recover()
        self.seal()
        self.journal.close(WHO, self._now())
        self.register.told(self.journal.run)
        self.register.close()

    def recover(self) -> None:
        """Complete what workers that are gone left behind: their answers sealed, their account on record."""
        gone = self.register.gone()
        if not gone:
            return
        seal_left_over(self._store, self._product, WHO, self._now())
        for run in gone:
            if is_open(self._store, self._product, run):  # it is dying: its answers can be sealed a moment later
                continue
            answers, refusals = self._sealed(AnswersSealed, run), self._sealed(RefusalsSealed, run)
            self.register.complete(run, [(row["answer_id"][_PREFIX:], ANSWERED, "") for row in answers])
            self.register.complete(run, [(row["refusal_id"], DEAD, row["code"]) for row in refusals])
            self.register.free(run)
            self._tell(run)
        self.register.sweep()

    def _catch_up(self) -> None:
        # Answers are in the log and the register could not be told, since the disk was full.
        if self._late or self._late_letters:
            self.register.answered(self.journal.run, self._late)
            self.register.set_aside(self.journal.run, self._late_letters)
            self._late, self._late_letters = [], []

    def _read(self, arrived: Sequence[Arrived]) -> tuple[dict[str, tuple[Asked | DeadLetter, Arrived]], int]:
        """The messages by the key of their question, and how many of them came twice."""
        read = [(asked(message), message) for message in arrived]
        contents = {key: known.content for key, known in self.register.look({one.key for one, _ in read}).items()}
        came: dict[str, tuple[Asked | DeadLetter, Arrived]] = {}
        for one, message in read:
            if isinstance(one, Asked) and (contents.setdefault(one.key, one.content) or one.content) != one.content:
                one = same_id(one, message.place)
            came.setdefault(one.key, (one, message))
        return came, len(arrived) - len(came)

    def _answer(
        self,
        fresh: Sequence[tuple[Asked | DeadLetter, Arrived]],
        before: Mapping[str, str],
        held: set[str],
        batch: Batch,
    ) -> None:
        run = self.journal.run
        contents = {one.key: one.content if isinstance(one, Asked) else "" for one, _ in fresh}
        mine = self.register.take(run, contents.items(), before)
        held.update(contents.keys() - mine)
        ours = [(one, message) for one, message in fresh if one.key in mine]
        try:
            told = self._answerers.answered(self.serving, self.journal, [one for one, _ in ours], self._now())
        except BaseException:
            self.register.give_back(mine)
            raise
        self._late = [(key, body) for key, body in self._messages(ours, told)]
        letters = [(one, message) for one, (_, message) in zip(told, ours, strict=True) if isinstance(one, DeadLetter)]
        self._late_letters = [(one.key, contents[one.key], one.code) for one, _ in letters]
        batch.answered = len(self._late)
        batch.told = [(one.row["entity"] if isinstance(one, Reply) else "", one) for one in told]
        batch.dead = Counter(one.code for one, _ in letters)
        batch.notice = next((one.notice for one in told if isinstance(one, Reply) and one.notice), "")
        batch.sending += [Sending(self.route.answers, body, EVENT_HEADERS, key) for key, body in self._late]
        batch.sending += [self._dead(one, message) for one, message in letters]
        self._catch_up()

    def _messages(
        self, ours: Sequence[tuple[Asked | DeadLetter, Arrived]], told: Sequence[Reply | DeadLetter]
    ) -> Iterator[tuple[str, bytes]]:
        for (question, _), one in zip(ours, told, strict=True):
            if isinstance(one, Reply) and isinstance(question, Asked):
                yield question.key, self._message(question, one)

    def _once_more(self, question: Asked | DeadLetter, message: Arrived, before: Known) -> Sending:
        """What is in the log already, under the name that it has there."""
        if before.state == DEAD:
            found = question.found if isinstance(question, DeadLetter) else "It was refused when it came first."
            return self._dead(DeadLetter(question.key, question.id, before.reason, found), message)
        if before.body:
            return Sending(self.route.answers, before.body, EVENT_HEADERS, question.key)
        rows = [row for row in self._sealed(AnswersSealed, before.run) if row["answer_id"][_PREFIX:] == question.key]
        if rows and isinstance(question, Asked):
            row = {**rows[0], "time": rows[0]["time"].isoformat(), "as_of": rows[0]["as_of"].isoformat()}
            told = self._message(question, self._again(question, row))
            return Sending(self.route.answers, told, EVENT_HEADERS, question.key)
        found = "The answer to this question is in the log no more: it was erased."
        mistake = Mistake("stream.erased", question.id, found, fix="Ask under another id, if it may be asked at all.")
        return self._dead(DeadLetter(question.key, question.id, mistake.code, mistake.found), message)

    def _again(self, question: Asked, row: dict[str, Any]) -> Reply:
        """An answer as it is in the log, with the values it looked at; its interval if who gave it still answers."""
        ready = self.serving.ready.get(row["candidate"])
        ends = ready.ends([row["score"]]) if ready else None
        reply = Reply(row, row.get("notice") or "", values=self._values_again(question, row))
        return replace(reply, low=ends[0][0], high=ends[0][1]) if ends else reply

    def _values_again(self, question: Asked, row: dict[str, Any]) -> dict[str, Any]:
        plan = self.serving.plan
        needed = plan.consumers[self._consumer].needs_values
        if not needed or not row["inputs_ref"]:
            return {name: question.given.get(name) for name in needed}
        entity, inputs = looked_at(self._store.files, row["inputs_ref"], plan.need.entity, needed)
        mine = inputs.filter(pc.equal(pc.cast(inputs[entity], pa.string()), row["entity"])).to_pylist()
        return {name: (mine[0] if mine else {}).get(name) for name in needed}

    def _message(self, question: Asked, answer: Reply) -> bytes:
        need = self.serving.plan.need
        classes = answer.classes or (need.classes if "likely" in answer.row else ())
        row = answer.row | {"low": answer.low, "high": answer.high, "values": answer.values}
        return answer_message(question, row, answer.notice, self._source, need.entity, classes)

    def _dead(self, letter: DeadLetter, message: Arrived) -> Sending:
        headers, body = dead_headers(letter, message), message.body
        if len(body) > self.room:
            digest = digest_of_bytes(body)
            whole = self.register.folder / f"{digest}.whole"
            whole.write_bytes(body)
            headers, body = {**headers, KEPT: digest}, body[: self.room]
        return Sending(self.route.dead_letters, body, headers, f"dead-{letter.key}")

    def _tell(self, run: str) -> None:
        """The account of a stretch, as a fact; once, however often it is told."""
        counts = self.register.counts(run)
        if counts.read or counts.again:
            fact = StreamAccounted(
                product=self._product,
                consumer=self._consumer,
                run=run,
                read=counts.read,
                answered=counts.answered,
                dead=counts.dead,
                again=counts.again,
            )
            append = self._store.ledger.append
            append(lambda past: [fact], product=self._product, who=WHO, at=self._now(), key=f"stream/{run}")
        self.register.told(run)

    def _sealed(self, kind: type[AnswersSealed | RefusalsSealed], run: str) -> list[dict[str, Any]]:
        """The rows for this consumer that one stretch left in the log; none where it left none."""
        sealed = latest(self._store.ledger.past(self._product).of(kind), lambda what: what.run == run)
        rows = self._store.files.table(sealed.what.segment).to_pylist() if sealed else []
        return [row for row in rows if row["consumer"] == self._consumer and row.get("step") != SHADOW]
