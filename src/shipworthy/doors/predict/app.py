"""The prediction server: bare ASGI, one route, every answer on disk before it is acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from shipworthy.app.desk import Desk
from shipworthy.app.entrance import LOOPBACK, host_name
from shipworthy.app.rights import rights_of
from shipworthy.base.actor import Actor
from shipworthy.base.digest import plain
from shipworthy.base.errors import Mistake, NotFound, Tampered, UserError
from shipworthy.deliver.journal import Journal, seal_left_over
from shipworthy.deliver.serving import Reply, Serving, contract, is_current, load_serving, reply

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
Asked = tuple[tuple[str, str], "asyncio.Future[Reply]"]
MOST_BYTES = 64 * 1024
LOOK_SECONDS = 1.0  # between two looks at the release pointer
SEAL_SECONDS, SEAL_ROWS = 60.0, 50_000
MOST_AT_ONCE = 256  # questions answered together; more wait for the next turn
IDENTITY_SECONDS = 30.0  # how long a verified token is trusted without asking the database


class Refused(Exception):
    """A request that is answered with a status and a reason."""

    def __init__(self, status: int, mistake: Mistake) -> None:
        super().__init__(str(mistake))
        self.status, self.mistake = status, mistake


class Predictions:
    """The ASGI application of one product."""

    def __init__(self, desk: Desk, product: str, hosts: tuple[str, ...] = LOOPBACK) -> None:
        """Load what is released.

        Raises:
            NotFound: nothing is released.
            Tampered: pointer or files were changed.
        """
        self._desk, self._product, self._hosts = desk, product, hosts
        self.serving: Serving = load_serving(desk.store, product)
        self._product_time = desk.now(product)
        self._problem, self._stood_in = "", ""
        self._callers: dict[str, tuple[float, Actor]] = {}
        self._waiting: list[Asked] = []
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or the server's start and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        status, body = await self._respond(scope, receive)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        headers.append((b"x-content-type-options", b"nosniff"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _respond(self, scope: Message, receive: Receive) -> tuple[int, bytes]:
        try:
            headers = dict(scope["headers"])
            if host_name(headers.get(b"host", b"").decode("latin-1")) not in self._hosts:
                raise Refused(400, Mistake("serve.host", "Host", "This server is not reached by that name."))
            route = (scope["method"], scope["path"])
            if route == ("GET", "/health"):
                return 200, self._health()
            actor = await self._caller(headers)
            if route == ("GET", "/openapi.json"):
                return 200, json.dumps(contract(self.serving.plan)).encode()
            if route != ("POST", "/predict"):
                raise Refused(
                    404, Mistake("serve.route", scope["path"], "There is no such route.", fix="POST /predict")
                )
            return 200, await self._predict(actor, await _body(receive))
        except Refused as refused:
            return refused.status, _error(refused.mistake)
        except NotFound as error:
            return 404, _error(*error.mistakes)
        except UserError as error:
            return 500 if isinstance(error, Tampered) else 422, _error(*error.mistakes)
        except Exception as error:  # the caller gets a reason also where we or the model's code fail
            self._stood_in = f"{type(error).__name__}: {error}"
            return 500, _error(Mistake("serve.bug", scope["path"], "The server could not answer.", fix="See /health."))

    async def _predict(self, actor: Actor, body: bytes) -> bytes:
        serving = self.serving
        entity, consumer = _entity(body, serving.plan.need.entity), _consumer(serving, actor)
        answered: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append(((entity, consumer), answered))
        self._wake.set()
        told = await answered
        self._stood_in = told.notice or self._stood_in
        return reply(told, serving.plan.need.entity)

    def _now(self) -> datetime:
        # A simulated clock stands still between two looks; to ask the ledger at each request would be slow.
        return self._desk.clock() if self.serving.plan.time.clock == "wall" else self._product_time

    async def _caller(self, headers: dict[bytes, bytes]) -> Actor:
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not token:
            fix = "Send `Authorization: Bearer TOKEN`."
            raise Refused(401, Mistake("serve.no_identity", "Authorization", "The request has no identity.", fix=fix))
        known = self._callers.get(token)
        if known is None or known[0] < time.monotonic():
            who = await asyncio.to_thread(self._desk.people.by_token, token)
            if who is None:
                raise Refused(
                    401, Mistake("serve.no_identity", "Authorization", "This token is nobody's, or has ended.")
                )
            actor = await asyncio.to_thread(self._desk.actor, self._product, who)
            known = self._callers[token] = (time.monotonic() + IDENTITY_SECONDS, actor)
        if "predict" not in rights_of(known[1]):
            found = f"{known[1].person} speaks for no consumer of {self._product}."
            raise Refused(403, Mistake("serve.no_right", "Authorization", found, fix="Name the login in the plan."))
        return known[1]

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        store, who = self._desk.store, "prediction-server"
        await asyncio.to_thread(seal_left_over, store, self._product, who, self._desk.now(self._product))
        journal = Journal(store, self._product)
        self._tasks = [asyncio.create_task(self._keep(journal)), asyncio.create_task(self._look())]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(journal.close, who, self._desk.now(self._product))
        await send({"type": "lifespan.shutdown.complete"})

    async def _keep(self, journal: Journal) -> None:
        """Answer whoever waits, together, and seal from time to time."""
        sealed = time.monotonic()
        while True:
            if not self._waiting:
                timeout = max(0.05, sealed + SEAL_SECONDS - time.monotonic())
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), timeout)
            self._wake.clear()
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            if batch:
                await self._settle(journal, batch)
            if journal.rows >= SEAL_ROWS or time.monotonic() > sealed + SEAL_SECONDS:
                await self._seal(journal)
                sealed = time.monotonic()

    async def _seal(self, journal: Journal) -> None:
        try:
            await asyncio.to_thread(journal.seal, "prediction-server", self._desk.now(self._product))
        except (OSError, UserError) as error:  # nothing is lost: the file stays, and is sealed when a server starts
            self._problem = f"Answers could not be sealed: {error}"

    async def _settle(self, journal: Journal, batch: list[Asked]) -> None:
        """Give each who waits an answer that is on disk, or the reason why there is none."""
        asked = [question for question, _ in batch]
        told: Sequence[Reply | Exception]
        try:
            told = await asyncio.to_thread(_logged, self.serving, journal, asked, self._now())
        except Exception as error:  # whoever waits must hear of it, and the next ones be answered
            told = [error] * len(batch)
        for (_, answered), one in zip(batch, told, strict=True):
            if answered.done():  # the caller has gone
                continue
            if isinstance(one, Exception):
                answered.set_exception(one)
            else:
                answered.set_result(one)

    async def _look(self) -> None:
        """Follow the release pointer; what cannot be verified changes nothing and is said at /health."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                fresh = await asyncio.to_thread(self._newer)
                self.serving, self._problem = fresh or self.serving, ""
                self._stood_in = "" if fresh else self._stood_in
            except UserError as error:
                self._problem = str(error.mistakes[0].found)

    def _newer(self) -> Serving | None:
        self._product_time = self._desk.now(self._product)
        return None if is_current(self.serving, self._desk.store) else load_serving(self._desk.store, self._product)

    def _health(self) -> bytes:
        serving = self.serving
        state = {
            "product": self._product,
            "champion": serving.pointer.champion,
            "pointer": serving.pointer.digest,
            "as_of": {name: ready.as_of.isoformat() for name, ready in serving.ready.items()},
            "problem": self._problem or self._stood_in,
        }
        return json.dumps(state).encode()


def _logged(
    serving: Serving, journal: Journal, asked: list[tuple[str, str]], now: datetime
) -> Sequence[Reply | Exception]:
    """Answers that are in the prediction log; nobody gets one that could not be written there."""
    told = serving.answers(asked, now)
    try:
        journal.write([one.row for one in told if isinstance(one, Reply)])
    except OSError as error:
        found = f"The answer could not be written to the prediction log: {error.strerror or error}."
        refusal = Refused(503, Mistake("serve.log", "prediction log", found, "No answer leaves unrecorded."))
        return [refusal if isinstance(one, Reply) else one for one in told]
    return told


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > MOST_BYTES:
            raise Refused(413, Mistake("serve.too_large", "body", f"The body has more than {MOST_BYTES} bytes."))
        if not message.get("more_body"):
            return body


def _entity(body: bytes, column: str) -> str:
    fix = f'Send {{"{column}": "…"}}.'
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(422, Mistake("serve.not_json", "body", "The body is no JSON.", fix=fix)) from None
    if not isinstance(asked, dict) or set(asked) != {column} or not isinstance(asked[column], str | int):
        got = ", ".join(sorted(map(str, asked))) if isinstance(asked, dict) else type(asked).__name__
        raise Refused(
            422, Mistake("serve.input", "body", f"Expected one field {column}, got {got or 'none'}.", fix=fix)
        )
    return str(asked[column])


def _consumer(serving: Serving, actor: Actor) -> str:
    known = serving.plan.consumers
    mine = [name for name in sorted(actor.consumers) if name in known and known[name].mode == "realtime"]
    if not mine:
        found = f"{actor.person} speaks for no real-time consumer that what answers now was signed for."
        raise Refused(403, Mistake("serve.no_consumer", "consumers", found, fix="Declare one with mode: realtime."))
    return mine[0]


def _error(*mistakes: Mistake) -> bytes:
    return json.dumps({"error": {"mistakes": plain(list(mistakes))}}).encode()
