"""Calls of the command line within this process, by people of the small shop."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shipworthy.doors.cli.main import run


@contextmanager
def at_home(root: Path) -> Iterator[None]:
    """A folder as the home and the place of work, without any setting of the installation."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("SHIPWORTHY_")]:
            patch.delenv(name)
        patch.setenv("HOME", str(root))
        patch.setenv("XDG_CONFIG_HOME", str(root / ".config"))
        patch.chdir(root)
        yield


def ended(*arguments: str) -> int:
    """The exit code of a call."""
    with pytest.raises(SystemExit) as end:
        run(arguments)
    return int(end.value.code or 0)


def log_in(person: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a login, and go on under it."""
    assert ended("people", "add", person, "--json") == 0
    monkeypatch.setenv("SHIPWORTHY_TOKEN", json.loads(capsys.readouterr().out)["token"])
