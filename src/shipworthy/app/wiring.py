"""The one place where parts are put together: settings in, a desk out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shipworthy.app.desk import Desk
from shipworthy.app.identity import People, wall_clock
from shipworthy.app.operations import handler_name
from shipworthy.app.rights import Identity
from shipworthy.app.settings import Settings, require_store, settings
from shipworthy.base.fact import Command
from shipworthy.data.words import SegmentRewritten
from shipworthy.edges.database import migrate, open_engine
from shipworthy.edges.files import Files
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.edges.pseudonyms import Pseudonyms
from shipworthy.edges.road import Road
from shipworthy.edges.store import Store

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class _LazyRoad:
    """Opens the durable road when the first durable command comes: it costs a second of imports."""

    desk: Desk | None = None
    road: Road | None = field(default=None)
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> Road:
        with self.one_at_a_time:  # a server's threads may bring the first two commands together
            if self.road is None:
                assert self.desk is not None
                self.road = Road(self.desk.store, self.desk.run_flow)
            return self.road


def open_desk(found: Settings | None = None, *, make: bool = False, clock: Callable[[], datetime] = wall_clock) -> Desk:
    """A desk on the store that the settings name.

    Args:
        make: whether a store may be made where there is none.

    Raises:
        NotFound: there is no store, and none may be made.
    """
    found = found or settings()
    if not make:
        require_store(found)
    found.home.mkdir(parents=True, exist_ok=True)
    engine = open_engine(found.database)
    try:
        migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    keys = Keys(found.keys)
    ledger = Ledger(engine, keys)
    pseudonyms = Pseudonyms(keys.folder)
    files = Files(
        found.files,
        follow=lambda digest: _in_its_place(ledger, digest),
        opened=lambda table: _opened(table, pseudonyms),
    )
    store = Store(found.root, found.home, ledger, files, keys, found.environ, found.pages)
    opener = _LazyRoad()
    desk = Desk(store, People(engine, clock, keys), clock, opener, house_work)
    opener.desk = desk
    return desk


def house_work(command: Command[Any], desk: Desk, who: Identity) -> Any:
    """Do a command of the whole house; what does it is loaded when the first comes."""
    from shipworthy.app import work

    return getattr(work, handler_name(type(command)))(command, desk, who)


def _opened(table: pa.Table, pseudonyms: Pseudonyms) -> pa.Table:
    from shipworthy.edges.sealing import opened_table

    return opened_table(table, pseudonyms)


def _in_its_place(ledger: Ledger, digest: str) -> str:
    """The digest of what came in place of a file from which a person was erased; its own where nothing did."""
    rewritten = ledger.newest(SegmentRewritten, digest)
    return rewritten.what.new if rewritten else digest


def close_desk(desk: Desk) -> None:
    """Let go of the durable road and the database."""
    opener = desk.open_road
    if isinstance(opener, _LazyRoad) and opener.road is not None:
        opener.road.close()
    desk.store.ledger.engine.dispose()
