"""The first hour: a store and the files of a first product."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from shipworthy.app.session import keep_login
from shipworthy.app.settings import Settings
from shipworthy.app.wiring import close_desk, open_desk
from shipworthy.app.words import PersonAdded
from shipworthy.base.actor import ADMINISTRATOR
from shipworthy.base.errors import Mistake, UserError, not_found

STARTERS = Path(__file__).parent.parent / "starters"


@dataclass(frozen=True, slots=True)
class MadeStore:
    """What `init` made."""

    home: str
    administrator: str
    token: str
    written: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def starters() -> list[str]:
    """The names of the products one can begin with."""
    return sorted(folder.name for folder in STARTERS.iterdir() if (folder / "product.yaml").is_file())


def make_store(found: Settings, start: str, administrator: str) -> MadeStore:
    """Make a store with its first administrator, and a starter's files; a file that exists is kept.

    Raises:
        NotFound: there is no such starter.
        UserError: a store is here already.
    """
    if start not in starters():
        raise not_found("starter", start, starters())
    if (found.home / "ledger.sqlite").exists():
        fix = "Go on with `shipworthy check`; for a new token of somebody, `shipworthy people add NAME`."
        raise UserError(Mistake("app.store_exists", str(found.home), "A store is here already.", fix=fix))
    written, kept = _copy(STARTERS / start, found.root)
    desk = open_desk(found, make=True)
    if desk.people.known():
        close_desk(desk)
        fix = "Ask an administrator of that database for a login."
        raise UserError(Mistake("app.store_exists", found.home.name, "This database has its people already.", fix=fix))
    token = desk.people.add(administrator, [ADMINISTRATOR])
    fact = PersonAdded(product="", person=administrator, store_roles=[ADMINISTRATOR])
    desk.store.ledger.append(lambda past: [fact], product="", who=administrator, at=desk.clock())
    desk.store.ledger.sign_head("store made")
    close_desk(desk)
    keep_login(found, token)
    return MadeStore(str(found.home), administrator, token, written, kept)


def _copy(start: Path, root: Path) -> tuple[list[str], list[str]]:
    written, kept = [], []
    for file in sorted(start.rglob("*")):
        if file.is_dir() or "__pycache__" in file.parts:
            continue
        name = file.relative_to(start)
        target = root / name
        if target.exists():
            kept.append(str(name))
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
        written.append(str(name))
    return written, kept
