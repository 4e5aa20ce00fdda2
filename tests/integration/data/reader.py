"""Lives of a process that takes a snapshot of a Delta table and of pages of an address, each but the last killed.

Usage: reader.py FOLDER; the address of the pages is in FEED. A life is killed in the middle of the table,
when its rows are sorted and none is judged, before a page is asked for, when one has come, and when all have.
Everything heavy is imported before the first fork, so that a life is short.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
from e2e.voyage.lives import killed

from shipworthy.app.desk import Desk
from shipworthy.app.rights import Identity
from shipworthy.app.settings import settings
from shipworthy.app.wiring import close_desk, open_desk
from shipworthy.data import piecewise
from shipworthy.data.sources import delta, http
from shipworthy.data.words import TakeSnapshot
from shipworthy.plan.words import AdoptPlan

PRODUCT = "batch"
FILES, ROWS = 4, 50
PLACES = ("batch 2", "judged 1", "asked 2", "answered 3", "judged 1")  # once the table is judged, it is not read again


def customers(file: int) -> pa.Table:
    """The rows of one file of the table, which are not in their order."""
    names = [f"c{FILES * number + file:04}" for number in reversed(range(ROWS))]
    return pa.table({"customer": names, "spend": [float(len(names))] * ROWS, "visits": [file] * ROWS})


def lay(root: Path, plan: str) -> None:
    """A product with both sources, its plan in force."""
    root.mkdir()
    (root / "product.yaml").write_text(plan)
    for file in range(FILES):
        deltalake.write_deltalake(root / "customers", customers(file), mode="append")
    desk = desk_on(root)
    desk.do(AdoptPlan(product=PRODUCT, text=plan), someone("administrator"))
    close_desk(desk)


def desk_on(root: Path) -> Desk:
    """A desk on the store in a folder."""
    reached = {name: os.environ[name] for name in ("FEED", "SHIPWORTHY_ALLOW_HOSTS") if name in os.environ}
    found = settings({"SHIPWORTHY_ROOT": str(root), "HOME": str(root), "XDG_CONFIG_HOME": str(root), **reached})
    return open_desk(found, make=True, clock=lambda: datetime(2026, 6, 1, tzinfo=UTC))


def someone(person: str) -> Identity:
    """A login of the product."""
    return Identity(person, frozenset({"administrator"}) if person == "administrator" else frozenset())


def die_at(place: str) -> None:
    """Have this process die by SIGKILL at a place: when a thing of that name happened so many times."""
    name, _, times = place.partition(" ")
    left = [int(times)]

    def happened(what: str) -> None:
        left[0] -= what == name
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def noted(owner: Any, function: str, what: str, after: str = "") -> None:
        real: Callable[..., Any] = getattr(owner, function)

        def doing(*args: Any, **more: Any) -> Any:
            happened(what)
            found = real(*args, **more)
            happened(after)
            return found

        setattr(owner, function, doing)

    real_tables = delta._tables

    def tables(rows: Any) -> Any:
        for table in real_tables(rows):
            happened("batch")
            yield table

    delta._tables = tables
    noted(http, "send", "asked", "answered")
    noted(piecewise._Court, "sits", "judged")


def live(root: Path, place: str) -> None:
    """One life: it opens the store and takes the snapshot under its key."""
    if place:
        die_at(place)
    desk = desk_on(root)
    desk.do(TakeSnapshot(product=PRODUCT), someone("data-scientist"), key="the snapshot")
    close_desk(desk)


if __name__ == "__main__":
    import e2e.voyage.preloaded  # noqa: F401

    for place in PLACES:
        if not killed(partial(live, Path(sys.argv[1]), place)):
            sys.exit(f"It was not killed at {place}.")
    if killed(partial(live, Path(sys.argv[1]), "")):
        sys.exit("It did not arrive.")
