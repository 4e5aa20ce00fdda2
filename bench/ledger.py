"""How fast the ledger appends, folds, verifies and exports; the fold over a million facts.

Each is told as a ratio to plain work of the same size in the same run, so that numbers from different machines can be
compared: appending to bare INSERTs by Python's sqlite3 with the same durability, reading to a plain SELECT of the same
rows with their bodies read as JSON.

    python bench/ledger.py [FACTS] [DATABASE ADDRESS]
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from shipworthy.base.digest import canonical
from shipworthy.base.fact import Fold, Past, Recorded, body_of
from shipworthy.deliver.words import AnswersSealed
from shipworthy.edges import database as db
from shipworthy.edges import heads, tables, tip
from shipworthy.edges.chain import START, Head, StoredFact
from shipworthy.edges.export import export, verify_export
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger

_MOMENT = "2026-01-01T00:00:00+00:00"
_APPENDS = 2_000


def main(facts: int, url: str) -> None:
    """Fill a database, measure, and print one line per number."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = db.open_engine(url or f"sqlite:///{folder}/ledger.sqlite")
        db.migrate(engine)
        keys = Keys(folder / "keys")
        _fill(engine, facts, keys)
        ledger = Ledger(engine, keys)
        print(f"{facts:,} facts on {engine.dialect.name}")
        _plain(engine)  # once in vain, so that all find the file in memory
        plain = _seconds("plain SELECT and JSON", lambda: _plain(engine))
        for work_name, work in (
            ("view rebuilt", lambda: ledger.past("shop").fold(_ANSWERS)),
            ("view read, kept", lambda: ledger.past("shop").fold(_ANSWERS)),
            ("chain verified", ledger.verify),
            ("head verified and signed", lambda: ledger.sign_head("bench")),
            ("past read as facts, 1 kind", lambda: ledger.past("shop").of(AnswersSealed)),
            ("exported", lambda: export(ledger, folder / "ledger.gz")),
            ("export verified", lambda: verify_export(folder / "ledger.gz")),
        ):
            _told(_seconds(work_name, work), plain)
        _appends(ledger, folder / "bare.sqlite")
        engine.dispose()


def _appends(ledger: Ledger, bare: Path) -> None:
    """Append facts one by one to what is there, beside bare INSERTs of the same rows."""
    made = list(_facts(_APPENDS))
    plain = _seconds(f"{_APPENDS} bare INSERTs", lambda: _inserted(made, bare))
    now = datetime.now(UTC)
    decided = [[_answers(seq, _APPENDS)] for seq in range(_APPENDS)]

    def append() -> None:
        for facts in decided:
            ledger.append(partial(_given, facts), product="shop", who="runner", at=now)

    seconds = _seconds(f"{_APPENDS} appends", append)
    _told(seconds, plain)
    print(f"{'':28} {_APPENDS / seconds:,.0f} a second")


def _given(facts: list[AnswersSealed], _past: Past) -> list[AnswersSealed]:
    return facts


def _inserted(facts: list[StoredFact], file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"CREATE TABLE fact ({', '.join(StoredFact._fields)})")
        connection.execute("CREATE INDEX of_product ON fact (product, kind, seq)")
        connection.execute("CREATE INDEX about ON fact (about, kind, seq)")
        for fact in facts:
            with connection:
                connection.execute("INSERT INTO fact VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", fact)


def _told(seconds: float, plain: float) -> None:
    print(f"{'':28} ratio {seconds / plain:.4f}")


def _count(state: dict[str, int], fact: Recorded[AnswersSealed]) -> dict[str, int]:
    for candidate, answers in fact.what.candidates.items():
        state[candidate] = state.get(candidate, 0) + answers
    return state


_ANSWERS: Fold[dict[str, int]] = Fold("bench", 1, (AnswersSealed,), dict[str, int], _count)


def _fill(engine: sa.Engine, facts: int, keys: Keys) -> None:
    made = _facts(facts)
    with engine.begin() as connection:
        while some := list(islice(made, 20_000)):
            connection.execute(tables.fact.insert(), [fact._asdict() for fact in some])
            newest = some[-1]
        tip.seal(connection, keys, heads.store_of(connection), Head(newest.seq, newest.digest))


def _facts(count: int) -> Iterator[StoredFact]:
    head: Head = START
    for seq in range(1, count + 1):
        what = _answers(seq, count)
        body = canonical(body_of(what)).decode()
        fact = StoredFact(
            seq, "AnswersSealed", "shop", what.about, "runner", _MOMENT, _MOMENT, body, head.digest, ""
        ).sealed()
        head = Head(fact.seq, fact.digest)
        yield fact


def _answers(seq: int, count: int) -> AnswersSealed:
    return AnswersSealed(
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


def _plain(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(tables.fact).order_by(tables.fact.c.seq), execution_options={"yield_per": 10_000}
        )
        return sum(len(json.loads(row.body)) for row in rows)


def _seconds(name: str, work: Callable[[], object]) -> float:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{name:28} {wall:9.3f} s  of these {processor:9.3f} s of the processor", flush=True)
    return wall


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, sys.argv[2] if len(sys.argv) > 2 else "")
