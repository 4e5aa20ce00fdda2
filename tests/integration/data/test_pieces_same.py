"""Every kind of source that is read some rows at a time gives what it gives when it is read as a whole."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pytest

from shipworthy.base.errors import UserError
from shipworthy.base.kinds import kind
from shipworthy.data.piecewise import judge_pieces
from shipworthy.data.rules import judge
from shipworthy.data.source import FOLDER, Place, SourceKind
from shipworthy.edges.files import Files
from shipworthy.plan.schema import Source

AS_OF = datetime(2024, 6, 1, tzinfo=UTC)
COLUMNS: dict[str, Any] = {
    "name": {"type": "text"},
    "day": {"type": "date"},
    "paid": {"type": "number", "min": -5, "required": False, "missing_at_most": 1.0},
}
Laid = Callable[..., Any]


@pytest.fixture
def same(tmp_path: Path) -> Laid:
    """Both ways of reading one source: what is the same of them, or the mistakes that both find."""

    def read(name: str, *, pieces_at_least: int = 1, **declared: Any) -> Any:
        contract = {"time": "day", "quarantine_at_most": 1.0, "key": ["name"], "columns": COLUMNS}
        told = {"kind": name, "right_to_use": "Consent.", "contract": contract, **declared}
        source, place = Source.model_validate(told), Place("rows", tmp_path, {})
        member, files = kind(FOLDER, name, SourceKind), Files(tmp_path / "files")
        assert member.pieces is not None
        reading, mistakes = None, []
        try:
            reading = member.read(source, place)
        except UserError as error:
            mistakes = list(error.mistakes)
        if reading is None:
            with pytest.raises(UserError) as found, member.pieces(source, place) as given:
                judge_pieces(given, source.contract, "rows", AS_OF, files)
            assert list(found.value.mistakes) == mistakes
            return mistakes
        whole = judge(reading, source.contract, "rows", AS_OF)
        with member.pieces(source, place) as given:
            assert len(list(given.read())) >= pieces_at_least
            intake, checks = judge_pieces(given, source.contract, "rows", AS_OF, files)
        assert replace(intake, content="", quarantine="") == whole.intake
        assert checks == whole.checks
        assert files.table(intake.content).equals(whole.accepted)
        aside = files.table(intake.quarantine) if intake.quarantine else whole.quarantine
        assert aside.equals(whole.quarantine)
        return intake

    return read


LINES = [f"n{at},2024-0{1 + at % 7}-03,{at % 11 - 6 if at % 5 else ''}" for at in range(2000)]
ODD = [*LINES[:700], "short", *LINES[700:900], "a,b,c,d,e", "x,y,z,4", *LINES[900:], *LINES[3:9], "last,too,many,cells"]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(["name,day,paid", *LINES, ""]),
        "\n".join(["name,day,paid", *LINES]),
        "\r\n".join(["\ufeffname,day,paid,more", *(f"{line},x" for line in LINES), ""]),
        "\n".join(["name,day,paid", *ODD, ""]),
        "\n".join(["name,day,paid", *ODD, "cut"]),
        "\n".join(["name,day,paid", *LINES, '"two\nlines",2024-01-01,3', '"a ""b""",2024-01-01,3', ""]),
        "\n".join(["name,day,paid", *LINES, '5" pipe,2024-01-01,3', *LINES[:9], ""]),
        "\n".join(["name,day,paid", *LINES, '"never ends,2024-01-01,3', *LINES[:9], ""]),
        "\n".join(["name;day;paid", *(line.replace(",", ";") for line in LINES)]),
        "name,day,paid\n",
        "name,day,paid",
        "name,name,paid\na,b,c\n",
        "",
    ],
)
def test_csv(same: Laid, tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipworthy.data.sources.csv._AT_ONCE", 4096)
    monkeypatch.setattr("shipworthy.data.sources.csv._BLOCK", 1500)
    (tmp_path / "a.csv").write_bytes(text.encode())
    same("csv", path="a.csv")
    (tmp_path / "b.csv").write_text("paid,day,more\n1,2024-01-01,z\n")
    same("csv", path="*.csv")


def test_csv_with_bytes_that_are_no_text(same: Laid, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("\n".join(["name,day,paid", *LINES, "M\xfcller,2024-01-01,3"]).encode("latin-1"))
    [mistake] = same("csv", path="a.csv")
    assert mistake.code == "data.encoding"


OBJECTS = [f'{{"name":"n{at}","day":"2024-0{1 + at % 7}-03","paid":{at % 11 - 6}}}' for at in range(900)]
LATER = ['{"name":"late","day":"2024-01-01","paid":2,"b":1,"a":[1]}', '{"c":{"x":1},"name":"none"}']


@pytest.mark.parametrize(
    "text",
    [
        "\n".join([*OBJECTS, ""]),
        "\n".join([*OBJECTS, *LATER]),
        "\r\n\r\n".join(["\ufeff", *OBJECTS[:9], "  ", *LATER, *OBJECTS, *OBJECTS[:3], ""]),
        "\n".join([*OBJECTS[:500], "nonsense", "{}", *LATER, '{"name":1,"name":2}', *OBJECTS[500:], "[1]", ""]),
        "\n".join([*OBJECTS, '{"name":"cut']),
        "\n".join([*OBJECTS, '{"name":"' + "long" * 9000 + '","day":"2024-01-01"}', *LATER, ""]),
        "nonsense\n[]\n",
        "\ufeff\n\n",
        " \n\n",
        "",
    ],
)
def test_jsonl(same: Laid, tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipworthy.data.sources.jsonl._AT_ONCE", 4096)
    (tmp_path / "a.jsonl").write_bytes(text.encode())
    same("jsonl", path="a.jsonl", pieces_at_least=5 if len(text) > 40_000 else 1)
    (tmp_path / "b.jsonl").write_text('{"more":1,"paid":4,"day":"2024-01-01","name":"b"}\n')
    same("jsonl", path="*.jsonl")


def test_jsonl_with_bytes_that_are_no_text(same: Laid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipworthy.data.sources.jsonl._AT_ONCE", 4096)
    lines = [*OBJECTS, '{"name":"M\xfcller"}', *OBJECTS]
    (tmp_path / "a.jsonl").write_bytes("\n".join(lines).encode("latin-1"))
    [mistake] = same("jsonl", path="a.jsonl")
    assert (mistake.code, mistake.where) == ("data.encoding", "a.jsonl:901")


def test_jsonl_that_is_packed(same: Laid, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress("\n".join(OBJECTS).encode()))
    same("jsonl", path="a.jsonl.gz")


ROWS = [(f"n{at:04}", f"2024-0{1 + at % 7}-03", at % 11 - 6 if at % 5 else None) for at in range(700)]


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few rows at once that they are sorted on disk, in many runs."""
    monkeypatch.setattr("shipworthy.data.ordering._RUN", 200)
    monkeypatch.setattr("shipworthy.data.ordering.PIECE", 128)
    monkeypatch.setattr("shipworthy.data.sources.sql._BATCH", 90)
    monkeypatch.setattr("shipworthy.data.sources.delta._BATCH", 90)


@pytest.mark.usefixtures("_small")
def test_sql(same: Laid, tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    mixed = [*ROWS, ("late", "2024-01-01", 2.5), ("x", "no day", "much"), (7, "2024-01-01", 3), *ROWS[5:9]]
    laid(file, mixed)
    first = same("sql", url=f"sqlite:///{file}", query="people", pieces_at_least=5)
    assert first.source_rows == len(mixed)
    laid(file, mixed[::-1])
    again = same("sql", url=f"sqlite:///{file}", query="select * from people where 1 = 1")
    assert (again.content, again.quarantine, again.read) == (first.content, first.quarantine, first.read)
    laid(file, [])
    same("sql", url=f"sqlite:///{file}", query="people")
    same("sql", url=f"sqlite:///{file}", query="nowhere")


def laid(file: Path, rows: list[Any]) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("drop table if exists people")
        database.execute("create table people (name, day, paid)")
        database.executemany("insert into people values (?, ?, ?)", rows)


@pytest.mark.usefixtures("_small")
def test_delta(same: Laid, tmp_path: Path) -> None:
    table = pa.table({name: pa.array([row[at] for row in ROWS]) for at, name in enumerate(("name", "day", "paid"))})
    for start in (500, 0, 250):  # three files, in no order
        deltalake.write_deltalake(tmp_path / "people", table.slice(start, 250), mode="append")
    first = same("delta", path="people", pieces_at_least=5)
    assert first.accepted + sum(first.quarantined.values()) + sum(first.removed.values()) == len(ROWS)
    deltalake.DeltaTable(tmp_path / "people").optimize.compact()
    assert same("delta", path="people").content == first.content
    assert same("delta", path="people", version=9)[0].code == "data.unreachable"
