"""A desk on a store of its own, and the pages of it on a free port of this machine."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import uvicorn
from e2e.story import Story, everybody, starter_plan, tell

from shipworthy.app.desk import Desk
from shipworthy.app.identity import wall_clock
from shipworthy.app.settings import settings
from shipworthy.app.wiring import close_desk, open_desk


@dataclass(frozen=True)
class Harbour:
    """A store with a year of history, and a secret for everybody."""

    desk: Desk
    story: Story
    secrets: dict[str, str]


@contextmanager
def harbour(root: Path, clock: Callable[[], datetime] = wall_clock) -> Iterator[Harbour]:
    """A real store in a folder, with the year of next-purchase in its ledger."""
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(str(files("shipworthy").joinpath("starters/next-purchase/product.yaml")), root)
    desk = open_desk(settings({"SHIPWORTHY_ROOT": str(root)}), make=True, clock=clock)
    story = tell(desk)
    names = [*everybody(starter_plan()), "stranger", "admin"]
    secrets = {name: desk.people.add(name, ["administrator"] if name == "admin" else []) for name in names}
    try:
        yield Harbour(desk, story, secrets)
    finally:
        close_desk(desk)


@contextmanager
def served(app: Any) -> Iterator[str]:
    """An ASGI application on a free loopback port; gives its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        for _ in range(200):
            if server.started:
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
