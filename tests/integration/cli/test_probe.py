"""`shipworthy probe` on the terminal: one line each, the fix where one fails, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.voyage.shop import open_shop
from integration.cli.terminal import at_home, ended, log_in


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The small shop with its plan in force; the tokens of some of its people."""
    root = tmp_path_factory.mktemp("shop")
    with at_home(root):
        open_shop(root)
        assert ended("plan") == 0
        yield {"root": str(root)}


@pytest.mark.parametrize("person", ["data-scientist", "night-operator", "product-manager"])
def test_who_builds_runs_or_owns_it_may_probe(
    tokens: dict[str, str], person: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(person, capsys, monkeypatch)
    assert ended("probe") == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("ok    ") for line in lines)
    assert {line.split()[1].split(".")[0] for line in lines} == {"sources", "sinks", "respond"}


def test_what_fails_is_told_with_its_fix_and_in_json(
    tokens: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in("night-operator", capsys, monkeypatch)
    feed = Path(tokens["root"]) / "feed"
    feed.rename(feed.with_name("gone"))
    try:
        assert ended("probe", "purchases") == 1
        first, second = capsys.readouterr().out.splitlines()
        assert first.startswith("FAIL  sources.purchases  No file matches")
        assert second.strip().startswith("Fix: Put the file there")
        assert ended("probe", "purchases", "--json") == 1
        (told,) = json.loads(capsys.readouterr().out)
        assert (told["where"], told["verdict"]) == ("sources.purchases", "fail")
    finally:
        feed.with_name("gone").rename(feed)
    assert ended("probe", "nothing-of-this-name") == 1


def test_others_may_not(
    tokens: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in("sales-lead", capsys, monkeypatch)
    assert ended("probe") == 1
    assert "sales-lead is consumer of sales here and may not probe connections." in capsys.readouterr().err
