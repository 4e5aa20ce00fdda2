"""What prediction servers say of themselves, through real files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from shipworthy.base.times import read_moment
from shipworthy.deliver.beat import Beat, beats, leave
from shipworthy.edges.store import Store

FIRST = Beat(
    server="host-1",
    product="p",
    address="http://127.0.0.1:8800",
    started="2026-01-01T00:00:00+00:00",
    at="2026-01-01T00:00:10+00:00",
    pointer="a" * 64,
    candidates={"c" * 64: "onnx"},
    answered=7,
    p99_ms=1.5,
)


def store(home: Path) -> Store:
    parts = cast(Any, None)  # ledger, files and keys are not touched
    return Store(root=home.parent, home=home, ledger=parts, files=parts, keys=parts, environ={})


def test_the_newest_word_of_each_server_is_there(tmp_path: Path) -> None:
    mine, later = store(tmp_path), "2026-01-01T00:00:20+00:00"
    leave(mine, FIRST)
    leave(mine, replace(FIRST, at=later, answered=9))
    leave(mine, replace(FIRST, server="host-2"))
    leave(mine, replace(FIRST, product="other"))
    assert [(beat.server, beat.answered) for beat in beats(mine, "p")] == [("host-1", 9), ("host-2", 7)]
    assert beats(mine, "p")[0] == replace(FIRST, at=later, answered=9)
    assert [beat.server for beat in beats(mine, "p", since=read_moment(later))] == ["host-1"]
    assert not beats(mine, "unknown")


def test_a_file_that_is_no_beat_hides_no_server(tmp_path: Path) -> None:
    mine = store(tmp_path)
    leave(mine, FIRST)
    for number, text in enumerate(['{"server": "half', "[]", '{"at": "x"}']):
        (tmp_path / "servers" / "p" / f"{number}.json").write_text(text)
    assert beats(mine, "p") == [FIRST]


def test_servers_long_gone_are_swept_out_and_a_name_leads_nowhere_else(tmp_path: Path) -> None:
    mine = store(tmp_path)
    leave(mine, replace(FIRST, server="../../gone"))
    leave(mine, replace(FIRST, at="2026-01-02T12:00:00+00:00"))
    assert [beat.server for beat in beats(mine, "p")] == ["host-1"]
    assert [file.name for file in tmp_path.iterdir()] == ["servers"]
