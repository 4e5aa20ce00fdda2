"""A process that appends: each fact counts those before it; it says every number that is surely in the ledger.

appender.py DATABASE KEYS NAME TIMES  (TIMES 0: until it is killed)
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from shipworthy.base.fact import Past
from shipworthy.edges.database import migrate, open_engine
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.plan.words import ClockAdvanced


def counted(past: Past) -> Sequence[ClockAdvanced]:
    before = len(past.of(ClockAdvanced))
    return [ClockAdvanced(product="shop", to=str(before)), ClockAdvanced(product="shop", to=str(before + 1))]


def main(url: str, keys: str, name: str, times: int) -> None:
    engine = open_engine(url)
    migrate(engine)
    ledger = Ledger(engine, Keys(Path(keys)))
    for turn in range(times) if times else itertools.count():
        facts = ledger.append(counted, product="shop", who=name, at=datetime.now(UTC), key=f"{name} {turn}")
        if turn % 5 == 0:
            ledger.sign_head(name)
        print(facts[-1].seq, flush=True)
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
