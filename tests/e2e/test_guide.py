"""The guide to a first product is true: its table, its plan and all its commands, in an empty folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from e2e.quick import quick_commands

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "first-product.md"
BLOCK = re.compile(r"^```(python|yaml|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    """The guide's blocks in order: language and text."""
    return BLOCK.findall(GUIDE.read_text(encoding="utf-8"))


def environment(folder: Path, commands: Path) -> dict[str, str]:
    """A newcomer's: no login, no settings, our command first on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHIPWORTHY_")}
    here = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / ".config")}
    return {**kept, **here, "PATH": f"{commands}:{Path(sys.executable).parent}:{kept['PATH']}"}


def script() -> str:
    """All commands as one script, on a free port; the request is left to us, so that no other program is needed."""
    commands = "\n".join(text for language, text in blocks() if language == "sh").replace("--port 8800", "--port 0")
    lines = [line if not line.startswith("curl") else "read -r _" for line in commands.splitlines()]
    return "\n".join(["set -eu", *lines])


def request(port: int, folder: Path) -> urllib.request.Request:
    """The request that the guide makes with curl."""
    line = next(line for _, text in blocks() for line in text.splitlines() if line.startswith("curl"))
    words = shlex.split(
        line.replace("$(cat tokens/desk-program)", (folder / "tokens/desk-program").read_text().strip())
    )
    name, _, value = words[words.index("-H") + 1].partition(": ")
    address = words[-1].replace("8800", str(port))
    return urllib.request.Request(address, words[words.index("-d") + 1].encode(), {name: value})


def answered(asked: urllib.request.Request) -> dict[str, object]:
    """The answer, as soon as the server is up."""
    for _ in range(240):
        try:
            with urllib.request.urlopen(asked) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            pytest.fail(f"{error.code}: {error.read().decode()}")
        except urllib.error.URLError:
            time.sleep(0.25)
    pytest.fail("no server came up")


def port_in(log: Path, newcomer: subprocess.Popen[str]) -> int:
    """The port at which the server of the guide says that it listens."""
    while newcomer.poll() is None:
        if log.exists() and (told := re.search(r"http://127\.0\.0\.1:(\d+)/predict", log.read_text())):
            return int(told[1])
        time.sleep(0.25)
    pytest.fail((log.parent / "told.txt").read_text())


def is_free(port: int) -> bool:
    """Whether the server is gone, given a moment to go."""
    for _ in range(120):
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)):
                return True
        time.sleep(0.25)
    return False


def test_a_newcomer_gets_from_an_empty_folder_to_a_list_and_a_live_answer(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    table, plan = (next(text for language, text in blocks() if language == wanted) for wanted in ("python", "yaml"))
    subprocess.run([sys.executable, "-c", table], cwd=tmp_path, check=True)
    (tmp_path / "product.yaml").write_text(plan)
    with (
        (tmp_path / "told.txt").open("w+") as told,
        quick_commands(tmp_path_factory.mktemp("quick")) as commands,
    ):
        newcomer = subprocess.Popen(
            ["bash", "-c", script()],
            cwd=tmp_path,
            env=environment(tmp_path, commands),
            stdin=subprocess.PIPE,
            stdout=told,
            stderr=subprocess.STDOUT,
            text=True,
        )
        port = port_in(tmp_path / "serve.log", newcomer)
        live = answered(request(port, tmp_path))
        newcomer.communicate("go on\n")
        assert newcomer.returncode == 0, (tmp_path / "told.txt").read_text()
    assert is_free(port), "the server still runs"
    said = (tmp_path / "told.txt").read_text()
    assert "The plan fits." in said
    assert "the gate is SHUT" in said
    newest = max((tmp_path / "out").glob("*.csv"))  # the first one is the baseline's
    row = next(line for line in newest.read_text().splitlines() if ",A1100," in line)
    assert f",{live['score']},{live['decision']}," in row
    assert (tmp_path / "guides" / "team.md").is_file()
