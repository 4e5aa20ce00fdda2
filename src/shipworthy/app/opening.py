"""The first hour: a store, a first product, a plan that is checked before anything else exists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from shipworthy.app.session import keep_login
from shipworthy.app.settings import Settings
from shipworthy.base.actor import ADMINISTRATOR
from shipworthy.base.errors import Mistake, NotFound, UserError, not_found
from shipworthy.base.kinds import kinds

if TYPE_CHECKING:
    from shipworthy.base.check import CheckResult
    from shipworthy.base.explained import Explained
    from shipworthy.edges.export import AuditReport
    from shipworthy.plan.schema import Plan

STARTERS = Path(__file__).parent.parent / "starters"
OPEN_FOLDERS = {
    "sources": "data/sources",
    "sinks": "deliver/sinks",
    "brokers": "edges/brokers",
    "baselines": "model/baselines",
    "formats": "model/formats",
    "proof checks": "prove/checks",
    "plan checks": "plan/checks",
    "data checks": "data/checks",
    "delivery checks": "deliver/checks",
    "reviews": "sign/reviews",
    "monitors": "watch/monitors",
    "actions": "respond/actions",
}
EXPLAINING = ("edges", "data", "model", "prove", "sign", "release", "deliver", "watch", "respond", "app")


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
    from shipworthy.app.wiring import close_desk, open_desk
    from shipworthy.app.words import PersonAdded

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


def checked_plan(file: Path) -> tuple[Plan, list[CheckResult]]:
    """A plan with what every check says of it.

    Raises:
        UserError: the file is broken; with every mistake.
    """
    from shipworthy.app.contracts import contract_findings
    from shipworthy.plan.beside import files_there
    from shipworthy.plan.reading import marks, read_plan
    from shipworthy.plan.rules import fit

    text = plan_text(file)
    plan, where = read_plan(text, str(file)), marks(text, str(file)).at
    return plan, [*fit(plan, where), *contract_findings(plan, where), *files_there(plan, file.parent, where)]


def plan_text(file: Path) -> str:
    """What a plan file holds.

    Raises:
        NotFound: there is no such file.
        UserError: it is no text.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        fix = "Run `shipworthy init` for a first one, or name the file."
        raise NotFound(Mistake("plan.no_file", str(file), "There is no such file.", fix=fix)) from None
    except OSError as error:
        found = f"The file cannot be read: {error.strerror}."
        raise UserError(Mistake("plan.unreadable", str(file), found, fix="Let yourself read it.")) from error
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        where = f"{file}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
        found = f"The file is no UTF-8 text from here on: byte {content[error.start]:#04x}."
        raise UserError(Mistake("plan.unreadable", where, found, fix="Save it as plain text in UTF-8.")) from error


def product_named_in(text: str, file: str) -> str:
    """The product that a plan is of.

    Raises:
        UserError: the file is broken.
    """
    named = re.search(r"^product:\s*['\"]?([a-z][a-z0-9_-]*)", text, re.MULTILINE)
    if named:
        return named[1]
    from shipworthy.plan.reading import read_plan

    return read_plan(text, file).product


def explained(code: str, of_the_doors: Mapping[str, Explained]) -> str:
    """The explanation of a code, or the members of every open folder.

    Args:
        of_the_doors: what the doors have to explain, which nothing below them knows.

    Raises:
        NotFound: there is no such code.
    """
    if code == "kinds":
        return "\n".join(f"{name:<16} {', '.join(kinds(folder))}" for name, folder in OPEN_FOLDERS.items())
    from shipworthy.plan.explanation import explanation

    return explanation(code, {**told_by_stages(), **of_the_doors})


def told_by_stages() -> dict[str, str | Explained]:
    """What stands in the table beside each stage, below the doors, by code."""
    found: dict[str, str | Explained] = {}
    for stage in EXPLAINING:
        found |= import_module(f"shipworthy.{stage}.explained").EXPLAINED
    return found


def audited(file: Path, earlier: Path | None, key: str) -> AuditReport:
    """What an exported ledger shows when it is verified offline.

    Args:
        earlier: a file whose last line is a head that was signed earlier; None for none.
        key: the key id that must have signed; empty for any in the file.

    Raises:
        UserError: a file cannot be read.
    """
    from shipworthy.edges.chain import SignedHead
    from shipworthy.edges.export import verify_export

    head = None
    if earlier is not None:
        try:
            head = SignedHead.read(earlier.read_text().strip().splitlines()[-1])
        except (OSError, ValueError, IndexError) as error:
            fix = "Name the file that `shipworthy export` wrote beside an earlier export."
            raise UserError(
                Mistake("audit.head", str(earlier), f"This is no signed head: {error}.", fix=fix)
            ) from error
    return verify_export(file, head, key or None)


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
