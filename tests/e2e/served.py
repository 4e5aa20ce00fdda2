"""A desk on a store of its own, with a year of history."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from e2e.story import Story, everybody, starter_plan, tell

from shipworthy.app.desk import Desk
from shipworthy.app.identity import wall_clock
from shipworthy.app.settings import settings
from shipworthy.app.wiring import close_desk, open_desk


@dataclass(frozen=True)
class Harbour:
    """A store with a year of history, and a secret for everybody."""

    desk: Desk
    story: Story
    secrets: dict[str, str]


@contextmanager
def harbour(root: Path, clock: Callable[[], datetime] = wall_clock) -> Iterator[Harbour]:
    """A real store in a folder, with the year of next-purchase in its ledger."""
    root.mkdir(parents=True, exist_ok=True)
    starter = files("shipworthy").joinpath("starters/next-purchase")
    shutil.copy(str(starter.joinpath("product.yaml")), root)
    shutil.copytree(str(starter.joinpath("guides")), root / "guides")
    desk = open_desk(settings({"SHIPWORTHY_ROOT": str(root)}), make=True, clock=clock)
    story = tell(desk)
    names = [*everybody(starter_plan()), "stranger", "admin"]
    secrets = {name: desk.people.add(name, ["administrator"] if name == "admin" else []) for name in names}
    try:
        yield Harbour(desk, story, secrets)
    finally:
        close_desk(desk)
