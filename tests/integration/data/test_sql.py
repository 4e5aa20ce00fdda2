"""Tables and queries of real databases: SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from integration.data.feed import NUMBER, ORDERS, TEXT, Feed, intake, refusal

from shipworthy.data.spool import Spool

ENVIRON: dict[str, str] = {"PASSWORD": "s3c/r@t", "WHOLE": "postgresql://app:s3cret@127.0.0.1:1/shop", "BAD": "s3cret"}
IDENTITY = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"


@pytest.fixture
def environ() -> dict[str, str]:
    return ENVIRON


@pytest.fixture
def url(database_url: str, tmp_path: Path) -> str:
    """A database outside of the store, once of each kind, with a table of orders."""
    if database_url.startswith("sqlite"):
        database_url = f"sqlite:///{tmp_path / 'shop.db'}"
    rows = ["('00012', 1.5, '2024-05-01')", "('b', 2, '2024-05-02')"]
    run(
        database_url,
        "create table orders (customer_id text, paid numeric, day date)",
        f"insert into orders values {', '.join(rows)}",
    )
    return database_url


def run(url: str, *statements: str) -> list[Any]:
    """Do something to a database as its owner."""
    address = sa.make_url(url)
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    with engine.begin() as connection:
        results = [connection.execute(sa.text(statement)) for statement in statements]
        found = list(results[-1].all()) if results[-1].returns_rows else []
    engine.dispose()
    return found


def test_a_table_and_a_query_give_the_same_snapshot(feed: Feed, url: str) -> None:
    columns = ORDERS | {"day": {"type": "date"}}
    taken = feed.take("sql", columns=columns, url=url, query="orders", time="day")
    assert [row["customer_id"] for row in feed.accepted(taken)] == ["00012", "b"]
    for query in ("select * from orders -- all\n;", "select day, paid, customer_id from orders order by paid desc"):
        assert feed.take("sql", columns=columns, url=url, query=query, time="day").snapshot == taken.snapshot != ""


def test_rows_come_in_the_same_order_whatever_the_database_does(feed: Feed, url: str) -> None:
    first = feed.take("sql", url=url, query="orders").snapshot
    run(url, "delete from orders", "insert into orders values ('b', 2, '2024-05-02'), ('00012', 1.5, '2024-05-01')")
    assert feed.take("sql", url=url, query="select * from orders order by 1 = 1").snapshot == first


def test_a_percent_sign_is_part_of_the_query(feed: Feed, url: str) -> None:
    query = "select * from orders where customer_id like '0%' and 7 % 2 = 1"
    assert intake(feed.take("sql", url=url, query=query)).accepted == 1


def test_a_table_without_rows_is_refused_with_an_account_of_nothing(feed: Feed, url: str) -> None:
    taken = feed.take("sql", url=url, query="select * from orders where paid > 99")
    assert taken.snapshot == ""
    assert intake(taken).source_rows == 0


def test_a_missing_column_stops_the_feed(feed: Feed, url: str) -> None:
    taken = feed.take("sql", url=url, query="select customer_id from orders")
    assert "There is no column paid. The source has: customer_id." in [check.found for check in taken.checks]


@pytest.mark.parametrize(
    "query",
    [
        "delete from orders",
        "delete from orders returning *",
        "with gone as (delete from orders returning *) select * from gone",
        "select * from orders; delete from orders",
        "select * from orders; commit; delete from orders",
        "insert into orders values ('x', 1, null)",
        "drop table orders",
        "set transaction read write",
        "attach database 'made.db' as made",
        "vacuum into 'made.db'",
        "create table made (x int)",
        "select set_config('transaction_read_only', 'off', false) as customer_id, 1 as paid",
    ],
)
def test_nothing_is_ever_written(feed: Feed, url: str, query: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    refusal(feed.take("sql", url=url, query=query))
    assert run(url, "select count(*) from orders")[0][0] == 2
    assert not (tmp_path / "made.db").exists()


@pytest.mark.parametrize(
    "query", ["nowhere", "selec 1", "select nothing from orders", "", " ;", "select 1 as a, 2 as a"]
)
def test_a_query_that_does_not_run_is_refused(feed: Feed, url: str, query: str) -> None:
    assert refusal(feed.take("sql", url=url, query=query)).found.startswith("sources.orders")


def test_identities_of_mixed_types_stay_what_they_are(feed: Feed, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'mixed.db'}"
    run(
        url,
        "create table orders (customer_id, paid)",
        "insert into orders values (12, 1), ('00012', '2.5'), (null, 9e999)",
    )
    taken = feed.take("sql", url=url, query="orders")
    assert [tuple(row.values()) for row in feed.accepted(taken)] == [("00012", 2.5), ("12", 1.0)]
    assert intake(taken).quarantined == {"paid cannot be read as a number": 1}


def test_values_of_every_kind_are_read_or_quarantined_but_never_fail(feed: Feed, postgres_url: str) -> None:
    kinds = "id uuid, n numeric, f float8, a int[], j jsonb, z timestamptz, d date, i interval, b bytea, o boolean"
    run(
        postgres_url,
        f"create table kinds ({kinds})",
        f"insert into kinds values ('{IDENTITY}', 123456789012345678901234567890.5, 1.5, '{{1,2}}', "
        "'{\"b\": 1, \"a\": null}', '2024-05-01 10:00+02', '2024-05-01', '1 day', '\\xff', true)",
        "insert into kinds (id, d, z) values ('b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'infinity', '0044-03-15 BC')",
        "insert into kinds (id, n, f) values ('c0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'NaN', '-Infinity')",
    )
    gap = {"required": False, "missing_at_most": 1.0}
    types = {"id": "text", "n": "number", "f": "number", "a": "text", "j": "text", "z": "moment", "d": "date"}
    columns = {name: {"type": kind, **gap} for name, kind in (types | {"o": "flag"}).items()}
    taken = feed.take("sql", columns=columns, url=postgres_url, query="kinds")
    [row] = feed.accepted(taken)
    assert (row["id"], row["n"], row["f"], row["o"]) == (IDENTITY, 123456789012345678901234567890.5, 1.5, True)
    assert (row["a"], row["j"]) == ("[1, 2]", '{"a": null, "b": 1}')
    assert (row["z"].isoformat(), row["d"].isoformat()) == ("2024-05-01T08:00:00+00:00", "2024-05-01")
    assert [entry.reason for entry in feed.aside()] == [
        "d cannot be read as a date; z cannot be read as a moment",
        "f cannot be read as a number; n cannot be read as a number",
    ]


def test_what_a_database_says_of_a_value_stays_there(feed: Feed, url: str) -> None:
    run(url, "update orders set customer_id = 'Alice' where customer_id = 'b'")
    if url.startswith("postgresql"):
        queries = [
            "select customer_id::int as customer_id, paid from orders",
            "select customer_id, to_date(customer_id, 'YYYY') as paid from orders",
            "select customer_id, customer_id::numeric as paid from orders",
        ]
    else:
        queries = ["select cast(x'416C696365FF' as text) as customer_id, paid from orders"]
    for query in queries:
        refusal(feed.take("sql", url=url, query=query))
    assert "Alice" not in feed.said().replace(str(queries), "")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("${WHOLE}", "${WHOLE} answered: connection failed"),
        ("postgresql://app:${PASSWORD}@127.0.0.1:1/shop", "is no database address"),
        (
            "postgresql://app:${BAD}@127.0.0.1:1/shop",
            "postgresql://app:***@127.0.0.1:1/shop answered: connection failed",
        ),
        ("postgresql://127.0.0.1:1/shop?password=${BAD}", "connection failed"),
        ("postgresql://127.0.0.1:1/shop?nothing=${BAD}", "invalid connection option"),
        ("postgresql://app:${BAD}@127.0.0.1:port/shop", "is no database address"),
        ("${BAD}", "${BAD} is no database address"),
        ("${NOWHERE}", "${NOWHERE} stands in the address, but is not set"),
        ("sqlite:///${BAD}.db", "There is no SQLite file 'sqlite:///${BAD}.db'"),
        ("sqlite:///../shop.db", "leads out of the folder of product.yaml"),
        ("sqlite://", "There is no SQLite file"),
        ("mysql://app:${BAD}@127.0.0.1/shop", "mysql databases are not read"),
    ],
)
def test_a_database_that_cannot_be_reached_is_named_without_its_secret(feed: Feed, url: str, found: str) -> None:
    assert found in refusal(feed.take("sql", url=url, query="orders")).found
    assert "s3c" not in feed.said()


def test_a_file_that_is_no_database_is_refused(feed: Feed) -> None:
    feed.lay("shop.db", "customer_id,paid\n" * 100)
    assert "file is not a database" in refusal(feed.take("sql", url="sqlite:///shop.db", query="orders")).found


def test_a_text_column_keeps_numbers_as_they_are_written(feed: Feed, url: str) -> None:
    taken = feed.take(
        "sql", columns={"customer_id": TEXT, "n": NUMBER}, url=url, query="select '007' as customer_id, 1 as n"
    )
    assert feed.accepted(taken) == [{"customer_id": "007", "n": 1.0}]


def test_rows_that_come_and_go_while_it_is_read_are_not_half_seen(
    feed: Feed, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = ", ".join(f"('c{number}', {number})" for number in range(6))
    run(postgres_url, "create table orders (customer_id text, paid numeric)", f"insert into orders values {values}")
    put = Spool.put
    changed: list[Any] = []

    def put_and_change(self: Spool, table: pa.Table) -> None:
        if not changed:
            changed.append(run(postgres_url, "delete from orders where paid > 3", "insert into orders values ('x', 9)"))
        put(self, table)

    monkeypatch.setattr("shipworthy.data.sources.sql._BATCH", 2)
    monkeypatch.setattr(Spool, "put", put_and_change)
    taken = feed.take("sql", url=postgres_url, query="orders")
    assert [row["customer_id"] for row in feed.accepted(taken)] == [f"c{number}" for number in range(6)]
    assert intake(feed.take("sql", url=postgres_url, query="orders")).accepted == 5
