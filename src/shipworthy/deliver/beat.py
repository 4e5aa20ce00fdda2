"""What each prediction server says of itself, in a small file of the store: no fact, and gone when it is old."""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from shipworthy.base.digest import digest_of, plain
from shipworthy.base.fact import reader
from shipworthy.base.times import read_moment
from shipworthy.deliver.words import Beat
from shipworthy.edges.store import Store

__all__ = ["Beat", "beats", "leave"]

KEPT = timedelta(days=1)
"""How long the last word of a server that is gone stays to be seen."""


def leave(store: Store, beat: Beat) -> None:
    """Leave a beat in place of the one before, in one atomic replacement, and sweep out servers long gone.

    Once every ten seconds or so is often enough: after a minute without one, a server counts as silent.

    Raises:
        OSError: the store's folder cannot be written to; a server goes on answering all the same.
    """
    folder = _folder(store, beat.product)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{digest_of(beat.server)[:24]}.json"
    fresh = file.with_suffix(f".{secrets.token_hex(4)}.new")
    try:
        fresh.write_text(json.dumps(plain(beat)))
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
    for other in folder.glob("*.json"):
        said = _read(other)
        if said is not None and read_moment(said.at) + KEPT < read_moment(beat.at):
            other.unlink(missing_ok=True)


def beats(store: Store, product: str, since: datetime | None = None) -> list[Beat]:
    """The newest beat of every server of a product, the newest first.

    Args:
        since: only those not older than this; all that are left where it is not given.
    """
    found = (_read(file) for file in _folder(store, product).glob("*.json"))
    said = [beat for beat in found if beat is not None and (since is None or read_moment(beat.at) >= since)]
    return sorted(said, key=lambda beat: (beat.at, beat.server), reverse=True)


def _folder(store: Store, product: str) -> Path:
    return store.home / "servers" / product


def _read(file: Path) -> Beat | None:
    """A beat; None where the file has just gone, or holds something else."""
    try:
        beat = reader(Beat).validate_json(file.read_bytes())
        read_moment(beat.at)
    except (OSError, ValidationError, ValueError):
        return None
    return beat
