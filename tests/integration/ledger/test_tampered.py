"""Whatever is changed in the database is found, by hand or by reading, and nothing is signed or decided on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from integration.ledger.forger import edited, forgeries, rechained

from shipworthy.base.errors import Tampered
from shipworthy.edges import database as db
from shipworthy.edges import tables, tip
from shipworthy.edges.chain import Head, SignedHead, StoredFact
from shipworthy.edges.export import export
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.plan.words import ClockAdvanced

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def facts(ledger: Ledger, advance: Callable[..., None]) -> list[StoredFact]:
    """Four facts, signed after the second and after the last."""
    advance(2)
    ledger.sign_head("gate")
    advance(2)
    ledger.sign_head("release")
    return list(ledger.stored(4))


def put(engine: sa.Engine, facts: Iterable[StoredFact]) -> None:
    """Make these the facts of the database, by hand."""
    with engine.begin() as connection:
        connection.execute(tables.fact.delete())
        rows = [fact._asdict() for fact in facts]
        if rows:
            connection.execute(tables.fact.insert(), rows)


def codes(refused: pytest.ExceptionInfo[Tampered]) -> set[str]:
    return {mistake.code for mistake in refused.value.mistakes}


def append(ledger: Ledger) -> None:
    ledger.append(lambda past: [ClockAdvanced(product="shop", to="x")], product="shop", who="operator", at=NOON)


def assert_nothing_is_signed(ledger: Ledger, keys: Keys, tmp_path: Path) -> None:
    with pytest.raises(Tampered):
        ledger.sign_head("gate")
    with pytest.raises(Tampered):
        export(ledger, tmp_path / "export.gz")
    assert len(ledger.signed_heads()) == len(keys.kept()) == 2
    assert not (tmp_path / "export.gz").exists()


def test_every_change_of_facts_is_found_and_nothing_is_signed_after_it(
    ledger: Ledger, engine: sa.Engine, keys: Keys, facts: list[StoredFact], tmp_path: Path
) -> None:
    tried = 0
    for name, changed in forgeries(facts):
        if len({fact.seq for fact in changed}) < len(changed):
            continue  # the database itself refuses two facts of one number
        if sorted(changed)[:4] == facts:
            continue  # rows have no order there; and a fact after the newest signed head may be a real one
        put(engine, changed)
        with pytest.raises(Tampered) as refused:
            ledger.verify()
        assert all(mistake.found and mistake.fix for mistake in refused.value.mistakes), name
        assert_nothing_is_signed(ledger, keys, tmp_path)
        tried += 1
    assert tried > 100
    put(engine, facts)
    assert ledger.verify().seq == 4


@pytest.mark.parametrize("field", StoredFact._fields)
@pytest.mark.parametrize("place", [0, 3])
def test_an_edited_fact_is_refused_when_it_is_read(
    ledger: Ledger, engine: sa.Engine, facts: list[StoredFact], field: str, place: int
) -> None:
    changed = edited(facts[place], field)
    put(engine, [*facts[:place], changed, *(fact for fact in facts[place + 1 :] if fact.seq != changed.seq)])
    with pytest.raises(Tampered) as refused:
        list(ledger.facts())
    assert codes(refused) == {"ledger.edited"}
    if field not in ("kind", "product"):  # where it stands under another one it is not what is read here
        with pytest.raises(Tampered):
            Ledger(engine, ledger.keys).past("shop").of(ClockAdvanced)
    if place == 3:
        with pytest.raises(Tampered):
            append(ledger)


@pytest.mark.parametrize(
    ("column", "value"),
    [("body", '{"product":"shop"}'), ("body", "no JSON"), ("body", "[]"), ("at", "noon"), ("recorded_at", "")],
)
def test_a_fact_that_nobody_could_have_written_is_refused_without_a_traceback(
    ledger: Ledger, engine: sa.Engine, facts: list[StoredFact], column: str, value: str
) -> None:
    changed = StoredFact(**{**facts[0]._asdict(), column: value})
    before = ledger.past("shop")  # somebody who began to read before it was changed
    put(engine, rechained([changed, *facts[1:]]))
    with pytest.raises(Tampered, match="its digest recomputed"):
        before.of(ClockAdvanced)
    with pytest.raises(Tampered, match="the chain recomputed"):
        ledger.past("shop")


def forged(facts: list[StoredFact]) -> StoredFact:
    """A fact after the last, chained as we would."""
    last = facts[-1]
    return last._replace(seq=last.seq + 1, who="intruder", previous=last.digest).sealed()


def test_a_fact_put_after_the_newest_signed_head_by_hand_is_refused_at_once(
    ledger: Ledger, engine: sa.Engine, facts: list[StoredFact], keys: Keys, tmp_path: Path
) -> None:
    put(engine, [*facts, forged(facts)])
    for look in (ledger.head, ledger.verify, lambda: ledger.past("shop"), lambda: append(ledger)):
        with pytest.raises(Tampered, match="without the key"):
            look()
    assert_nothing_is_signed(ledger, keys, tmp_path)


def test_a_seal_that_another_key_gave_is_no_seal(
    ledger: Ledger, engine: sa.Engine, facts: list[StoredFact], tmp_path: Path
) -> None:
    added = forged(facts)
    put(engine, [*facts, added])
    with engine.begin() as connection:
        tip.seal(connection, Keys(tmp_path / "intruder"), ledger.store, Head(added.seq, added.digest))
    with pytest.raises(Tampered, match="not given by a key known here"):
        ledger.past("shop")


def test_an_end_after_the_newest_signed_head_that_was_cut_off_is_missed(
    ledger: Ledger, engine: sa.Engine, facts: list[StoredFact], advance: Callable[..., None]
) -> None:
    advance(1)
    put(engine, facts)
    with pytest.raises(Tampered, match="its tail was cut off"):
        ledger.past("shop")
    put(engine, [])
    with pytest.raises(Tampered, match="its tail was cut off"):
        ledger.head()


def test_a_seal_that_is_gone_is_missed(ledger: Ledger, engine: sa.Engine, facts: list[StoredFact]) -> None:
    with engine.begin() as connection:
        connection.execute(tables.tip.delete())
    for look in (ledger.head, ledger.verify, lambda: append(ledger)):
        with pytest.raises(Tampered, match="is gone"):
            look()


def test_a_decision_on_an_edited_past_is_not_taken(
    ledger: Ledger, engine: sa.Engine, facts: list[StoredFact], advance: Callable[..., None]
) -> None:
    put(engine, [edited(facts[0], "body"), *facts[1:]])
    with pytest.raises(Tampered, match="fact 1"):
        advance()
    assert ledger.head().seq == 4


def test_facts_under_a_key_are_checked_too(ledger: Ledger, engine: sa.Engine) -> None:
    fact = ClockAdvanced(product="shop", to="1998-01-01")
    ledger.append(lambda past: [fact], product="shop", who="operator", at=NOON, key="run 1")
    ledger.append(lambda past: [fact], product="shop", who="operator", at=NOON)
    [first, second] = ledger.stored(2)
    for kind in ("SignOffGiven", "Unheard"):
        for changed in (first._replace(kind=kind), first._replace(kind=kind).sealed()):
            put(engine, [changed, second])
            with pytest.raises(Tampered, match="fact 1"):
                ledger.append(lambda past: [], product="shop", who="operator", at=NOON, key="run 1")


@pytest.mark.parametrize("column", SignedHead.__slots__)
def test_an_edited_signed_head_is_found(
    ledger: Ledger, engine: sa.Engine, keys: Keys, facts: list[StoredFact], tmp_path: Path, column: str
) -> None:
    value: Any = 3 if column == "seq" else "0" * 64
    with engine.begin() as connection:
        connection.execute(tables.signed_head.update().values({column: value}))
    with pytest.raises(Tampered) as refused:
        ledger.verify()
    assert codes(refused) & {"ledger.head", "ledger.key"}
    assert_nothing_is_signed(ledger, keys, tmp_path)


def test_signed_heads_removed_from_the_database_still_count(
    ledger: Ledger, engine: sa.Engine, facts: list[StoredFact]
) -> None:
    with engine.begin() as connection:
        connection.execute(tables.signed_head.delete())
    put(engine, rechained([edited(facts[0], "body"), *facts[1:]]))
    with pytest.raises(Tampered) as refused:
        ledger.verify()
    assert codes(refused) == {"ledger.recomputed"}


@pytest.mark.parametrize("change", ["renamed", "removed", "doubled"])
def test_a_store_that_is_not_named_once_is_found(
    ledger: Ledger, engine: sa.Engine, facts: list[StoredFact], change: str
) -> None:
    with engine.begin() as connection:
        if change == "renamed":
            connection.execute(tables.store.update().values(id="another"))
        elif change == "removed":
            connection.execute(tables.store.delete())
        else:
            connection.execute(tables.store.insert().values(id="another"))
    for ask in (ledger.verify, lambda: Ledger(engine, ledger.keys).sign_head("gate")):
        with pytest.raises(Tampered):
            ask()


def test_what_sqlite_takes_though_it_is_no_text_is_found(tmp_path: Path, keys: Keys) -> None:
    engine = db.open_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    db.migrate(engine)
    ledger = Ledger(engine, keys)
    append(ledger)
    append(ledger)
    ledger.sign_head("gate")
    for statement in (
        "UPDATE signed_head SET seq = 'many'",
        "UPDATE signed_head SET purpose = x'ff'",
        "UPDATE fact SET who = x'ff' WHERE seq = 1",
        "UPDATE fact SET who = CAST(x'ff' AS TEXT) WHERE seq = 1",
    ):
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.exec_driver_sql(statement)
            connection.commit()
        with pytest.raises(Tampered):
            ledger.verify()
    engine.dispose()
