"""What people read on the screen: long answers say how much more there is, tokens are never lost, an end is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.voyage.shop import open_shop
from integration.cli.terminal import at_home, ended, log_in

SHIPWORTHY = [sys.executable, "-c", "from shipworthy.doors.cli.main import run; run()"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The small shop with its plan in force and ten bad rows in its feed; the administrator is logged in."""
    root = tmp_path_factory.mktemp("shop")
    with at_home(root):
        open_shop(root)
        with (root / "feed" / "purchases-all.csv").open("a") as feed:
            feed.writelines(f"{customer:05d},no date,1,20.00\n" for customer in range(10))
        assert ended("plan") == 0
        yield root


def test_several_logins_are_made_at_once_and_no_token_is_lost(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("people", "add", "legal-owner", "privacy-owner") == 0
    assert [line.split(": ")[0] for line in capsys.readouterr().out.splitlines()] == ["legal-owner", "privacy-owner"]
    assert ended("people", "add", "legal-owner", "privacy-owner", "--json") == 0
    assert [one["person"] for one in json.loads(capsys.readouterr().out)] == ["legal-owner", "privacy-owner"]
    assert ended("people", "add", "carl", "Not a Login") == 1
    told = capsys.readouterr()
    assert told.out.startswith("carl: sw_")
    assert "people.name" in told.err
    assert ended("people", "revoke", "legal-owner", "privacy-owner") == 0
    assert capsys.readouterr().out.count("has ended.") == 2


def test_rows_set_aside_are_shown_page_by_page(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in("data-scientist", capsys, monkeypatch)
    assert ended("snapshot", "--as-of", "1998-01-01", "--json") == 0
    name = json.loads(capsys.readouterr().out)["snapshot"]
    assert ended("quarantine", "--limit", "4") == 0
    first = capsys.readouterr().out.splitlines()
    assert len(first) == 1 + 4 + 1
    assert first[-1] == "… and 6 more: --skip 4"
    assert ended("quarantine", "--limit", "4", "--skip", "8", "--snapshot", name[:12], "--source", "purchases") == 0
    last = capsys.readouterr().out.splitlines()
    assert len(last) == 1 + 2
    assert "more" not in last[-1]
    assert ended("quarantine", "--limit", "3", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == 3
    assert ended("quarantine", "--source", "nothing-of-this-name") == 0
    assert capsys.readouterr().out.strip() == "nothing yet"


def test_an_explanation_and_the_schema_are_json_where_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("explain", "sign.gate_shut", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["code"] == "sign.gate_shut"
    assert "What to do: " in told["explanation"]
    assert ended("explain", "sign.gate_shutt", "--json") == 1
    assert json.loads(capsys.readouterr().out)["error"]["mistakes"][0]["fix"] == "Did you mean sign.gate_shut?"
    assert ended("schema", "--json") == 0
    assert json.loads(capsys.readouterr().out)["type"] == "object"


def test_an_interrupt_is_told_in_one_line_and_exits_130(shop: Path) -> None:
    token = subprocess.run([*SHIPWORTHY, "people", "add", "data-scientist", "--json"], capture_output=True, check=True)
    environment = {**os.environ, "SHIPWORTHY_TOKEN": json.loads(token.stdout)["token"]}
    # Whoever runs the tests in the background may have them ignore what Ctrl-C sends.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    command = [sys.executable, "-c", heard + SHIPWORTHY[-1], "train", "--baseline"]
    going = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert going.stderr is not None
    going.stderr.readline()  # a first step is done
    going.send_signal(signal.SIGINT)
    _, said = going.communicate()
    assert going.returncode == 130, said
    assert said.splitlines()[-1].startswith("Interrupted. What was recorded stays")
    assert "Traceback" not in said
