"""Lives of one process that erases a person, each killed as soon as it has finished a new step, until one arrives.

Usage: eraser.py FOLDER PERSON; prints how many lives it took.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import e2e.voyage.traveller as traveller
from e2e.voyage.lives import killed
from e2e.voyage.shop import PRODUCT, Shop, settings_of, someone

import shipworthy.deliver.flow  # noqa: F401
from shipworthy.app.wiring import close_desk
from shipworthy.data.erased import spelled
from shipworthy.deliver.words import EraseMarked
from shipworthy.edges.pseudonyms import Pseudonyms


def live(root: Path, person: str) -> None:
    """One life: the same erasure under the same key, so that the next life carries it on."""
    traveller.kill_after_each_new_step()
    desk = Shop(settings_of(root), root).desk()
    mark = Pseudonyms(desk.store.keys.folder).mark(PRODUCT, spelled(person, False))
    desk.do(EraseMarked(product=PRODUCT, person=mark), someone("privacy-owner"), key="erasure")
    close_desk(desk)


if __name__ == "__main__":
    number = 1
    while killed(partial(live, Path(sys.argv[1]), sys.argv[2])):
        number += 1
    print(number)
