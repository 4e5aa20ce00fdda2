"""Shops on their way, each made once in a run of tests and copied for whoever goes on from there."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from e2e.voyage.shop import PRODUCT
from e2e.voyage.voyage import Voyage

from shipworthy.app.wiring import close_desk
from shipworthy.plan.words import AdvanceClock

Way = Callable[[Voyage], object]


def _clock_in_june(voyage: Voyage) -> None:
    voyage.do("night-operator", AdvanceClock(product=PRODUCT, to="1997-06-15"))
    voyage.live_baseline("all")


PLANNED = "planned"
STAGES: dict[str, tuple[str, Way]] = {
    PLANNED: ("", lambda voyage: None),
    # The baseline, made, proven, signed and released: to one cohort, then to everybody; it is April 1997.
    "north": (PLANNED, lambda voyage: voyage.live_baseline()),
    "baseline": ("north", lambda voyage: voyage.release(voyage.newest(), "all")),
    # With the lists that came due until then.
    "may": ("baseline", lambda voyage: voyage.advance("1997-05-01")),
    "july": ("may", lambda voyage: voyage.advance("1997-07-01")),
    "july in north": ("north", lambda voyage: voyage.advance("1997-07-01")),
    # With a model that answers everybody, and its first lists.
    "model": ("july", lambda voyage: voyage.live_model()),
    "august": ("model", lambda voyage: voyage.advance("1997-08-01")),
    # A baseline that answers everybody from the middle of June on, without any list.
    "no lists": (PLANNED, _clock_in_june),
}


def begins(stage: str) -> pytest.MarkDecorator:
    """How far the shop has come that the test gets as `voyage`."""
    return pytest.mark.parametrize("voyage", [stage], indirect=True)


@dataclass(frozen=True)
class Shops:
    """Shops that nobody works on, in a folder that the workers of a run share."""

    folder: Path

    def at(self, stage: str, root: Path) -> Voyage:
        """A shop of one's own, in a folder of one's own, that has come so far."""
        return Voyage.left_in(self.copied(stage, root))

    def copied(self, stage: str, root: Path) -> Path:
        """The same, where nobody is at work yet."""
        return Path(shutil.copytree(self._stage(stage), root, dirs_exist_ok=True))

    def made(self, name: str, make: Callable[[Path], object]) -> Path:
        """The folder of a shop, which whoever is first makes in the folder that `make` is given."""
        self.folder.mkdir(parents=True, exist_ok=True)
        place = self.folder / name
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not place.is_dir():
                half = self.folder / f"{name}.half"
                shutil.rmtree(half, ignore_errors=True)
                make(half)
                half.rename(place)
        return place

    def _stage(self, stage: str) -> Path:
        before, way = STAGES[stage]

        def make(root: Path) -> None:
            voyage = self.at(before, root) if before else Voyage(root)
            way(voyage)
            close_desk(voyage.desk)

        return self.made(stage, make)
