"""Whatever comes in: every row is accepted, removed by a named rule or quarantined, and what is accepted is clean."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.data.dirty import AS_OF, Row, judged, part, reading

from shipworthy.data.casting import ARROW
from shipworthy.data.parts import joined
from shipworthy.data.rules import Judged
from shipworthy.data.source import Part, Reading
from shipworthy.plan.schema import Contract

COLUMNS: dict[str, dict[str, Any]] = {
    "id": {"type": "text", "pattern": "[a-c][0-9]*"},
    "n": {"type": "integer", "min": 0, "max": 5},
    "x": {"type": "number", "min": -1, "max": 9.5, "required": False},
    "day": {"type": "date"},
    "kind": {"type": "text", "one_of": ["web", "shop"]},
}
CELLS = {
    "id": ["a1", "a1", "b", "c007", "", None, "Z", "a b", "A1"],
    "n": ["0", "3", "3", "5", "6", "-1", "2.0", "1.5", "", None, "x", "99999999999999999999", " 4 "],
    "x": ["0", "1.5", "9.5", "9.6", "-1e0", "NaN", "inf", "", None, "1,5", "1e999"],
    "day": ["2024-01-01", "2024-05-31", "2024-06-01", "2025-01-01", "2024-02-30", "01.02.2024", "", None, "0001-01-01"],
    "kind": ["web", "shop", "Web", "", None],
    "remark": ["", None, "r1", "r2"],
}
RULES = [
    {"name": "nothing-bought", "where": "n = 0"},
    {"name": "test-shop", "where": "kind = 'shop' AND x > 1"},
    {"name": "by-remark", "where": "remark = 'r2'"},
]
rows = st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CELLS.items()})
tables = st.lists(rows, max_size=25)
contracts = st.builds(
    lambda duplicates, key, rules, time: Contract.model_validate(
        {
            "columns": COLUMNS,
            "duplicates": duplicates,
            "key": key,
            "remove": rules,
            "time": time,
            "quarantine_at_most": 1.0,
        }
    ),
    st.sampled_from(["remove", "quarantine", "keep"]),
    st.sampled_from([[], ["id"], ["id", "day"]]),
    st.lists(st.sampled_from(RULES), unique_by=lambda rule: rule["name"]),
    st.sampled_from(["day", None]),
)


def files(*sources: list[Row]) -> Reading:
    return joined([part(source, f"{at}.csv", header=list(CELLS)) for at, source in enumerate(sources, 1)])


def assert_accounted_for(found: Judged, total: int) -> None:
    account = found.intake
    assert account.source_rows == total
    assert total == account.accepted + sum(account.removed.values()) + sum(account.quarantined.values())
    assert found.accepted.num_rows == account.accepted
    assert found.quarantine.num_rows == sum(account.quarantined.values())
    numbers = found.quarantine["_row"].to_pylist()
    assert numbers == sorted(set(numbers))
    assert all(found.quarantine["_reason"].to_pylist())


def assert_clean(row: Row, terms: Contract) -> None:
    assert re.fullmatch("[a-c][0-9]*", row["id"])
    assert 0 <= row["n"] <= 5
    assert row["x"] is None or -1 <= row["x"] <= 9.5
    assert row["kind"] in ("web", "shop")
    assert isinstance(row["day"], date)
    assert terms.time is None or row["day"] < AS_OF.date()
    removed = {rule.name for rule in terms.remove}
    assert "nothing-bought" not in removed or row["n"] != 0
    assert "test-shop" not in removed or not (row["kind"] == "shop" and row["x"] is not None and row["x"] > 1)


@settings(max_examples=20, deadline=None)
@given(tables, contracts, st.randoms(use_true_random=False))
def test_no_row_is_lost_and_what_is_accepted_keeps_the_contract(
    source: list[Row], terms: Contract, chance: Any
) -> None:
    found = judged(files(source), terms)
    assert_accounted_for(found, len(source))
    assert found.accepted.schema == pa.schema([(name, ARROW[rules["type"]]) for name, rules in COLUMNS.items()])
    kept = found.accepted.to_pylist()
    for row in kept:
        assert_clean(row, terms)
    for names in filter(None, [terms.key]):
        keys = Counter(tuple(row[name] for name in names) for row in kept)
        assert set(keys.values()) <= {1}
    for aside in found.quarantine.to_pylist():
        assert {name: aside[name] for name in CELLS} == source[aside["_row"] - 1]

    mixed = list(source)
    chance.shuffle(mixed)
    cut = chance.randint(0, len(mixed))
    again = judged(files(mixed[:cut], mixed[cut:]), terms)
    assert (again.intake.removed, again.intake.quarantined) == (found.intake.removed, found.intake.quarantined)
    assert sorted(map(repr, again.accepted.to_pylist())) == sorted(map(repr, kept))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.none() | rows, max_size=25))
def test_rows_without_columns_are_counted_among_the_others(source: list[Row | None]) -> None:
    broken = [at for at, row in enumerate(source, 1) if row is None]
    whole = [row for row in source if row is not None]
    terms = Contract.model_validate({"columns": COLUMNS, "quarantine_at_most": 1.0})
    first, second = part(whole, "1.csv", broken, list(CELLS)), part(whole, "2.csv", header=list(CELLS))
    found = judged(joined([first, second]), terms)
    assert_accounted_for(found, len(source) + len(whole))
    lines = {row["_row"]: row["_line"] for row in found.quarantine.to_pylist() if row["_line"]}
    assert lines == {at: f"line {at}" for at in broken}
    for row in found.quarantine.to_pylist():
        if row["_row"] <= len(source) and not row["_line"]:
            assert {name: row[name] for name in CELLS} == source[row["_row"] - 1]


def test_exact_repeats_leave_one_row_wherever_the_first_stands() -> None:
    good = {"id": "a1", "n": "3", "x": "1", "day": "2024-01-01", "kind": "web"}
    for written in ([good, good], [good, {**good, "n": "3.0"}], [{**good, "x": "1.00"}, good, good]):
        terms = Contract.model_validate({"columns": COLUMNS, "duplicates": "remove"})
        found = judged(reading(written), terms)
        assert found.accepted.num_rows == 1
        assert found.intake.removed == {"repeated-row": len(written) - 1}


def test_a_large_source_is_judged_row_by_row_in_its_own_order() -> None:
    # Lists of values make a join of the question, in which the engine's threads lose the order of rows.
    total, again = 150_000, 500
    numbers = np.concatenate([np.arange(total), np.arange(again)])
    seen = np.datetime64("2024-01-01T00:00:00") + numbers.astype("timedelta64[s]")
    texts = {
        "id": numbers.astype(str),
        "amount": np.where(numbers % 100 == 7, "n/a", np.char.mod("%d.50", numbers)),
        "seen": np.char.add(np.datetime_as_string(seen), "+00:00"),
        "day": np.datetime_as_string(seen, unit="D"),
        "kind": np.char.mod("kind %d", numbers % 7),
        "new": np.where(numbers % 3 == 0, "yes", "no"),
    }
    table = pa.table({name: pa.array(values) for name, values in texts.items()})
    table = pa.Table.from_batches(table.to_batches(max_chunksize=12_500))
    source = joined([(Part("a.csv", "", len(numbers), tuple(table.column_names)), table)])
    columns = {
        "id": {"type": "integer", "min": 0},
        "amount": {"type": "number", "min": 0, "max": 1e9},
        "seen": {"type": "moment"},
        "day": {"type": "date"},
        "kind": {"type": "text", "one_of": [f"kind {n}" for n in range(7)]},
        "new": {"type": "flag"},
    }
    terms = Contract.model_validate({"columns": columns, "key": ["id"], "duplicates": "remove", "time": "seen"})
    kept = np.arange(total)[np.arange(total) % 100 != 7]
    for _ in range(2):
        found = judged(source, terms)
        assert found.intake.removed == {"repeated-row": again - again // 100}
        assert found.intake.quarantined == {"amount cannot be read as a number": (total + again) // 100}
        assert (found.accepted["id"].to_numpy() == kept).all()
        assert (found.accepted["amount"].to_numpy() == kept + 0.5).all()
