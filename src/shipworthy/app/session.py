"""One way to work against the local store or a server: the same commands, questions and rights."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from shipworthy.app.settings import Settings, settings
from shipworthy.base.errors import Mistake, NotAllowed
from shipworthy.base.fact import Command, Question

R = TypeVar("R")
OnStep = Callable[[str], None]


class Session(Protocol):
    """Somebody at work: on the local store, or against a server."""

    def do(self, command: Command[R], *, on_step: OnStep | None = None, key: str = "") -> R:
        """Do what a command asks, and give its result."""
        ...

    def ask(self, question: Question[R]) -> R:
        """The answer to a question."""
        ...

    def file(self, digest: str) -> bytes:
        """A stored file, verified."""
        ...

    def close(self) -> None:
        """End the session."""
        ...


def open_session(found: Settings | None = None) -> Session:
    """A session as the settings say: against SHIPWORTHY_URL, else on the local store.

    Raises:
        NotAllowed: nobody is logged in, or the token is nobody's.
        NotFound: there is no store.
    """
    found = found or settings()
    token = token_for(found)
    if found.url:
        from shipworthy.app.remote import RemoteSession

        return RemoteSession(found.url, token)
    from shipworthy.app.local import LocalSession

    return LocalSession(found, token)


def token_for(found: Settings) -> str:
    """The token to work with: SHIPWORTHY_TOKEN, else the one kept by `shipworthy login`.

    Raises:
        NotAllowed: there is none; the message lists the places looked at.
    """
    token = found.token or _logins(found.environ).get(place(found), "")
    if not token:
        raise NotAllowed(
            Mistake(
                "app.nobody",
                place(found),
                f"Nobody is logged in. Looked at: SHIPWORTHY_TOKEN (not set), {_file(found.environ)}.",
                fix="Run `shipworthy login`, or set SHIPWORTHY_TOKEN.",
            )
        )
    return token


def keep_login(found: Settings, token: str) -> None:
    """Keep a token for this store or server, readable by its owner only; an empty one forgets it."""
    file = _file(found.environ)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    logins = {**_logins(found.environ), place(found): token}
    fresh = file.with_suffix(f".{os.getpid()}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump({name: kept for name, kept in logins.items() if kept}, out, indent=1)
    fresh.replace(file)


def place(found: Settings) -> str:
    """What a login belongs to: the server's address, or the store's folder."""
    return found.url or str(found.home)


def _file(environ: Mapping[str, str]) -> Path:
    base = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".config")
    return Path(base) / "shipworthy" / "logins.json"


def _logins(environ: Mapping[str, str]) -> dict[str, str]:
    try:
        kept: Any = json.loads(_file(environ).read_text())
        return {str(name): str(token) for name, token in kept.items()}
    except (OSError, ValueError, AttributeError):
        return {}
