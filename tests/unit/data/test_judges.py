"""Who decides first about a row, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest
from unit.data.dirty import Row, contract, judged, part

from shipworthy.data.parts import joined

COLUMNS: dict[str, Any] = {
    "day": {"type": "date"},
    "n": {"type": "integer", "min": 1, "max": 9},
    "kind": {"type": "text", "one_of": ["web", "shop"], "pattern": "[a-z]+"},
}
TERMS = contract(
    COLUMNS, time="day", duplicates="remove", key=["kind", "n"], remove=[{"name": "small", "where": "n < 2"}]
)
GOOD: Row = {"day": "2024-05-01", "n": "5", "kind": "web"}


@pytest.mark.parametrize(
    ("changes", "fate"),
    [
        ({}, "accepted"),
        ({"day": "2024-06-01", "n": "x"}, "not-before-as-of"),
        ({"day": "x", "n": "1"}, "day cannot be read as a date"),
        ({"n": "1", "kind": "other"}, "small"),
        ({"n": "0"}, "small"),
        ({"n": ""}, "n is missing"),
        ({"n": "10"}, "n is above 9"),
        (
            {"n": "10", "kind": "Other"},
            "n is above 9; kind is not one of the declared values; kind does not match its pattern",
        ),
        ({"n": "x", "kind": ""}, "n cannot be read as a whole number; kind is missing"),
    ],
)
def test_the_first_judge_decides_and_all_reasons_are_kept(changes: Row, fate: str) -> None:
    found = judged([{**GOOD, **changes}], TERMS)
    said = ["accepted"] * found.intake.accepted + list(found.intake.removed) + found.quarantine["_reason"].to_pylist()
    assert said == [fate]


def test_exact_repeats_go_before_keys_are_compared() -> None:
    other = {**GOOD, "day": "2024-05-02"}
    assert judged([GOOD, GOOD], TERMS).intake.removed == {"repeated-row": 1}
    found = judged([GOOD, GOOD, other, {**GOOD, "n": "6"}], TERMS).intake
    assert (found.removed, found.quarantined, found.accepted) == (
        {"repeated-row": 1},
        {"other rows have the same kind, n": 2},
        1,
    )


@pytest.mark.parametrize(("duplicates", "kept", "aside"), [("keep", 3, 0), ("quarantine", 1, 2), ("remove", 1, 0)])
def test_repeats_are_handled_as_declared(duplicates: str, kept: int, aside: int) -> None:
    found = judged([GOOD] * 3, contract(COLUMNS, duplicates=duplicates)).intake
    assert (found.accepted, sum(found.quarantined.values())) == (kept, aside)


def test_rows_that_differ_in_an_undeclared_column_are_no_repeats() -> None:
    found = judged([{**GOOD, "order": "1"}, {**GOOD, "order": "2"}], contract(COLUMNS, duplicates="remove"))
    assert found.intake.accepted == 2


def test_a_key_with_a_gap_names_nothing() -> None:
    columns = {"id": {"type": "text", "required": False, "missing_at_most": 1.0}, "n": {"type": "integer"}}
    found = judged([{"id": None, "n": "1"}, {"id": None, "n": "2"}], contract(columns, key=["id"]))
    assert found.intake.accepted == 2


def test_a_reason_never_holds_a_value() -> None:
    found = judged(
        [{**GOOD, "n": "777"}, {**GOOD, "n": "seven"}, {**GOOD, "kind": "Erika"}, {**GOOD, "day": "31.5."}], TERMS
    )
    said = " ".join(
        [*found.intake.quarantined, *found.quarantine["_reason"].to_pylist(), *(c.found for c in found.checks)]
    )
    assert [value for value in ("777", "seven", "Erika", "31.5.") if value in said] == []


def test_bad_rows_keep_their_place_among_files_and_broken_lines() -> None:
    bad = {**GOOD, "n": "x"}
    found = judged(joined([part([GOOD, bad], "1.csv", [2]), part([bad], "2.csv", [1, 3])]), TERMS)
    assert list(zip(found.quarantine["_row"].to_pylist(), found.quarantine["_place"].to_pylist(), strict=True)) == [
        (2, "1.csv, row 2"),
        (3, "1.csv, row 3"),
        (4, "2.csv, row 1"),
        (5, "2.csv, row 2"),
        (6, "2.csv, row 3"),
    ]
    assert found.quarantine["n"].to_pylist() == [None, "x", None, "x", None]


def test_a_source_without_rows_or_columns_is_accounted_for() -> None:
    for read in (joined([part([])]), joined([part([], header=list(COLUMNS))]), joined([part([], broken=[1, 2])])):
        found = judged(read, TERMS)
        assert found.intake.accepted == 0
        assert sum(found.intake.quarantined.values()) == found.intake.source_rows == read.rows
