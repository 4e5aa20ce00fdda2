"""A file of this machine that a sink replaces whole, in one instant."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.sink import Target
from shipworthy.edges.drafts import is_alive


def place_of(target: Target) -> Path:
    """Where the target's file lies.

    Raises:
        UserError: the path leads out of the product's folder by a detour, or into the store's own folders.
    """
    file = (target.folder / target.path).resolve()
    if not Path(target.path).is_absolute() and not file.is_relative_to(target.folder.resolve()):
        raise UserError(
            Mistake(
                "deliver.path_outside",
                target.path,
                "The path leads out of the product's folder.",
                fix="Use a path below product.yaml, or an absolute one.",
            )
        )
    target.require_open(file)
    return file


@contextmanager
def replacing(file: Path) -> Iterator[BinaryIO]:
    """A fresh file to write to, which takes the place of the other when all of it is on disk."""
    file.parent.mkdir(parents=True, exist_ok=True)
    for left in file.parent.glob(f".{file.name}.*.new"):
        process = left.name.split(".")[-2]
        if process.isdigit() and not is_alive(int(process)):  # what a killed process of this machine left behind
            left.unlink(missing_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        with fresh.open("wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)


def tell(target: Target, file: Path) -> None:
    """The notice in a file beside the rows; none lies there where all is as planned."""
    notice = file.with_name(f"{file.stem}.notice.txt")
    if target.notice:
        with replacing(notice) as out:
            out.write(f"{target.notice}\n".encode())
    else:
        notice.unlink(missing_ok=True)
