"""Quarantined rows, for people: what says something of a person is masked, and so is what nobody declared."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from shipworthy.base.fact import KnownPast, Recorded, What
from shipworthy.data.views import quarantine, snapshots
from shipworthy.data.words import Intake, Quarantine, QuarantinedRow, SnapshotRefused, Snapshots, SnapshotTaken
from shipworthy.plan.reading import read_plan
from shipworthy.plan.reference_examples import WITH_PIPELINE
from shipworthy.plan.words import PlanAdopted

AT = datetime(2024, 6, 1, tzinfo=UTC)
COLUMNS: dict[str, Any] = {
    "customer": {"type": "text", "personal": True},
    "street": {"type": "text"},
    "paid": {"type": "number"},
}
SEGMENT = pa.table(
    {
        "customer": ["Erika", None],
        "street": ["Elm Street", None],
        "paid": ["five", None],
        "remark": ["calls at night", None],
        "_row": [3, 4],
        "_place": ["a.csv, row 3", "a.csv, row 4"],
        "_line": [None, "Erika;five"],
        "_reason": ["paid cannot be read as a number", "the row has 1 cells, the header 3"],
    }
)


class Segments:
    """The one segment there is."""

    def table(self, digest: str, columns: list[str] | None = None) -> pa.Table:
        assert digest == "bad"
        return SEGMENT


def past(*whats: What) -> KnownPast:
    source = {"kind": "csv", "path": "a.csv", "contract": {"columns": COLUMNS}}
    values = read_plan(WITH_PIPELINE).values()
    values = values | {"sources": {"orders": source}, "data": values["data"] | {"personal": ["street"]}}
    adopted = PlanAdopted(product="shop", version=1, plan=values, digest="d", sections={})
    return KnownPast([Recorded(n, "builder", AT, AT, what, "", "") for n, what in enumerate((adopted, *whats), 1)])


def taken(source: str = "orders") -> SnapshotTaken:
    intakes = [Intake(source, 4, 2, {}, {"some": 2}, "good", "bad"), Intake("clean", 1, 1)]
    return SnapshotTaken(product="shop", snapshot="abc", as_of="2024-06-01", intakes=intakes, checks=[])


def aside(*whats: What, **question: Any) -> list[QuarantinedRow]:
    return quarantine(Quarantine(product="shop", **question), past(*whats), Segments())


def test_only_declared_values_that_are_not_personal_are_shown() -> None:
    first, second = aside(taken())
    assert first.values == {"customer": "•••", "street": "•••", "paid": "five", "remark": "•••"}
    assert (first.row, first.place, first.reason) == (3, "a.csv, row 3", "paid cannot be read as a number")
    assert "Erika" not in str(second)


def test_of_a_source_that_the_plan_no_longer_has_nothing_is_shown() -> None:
    assert {value for row in aside(taken("gone")) for value in row.values.values()} == {"•••"}


def test_the_newest_snapshot_or_refusal_is_meant_where_none_is_named() -> None:
    refused = SnapshotRefused(product="shop", refusal="xyz", as_of="2024-06-02", intakes=[], checks=[])
    assert aside() == []
    assert aside(taken(), refused) == []
    assert len(aside(taken(), refused, snapshot="ab")) == 2
    assert [one.snapshot for one in snapshots(Snapshots(product="shop"), past(taken(), refused))] == ["abc", ""]
