"""`shipworthy check`: whatever is wrong is shown with file, line and column, and needs no store."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e.voyage.shop import PRODUCT, open_shop, someone

from shipworthy.app.wiring import close_desk
from shipworthy.base.errors import UserError
from shipworthy.doors.cli.main import run
from shipworthy.plan.reference_examples import WITH_PIPELINE
from shipworthy.plan.words import AdoptPlan


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
    assert "sources          csv, delta, excel, http, jsonl, parquet, sql" in capsys.readouterr().out


FLAG = "        cancelled: {type: flag}\n"
FRESH = "      freshness: 8d\n"
BROKEN = [  # what is replaced, what stands in its place, the code that is told, and what its line holds
    (FLAG, FLAG + "        card: {type: text, pattern: '(?=x)'}\n", "data.pattern", "card:"),
    (FLAG, FLAG + "        since: {type: date, format: '%Q'}\n", "data.format", "since:"),
    ("{type: date}", "{type: date, required: false}", "data.time_column", "time: day"),
    (FRESH, FRESH + "      remove: [{name: repeated-row, where: minutes = 0}]\n", "data.same_name", "remove:"),
    (
        FRESH,
        FRESH
        + "      remove:\n        - {name: zero, where: minutes = 0}\n        - {name: odd, where: 'minutes = = 0'}\n",
        "data.condition",
        "name: odd",
    ),
    (FRESH, FRESH + "      remove: [{name: old, where: day < current_date}]\n", "data.condition", "name: old"),
]


@pytest.mark.parametrize(("old", "new", "code", "held"), BROKEN, ids=[f"{one[2]} {one[3]}" for one in BROKEN])
def test_what_the_first_snapshot_would_refuse_is_said_on_day_one(
    old: str, new: str, code: str, held: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = WITH_PIPELINE.replace(old, new, 1)
    ended, told = checked(tmp_path / "product.yaml", text.encode(), capsys)
    line = next(number for number, one in enumerate(text.splitlines(), 1) if held in one)
    assert ended == 1
    found = next(one for one in told.splitlines() if f"  {code}  FAILS" in one)
    assert found.startswith(f"{tmp_path / 'product.yaml'}:{line}:")


def test_what_check_refuses_is_not_put_into_force_either(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    text = (tmp_path / "product.yaml").read_text()
    wrong = text.replace("duplicates: remove", "remove: [{name: zero, where: dollar_value = = 0}]")
    assert wrong != text
    desk = shop.desk()
    with pytest.raises(UserError) as refused:
        desk.do(AdoptPlan(product=PRODUCT, text=wrong), someone("administrator"))
    line = next(number for number, one in enumerate(wrong.splitlines(), 1) if "= = 0" in one)
    [mistake] = refused.value.mistakes
    assert mistake.code == "data.condition"
    assert mistake.where.startswith(f"product.yaml:{line}:")
    assert desk.plan(PRODUCT) is None
    assert desk.do(AdoptPlan(product=PRODUCT, text=text), someone("administrator")).version == 1
    close_desk(desk)
