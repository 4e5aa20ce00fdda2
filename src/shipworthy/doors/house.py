"""The servers: which doors stand behind one address. The only place that knows more than one door."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import webbrowser
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import uvicorn

from shipworthy.app.desk import Desk
from shipworthy.app.rights import Identity
from shipworthy.app.settings import settings
from shipworthy.app.wiring import close_desk, open_desk
from shipworthy.app.work import working
from shipworthy.base.errors import UserError
from shipworthy.plan.rules import current_plan

ASGI = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]
LOOK_SECONDS = 5.0


def house(desk: Desk, hosts: tuple[str, ...] = ()) -> ASGI:
    """Pages at /, the HTTP API at /v1, health at /healthz: one ASGI application."""
    from shipworthy.doors.api.app import api
    from shipworthy.doors.web.app import web

    pages, interface = web(desk), api(desk)

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        programmatic = path.startswith("/v1") or path in ("/healthz", "/openapi.json")
        await (interface if programmatic or scope["type"] == "lifespan" else pages)(scope, receive, send)

    return app


def serve_house(host: str, port: int, worker: str, *, open_browser: bool = False) -> None:
    """Serve pages and API until stopped; with a worker's login, also do what falls due."""
    desk = open_desk()
    stop = threading.Event()
    thread = threading.Thread(target=_work, args=(desk, Identity(worker), stop), daemon=True) if worker else None
    address = f"http://{host}:{port}/"
    print(f"Pages: {address}   API: {address}v1   (Ctrl-C ends it)", flush=True)
    if thread:
        thread.start()
    if open_browser:
        webbrowser.open(address)
    try:
        uvicorn.run(house(desk), host=host, port=port, log_level="warning", timeout_graceful_shutdown=5)
    finally:
        stop.set()
        if thread:
            thread.join()
        close_desk(desk)


def serve_predictions(product: str, host: str, port: int) -> None:
    """Serve the predictions of one product until stopped."""
    from shipworthy.doors.predict.app import Predictions

    desk = open_desk(settings())
    try:
        app = Predictions(desk, product)
        print(f"Predictions of {product}: http://{host}:{port}/predict   (Ctrl-C ends it)", flush=True)
        uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=5)
    finally:
        close_desk(desk)


@contextlib.contextmanager
def running(app: Any, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve an application from a thread of this process, for as long as the block lasts; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False))
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


def _work(desk: Desk, who: Identity, stop: threading.Event) -> None:
    while not stop.wait(LOOK_SECONDS):
        for product in desk.store.ledger.products():
            try:
                if product and current_plan(desk.store.ledger.past(product)).time.clock == "wall":
                    for line in working(desk, product, who):
                        print(line, flush=True)
            except UserError as error:
                print(f"{product}: {error}", flush=True)
