"""A source that is judged some rows at a time gets the judgement that it gets as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shipworthy.base.digest import digest_of_file
from shipworthy.base.errors import UserError
from shipworthy.data.erased import People
from shipworthy.data.piecewise import judge_pieces
from shipworthy.data.rules import judge
from shipworthy.data.source import Part, Piece, Pieces, Place, Reading
from shipworthy.data.sources.parquet import SOURCE
from shipworthy.data.words import Intake
from shipworthy.edges.files import Files
from shipworthy.plan.schema import Contract, Source

AS_OF = datetime(2024, 6, 1, tzinfo=UTC)
CONTRACT: dict[str, Any] = {
    "time": "day",
    "duplicates": "quarantine",
    "quarantine_at_most": 1.0,
    "remove": [{"name": "gift", "where": "paid = 0"}],
    "volume": {"rows": [1, 100000], "each": "1mo"},
    "columns": {
        "name": {"type": "text"},
        "day": {"type": "date"},
        "paid": {"type": "number", "min": -5, "typical": {"median": [0, 100], "each": "1mo"}},
        "note": {"type": "text", "required": False, "one_of": ["x", "y"], "missing_at_most": 0.9},
    },
}


def feed(rows: int, seed: int, dirt: float, names: int) -> pa.Table:
    """Rows of which a share is wrong in some way, and in which names stand more than once."""
    draw = np.random.default_rng(seed)
    dirty = draw.random((4, rows)) < dirt
    days = np.datetime64("2024-01-01") + draw.integers(0, 120, rows).astype("timedelta64[D]")
    days[dirty[0]] = np.datetime64("2024-07-01")
    paid = draw.integers(1, 50, rows).astype(np.float64)
    paid[dirty[1]] = draw.choice([np.nan, -9.0, 0.0, np.inf], int(dirty[1].sum()))
    texts = [
        f"n{number}" if not bad else "" for number, bad in zip(draw.integers(0, names, rows), dirty[2], strict=True)
    ]
    notes = [
        None if bad else "x" if number else "z" for number, bad in zip(draw.random(rows) < 0.98, dirty[3], strict=True)
    ]
    return pa.table({"name": texts, "day": pa.array(days), "paid": paid, "note": pa.array(notes, pa.string())})


def cut(table: pa.Table, size: int) -> Pieces:
    """A table as two parts, some rows at a time."""
    half = len(table) // 2
    parts = [table.slice(0, half), table.slice(half)]
    told = tuple(Part(f"part {at}", "", len(part), tuple(table.column_names)) for at, part in enumerate(parts))

    def read() -> Iterator[Piece]:
        for at, part in enumerate(parts):
            for first in range(0, max(len(part), 1), size):
                yield Piece(told[at].name, first, part.slice(first, size))

    return Pieces(table.schema, read, lambda digest: told)


def plain(intake: Intake) -> Intake:
    return replace(intake, content="", quarantine="")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"key": ["name"], "duplicates": "keep"},
        {"key": ["name", "note"], "duplicates": "remove"},
        {"duplicates": "remove", "time": None, "volume": None, "columns": {"name": {"type": "text"}}},
    ],
    ids=["whole rows", "key", "key with gaps", "one column"],
)
def test_it_is_judged_as_it_would_be_as_a_whole(tmp_path: Path, changed: dict[str, Any], seed: int) -> None:
    contract = Contract.model_validate(CONTRACT | changed)
    table = feed(400, seed, dirt=(0.0, 0.02, 0.2, 0.6)[seed], names=100 if seed else 100000)
    given, files = cut(table, 90), Files(tmp_path)
    whole = judge(Reading(table, given.parts(digest_of_file)), contract, "rows", AS_OF)
    intake, checks = judge_pieces(given, contract, "rows", AS_OF, files)
    assert plain(intake) == plain(whole.intake)
    assert checks == whole.checks
    assert files.table(intake.content).equals(whole.accepted)
    assert (files.table(intake.quarantine) if intake.quarantine else whole.quarantine).equals(whole.quarantine)
    assert not list(tmp_path.glob(".draft*"))


@pytest.mark.parametrize("seed", range(3))
def test_who_was_erased_and_what_was_mended_goes_as_it_would_from_the_whole(tmp_path: Path, seed: int) -> None:
    contract = Contract.model_validate(CONTRACT | {"duplicates": "remove"})
    table = feed(400, seed, dirt=(0.0, 0.05, 0.4)[seed], names=100)
    given, files = cut(table, 90), Files(tmp_path)
    names = {"n3", "n7", "n99"}
    erased = People("name", frozenset(names), lambda name: name, whole=False)
    gone = {"one": [0, 91, 399], "two": [17, 200], "none": []}
    whole = judge(Reading(table, given.parts(digest_of_file)), contract, "rows", AS_OF, erased, gone)
    intake, checks = judge_pieces(given, contract, "rows", AS_OF, files, erased, gone)
    assert whole.intake.removed["one"]
    assert whole.intake.removed["erased-person"]
    assert plain(intake) == plain(whole.intake)
    assert checks == whole.checks
    assert not names & set(files.table(intake.content)["name"].to_pylist())
    assert files.table(intake.content).equals(whole.accepted)
    assert (files.table(intake.quarantine) if intake.quarantine else whole.quarantine).equals(whole.quarantine)


@pytest.fixture
def lay(tmp_path: Path) -> Callable[[pa.Table], tuple[Path, Intake, Files]]:
    contract = CONTRACT | {"volume": {"rows": [1, 10**7]}}

    def laid(table: pa.Table) -> tuple[Path, Intake, Files]:
        file, files = tmp_path / "rows.parquet", Files(tmp_path / "files")
        pq.write_table(table, file)
        source = Source.model_validate(
            {"kind": "parquet", "path": "rows.parquet", "right_to_use": "Consent.", "contract": contract}
        )
        assert SOURCE.pieces is not None
        with SOURCE.pieces(source, Place("rows", tmp_path, {})) as given:
            intake, _ = judge_pieces(given, source.contract, "rows", AS_OF, files)
        return file, intake, files

    return laid


Lay = Callable[[pa.Table], tuple[Path, Intake, Files]]


def test_a_file_of_which_every_row_is_accepted_is_kept_as_it_is(lay: Lay) -> None:
    table = feed(300_000, 0, dirt=0.0, names=10**9).filter(pa.compute.equal(pa.array(["x"] * 300_000), "x"))
    table = table.set_column(3, "note", pa.array(["x"] * len(table)))
    table = table.set_column(0, "name", pa.array([f"n{number}" for number in range(len(table))]))
    file, intake, files = lay(table)
    assert intake.content == digest_of_file(file) == intake.read["rows.parquet"]
    assert files.table(intake.content).equals(table)
    assert sum(map(len, files.pieces(intake.content))) == len(table) == intake.accepted


def test_of_a_file_with_one_bad_row_in_the_last_piece_the_others_are_kept(lay: Lay) -> None:
    count = 300_000
    columns = {
        "name": [f"n{number}" for number in range(count)],
        "day": pa.array([datetime(2024, 1, 1, tzinfo=UTC).date()] * count),
        "paid": [1.0] * (count - 1) + [-9.0],
        "note": ["x"] * count,
    }
    table = pa.table(columns)
    _, intake, files = lay(table)
    assert (intake.accepted, intake.quarantined) == (count - 1, {"paid is below -5": 1})
    assert pa.concat_tables(list(files.pieces(intake.content))).equals(table.slice(0, count - 1))
    [aside] = files.table(intake.quarantine).to_pylist()
    assert (aside["_row"], aside["_place"]) == (count, f"rows.parquet, row {count}")


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    table = feed(1000, 1, dirt=0.0, names=10**9)
    pq.write_table(table, tmp_path / "rows.parquet")
    source = Source.model_validate(
        {"kind": "parquet", "path": "rows.parquet", "right_to_use": "Consent.", "contract": CONTRACT}
    )
    assert SOURCE.pieces is not None
    with (
        pytest.raises(UserError, match="changed while it was read"),
        SOURCE.pieces(source, Place("rows", tmp_path, {})),
    ):
        pq.write_table(table.slice(1), tmp_path / "rows.parquet")
