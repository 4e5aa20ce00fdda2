"""Every verb of the command line: its help, its one JSON shape, its exit codes, and what it costs to start."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from integration.cli.terminal import at_home, ended

from shipworthy.doors.cli.main import verbs

SHIPWORTHY = [sys.executable, "-c", "from shipworthy.doors.cli.main import run; run()"]
HEAVY = ("numpy", "pandas", "sklearn", "scipy", "dbos", "mlflow", "duckdb", "pyarrow", "sqlalchemy", "fastapi",
         "uvicorn", "skops", "httpx")  # fmt: skip
# What each verb cannot do without; the others can be called as they are.
NEEDED = {
    "dead-letters": ["shop"],
    "acknowledge": ["495e08204120"],
    "advance": ["1997-08-01"],
    "audit": ["nowhere.jsonl.gz"],
    "backfill": ["crm", "--from", "1997-05-01", "--to", "1997-06-01"],
    "come-back": ["--reason", "a"],
    "fall-back": ["--reason", "a"],
    "pause": ["--reason", "a"],
    "resume": ["--reason", "a"],
    "take-up": ["3f9ac2d41b07"],
    "change-incident": ["I-1", "--severity", "low"],
    "post-mortem": ["I-1"],
    "close-alarm": ["3f9ac2d41b07", "--reason", "a"],
    "close-incident": ["I-1", "--root-cause", "a", "--fix", "b"],
    "retire-check": ["c1", "--reason", "a"],
    "erase": ["00042"],
    "explain": ["nothing"],
    "gate": ["3f9ac2d41b07"],
    "open-incident": ["The list is empty"],
    "people": ["add", "auditor"],
    "prove": ["3f9ac2d41b07"],
    "readmit": ["00042", "--reason", "consent 2026-81"],
    "release": ["3f9ac2d41b07", "all"],
    "replay": ["purchases"],
    "report": ["3f9ac2d41b07"],
    "review": ["3f9ac2d41b07", "--function", "legal"],
    "revoke": ["3f9ac2d41b07", "--function", "legal", "--reason", "a"],
    "rollback": ["--reason", "a"],
    "score": ["sales"],
    "sign": ["3f9ac2d41b07", "--function", "legal"],
    "sign-envelope": ["3f9ac2d41b07", "--function", "legal"],
    "trace": ["04a7b8b0cf55829f6148266ac8a2e17b"],
}
# `init` makes what the others miss; schema and explanations need none.
STORELESS = {"init", "schema", "explain"}
SERVED = {"pages", "serve"}


@pytest.fixture(autouse=True)
def empty(tmp_path: Path) -> Iterator[Path]:
    """An empty folder, and nobody logged in."""
    with at_home(tmp_path):
        yield tmp_path


def test_the_overview_and_the_help_of_a_light_verb_import_no_heavy_library() -> None:
    for arguments in (["--help"], ["sign", "--help"], ["pages", "--help"], ["--version"]):
        code = (
            f"import sys\nfrom shipworthy.doors.cli.main import run\ntry:\n    run({arguments!r})\n"
            f"except SystemExit:\n    pass\nprint([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
        )
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert told.stderr.strip() == "[]", arguments


def test_the_overview_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("--help") == 0
    shown = capsys.readouterr().out
    assert [name for name in verbs() if f"    {name} " not in shown] == []


@pytest.mark.parametrize("verb", sorted(verbs()))
def test_every_verb_has_help_with_an_example_of_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(verb, "--help") == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.startswith(f"Usage: shipworthy {verb} ")
    assert f"\n  Example: shipworthy {verb}" in told.out
    assert "--json" in told.out


@pytest.mark.parametrize("verb", sorted(set(verbs()) - STORELESS - {"login"}))
def test_without_a_store_every_verb_says_so_in_one_json_document(
    verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHIPWORTHY_TOKEN", "sw_nobody")
    product = [] if verb in {"audit", "check", "export", "ledger", "people", "plan", "pages"} else ["-p", "a"]
    code = ended(verb, *NEEDED.get(verb, []), *product, "--json")
    told = capsys.readouterr()
    mistakes = json.loads(told.out)["error"]["mistakes"]
    assert set(mistakes[0]) == {"code", "where", "found", "why", "fix"}
    assert code == 1
    assert told.err == ""


def test_a_login_that_nobody_is_there_for_is_refused() -> None:
    told = subprocess.run(
        [*SHIPWORTHY, "login", "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    assert told.returncode == 2
    assert json.loads(told.stdout)["error"]["mistakes"][0]["code"] == "cli.usage"
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["sing"],
        ["sign"],
        ["sign", "abc", "--function"],
        ["people", "remove", "auditor"],
        ["history", "--nonsense"],
        ["history", "more", "than", "it", "takes"],
        ["pages", "--port", "eighty"],
        ["serve", "--port", "99999"],
        ["advance", "tomorrow"],
        ["score", "sales", "--as-of", "1997-13-01"],
        ["snapshot", "--as-of", "soon"],
        ["work", "--every", "0"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_on_stderr_or_as_json_and_exits_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(*arguments) == 2
    plain = capsys.readouterr()
    assert plain.out == ""
    assert plain.err.rstrip().endswith("--help`.")
    assert ended(arguments[0], "--json", *arguments[1:]) == 2
    document = capsys.readouterr()
    assert document.err == ""
    assert json.loads(document.out)["error"]["mistakes"][0]["code"] == "cli.usage"


def test_a_bug_of_ours_exits_3_with_a_log_and_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, empty: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(empty))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("SHIPWORTHY_TOKEN", "sw_nobody")
    monkeypatch.setenv("SHIPWORTHY_DATABASE", "sqlite:////proc/nowhere/ledger.sqlite")
    assert ended("whoami") in (1, 3)
    told = capsys.readouterr()
    assert "Traceback" not in told.err + told.out
    assert ended("whoami", "--json") in (1, 3)
    assert json.loads(capsys.readouterr().out)["error"]["mistakes"]


def test_a_file_that_cannot_be_written_is_told_as_such(empty: Path) -> None:
    subprocess.run([*SHIPWORTHY, "init", "--from", "next-purchase"], check=True, capture_output=True)
    subprocess.run([*SHIPWORTHY, "plan"], check=True, capture_output=True)
    token = subprocess.run([*SHIPWORTHY, "people", "add", "auditor", "--json"], capture_output=True, check=True).stdout
    environment = {**os.environ, "SHIPWORTHY_TOKEN": json.loads(token)["token"]}
    told = subprocess.run([*SHIPWORTHY, "export", "nowhere/x.gz", "--json"], capture_output=True, env=environment)
    assert (told.returncode, told.stderr) == (1, b"")
    assert json.loads(told.stdout)["error"]["mistakes"][0]["code"] == "cli.cannot_write"


def test_what_is_piped_or_shown_has_no_colour_and_a_closed_pipe_is_quiet() -> None:
    piped = subprocess.run([*SHIPWORTHY, "whoami"], capture_output=True, env={**os.environ, "FORCE_COLOR": "1"})
    assert piped.returncode == 1
    assert b"\x1b" not in piped.stdout + piped.stderr
    ours, theirs = pty.openpty()
    watched = subprocess.run([*SHIPWORTHY, "--help"], stdout=theirs, stderr=theirs, env={**os.environ, "NO_COLOR": "1"})
    os.close(theirs)
    assert watched.returncode == 0
    assert b"\x1b" not in os.read(ours, 65_536)
    os.close(ours)
    for asked in ("schema", "--help"):
        # The pipe holds less than is written, and one byte is read, so that the writer meets its closed end.
        reader = subprocess.Popen(
            [*SHIPWORTHY, asked], stdout=subprocess.PIPE, stderr=subprocess.PIPE, pipesize=4_096, bufsize=0
        )
        assert reader.stdout is not None
        reader.stdout.read(1)
        reader.stdout.close()
        assert reader.stderr is not None
        assert reader.stderr.read() == b""
        reader.stderr.close()
        assert reader.wait() == 1


def test_a_sign_that_the_terminal_cannot_show_is_no_reason_to_fail() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    told = subprocess.run([*SHIPWORTHY, "sign", "--help"], capture_output=True, env=environment)
    assert (told.returncode, told.stderr) == (0, b"")


def test_the_pages_are_reached_by_declared_names_and_end_quietly_on_an_interrupt() -> None:
    subprocess.run([*SHIPWORTHY, "init"], check=True, capture_output=True)
    environment = {**os.environ, "SHIPWORTHY_HOSTS": "Ship.example, 192.0.2.7"}
    serving = subprocess.Popen(
        [*SHIPWORTHY, "pages", "--host", "0.0.0.0", "--port", "0", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert serving.stdout is not None
    port = int(json.loads(serving.stdout.readline())["pages"].removeprefix("http://0.0.0.0:").rstrip("/"))
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}", trust_env=False, transport=httpx.HTTPTransport(retries=8)
    ) as client:
        answers = {
            (path, name): client.get(path, headers={"Host": name}).status_code
            for path in ("/login", "/healthz")
            for name in ("ship.example", f"ship.example:{port}", "192.0.2.7", "localhost", "rebound.example", "0.0.0.0")
        }
    assert {key: status for key, status in answers.items() if status != 200} == {
        (path, name): 400 for path in ("/login", "/healthz") for name in ("rebound.example", "0.0.0.0")
    }
    second = subprocess.run([*SHIPWORTHY, "pages", "--port", str(port), "--json"], capture_output=True, text=True)
    assert (second.returncode, second.stderr) == (1, "")
    assert json.loads(second.stdout)["error"]["mistakes"][0]["code"] == "serve.cannot_listen"
    serving.send_signal(signal.SIGINT)
    told, said = serving.communicate()
    assert (told, said, serving.returncode) == ("", "", 0)


@pytest.mark.parametrize("verb", sorted(SERVED))
def test_a_server_beyond_loopback_needs_a_declared_name(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    product = ["-p", "a"] if verb == "serve" else []
    assert ended(verb, "--host", "0.0.0.0", *product) == 1
    told = capsys.readouterr().err
    assert "beyond this machine" in told
    assert "SHIPWORTHY_HOSTS" in told
    assert ended(verb, "--host", "0.0.0.0", "--hosts", "https://ship.example:8700", *product) == 1
    assert "is no host name" in capsys.readouterr().err
