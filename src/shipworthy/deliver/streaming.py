"""The stream mode: a batch of messages becomes answers in the log and dead letters, each question once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shipworthy.base.digest import digest_of_bytes
from shipworthy.base.errors import Mistake, NotFound, UserError
from shipworthy.base.fact import latest
from shipworthy.deliver.asked import KEPT, Asked, DeadLetter, answer_message, asked, dead_headers, same_id, unanswered
from shipworthy.deliver.journal import Journal, seal_left_over
from shipworthy.deliver.register import ANSWERED, DEAD, TAKEN, Known, Register
from shipworthy.deliver.serving import Reply, Serving
from shipworthy.deliver.words import AnswersSealed, StreamAccounted
from shipworthy.edges.broker import Arrived, Route, Sending, address
from shipworthy.edges.store import Store
from shipworthy.plan.schema import Plan, StreamRoute

WHO = "stream-worker"
_PREFIX = 12  # digits of an answer's id that name its run


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as a row of the prediction log, and a notice for its receiver."""

    row: Mapping[str, Any]
    notice: str = ""


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
    """

    sending: list[Sending] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    done: list[Arrived] = field(default_factory=list)
    held: list[Arrived] = field(default_factory=list)
    again: int = 0
    answered: int = 0
    dead: dict[str, int] = field(default_factory=dict)
    notice: str = ""


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
    found = route_of(plan, consumer)
    return Route(
        url=address(plan.brokers[found.broker].url, environ),
        reader=reader_name(plan.product, consumer),
        reads=found.questions,
        sends=(found.answers, found.dead_letters),
        at_once=found.at_once,
    )


def answered_now(
    serving: Serving, journal: Journal, questions: Sequence[Asked], consumer: str, now: datetime
) -> list[Answer | Exception]:
    """Answers that are in the prediction log, each in the place of its question; the one place that asks the hot path.

    The last 20 digits of an answer's id are the question's key, so that the log says which questions it answers.

    Raises:
        OSError: the log could not be written; nobody is answered.
    """
    takes = [one for one in questions if one.values is None]
    told = dict(zip(takes, serving.answers([(one.entity, consumer) for one in takes], now), strict=True))
    found = [told.get(one) or _no_values(one) for one in questions]
    for question, one in zip(questions, found, strict=True):
        if isinstance(one, Reply):
            one.row["answer_id"] = question.key
    journal.write([one.row for one in found if isinstance(one, Reply)])
    return [Answer(one.row, one.notice) if isinstance(one, Reply) else one for one in found]


def _no_values(question: Asked) -> Exception:
    found = "The message brings values of features; those of the pinned snapshot are used."
    return UserError(Mistake("stream.values", "values", found, fix="Leave `values` out."))


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
        self._late: list[tuple[str, bytes]] = []
        self.room = 1 << 20  # bytes of a message that the broker takes; the line knows
        self.require_signed(serving)
        self.register = Register(store.home / "streams" / plan.product / consumer)
        self.recover()
        self.journal = Journal(store, plan.product)
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
        fresh = [key for key in came if key not in known or known[key].state == DEAD or key in under_way.keys() - held]
        batch = Batch(again=again + len(known.keys() - held))
        self._answer([came[key] for key in fresh], {key: known[key].run for key in fresh if key in known}, held, batch)
        older = [(came[key], before) for key, before in known.items() if before.state == ANSWERED]
        batch.sending += [self._once_more(*pair, before) for pair, before in older]
        batch.keys = [key for key in came if key not in held]
        batch.held = [came[key][1] for key in held]
        left = {message.place for message in batch.held}
        batch.done = [message for message in arrived if message.place not in left]
        return batch

    def sent(self, batch: Batch) -> None:
        """The broker has what was to go out."""
        self.register.sent(self.journal.run, batch.keys, batch.again)

    def seal(self, *, end: bool = False) -> None:
        """Seal the answers since the last time, put the account of the stretch on record, and begin a new one."""
        run = self.journal.run
        self._catch_up()
        self.register.settle()
        if end:
            self.journal.close(WHO, self._now())
        else:
            self.journal.seal(WHO, self._now())
        self._tell(run)
        if not end:
            self.register.begin(self.journal.run)

    def close(self) -> None:
        """Seal and end."""
        self.seal(end=True)
        self.register.close()

    def recover(self) -> None:
        """Complete what workers that are gone left behind: their answers sealed, their account on record."""
        gone = self.register.gone()
        if not gone:
            return
        seal_left_over(self._store, self._product, WHO, self._now())
        for run in gone:
            rows = self._sealed(run, ["answer_id", "consumer"])
            mine = [row["answer_id"][_PREFIX:] for row in rows if row["consumer"] == self._consumer]
            self.register.complete(run, mine)
            self.register.free(run)
            self._tell(run)
        self.register.sweep()

    def _catch_up(self) -> None:
        # Answers are in the log and the register could not be told, since the disk was full.
        if self._late:
            self.register.answered(self.journal.run, self._late)
            self._late = []

    def _read(self, arrived: Sequence[Arrived]) -> tuple[dict[str, tuple[Asked | DeadLetter, Arrived]], int]:
        """The messages by the key of their question, and how many of them came twice."""
        read = [(asked(message, self.serving.plan.need.entity), message) for message in arrived]
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
        held.difference_update(mine)
        held.update(contents.keys() - mine)
        ours = [(one, message) for one, message in fresh if one.key in mine]
        questions = [one for one, _ in ours if isinstance(one, Asked)]
        try:
            told = answered_now(self.serving, self.journal, questions, self._consumer, self._now())
        except Exception:
            self.register.give_back(mine)
            raise
        letters = [one for one, _ in ours if isinstance(one, DeadLetter)]
        for question, one in zip(questions, told, strict=True):
            if isinstance(one, Answer):
                self._late.append((question.key, self._message(question, one)))
                batch.notice = one.notice or batch.notice
            else:
                letters.append(unanswered(question, _mistake(one)))
        answers = list(self._late)
        self._catch_up()
        self.register.set_aside(run, [(one.key, contents[one.key], one.mistake.code) for one in letters])
        batch.answered += len(answers)
        batch.sending += [Sending(self.route.answers, body, {}, key) for key, body in answers]
        came = {one.key: message for one, message in ours}
        for letter in letters:
            batch.dead[letter.mistake.code] = batch.dead.get(letter.mistake.code, 0) + 1
            batch.sending.append(self._dead(letter, came[letter.key]))

    def _once_more(self, question: Asked | DeadLetter, message: Arrived, before: Known) -> Sending:
        """The answer that is in the log already, under the id that it has."""
        if before.body:
            return Sending(self.route.answers, before.body, {}, question.key)
        rows = [row for row in self._sealed(before.run) if row["answer_id"][_PREFIX:] == question.key]
        if rows and isinstance(question, Asked):
            row = {**rows[0], "time": rows[0]["time"].isoformat(), "as_of": rows[0]["as_of"].isoformat()}
            return Sending(self.route.answers, self._message(question, Answer(row)), {}, question.key)
        found = "The answer to this question is in the log no more: it was erased."
        mistake = Mistake("stream.erased", question.id, found, fix="Ask under another id, if it may be asked at all.")
        return self._dead(DeadLetter(question.key, question.id, mistake), message)

    def _message(self, question: Asked, answer: Answer) -> bytes:
        return answer_message(question, answer.row, answer.notice, self._source, self.serving.plan.need.entity)

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

    def _sealed(self, run: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
        """The rows that one stretch left in the log; none where it left none."""
        sealed = latest(self._store.ledger.past(self._product).of(AnswersSealed), lambda what: what.run == run)
        return self._store.files.table(sealed.what.segment, columns).to_pylist() if sealed else []


def _mistake(error: Exception) -> Mistake:
    if isinstance(error, UserError):
        return error.mistakes[0]
    found = f"Whatever answers broke on this question: {type(error).__name__}."
    return Mistake("stream.broken", "model", found, fix="Mend the model; then send the dead letters again.")
