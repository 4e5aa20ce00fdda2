"""Rows of erased people are removed before any other judge speaks, however the name is spelled."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from shipworthy.data.contract import ERASED, mistakes
from shipworthy.data.erased import HIDDEN, People
from shipworthy.data.rules import Judged, judge
from shipworthy.data.source import Broken, Part, Reading
from shipworthy.plan.schema import Contract

AS_OF = datetime(2024, 6, 1, tzinfo=UTC)


def mark(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def taken(names: pa.Array, kind: str, whole: bool, erased: str, broken: str = "") -> Judged:
    table = pa.table({"id": names, "n": ["1", "x", "3"][: len(names)]})
    lines = (Broken(len(names) + 1, broken, "one column too many"),) if broken else ()
    part = Part("a.csv", "", len(names) + len(lines), ("id", "n"), lines)
    contract = Contract.model_validate({"columns": {"id": {"type": kind}, "n": {"type": "integer"}}})
    people = People("id", frozenset({mark(erased)}), mark, whole)
    return judge(Reading(table, (part,)), contract, "orders", AS_OF, people)


@pytest.mark.parametrize(
    ("names", "kind", "whole", "erased"),
    [
        (["e05", " e05", "e06"], "text", False, "e05"),
        (["007", " 7", "8"], "integer", True, "7"),
        ([7, 7, 8], "integer", True, "7"),
        ([7.0, 7.0, 8.5], "number", True, "7"),
    ],
)
def test_all_their_rows_go_also_those_that_cannot_be_read(
    names: list[object], kind: str, whole: bool, erased: str
) -> None:
    found = taken(pa.array(names), kind, whole, erased)
    assert found.intake.removed == {ERASED: 2}
    assert (found.intake.accepted, found.intake.quarantined) == (1, {}), "the row with n = x is theirs, and is not kept"


def test_text_keeps_its_zeros_apart() -> None:
    assert taken(pa.array(["007", "7", "8"]), "text", False, "7").intake.removed == {ERASED: 1}


def test_a_broken_line_is_hidden_and_still_counts() -> None:
    found = taken(pa.array(["a", "b", "c"]), "text", False, "e05", "e05,1,2")
    assert found.intake.source_rows == 4
    assert found.intake.quarantined["one column too many"] == 1
    assert HIDDEN in found.quarantine["_line"].to_pylist()
    other = taken(pa.array(["a", "b", "c"]), "text", False, "e05", "evangeline,1,2")
    assert "evangeline,1,2" in other.quarantine["_line"].to_pylist()


def test_nobody_who_stays_is_touched() -> None:
    found = taken(pa.array(["a", "b", None]), "text", False, "e05")
    assert ERASED not in found.intake.removed


def test_the_rule_has_a_name_of_its_own() -> None:
    terms = {"columns": {"id": {"type": "text"}}, "remove": [{"name": ERASED, "where": "id = 'a'"}]}
    [wrong] = mistakes("orders", Contract.model_validate(terms))
    assert wrong.code == "data.same_name"
