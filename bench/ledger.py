"""How fast the ledger folds: a view rebuilt, the whole chain verified and a kept view read, over a million facts.

Each is told as a ratio to a plain SELECT of the same rows with their bodies read as JSON, so that numbers from
different machines can be compared.

    python bench/ledger.py [FACTS] [DATABASE ADDRESS]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from shipworthy.base.digest import canonical
from shipworthy.base.fact import body_of
from shipworthy.deliver.words import AnswersSealed
from shipworthy.edges import database as db
from shipworthy.edges.chain import START, Head, Row, StoredFact
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger, View

_MOMENT = "2026-01-01T00:00:00+00:00"


def main(facts: int, url: str) -> None:
    """Fill a database, measure, and print one line per number."""
    with tempfile.TemporaryDirectory() as folder:
        engine = db.open_engine(url or f"sqlite:///{folder}/ledger.sqlite")
        db.migrate(engine)
        _fill(engine, facts)
        ledger = Ledger(engine, Keys(Path(folder) / "keys"))
        plain = _seconds("plain SELECT and JSON", lambda: _plain(engine))
        for name, work in (
            ("view rebuilt", lambda: ledger.view(_ANSWERS, "shop")),
            ("view read, kept", lambda: ledger.view(_ANSWERS, "shop")),
            ("chain verified", ledger.verify),
            ("head signed, first", lambda: ledger.sign_head("bench")),
            ("head signed, next", lambda: ledger.sign_head("bench")),
            ("past read as facts, 1 kind", lambda: ledger.past("shop").of(AnswersSealed)),
        ):
            seconds = _seconds(name, work)
            print(f"{'':28} ratio {seconds / plain:.4f}")
        engine.dispose()


def _count(state: dict[str, int], row: Row) -> dict[str, int]:
    for candidate, answers in row.body["candidates"].items():
        state[candidate] = state.get(candidate, 0) + answers
    return state


_ANSWERS: View[dict[str, int]] = View("bench", 1, (AnswersSealed,), dict[str, int], _count)


def _fill(engine: sa.Engine, facts: int) -> None:
    made = _facts(facts)
    with engine.begin() as connection:
        while some := list(islice(made, 20_000)):
            connection.execute(db.fact.insert(), [fact._asdict() for fact in some])


def _facts(count: int) -> Iterator[StoredFact]:
    head: Head = START
    for seq in range(1, count + 1):
        what = AnswersSealed(
            product="shop",
            segment=f"{seq:064x}",
            rows=200,
            run=f"shop/sales/{seq}",
            as_of=_MOMENT,
            candidates={f"candidate-{seq % 7}": 200},
            steps={"all": 200},
            mean_score={f"candidate-{seq % 7}": seq / count},
            snapshot=f"{seq % 100:064x}",
            features=f"{seq:064x}",
        )
        body = canonical(body_of(what)).decode()
        fact = StoredFact(
            seq, "AnswersSealed", "shop", what.about, "runner", _MOMENT, _MOMENT, body, head.digest, ""
        ).sealed()
        head = Head(fact.seq, fact.digest)
        yield fact


def _plain(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(db.fact).order_by(db.fact.c.seq), execution_options={"yield_per": 10_000})
        return sum(len(json.loads(row.body)) for row in rows)


def _seconds(name: str, work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    print(f"{name:28} {seconds:9.3f} s", flush=True)
    return seconds


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, sys.argv[2] if len(sys.argv) > 2 else "")
