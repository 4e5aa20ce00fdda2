"""A database of any age comes up to date with what is in it; one that is newer, or none at all, is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from shipworthy.base.errors import UserError
from shipworthy.edges import database as db
from shipworthy.edges import heads, tables, tip
from shipworthy.edges.chain import Head, StoredFact
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.plan.words import ClockAdvanced

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCRIPTS = Path(db.__file__).parent / "migrations"
REVISIONS = [script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()]


@pytest.fixture
def empty(database_url: str) -> Iterator[sa.Engine]:
    engine = db.open_engine(database_url)
    yield engine
    engine.dispose()


def version_of(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT version_num FROM shipworthy_version")).scalar()


def make_as_of(engine: sa.Engine, revision: str) -> None:
    """A database as the version that ended with this revision made it."""
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(SCRIPTS))
        config.set_main_option("path_separator", "os")
        command.upgrade(config, revision)


def test_the_newest_migration_is_the_shape_that_the_code_names() -> None:
    assert REVISIONS[0] == db.SCHEMA


def test_an_empty_database_gets_every_table_as_the_code_describes_it(empty: sa.Engine) -> None:
    db.migrate(empty)
    db.migrate(empty)  # again changes nothing
    assert version_of(empty) == db.SCHEMA
    with empty.connect() as connection:
        options = {"version_table": "shipworthy_version", "compare_type": True}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), tables.metadata)
    assert differences == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_every_age_comes_up_to_date_with_its_facts(empty: sa.Engine, keys: Keys, revision: str) -> None:
    make_as_of(empty, revision)
    moment = NOON.isoformat()
    body = '{"product":"shop","to":"1998-01-01"}'
    old = StoredFact(1, "ClockAdvanced", "shop", "shop", "operator", moment, moment, body, "0" * 64, "").sealed()
    with empty.begin() as connection:  # this table has had its shape from the beginning, as facts are for ever
        connection.execute(tables.fact.insert(), [old._asdict()])
        tip.seal(connection, keys, heads.store_of(connection), Head(old.seq, old.digest))
    db.migrate(empty)
    ledger = Ledger(empty, keys)
    ledger.append(lambda past: [], product="shop", who="operator", at=NOON, key="a key")
    assert [fact.what.to for fact in ledger.past("shop").of(ClockAdvanced)] == ["1998-01-01"]
    assert ledger.sign_head("gate").seq == 1
    assert version_of(empty) == db.SCHEMA


def test_a_newer_database_is_refused_and_left_as_it_is(empty: sa.Engine, keys: Keys) -> None:
    db.migrate(empty)
    before = Ledger(empty, keys).store
    with empty.begin() as connection:
        connection.execute(sa.text("UPDATE shipworthy_version SET version_num = '9999'"))
    with pytest.raises(UserError, match="shape 9999; this version knows shapes up to") as caught:
        db.migrate(empty)
    [mistake] = caught.value.mistakes
    assert (mistake.code, mistake.fix) == ("database.newer", "Update Shipworthy on this machine.")
    assert "***" in mistake.where or empty.dialect.name == "sqlite"  # no password is told
    assert (version_of(empty), Ledger(empty, keys).store) == ("9999", before)


def test_a_migration_that_breaks_off_leaves_nothing_and_can_be_done_again(empty: sa.Engine) -> None:
    def break_off(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "CREATE TABLE signed_head" in statement:
            raise MemoryError

    sa.event.listen(empty, "before_cursor_execute", break_off)
    with pytest.raises(MemoryError):
        db.migrate(empty)
    sa.event.remove(empty, "before_cursor_execute", break_off)
    assert sa.inspect(empty).get_table_names() == []
    db.migrate(empty)
    assert version_of(empty) == db.SCHEMA


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "folder").mkdir()
    for name, code in (("noise", "database.unreachable"), ("folder", "database.unreachable")):
        with pytest.raises(UserError) as caught:
            db.migrate(db.open_engine(f"sqlite:///{tmp_path / name}"))
        assert caught.value.mistakes[0].code == code
        assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize("url", ["", "sqlite://", "mysql://host/db", "no address", "postgresql+asyncpg:///x"])
def test_an_address_that_no_ledger_can_live_at_is_refused(url: str) -> None:
    with pytest.raises(UserError) as caught:
        db.migrate(db.open_engine(url))
    assert caught.value.mistakes[0].code in ("database.address", "database.unreachable")


def test_a_database_is_made_where_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    (tmp_path / "ledger.sqlite").symlink_to(tmp_path / "volume" / "ledger.sqlite")
    engine = db.open_engine(f"sqlite:///{tmp_path}/ledger.sqlite")
    db.migrate(engine)
    engine.dispose()
    assert (tmp_path / "volume" / "ledger.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_server_that_does_not_answer_is_told() -> None:
    with pytest.raises(UserError, match="does not answer") as caught:
        db.migrate(db.open_engine("postgresql://user:secret@127.0.0.1:1/ledger"))
    assert "secret" not in str(caught.value)
