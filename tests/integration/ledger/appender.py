"""A process that appends: each fact counts those before it; it says every number that is surely in the ledger.

appender.py DATABASE KEYS NAME TIMES [DIE]  (TIMES 0: until it is killed)

NAME `first` appends only where nobody has: a rule that two who decide on the same past must not both pass.
DIE is the place at which it kills itself in its third append: `decided`, `written` (not yet committed) or `committed`.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from shipworthy.base.fact import Past
from shipworthy.edges.database import migrate, open_engine
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.plan.words import ClockAdvanced

Decide = Callable[[Past], Sequence[ClockAdvanced]]


def counted(past: Past) -> Sequence[ClockAdvanced]:
    before = len(past.of(ClockAdvanced))
    return [ClockAdvanced(product="shop", to=str(before)), ClockAdvanced(product="shop", to=str(before + 1))]


def first_only(past: Past) -> Sequence[ClockAdvanced]:
    return [] if past.of(ClockAdvanced) else [ClockAdvanced(product="shop", to=str(os.getpid()))]


def be_first(ledger: Ledger) -> None:
    """Say that it is ready, wait for the word, append if nobody has, and say how many facts that were."""
    print("ready", flush=True)
    sys.stdin.readline()
    print(len(ledger.append(first_only, product="shop", who=str(os.getpid()), at=datetime.now(UTC))), flush=True)


def doomed(engine: sa.Engine, place: str) -> Decide:
    """The decision of a process that ends at a place of its third append."""
    decided: list[int] = []

    def die() -> None:
        if len(decided) == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    def decide(past: Past) -> Sequence[ClockAdvanced]:
        decided.append(len(decided))
        if place == "decided":
            die()
        return counted(past)

    if place == "written":
        sa.event.listen(engine, "commit", lambda connection: die())
    if place == "committed":
        sa.event.listen(engine, "checkin", lambda connection, record: die())
    return decide


def main(url: str, keys: str, name: str, times: int, place: str = "") -> None:
    engine = open_engine(url)
    migrate(engine)
    ledger = Ledger(engine, Keys(Path(keys)))
    if name == "first":
        be_first(ledger)
        return
    decide = doomed(engine, place) if place else counted
    for turn in range(times) if times else itertools.count():
        facts = ledger.append(decide, product="shop", who=name, at=datetime.now(UTC), key=f"{name} {turn}")
        if turn % 5 == 0:
            ledger.sign_head(name)
        print(facts[-1].seq, flush=True)
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), *sys.argv[5:])
