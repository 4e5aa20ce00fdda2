"""Where the store, the database, the files and the keys are: from the environment, never from a plan."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shipworthy.base.errors import Mistake, NotFound, UserError

HOME = ".shipworthy"
_HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Settings:
    """How one installation is set up.

    Attributes:
        root: a product's own folder, or a folder of product folders (SHIPWORTHY_ROOT).
        database: SQLAlchemy address of the ledger (SHIPWORTHY_DATABASE); a SQLite file in the store by default.
        files: where evidence and segments are kept (SHIPWORTHY_FILES): a folder or an fsspec address.
        keys: folder of the signing key, outside the database (SHIPWORTHY_KEYS).
        url: a server to work against in place of the local store (SHIPWORTHY_URL).
        token: who is asking (SHIPWORTHY_TOKEN); otherwise the login kept beside the store.
        pages: the address under which people reach the pages (SHIPWORTHY_PAGES_URL), for the links in messages.
        environ: the environment, for ${NAME} in addresses of a plan, and for SHIPWORTHY_ALLOW_HOSTS, which names what
            they may lead to inside the network (edges.outbound).
    """

    root: Path
    database: str
    files: str
    keys: Path
    url: str
    token: str
    environ: Mapping[str, str]
    pages: str = ""

    @property
    def home(self) -> Path:
        """The store's own folder."""
        return self.root / HOME


def settings(environ: Mapping[str, str] | None = None, start: Path | None = None) -> Settings:
    """The settings of this process.

    The root is SHIPWORTHY_ROOT, else the nearest folder from here upwards that holds a store, else here.

    Raises:
        UserError: the address of the pages is none to send to people.
    """
    environ = os.environ if environ is None else environ
    here = (start or Path.cwd()).resolve()
    named = environ.get("SHIPWORTHY_ROOT", "")
    root = Path(named).expanduser().resolve() if named else _nearest(here)
    home = root / HOME
    return Settings(
        root=root,
        database=environ.get("SHIPWORTHY_DATABASE", "") or f"sqlite:///{home / 'ledger.sqlite'}",
        files=environ.get("SHIPWORTHY_FILES", "") or str(home / "files"),
        keys=Path(environ.get("SHIPWORTHY_KEYS", "") or home / "keys"),
        url=environ.get("SHIPWORTHY_URL", "").rstrip("/"),
        token=environ.get("SHIPWORTHY_TOKEN", ""),
        environ=environ,
        pages=_public(environ.get("SHIPWORTHY_PAGES_URL", "").strip().rstrip("/")),
    )


def require_store(found: Settings) -> None:
    """Nothing, where a store exists.

    Raises:
        NotFound: there is no store; the message lists the places looked at.
    """
    if not found.home.is_dir() and not found.environ.get("SHIPWORTHY_DATABASE"):
        raise NotFound(
            Mistake(
                "app.no_store",
                str(found.root),
                "There is no store here. Looked at: "
                f"SHIPWORTHY_ROOT ({found.environ.get('SHIPWORTHY_ROOT', 'not set')}), "
                f"{found.home}, and the folders above it.",
                fix="Run `shipworthy init` in the product's folder, or set SHIPWORTHY_ROOT or SHIPWORTHY_URL.",
            )
        )


def _public(address: str) -> str:
    """An address that may stand in a message."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    plain = parts.scheme == "http" and host in _HERE
    bare = address.isprintable() and " " not in address and not (parts.username or parts.query or parts.fragment)
    if not address or (host and bare and (plain or parts.scheme == "https") and not parts.path):
        return address
    raise UserError(
        Mistake(
            "app.pages_url",
            "SHIPWORTHY_PAGES_URL",
            "It is no address of pages that could be sent to people.",
            "A link in a message is a right to confirm a list; over http others could read it.",
            "Write the scheme and the name alone, such as https://ship.example; http is for this machine only.",
        )
    )


def _nearest(here: Path) -> Path:
    return next((folder for folder in (here, *here.parents) if (folder / HOME).is_dir()), here)
