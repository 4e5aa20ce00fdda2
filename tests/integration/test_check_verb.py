"""`shipworthy check`: whatever is wrong is shown with file, line and column, and needs no store."""

from __future__ import annotations

from pathlib import Path

import pytest

from shipworthy.doors.cli.main import run
from shipworthy.plan.reference_examples import WITH_PIPELINE


def checked(file: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code and everything that is printed."""
    file.write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        run(["check", str(file)])
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out + printed.err


def test_what_does_not_fit_has_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "product.yaml"
    late = WITH_PIPELINE.replace("time_to_act: 5d", "time_to_act: 180d")
    code, text = checked(file, late.encode(), capsys)
    line = late.splitlines().index("    time_to_act: 180d") + 1
    assert code == 1
    assert f"{file}:{line}:5  plan.time_to_act  FAILS" in text
    assert "  Fix: time_to_act of" in text


def test_files_that_are_not_there_yet_are_named_and_keep_nothing_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "product.yaml"
    code, text = checked(file, WITH_PIPELINE.encode(), capsys)
    assert code == 0
    assert "data.pipeline is pipeline.py, which is not there yet." in text
    assert "consumers.service.guide is guides/service.md, which is not there yet." in text
    (tmp_path / "pipeline.py").write_text("")
    (tmp_path / "guides").mkdir()
    (tmp_path / "guides" / "service.md").write_text("Call them.")
    assert "not there yet" not in checked(file, WITH_PIPELINE.encode(), capsys)[1]


def test_another_encoding_is_shown_with_the_place_of_its_first_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "product.yaml"
    code, text = checked(file, "product: café\n".encode("latin-1"), capsys)
    assert code == 1
    assert f"{file}:1:13  plan.unreadable" in text


def test_a_code_is_explained_and_a_half_remembered_one_found(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["explain", "time_to_act"])
    assert "Did you mean plan.time_to_act?" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        run(["explain"])
    assert ended.value.code == 0
    assert "sources          csv, jsonl, parquet, sql" in capsys.readouterr().out
