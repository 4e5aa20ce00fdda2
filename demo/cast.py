"""The roles of the story, each with a login of its own, and what they say on the screen."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from shipworthy.app.desk import Desk
from shipworthy.app.local import known
from shipworthy.app.opening import make_store
from shipworthy.app.rights import Identity
from shipworthy.app.settings import Settings, settings
from shipworthy.app.wiring import open_desk
from shipworthy.app.words import AddPerson
from shipworthy.base.fact import Command, Question

R = TypeVar("R")
PRODUCT = "next-purchase"
OWNERS = ("business", "technology", "privacy", "legal", "compliance", "validation")
ROLES = (
    *("product-manager", "data-scientist", "night-operator", "auditor", "sales-lead", "crm-lead", "shop-system"),
    *(f"{function}-owner" for function in OWNERS),
)


@dataclass
class Cast:
    """Everybody who acts in the story, on one store.

    Attributes:
        found: the settings of the store.
        tokens: each role's own token.
    """

    desk: Desk
    found: Settings
    tokens: dict[str, str]
    screen: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    began: float = field(default_factory=time.monotonic)

    def who(self, role: str) -> Identity:
        """A role, known by its token like anybody."""
        return known(self.desk, self.tokens[role])

    def do(self, role: str, command: Command[R], line: str = "") -> R:
        """Have a role give a command; its steps are shown while it runs."""
        if line:
            self.screen.print(f"  [dim]{role:>18} $[/] shipworthy {line}")
        if not sys.stdout.isatty():
            return self.desk.do(command, self.who(role))
        with self.screen.status(f"[dim]{type(command).__name__}[/]") as status:
            return self.desk.do(command, self.who(role), on_step=lambda name: status.update(f"[dim]{name}[/]"))

    def ask(self, role: str, question: Question[R]) -> R:
        """Have a role ask a question."""
        return self.desk.ask(question, self.who(role))

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self.screen.print(f"\n[bold]{title}[/]   [dim]{time.monotonic() - self.began:.0f} s[/]")

    def say(self, text: str) -> None:
        """Say what came of it."""
        self.screen.print(f"  {text}", markup=False)


def gathered(root: Path) -> Cast:
    """A new store in an empty folder, with a login for each role."""
    root.mkdir(parents=True)
    # The demo's login is kept in its own folder, never among the user's own.
    environ = {"SHIPWORTHY_ROOT": str(root), "XDG_CONFIG_HOME": str(root / ".config"), "HOME": str(root)}
    found = settings(environ)
    made = make_store(found, PRODUCT, "administrator")
    desk = open_desk(found)
    cast = Cast(desk, found, {"administrator": made.token})
    for role in ROLES:
        cast.tokens[role] = desk.do(AddPerson(person=role), cast.who("administrator"))
    return cast
