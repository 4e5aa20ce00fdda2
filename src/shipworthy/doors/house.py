"""The servers: which doors stand behind one address. The only place that knows more than one door."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import re
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from socket import AI_PASSIVE, SOCK_STREAM, create_server, getaddrinfo
from socket import socket as Socket
from typing import Any

import uvicorn

from shipworthy.app.desk import Desk
from shipworthy.app.entrance import LOOPBACK
from shipworthy.app.rights import Identity
from shipworthy.app.settings import settings
from shipworthy.app.wiring import close_desk, open_desk
from shipworthy.app.work import working
from shipworthy.base.errors import Mistake, UserError
from shipworthy.doors.connection import IDLE_SECONDS, Connection
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan

ASGI = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]
LOOK_SECONDS = 5.0
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:]*:[0-9a-f:.]+")


def house(desk: Desk, hosts: Sequence[str] = LOOPBACK) -> ASGI:
    """Pages at /, the HTTP API at /v1, health at /healthz: one ASGI application.

    Args:
        hosts: names under which it may be addressed, only loopback by default.
    """
    from shipworthy.doors.api.app import api
    from shipworthy.doors.web.app import web

    pages, interface = web(desk, hosts=hosts), api(desk, hosts=hosts)

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        programmatic = path.startswith("/v1") or path in ("/healthz", "/openapi.json")
        await (interface if programmatic or scope["type"] == "lifespan" else pages)(scope, receive, send)

    return app


def reached_as(listen: str, declared: str) -> tuple[str, ...]:
    """The names under which a server may be addressed: those of loopback, and those declared.

    Args:
        listen: the address it listens on.
        declared: names as people write them, separated by commas.

    Raises:
        UserError: something declared is no name, or it would listen beyond loopback and answer to no name.

    >>> reached_as("0.0.0.0", "Ship.example, 192.0.2.7")[-2:]
    ('ship.example', '192.0.2.7')
    """
    names = [text.strip().lower().strip("[]") for text in declared.split(",") if text.strip()]
    wrong = [name for name in names if not _NAME.fullmatch(name)]
    if wrong:
        fix = "Write names only, without https:// and port, such as ship.example,192.0.2.7"
        raise UserError(*(Mistake("serve.host_name", "hosts", f"{name!r} is no host name.", fix=fix) for name in wrong))
    if listen not in LOOPBACK and not names:
        raise UserError(
            Mistake(
                "serve.no_hosts",
                f"host {listen}",
                f"It would listen on {listen}, beyond this machine, but is reached by no declared name.",
                "Only declared names are answered, so that no foreign name can be pointed at this server.",
                "Name it with --hosts ship.example or SHIPWORTHY_HOSTS; or leave out --host to stay on loopback.",
            )
        )
    return tuple(dict.fromkeys((*LOOPBACK, *names)))


def serve_house(host: str, port: int, worker: str, hosts: Sequence[str] = LOOPBACK, *, as_json: bool = False) -> None:
    """Serve pages and API until stopped; with a worker's login, also do what falls due.

    Raises:
        UserError: it cannot listen there.
    """
    desk = open_desk()
    stop = threading.Event()
    thread = threading.Thread(target=_work, args=(desk, Identity(worker), stop), daemon=True) if worker else None
    try:
        with listening(host, port) as socket:
            address = f"{_address(socket)}/"
            told = f"Pages: {address}   API: {address}v1   (Ctrl-C ends it)"
            print(json.dumps({"pages": address, "api": f"{address}v1"}) if as_json else told, flush=True)
            if thread:
                thread.start()
            _serve(house(desk, hosts), socket)
    finally:
        stop.set()
        if thread and thread.is_alive():
            thread.join()
        close_desk(desk)


def serve_predictions(
    product: str,
    host: str,
    port: int,
    hosts: tuple[str, ...] = LOOPBACK,
    *,
    grpc_port: int | None = None,
    as_json: bool = False,
) -> None:
    """Serve the predictions of one product until stopped.

    Args:
        grpc_port: where the Open Inference Protocol is spoken over gRPC too; nowhere where None.

    Raises:
        UserError: it cannot listen there, or gRPC is not installed.
    """
    from shipworthy.doors.predict.app import Predictions
    from shipworthy.doors.predict.wire import Wire

    desk = open_desk(settings())
    try:
        app = Predictions(desk, product, hosts)
        with listening(host, port) as socket:
            places = {"predictions": f"{_address(socket)}/predict"}
            app.beating.address = places["predictions"]
            served: Any = app
            if grpc_port is not None:
                places["grpc"] = _free_place(host, grpc_port)
                served = with_grpc(app, places["grpc"])
            told = "   ".join([f"Predictions of {product}: {places['predictions']}", *_beside(places)])
            # What is loaded stays until the end. To look through all of it for garbage again and again would stop
            # everybody's answers for a tenth of a second each time.
            gc.collect()
            gc.freeze()
            print(json.dumps(places) if as_json else f"{told}   (Ctrl-C ends it)", flush=True)
            _serve(served, socket, Wire)
    finally:
        close_desk(desk)


def work_stream(product: str, consumer: str, *, as_json: bool = False) -> None:
    """Answer the questions of a stream until stopped by an interrupt or a request to end.

    Args:
        consumer: whose stream; empty for the only one there is.

    Raises:
        UserError: there is no such stream, or it cannot be answered.
    """
    from shipworthy.doors.stream.worker import Worker

    async def work() -> None:
        named = consumer or only_stream(current_plan(desk.store.ledger.past(product)))
        worker, loop = Worker(desk, product, named), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, worker.end)
        told = f"Stream {named} of {product}: waiting for questions   (Ctrl-C ends it)"
        print(json.dumps({"stream": named, "product": product}) if as_json else told, flush=True)
        await worker.run()

    desk = open_desk(settings())
    try:
        asyncio.run(work())
    finally:
        close_desk(desk)


def only_stream(plan: Plan) -> str:
    """The only consumer of a stream that a plan has.

    Raises:
        UserError: it has none, or several.
    """
    names = [name for name, consumer in plan.consumers.items() if consumer.mode == "stream"]
    if len(names) != 1:
        found = f"{plan.product} has {len(names) or 'no'} consumers of a stream: {', '.join(names) or 'none'}."
        fix = "Name one of them." if names else "Declare one with `mode: stream`."
        raise UserError(Mistake("stream.which", "consumers", found, fix=fix))
    return names[0]


def with_grpc(app: Any, place: str) -> Any:
    """A prediction server that answers over gRPC too.

    Raises:
        UserError: gRPC is not installed.
    """
    try:
        from shipworthy.doors.predict.oip_grpc import Grpc
    except ImportError as error:
        found, fix = "The library for gRPC is not installed.", "Install the extra: pip install 'shipworthy[grpc]'."
        raise UserError(Mistake("serve.no_grpc", "--grpc-port", found, fix=fix)) from error
    return Grpc(app, app, place)


def listening(host: str, port: int) -> Socket:
    """A socket that listens at an address; port 0 takes a free one.

    Raises:
        UserError: it cannot listen there.
    """
    try:
        kind, _, _, _, place = getaddrinfo(host, port, type=SOCK_STREAM, flags=AI_PASSIVE)[0]
        return create_server(place[:2], family=kind)
    except OSError as error:
        found = f"It cannot listen on {host}, port {port}: {error.strerror or error}."
        fix = "Stop what listens there, or choose another --port; --host must be an address of this machine."
        raise UserError(Mistake("serve.cannot_listen", f"{host}:{port}", found, fix=fix)) from error


@contextlib.contextmanager
def running(app: Any, host: str = "127.0.0.1", port: int = 0, http: type[Connection] = Connection) -> Iterator[str]:
    """Serve an application from a thread of this process, for as long as the block lasts; gives its address."""
    server = uvicorn.Server(_config(app, http, host=host, port=port))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise OSError(f"no server could be started at {host}:{port}")
        threading.Event().wait(0.01)
    bound = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://{host}:{bound}"
    finally:
        server.should_exit = True
        thread.join()


def _serve(app: Any, socket: Socket, http: type[Connection] = Connection) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(_config(app, http)).run(sockets=[socket])


def _config(app: Any, http: type[Connection], **more: Any) -> uvicorn.Config:
    """What a server is configured with: nothing in a response that nobody asked for, nobody who can hold it.

    Pages may stand behind a proxy that says by which scheme it was reached; a prediction server asks nobody.
    """
    return uvicorn.Config(
        app,
        http=http,
        interface="asgi3",
        proxy_headers=http is Connection,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=5,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        **more,
    )


def _free_place(host: str, port: int) -> str:
    """Host and port for a library that opens the port itself; whether it can is seen, and said, beforehand."""
    with listening(host, port) as probe:
        return _address(probe).removeprefix("http://")


def _beside(places: dict[str, str]) -> list[str]:
    return [f"gRPC: {places['grpc']}"] if "grpc" in places else []


def _address(socket: Socket) -> str:
    host, port = socket.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _work(desk: Desk, who: Identity, stop: threading.Event) -> None:
    while not stop.wait(LOOK_SECONDS):
        try:
            for product in desk.store.ledger.products():
                _work_for(desk, product, who)
        except Exception as error:  # a database that is away, or a fault in one look, must not end all later ones
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)


def _work_for(desk: Desk, product: str, who: Identity) -> None:
    try:
        if current_plan(desk.store.ledger.past(product)).time.clock == "wall":
            for line in working(desk, product, who):
                print(line, file=sys.stderr, flush=True)
    except UserError as error:
        print(f"{product}: {error}", file=sys.stderr, flush=True)
