"""The prediction server: bare ASGI, no router and no model classes on the way of a question."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from shipworthy.app.desk import Desk
from shipworthy.app.entrance import LOOPBACK, host_name
from shipworthy.app.rights import rights_of
from shipworthy.base.actor import Actor
from shipworthy.base.errors import Mistake, NotFound, UserError
from shipworthy.deliver.beat import leave
from shipworthy.deliver.journal import Journal, seal_left_over
from shipworthy.deliver.loading import is_current, load_serving
from shipworthy.deliver.ready import Question
from shipworthy.deliver.replies import Reply, reply
from shipworthy.deliver.serving import Serving
from shipworthy.doors.predict import mlflow_scoring, oip_rest
from shipworthy.doors.predict.asking import Traced, body_of, refused
from shipworthy.doors.predict.beating import Beating
from shipworthy.doors.predict.contract import openapi
from shipworthy.doors.predict.lane import Lane, Seal, Told
from shipworthy.doors.predict.refused import Refused, ending
from shipworthy.doors.predict.shapes import JSON, Headers, Response, error_body
from shipworthy.doors.predict.tally import Tally
from shipworthy.doors.predict.tracing import HEADER, TOLD, response, trace_of

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
MOST_BYTES = 64 * 1024
LOOK_SECONDS = 1.0  # between two looks at the release pointer
COMPARE_SECONDS = 30.0  # between two comparisons with the original, which takes the processor for a while
BEAT_SECONDS = 10.0  # between two words for the page of the servers
IDENTITY_SECONDS = 30.0  # how long a verified token is trusted without asking the database
MOST_CALLERS = 10_000  # tokens and host names remembered at once
WHO = "prediction-server"
_PLAIN = b"text/plain; version=0.0.4"
_OWN = {"/health": "GET", "/openapi.json": "GET", "/metrics": "GET", "/predict": "POST"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may ask, and for which consumer.

    Attributes:
        until: how long that is trusted, by the machine's monotonic clock.
        serving: what answered when the consumer was chosen.
    """

    until: float
    actor: Actor
    consumer: str
    serving: Serving


class Predictions:
    """The ASGI application of one product."""

    def __init__(self, desk: Desk, product: str, hosts: tuple[str, ...] = LOOPBACK) -> None:
        """Load what is released.

        Raises:
            NotFound: nothing is released.
            Tampered: pointer or files were changed.
        """
        self._desk, self.product, self._hosts = desk, product, hosts
        self.serving: Serving = load_serving(desk.store, product)
        self.tally = Tally()
        self.lane = Lane(lambda: self.serving, self.now, self.tally)
        self._product_time = desk.now(product)
        self.beating = Beating(product, desk.clock())
        self._beaten = self._compared = 0.0
        self._problem, self._stood_in = "", ""
        self._callers: dict[bytes, Caller] = {}
        self._called: dict[bytes, bool] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or the server's start and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        trace = trace_of(scope["headers"])
        status, body, kind, more = await self._respond(scope, receive, trace)
        headers = [
            (b"content-type", kind),
            (b"content-length", b"%d" % len(body)),
            (b"x-content-type-options", b"nosniff"),
            *more,
            *(((TOLD, response(trace)),) if trace else ()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _respond(self, scope: Message, receive: Receive, trace: str) -> Response:
        try:
            host, authorization, _ = _who(scope["headers"])
            if not self._is_called(host):
                raise _wrong_host()
            if scope["path"] == "/predict" and scope["method"] == "POST":
                caller = await self.caller(authorization)
                body = await body_of(self, Traced(caller.consumer, trace[:32]), receive, MOST_BYTES)
                return 200, await self._predict(caller, body, trace), JSON, ()
            return await self._other(scope, receive, authorization)
        except Exception as error:  # the caller gets a reason also where we or the model's code fail
            return self._failed(error, scope["path"])

    async def _other(self, scope: Message, receive: Receive, authorization: bytes) -> Response:
        path, method = scope["path"], scope["method"]
        if oip_rest.speaks(path):
            return await oip_rest.respond(self, scope, receive, authorization)
        if mlflow_scoring.speaks(path):
            return await mlflow_scoring.respond(self, scope, receive, authorization)
        if path in _OWN and method != _OWN[path]:
            raise Refused.method(path, _OWN[path])
        if path == "/health":
            return 200, await self._health(authorization), JSON, ()
        caller = await self.caller(authorization)
        if path == "/openapi.json":
            inputs = self.serving.inputs[caller.consumer]
            return 200, orjson.dumps(openapi(self.serving.plan, inputs)), JSON, ()
        if path == "/metrics":
            return 200, self.tally.exposition(self.product), _PLAIN, ()
        raise Refused(404, Mistake("serve.route", path, "There is no such route.", fix="POST /predict"))

    async def _predict(self, caller: Caller, body: bytes, trace: str) -> bytes:
        answered: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._hear(caller, body, lambda told: None if answered.done() else answered.set_result(told), trace)
        return self._told(await answered)

    def hear(self, headers: Headers, body: bytes, told: Callable[[Response], None]) -> None:
        """Answer one POST /predict by a callback: the way of the protocol that knows this route; see `wire`."""
        host, authorization, traced = _who(headers)
        known = self._callers.get(authorization)
        if known is None or known.until <= time.monotonic() or known.serving is not self.serving:
            asyncio.get_running_loop().create_task(self._introduced(headers, body, told))
            return
        if not self._is_called(host):
            told(self._failed(_wrong_host()))
            return
        if traced and (trace := trace_of(headers)):
            self._hear(known, body, lambda one: told(self._traced(one, trace)), trace)
            return
        self._hear(known, body, lambda one: told(self._answer(one)))

    def turn_away(self, headers: Headers, why: Refused, told: Callable[[Response], None]) -> None:
        """Refuse a POST /predict whose body is not taken; in the log first, where it is known who asks."""
        asyncio.get_running_loop().create_task(self._turned_away(headers, why, told))

    async def _turned_away(self, headers: Headers, why: Refused, told: Callable[[Response], None]) -> None:
        trace = trace_of(headers)
        end: Exception = why
        with contextlib.suppress(Exception):  # nobody may know who asks
            asker = Traced((await self.caller(_who(headers)[1])).consumer, trace[:32])
            end = await refused(self, asker, None, why)
        told(self._traced(end, trace))

    async def _introduced(self, headers: Headers, body: bytes, told: Callable[[Response], None]) -> None:
        """The same for somebody whose identity is not known yet, or no longer."""
        try:
            host, authorization, _ = _who(headers)
            if not self._is_called(host):
                raise _wrong_host()
            caller = await self.caller(authorization)
        except Exception as error:
            told(self._failed(error))
            return
        trace = trace_of(headers)
        self._hear(caller, body, lambda one: told(self._traced(one, trace)), trace)

    def _hear(self, caller: Caller, body: bytes, told: Callable[[Told], None], trace: str = "") -> None:
        asked: Any = None
        trace = trace[:32]
        inputs = self.serving.inputs[caller.consumer]
        try:
            asked = orjson.loads(body)
            entity, values = inputs.read(asked)
        except orjson.JSONDecodeError as error:
            self.lane.hear(Question("", caller.consumer, trace=trace), told, Refused.no_json(body, error))
        except UserError as error:
            self.lane.hear(self.serving.question_in_doubt(caller.consumer, asked, trace), told, error)
        else:
            self.lane.hear(Question(entity, caller.consumer, values, "", trace), told)

    def _answer(self, told: Told) -> Response:
        try:
            return 200, self._told(told), JSON, ()
        except Exception as error:
            return self._failed(error)

    def _traced(self, told: Told, trace: str) -> Response:
        """The same, with the trace of who asked, in which the answer is a span."""
        status, body, kind, more = self._answer(told)
        if not trace:
            return status, body, kind, more
        answer = told.row["answer_id"] if isinstance(told, Reply) else ""
        return status, body, kind, (*more, (TOLD, response(trace, answer)))

    def _failed(self, error: Exception, path: str = "/predict") -> Response:
        if not isinstance(error, Refused | UserError):
            self._stood_in = f"{type(error).__name__}: {error}"  # also where we or the model's code fail
        end = ending(error, path)
        return end.status, error_body(path, end), JSON, end.headers

    def _told(self, told: Told) -> bytes:
        if isinstance(told, Reply):
            self._stood_in = told.notice if told.stood_in else self._stood_in
            return reply(told, self.serving.plan.need.entity)
        raise told

    def now(self) -> datetime:
        """The product's time; a simulated clock stands still between two looks, since asking the ledger is slow."""
        return self._desk.clock() if self.serving.plan.time.clock == "wall" else self._product_time

    async def caller(self, authorization: bytes) -> Caller:
        """Who asks, by the header `Authorization`.

        Raises:
            Refused: nobody, or somebody who may not (401, 403).
        """
        try:
            return await self._identified(authorization)
        except Refused as error:
            self.tally.unknown[error.mistake.code] += 1
            raise

    async def _identified(self, authorization: bytes) -> Caller:
        known = self._callers.get(authorization)
        if known is not None and known.until > time.monotonic() and known.serving is self.serving:
            return known
        token = _token(authorization)
        if not token:
            fix = "Send `Authorization: Bearer TOKEN`."
            raise Refused(401, Mistake("serve.no_identity", "Authorization", "The request has no identity.", fix=fix))
        serving = self.serving
        who = await asyncio.to_thread(self._desk.people.by_token, token)
        if who is None:
            raise Refused(401, Mistake("serve.no_identity", "Authorization", "This token is nobody's, or has ended."))
        actor = await asyncio.to_thread(self._desk.actor, self.product, who)
        if "predict" not in rights_of(actor):
            found = f"{actor.person} speaks for no consumer of {self.product}."
            raise Refused(403, Mistake("serve.no_right", "Authorization", found, fix="Name the login in the plan."))
        if len(self._callers) >= MOST_CALLERS:
            self._callers.clear()
        until = time.monotonic() + IDENTITY_SECONDS
        known = self._callers[authorization] = Caller(until, actor, _consumer(serving, actor), serving)
        return known

    def _is_called(self, host: bytes) -> bool:
        """Whether the server is reached by a name of its own; it counts where it is not."""
        if called := self._is_own(host):
            return called
        self.tally.unknown[_wrong_host().mistake.code] += 1
        return False

    def _is_own(self, host: bytes) -> bool:
        known = self._called.get(host)
        if known is None:
            if len(self._called) >= MOST_CALLERS:
                self._called.clear()
            known = self._called[host] = host_name(host.decode("latin-1")) in self._hosts
        return known

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        store = self._desk.store
        await asyncio.to_thread(seal_left_over, store, self.product, WHO, self._desk.now(self.product))
        journal = Journal(store, self.product)
        self._tasks = [asyncio.create_task(self.lane.run(journal, self._seal)), asyncio.create_task(self._look())]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.lane.close()
        await asyncio.to_thread(journal.close, WHO, self._desk.now(self.product))
        await asyncio.to_thread(self._beat, stopped=True)
        await send({"type": "lifespan.shutdown.complete"})

    def _seal(self, seal: Seal) -> None:
        try:
            seal(WHO, self._desk.now(self.product))
        except (OSError, UserError) as error:  # nothing is lost: the file stays, and is sealed when a server starts
            self._problem = f"Answers could not be sealed: {error}"

    async def _look(self) -> None:
        """Follow the release pointer; what cannot be verified changes nothing and is said at /health."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                fresh = await asyncio.to_thread(self._newer)
                self.serving, self._problem = fresh or self.serving, ""
                self._stood_in = "" if fresh else self._stood_in
                await asyncio.to_thread(self._compare)
                await asyncio.to_thread(self._beat)
            except UserError as error:
                self._problem = str(error.mistakes[0].found)
            except Exception as error:  # a database that is away must not end the looking
                self._problem = f"The release pointer could not be looked at: {type(error).__name__}."

    def _compare(self) -> None:
        """Hold the newest answer against the original; a model whose compiled form says another thing is put aside."""
        if time.monotonic() < self._compared + COMPARE_SECONDS:
            return
        self._compared = time.monotonic()
        serving, question = self.serving, self.lane.newest
        name = serving.meant_for(question) if question else ""
        if question is None or name not in serving.ready or name in serving.aside:
            return
        apart = serving.ready[name].disagreement(question)
        if apart:
            self.serving = replace(serving, aside={**serving.aside, name: apart})

    def _beat(self, *, stopped: bool = False) -> None:
        """Leave word for the page of the servers."""
        if not stopped and time.monotonic() < self._beaten + BEAT_SECONDS:
            return
        self._beaten = time.monotonic()
        problem = self.state()["problem"]
        now, unsealed = self._desk.clock(), self.lane.unsealed
        beat = self.beating.beat(self.serving, self.tally, now, unsealed=unsealed, problem=problem, stopped=stopped)
        with contextlib.suppress(OSError):  # a server goes on answering where its word cannot be left
            leave(self._desk.store, beat)

    def _newer(self) -> Serving | None:
        self._product_time = self._desk.now(self.product)
        if is_current(self.serving, self._desk.store):
            return None
        try:
            return load_serving(self._desk.store, self.product)
        except NotFound:  # everything was taken back: what is in memory may answer nobody any more
            return self.serving.emptied()

    async def unready(self) -> str:
        """Why it cannot answer now; empty where it can.

        A release pointer that cannot be verified is no reason: what was verified before it goes on answering.
        """
        serving = self.serving
        answering = {name for name in serving.pointer.champion.values() if name}
        if not self._tasks:
            return "The server is starting, or comes to its end."
        if not answering:
            return "Nothing is released."
        if answering <= serving.aside.keys() and not serving.stand_in:
            return "The model was put aside, since its two forms differ, and nothing may stand in."
        why = await self.lane.unwritable()
        return f"The prediction log cannot be written ({why})." if why else ""

    async def _health(self, authorization: bytes) -> bytes:
        """Whether it answers; what and how, to those only who may ask."""
        state: dict[str, Any] = {"product": self.product, "ok": not self._problem}
        with contextlib.suppress(Refused):
            await self._identified(authorization)
            state |= self.state()
        return orjson.dumps(state)

    def state(self) -> dict[str, Any]:
        """What answers whom, in which form, and what is wrong."""
        serving = self.serving
        return {
            "champion": serving.pointer.champion,
            "canary": {serving.pointer.canary: serving.pointer.canary_share} if serving.pointer.canary else {},
            "pointer": serving.pointer.digest,
            "instead": serving.pointer.instead,
            "as_of": {name: ready.as_of.isoformat() for name, ready in serving.ready.items()},
            "form": {name: ready.answerer.form for name, ready in serving.ready.items()},
            "shadow": serving.challenger,
            "answered": self.tally.answered,
            "stood_in": self.tally.stood_in,
            "refused": dict(self.tally.refused),
            "unknown_callers": dict(self.tally.unknown),
            "aside": dict(serving.aside),
            "problem": self._problem or self._stood_in or self.lane.problem,
        }


def _who(headers: Headers) -> tuple[bytes, bytes, bytes]:
    """Host, authorization and whether a trace comes with it, in one pass: this is asked of every question."""
    host = authorization = traced = b""
    for name, value in headers:
        if name == b"host":
            host = value
        elif name == b"authorization":
            authorization = value
        elif name == HEADER:
            traced = value
    return host, authorization, traced


def _wrong_host() -> Refused:
    return Refused(400, Mistake("serve.host", "Host", "This server is not reached by that name."))


def _token(authorization: bytes) -> str:
    """The token of a bearer, or the password of somebody whose program knows no other way to say who it is."""
    scheme, _, token = authorization.decode("latin-1").partition(" ")
    if scheme.lower() == "basic":
        with contextlib.suppress(binascii.Error, UnicodeDecodeError):
            return base64.b64decode(token, validate=True).decode().partition(":")[2]
    return token if scheme.lower() == "bearer" else ""


def _consumer(serving: Serving, actor: Actor) -> str:
    known = serving.plan.consumers
    mine = [name for name in sorted(actor.consumers) if name in known and known[name].mode == "realtime"]
    if not mine:
        found = f"{actor.person} speaks for no real-time consumer that what answers now was signed for."
        raise Refused(403, Mistake("serve.no_consumer", "consumers", found, fix="Declare one with mode: realtime."))
    return mine[0]
