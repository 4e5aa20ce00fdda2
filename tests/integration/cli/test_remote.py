"""One small story told twice: on the local store, and by the remote command line against a served one."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from e2e.voyage.shop import OWNERS, open_shop

from shipworthy.doors.cli.main import run

SHIPWORTHY = [sys.executable, "-c", "from shipworthy.doors.cli.main import run; run()"]
PEOPLE = ("product-manager", "data-scientist", "night-operator", "auditor", "sales-lead",
          *(f"{function}-owner" for function in OWNERS[:2]))  # fmt: skip


@dataclass
class Told:
    """A story as it went: the exit code and the answer of every step, by the step's name.

    Attributes:
        folder: where the commands are given.
        store: where the product lies that they speak of.
    """

    environment: dict[str, str]
    folder: Path
    store: Path
    tokens: dict[str, str] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    def step(self, name: str, who: str, *arguments: str) -> Any:
        """Have somebody call a verb with --json."""
        told, said = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(told), redirect_stderr(said):
            for variable in [variable for variable in os.environ if variable.startswith("SHIPWORTHY_")]:
                patch.delenv(variable)
            for variable, value in {**self.environment, "SHIPWORTHY_TOKEN": self.tokens.get(who, who)}.items():
                patch.setenv(variable, value)
            patch.chdir(self.folder)
            with pytest.raises(SystemExit) as end:
                run([*arguments, "--json"])
        assert "Traceback" not in said.getvalue(), said.getvalue()
        self.codes[name] = int(end.value.code or 0)
        self.answers[name] = json.loads(told.getvalue())
        return self.answers[name]

    def refusals(self) -> dict[str, list[tuple[str, str, str]]]:
        """Code, finding and way out of every mistake, by the step that was refused."""
        return {
            name: [(one["code"], one["found"], one["fix"]) for one in answer["error"]["mistakes"]]
            for name, answer in self.answers.items()
            if isinstance(answer, dict) and "error" in answer
        }


def tell(story: Told) -> None:
    """From the plan to a delivered, confirmed and traced list, with every refusal on the way."""
    story.step("plan by a stranger", "sw_nobody", "plan")
    story.step("plan", "administrator", "plan")
    for person in PEOPLE:
        story.tokens[person] = story.step(f"add {person}", "administrator", "people", "add", person)["token"]
    story.step("add by another", "auditor", "people", "add", "friend")
    story.step("train by another", "sales-lead", "train", "--baseline")
    made = story.step("train", "data-scientist", "train", "--baseline")["candidate"]
    story.step("prove", "data-scientist", "prove", made)
    story.step("prove nothing", "data-scientist", "prove", "abcdef")
    story.step("rehearse", "product-manager", "release", made, "rehearsal")
    rehearsed = story.step("rehearsed", "auditor", "deliveries")
    assert sorted(one["consumer"] for one in rehearsed if one["state"] == "rehearsal") == ["crm", "sales"]
    story.step("release unsigned", "product-manager", "release", made, "cohort", "--cohort", "north")
    story.step("sign for another", "business-owner", "sign", made, "--function", "technology")
    story.step("reject", "business-owner", "sign", made, "--function", "business", "--reject", "--reason", "Not yet.")
    for function in OWNERS[:2]:
        story.step(f"sign {function}", f"{function}-owner", "sign", made, "--function", function)
    story.step("waiting", "business-owner", "waiting")
    story.step("gate", "auditor", "gate", made)
    story.step("release by another", "data-scientist", "release", made, "cohort", "--cohort", "north")
    story.step("release", "product-manager", "release", made, "cohort", "--cohort", "north")
    story.step("advance", "night-operator", "advance", "1997-05-02")
    delivered = [one for one in story.step("deliveries", "sales-lead", "deliveries") if one["consumer"] == "sales"]
    story.step("confirm", "sales-lead", "acknowledge", delivered[-1]["delivery"], "--used", "3")
    story.step("runs", "auditor", "runs")
    with next(story.store.glob("out/sales/call-list-1997-05-01.csv")).open() as file:
        answer = next(csv.DictReader(file))["answer_id"]
    story.step("trace", "auditor", "trace", answer)
    incident = story.step("incident", "night-operator", "open-incident", "The list of May was short")
    name = str(incident)
    closing = [
        "--root-cause",
        "a small feed",
        "--fix",
        "none was needed",
        "--check",
        "column purchases.n_cds min between 0 9",
    ]
    story.step("close by another", "sales-lead", "close-incident", name, *closing)
    story.step("close by the operator", "night-operator", "close-incident", name, *closing)
    story.step("close", "technology-owner", "close-incident", name, *closing)
    story.step("export", "auditor", "export", "kept.jsonl.gz")
    story.step("audit", "auditor", "audit", "kept.jsonl.gz", "--against", "kept.jsonl.gz.head.json")
    story.step("report", "auditor", "report", made)
    story.step("end", "administrator", "people", "revoke", "sales-lead")
    story.step("afterwards", "sales-lead", "deliveries")


def administrator(root: Path) -> str:
    """The token that `init` kept."""
    (token,) = json.loads((root / ".config/shipworthy/logins.json").read_text()).values()
    return str(token)


def clean(root: Path) -> dict[str, str]:
    """An environment in which nobody is logged in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHIPWORTHY_")}
    return {**kept, "HOME": str(root), "XDG_CONFIG_HOME": str(root / "nobody")}


@contextmanager
def served(root: Path) -> Iterator[str]:
    """The store of a folder behind `shipworthy pages`; gives its address."""
    command = [*SHIPWORTHY, "pages", "--port", "0", "--json"]
    server = subprocess.Popen(command, cwd=root, env=clean(root), stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())["pages"].rstrip("/")
        with httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=120) as client:
            assert client.get(f"{address}/healthz").status_code == 200
        yield address
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate()


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> tuple[Told, Told]:
    """The story told on a local store, and again on an equal one by the remote command line."""
    folder = tmp_path_factory.mktemp("stories")
    local = Told(clean(folder), folder / "local", folder / "local")
    open_shop(local.folder)
    local.tokens["administrator"] = administrator(local.folder)
    tell(local)
    open_shop(folder / "served")
    remote = Told(clean(folder), folder / "remote", folder / "served")
    remote.folder.mkdir()
    (remote.folder / "product.yaml").write_text((folder / "served" / "product.yaml").read_text())
    remote.tokens["administrator"] = administrator(folder / "served")
    with served(folder / "served") as address:
        remote.environment["SHIPWORTHY_URL"] = address
        tell(remote)
    return local, remote


def test_both_ways_end_alike_step_by_step(stories: tuple[Told, Told]) -> None:
    local, remote = stories
    assert remote.codes == local.codes
    assert {name for name, code in local.codes.items() if code} == {
        "plan by a stranger", "add by another", "train by another", "prove nothing", "release unsigned",
        "sign for another", "release by another", "close by another", "close by the operator",
        "afterwards",
    }  # fmt: skip


def test_refusals_say_the_same_on_both_ways(stories: tuple[Told, Told]) -> None:
    local, remote = (story.refusals() for story in stories)
    # Who sends a token that is nobody's is told so by another part: here the session, there the HTTP door.
    for told in (local, remote):
        for name in ("plan by a stranger", "afterwards"):
            ((code, found, _),) = told.pop(name)
            assert code in {"app.unknown_token", "api.nobody"}
            assert "nobody's" in found or "belongs to anybody" in found
    assert remote == local
    assert [code for code, _, _ in local["release unsigned"]] == ["sign.gate_shut"] * 2


def test_results_are_the_same_on_both_ways(stories: tuple[Told, Told]) -> None:
    local, remote = (story.answers for story in stories)
    for name in ("train", "gate", "release", "waiting", "runs"):
        assert remote[name] == local[name], name
    assert [one["verdict"] for one in remote["prove"]["checks"]] == [one["verdict"] for one in local["prove"]["checks"]]
    for answers in (local, remote):
        assert answers["gate"]["open"] is True
        assert answers["audit"]["findings"] == []
        assert [line["station"] for line in answers["trace"]["lines"]][-1] == "recipient"
    assert remote["trace"]["entity"] == local["trace"]["entity"]
    assert remote["trace"]["score"] == local["trace"]["score"]


def test_files_arrive_where_the_caller_is(stories: tuple[Told, Told]) -> None:
    for story in stories:
        assert (story.folder / "report.html").read_text().startswith("<!doctype html>")
        assert (story.folder / "kept.jsonl.gz").stat().st_size > 1000
    assert not (stories[1].folder / ".shipworthy").exists(), "the remote command line makes no store"


def test_a_server_that_is_not_there_is_told_as_such(tmp_path: Path) -> None:
    with socket.socket() as taken:  # nobody else gets the port meanwhile, and nobody listens there
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        story = Told({**clean(tmp_path), "SHIPWORTHY_URL": nobody}, tmp_path, tmp_path)
        told = story.step("whoami", "sw_any", "whoami")
    assert (story.codes["whoami"], told["error"]["mistakes"][0]["code"]) == (1, "app.no_server")
