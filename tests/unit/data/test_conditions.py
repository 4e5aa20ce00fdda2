"""A removal rule asks one row one yes-or-no question: no file, other table, other row, clock or chance."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.data.dirty import column, contract, judged

from shipworthy.base.errors import UserError
from shipworthy.data.contract import mistakes
from shipworthy.data.engine import engine

NUMBER = {"type": "number"}


def said(where: str) -> str:
    """What is said of a rule before any row is read."""
    terms = contract({"x": NUMBER, "name": {"type": "text"}}, remove=[{"name": "rule", "where": where}])
    return "\n".join(f"{mistake.where} {mistake.found} {mistake.fix}" for mistake in mistakes("orders", terms))


@pytest.mark.parametrize(
    "where",
    [
        "x = 1",
        "x = 1 -- and no more",
        "x BETWEEN 1 AND 2 OR name LIKE 'a%'",
        "name IN ('a', 'b')",
        "TRY_CAST(name AS INTEGER) = 3",
        "length(name) > 3 AND x IS NOT NULL",
        "CASE WHEN x > 1 THEN true ELSE false END",
        "false",
    ],
)
def test_conditions_over_the_row_are_fine(where: str) -> None:
    assert said(where) == ""
    found = judged(
        [{"x": "1", "name": "a"}],
        contract({"x": NUMBER, "name": {"type": "text"}}, remove=[{"name": "rule", "where": where}]),
    )
    assert found.intake.source_rows == found.intake.accepted + sum(found.intake.removed.values()) == 1


@pytest.mark.parametrize(
    "where",
    [
        "1=1) or exists(select * from read_csv('/etc/passwd'))",
        "1=1) or exists(select * from read_csv('/etc/passwd')",
        "exists(select 1 from read_text('/etc/passwd'))",
        "x IN (select x from raw)",
        "x = (VALUES (1))",
        "(FROM raw) IS NULL",
        "row_number() OVER () = 1",
        "x = 1; drop table raw",
        "true); attach '/tmp/made.db' as made; select (true",
        "x = 1) FROM raw WHERE (true",
        "x = 1), (x = 2",
        "x = 1 /*",
        "unnest([true, false])",
        "COLUMNS(*) IS NULL",
        "* IS NULL",
        "x = ?",
        "x = $1",
        "__row < 2",
        "random() < 0.5",
        "now() > '2024-01-01'",
        "today() > '2024-01-01'",
        "current_date > '2024-01-01'",
        "CURRENT_TIMESTAMP > '2024-01-01'",
        "localtime > '10:00'",
        "current_setting('threads') = '1'",
        "getvariable('x') IS NULL",
        "error(name)",
        "write_log(name) IS NULL",
        "nextval('s') = 1",
        "x = 1 AS y",
    ],
)
def test_what_reaches_further_is_refused_before_a_row_is_read(where: str) -> None:
    assert said(where).startswith("sources.orders.contract.remove.rule ")
    assert "Write a SQL condition" in said(where)


@pytest.mark.parametrize(
    "where", ["nope = 1", "sum(x) > 1", "getenv('HOME') = '/'", "read_blob('/etc/passwd') IS NULL", "raw.x = 1"]
)
def test_what_the_source_does_not_have_is_refused_with_what_it_has(where: str) -> None:
    terms = contract({"x": NUMBER}, remove=[{"name": "rule", "where": where}])
    with pytest.raises(UserError) as caught:
        judged([{"x": "1", "more": "a"}], terms)
    [mistake] = caught.value.mistakes
    assert mistake.where == "sources.orders.contract.remove.rule"
    assert mistake.fix == "Write a SQL condition over the columns: x, more."


@pytest.mark.parametrize(("where", "kind"), [("x + 1", "double"), ("'true'", "varchar"), ("[x]", "double[]")])
def test_a_condition_answers_yes_or_no(where: str, kind: str) -> None:
    with pytest.raises(UserError, match="no yes or no") as caught:
        judged(column("1"), contract({"x": NUMBER}, remove=[{"name": "rule", "where": where}]))
    assert kind in str(caught.value)


def test_every_wrong_rule_is_named_at_once() -> None:
    rules = [{"name": f"rule-{n}", "where": where} for n, where in enumerate(("nope = 1", "x = 1", "nix = 1"))]
    with pytest.raises(UserError) as caught:
        judged(column("1"), contract({"x": NUMBER}, remove=rules))
    assert [mistake.where[-6:] for mistake in caught.value.mistakes] == ["rule-0", "rule-2"]


def test_a_condition_may_name_a_column_that_nobody_declared() -> None:
    found = judged(
        [{"x": "1", "test": "yes"}, {"x": "2", "test": ""}],
        contract({"x": NUMBER}, remove=[{"name": "tests", "where": "test = 'yes'"}]),
    )
    assert found.intake.removed == {"tests": 1}


def test_the_engine_reads_no_file_even_where_it_is_told_to(tmp_path: Path) -> None:
    import duckdb

    (tmp_path / "a.csv").write_text("x\n1\n")
    for query in (
        f"SELECT * FROM read_csv('{tmp_path}/a.csv')",
        f"SELECT * FROM '{tmp_path}/a.csv'",
        f"COPY (SELECT 1) TO '{tmp_path}/made.csv'",
        f"ATTACH '{tmp_path}/made.db' AS made",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM tmp_path",
    ):
        with engine() as duck, pytest.raises(duckdb.Error):
            duck.sql(query).fetchall()
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
