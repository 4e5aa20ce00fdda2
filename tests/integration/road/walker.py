"""A process of its own on the road: opens a store, submits what its order says, follows it, writes what came of it.

Run by the tests with `order` among its globals. Its flow has five steps, and at a place that the order names the
process kills itself, once. What a run is told may hold `until`, a file in the folder that each step named there waits
for, and `pauses`, how many seconds each step named there takes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from shipworthy.base.errors import Bug, GateShut, Mistake, UserError
from shipworthy.base.fact import Past, What
from shipworthy.edges.database import migrate, open_engine
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.edges.road import Road, Trip
from shipworthy.edges.store import Store

AT = datetime(1998, 1, 1, tzinfo=UTC)
STEPS = ["count", "begin", "write", "finish", "close"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkBegun(What):
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkFinished(What):
    rows: int
    before: int


class Killer:
    """Ends the process at one place, once per folder."""

    def __init__(self, folder: Path, place: str) -> None:
        self.folder = folder
        self.place = place

    def __call__(self, place: str) -> None:
        if place == self.place:
            try:
                (self.folder / "killed").touch(exist_ok=False)
            except FileExistsError:
                return
            os.kill(os.getpid(), signal.SIGKILL)


class MortalLedger(Ledger):
    """A ledger whose process may end right after the facts are written, before anybody hears of it."""

    killer: Killer

    def append(self, decide: Any, *, product: str, who: str, at: datetime, key: str = "") -> Any:
        facts = super().append(decide, product=product, who=who, at=at, key=key)
        self.killer(f"committed {key.rpartition('/')[2]}")
        return facts


def walk(payload: dict[str, Any], trip: Trip, die: Killer) -> dict[str, Any]:
    folder = trip.store.root

    def note(name: str, result: Any = None) -> Any:
        """Leave a mark for every time that a piece of work is done, as nothing else tells that it was done twice."""
        with (folder / "done.txt").open("a") as done:
            done.write(f"{trip.run} {name} {os.getpid()}\n")
        if awaited := payload.get("until", {}).get(name):
            wait_for((folder / awaited).exists, f"the file {awaited}")
        time.sleep(payload.get("pauses", {}).get(name, 0))
        die(f"inside {name}")
        return result

    def begin(past: Past) -> Sequence[WalkBegun]:
        note("begin")
        return [WalkBegun(product="p", rows=rows)]

    def write() -> str:
        (folder / "new").write_text(f"{rows} rows")
        die("half of write")
        (folder / "new").replace(folder / f"{trip.run}.txt")
        return str(note("write", f"{trip.run}.txt"))

    def finish(past: Past) -> Sequence[WalkFinished]:
        note("finish")
        return [WalkFinished(product="p", rows=rows, before=len(past.of(WalkBegun, WalkFinished))) for _ in range(2)]

    die("before count")
    rows = trip.step("count", lambda: note("count", payload.get("rows", 7)))
    die("after count")
    [begun] = trip.record("begin", begin)
    die("after begin")
    file = trip.step("write", write)
    die("after write")
    finished = trip.record("finish", finish)
    die("after finish")
    by = trip.step("close", lambda: note("close", os.getpid()))
    die("after close")
    return {
        "rows": begun.what.rows,
        "facts": [begun.seq, *(fact.seq for fact in finished)],
        "before": [fact.what.before for fact in finished],
        "file": file,
        "at": trip.at.isoformat(),
        "who": trip.who,
        "by": by if payload.get("tell") else 0,
    }


def refuse(payload: dict[str, Any], trip: Trip, die: Killer) -> None:
    def shut(past: Past) -> Sequence[What]:
        with (trip.store.root / "asked").open("a") as asked:
            asked.write("once\n")
        raise GateShut(Mistake("gate.shut", "product.yaml:3:1", "Nobody signed.", "It matters.", "Sign."))

    try:
        trip.record("gate", shut)
    except GateShut:
        die("refused")
        raise


def fail(payload: dict[str, Any], trip: Trip, die: Killer) -> None:
    trip.step("divide", lambda: 1 / 0)


def date_as_result(payload: dict[str, Any], trip: Trip, die: Killer) -> None:
    trip.step("date", lambda: {"when": AT})


def step_in_step(payload: dict[str, Any], trip: Trip, die: Killer) -> None:
    trip.step("outer", lambda: trip.step("inner", lambda: 1))


def leave(payload: dict[str, Any], trip: Trip, die: Killer) -> None:
    """A flow that tries to end the process, inside a step or between two."""
    if payload.get("inside"):
        trip.step("leave", lambda: sys.exit(3))
    raise payload_error(payload)


def payload_error(payload: dict[str, Any]) -> BaseException:
    return KeyboardInterrupt() if payload.get("interrupt") else SystemExit(3)


def odd(payload: dict[str, Any], trip: Trip, die: Killer) -> int:
    """A flow that swallows what it should not: a failed step must look the same each time."""
    try:
        trip.step("fail", lambda: int("no number"))
    except Bug:
        die("caught")
        return int(trip.step("instead", lambda: 5))
    return 0


FLOWS: dict[str, Callable[[dict[str, Any], Trip, Killer], Any]] = {
    flow.__name__: flow for flow in (walk, refuse, fail, date_as_result, step_in_step, leave, odd)
}


def open_store(folder: Path, url: str, killer: Killer) -> Store:
    home = folder / ".shipworthy"
    home.mkdir(parents=True, exist_ok=True)
    engine = open_engine(url)
    migrate(engine)
    keys = Keys(home / "keys")
    ledger = MortalLedger(engine, keys)
    ledger.killer = killer
    return Store(root=folder, home=home, ledger=ledger, files=cast(Any, None), keys=keys, environ={})


@contextmanager
def open_road(folder: Path, url: str = "", kill: str = "") -> Iterator[Road]:
    url = url or f"sqlite:///{folder / '.shipworthy' / 'ledger.sqlite'}"
    killer = Killer(folder, kill)
    store = open_store(folder, url, killer)

    def run(operation: str, payload: dict[str, Any], trip: Trip) -> Any:
        return FLOWS[operation](payload, trip, killer)

    try:
        with Road(store, run, lease_seconds=2) as road:
            yield road
    finally:
        store.ledger.engine.dispose()


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.02)


def carry_out(order: dict[str, Any]) -> None:
    folder = Path(order["folder"])
    with open_road(folder, order.get("url", ""), order.get("kill", "")) as road:
        if order.get("serve"):
            road.serve(threading.Event())
        payload = {"product": "p", **order.get("payload", {})}
        run = road.submit(order.get("operation", "walk"), payload, "operator", AT, order["key"])
        (folder / f"{order['name']}.ready").touch()
        try:
            came: dict[str, Any] = {"result": road.follow(run)}
        except UserError as error:
            came = {"refused": type(error).__name__, "text": str(error)}
        except Bug as bug:
            came = {"bug": bug.found, "trace": bug.trace}
        (folder / f"{order['name']}.json").write_text(json.dumps({**came, "pid": os.getpid()}))
    (folder / f"{order['name']}.closed").touch()


if __name__ == "__main__":
    carry_out(globals()["order"])
