"""Somebody who can write to the databases, but has no key, gives nobody a right and forges nothing unseen."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from e2e.voyage.shop import PRODUCT, someone
from e2e.voyage.shops import Shops
from e2e.voyage.voyage import Voyage

from shipworthy.app.wiring import close_desk
from shipworthy.base.digest import digest_of_bytes, plain
from shipworthy.base.errors import NotAllowed, Tampered
from shipworthy.base.fact import Command
from shipworthy.deliver.words import AnswersSealed, RunFinished, Score
from shipworthy.edges.engine import Engine
from shipworthy.release.words import ReleaseStepped, RollBack

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def voyage(shops: Shops, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voyage]:
    """A shop whose baseline answers everybody, and one list of it."""
    voyage = shops.at("may", tmp_path_factory.mktemp("shop"))
    yield voyage
    close_desk(voyage.desk)


@contextmanager
def written(voyage: Voyage, name: str = "ledger") -> Iterator[sqlite3.Connection]:
    """A database of the shop, as whoever may write to its file has it."""
    connection = sqlite3.connect(voyage.shop.root / ".shipworthy" / f"{name}.sqlite")
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def test_a_token_put_into_the_database_for_an_owner_is_refused_and_told(voyage: Voyage) -> None:
    voyage.desk.people.add("privacy-owner")
    with written(voyage) as rows:
        rows.execute(
            "INSERT INTO credential (person, kind, secret_hash, created, expires, revoked, signature) "
            "SELECT person, kind, ?, created, expires, revoked, signature FROM credential WHERE person = ?",
            (digest_of_bytes(b"sw_guess"), "privacy-owner"),
        )
    with pytest.raises(Tampered, match="privacy-owner was written by somebody without the store's key"):
        voyage.desk.people.by_token("sw_guess")


def test_nobody_becomes_an_administrator_or_another_by_an_edited_row(voyage: Voyage) -> None:
    token = voyage.desk.people.add("sales-lead")
    for change in (
        "UPDATE person SET roles = '[\"administrator\"]' WHERE id = 'sales-lead'",
        "UPDATE credential SET person = 'privacy-owner' WHERE person = 'sales-lead'",
    ):
        with written(voyage) as rows:
            before = (
                rows.execute("SELECT * FROM person").fetchall(),
                rows.execute("SELECT * FROM credential").fetchall(),
            )
            rows.execute(change)
        with pytest.raises(Tampered, match="without the store's key"):
            voyage.desk.people.by_token(token)
        with written(voyage) as rows:
            for table, kept in zip(("person", "credential"), before, strict=True):
                rows.execute(f"DELETE FROM {table}")
                rows.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(kept[0]))})", kept)
    with written(voyage) as rows:
        rows.execute("UPDATE person SET roles = '[\"administrator\"]' WHERE id = 'sales-lead'")
    voyage.desk.people.revoke("sales-lead")
    found = voyage.desk.people.by_token(voyage.desk.people.add("sales-lead"))
    assert found
    assert found.store_roles == frozenset()


def test_a_token_that_was_ended_and_a_session_that_is_over_do_not_come_back_to_life(voyage: Voyage) -> None:
    token = voyage.desk.people.add("crm-lead")
    session = voyage.desk.people.login("crm-lead", token)
    with written(voyage) as rows:
        rows.execute("UPDATE session SET expires = '2099-01-01' WHERE person = 'crm-lead'")
    with pytest.raises(Tampered, match="without the store's key"):
        voyage.desk.people.by_session(session.token)
    voyage.desk.people.revoke("crm-lead")
    assert voyage.desk.people.by_token(token) is None
    with written(voyage) as rows:
        rows.execute("UPDATE credential SET revoked = 0 WHERE person = 'crm-lead'")
    with pytest.raises(Tampered, match="without the store's key"):
        voyage.desk.people.by_token(token)
    with pytest.raises(NotAllowed):
        voyage.desk.people.login("crm-lead", "sw_wrong")


def test_an_append_that_is_marked_as_done_by_hand_is_not_passed_over(voyage: Voyage) -> None:
    ledger, facts = voyage.desk.store.ledger, len(voyage.facts(AnswersSealed))
    with written(voyage) as rows:
        rows.execute("INSERT INTO step_key VALUES ('serve/next-purchase/x', 1, 0, 'ab')")
    with pytest.raises(Tampered, match="marked as used by somebody without"):
        ledger.append(lambda past: [], product=PRODUCT, who="night-operator", at=NOW, key="serve/next-purchase/x")
    assert len(voyage.facts(AnswersSealed)) == facts


def test_a_command_put_in_line_in_another_name_is_not_carried_out(voyage: Voyage) -> None:
    road = voyage.desk.open_road()
    forger = Engine(voyage.desk.store.ledger.engine, voyage.shop.root / ".shipworthy")
    order: Command[Any] = RollBack(product=PRODUCT, reason="in the name of another")
    steps = len(voyage.facts(ReleaseStepped))
    try:
        forger.enqueue("forged", "RollBack", plain(order), "product-manager", NOW.isoformat(), "ab")
        with pytest.raises(Tampered, match="in the name of product-manager"):
            road.follow("forged")
    finally:
        forger.close()
    assert len(voyage.facts(ReleaseStepped)) == steps


def test_the_result_of_a_step_that_was_written_by_hand_reaches_nobody(voyage: Voyage) -> None:
    made = len(voyage.facts(RunFinished))
    score = Score(product=PRODUCT, consumer="sales", as_of="1997-04-20")
    run, name = "night-operator/forged", "read the plan"
    plan = json.dumps(
        {"value": {"moment": "1997-04-20T00:00:00+00:00", "challenger": "", "plan": {}}, "signature": "ab"}
    )
    with written(voyage, "road") as rows:
        columns = [row[1] for row in rows.execute("PRAGMA table_info(operation_outputs)")]
        rows.row_factory = sqlite3.Row
        like = dict(
            rows.execute(
                "SELECT * FROM operation_outputs WHERE function_name = ? ORDER BY function_id", (name,)
            ).fetchone()
        )
        forged = {**like, "workflow_uuid": run, "output": plan}
        places = ", ".join("?" * len(columns))
        rows.execute(f"INSERT INTO operation_outputs VALUES ({places})", [forged[column] for column in columns])
    with pytest.raises(Tampered, match="without the store's key"):
        voyage.desk.do(score, someone("night-operator"), key="forged")
    assert len(voyage.facts(RunFinished)) == made
    assert not Path(voyage.shop.root / "out" / "sales" / "call-list-1997-04-20.csv").exists()
