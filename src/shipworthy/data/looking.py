"""A short look at a source: in which state it is, and whether it is whole. Nothing of it is read but its outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shipworthy.base.digest import digest_of, plain
from shipworthy.base.kinds import kind
from shipworthy.base.times import aware
from shipworthy.data.engine import identifier
from shipworthy.data.places import Found, files
from shipworthy.data.source import FOLDER, Place, SourceKind
from shipworthy.plan.schema import Source

_BY_LINES = (".csv", ".jsonl", ".ndjson", ".tsv")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at a source found.

    Attributes:
        state: a digest that changes when its data does: over the name, size and time of each file, or over the newest
            moment and the number of rows of a database.
        changed: when it last changed, as far as its system says; None where it does not say, or where what is there
            is always whole, as in a database.
        whole: whether nothing shows that it is still being written.
    """

    state: str
    changed: datetime | None
    whole: bool = True


def look(source: Source, place: Place) -> Seen:
    """In which state a source is.

    Raises:
        UserError: it is not there or cannot be reached.
    """
    return _rows(source, place) if source.query else _files(source, place)


def _files(source: Source, place: Place) -> Seen:
    found = files(source.path, place)
    infos = [file.system.info(file.path) for file in found]
    told = [
        [file.name, info.get("size"), str(_changed(info) or info.get("ETag") or "")]
        for file, info in zip(found, infos, strict=True)
    ]
    times = [moment for moment in map(_changed, infos) if moment is not None]
    whole = all(_ended(file, info) for file, info in zip(found, infos, strict=True))
    return Seen(digest_of(told), max(times, default=None), whole)


def _changed(info: dict[str, Any]) -> datetime | None:
    moment = next((info[key] for key in ("mtime", "LastModified", "last_modified", "updated") if info.get(key)), None)
    if isinstance(moment, int | float):
        return datetime.fromtimestamp(moment, UTC)
    if isinstance(moment, datetime):
        return aware(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return None


def _ended(file: Found, info: dict[str, Any]) -> bool:
    """Whether a file of lines ends with the end of a line; of other files the outside does not tell."""
    size = info.get("size") or 0
    if not size:
        return False
    if not file.path.endswith(_BY_LINES):
        return True
    with file.system.open(file.path, "rb") as opened:
        opened.seek(size - 1)
        return bool(opened.read(1) in (b"\n", b"\r"))


def _rows(source: Source, place: Place) -> Seen:
    query, time = source.query.strip().rstrip(";"), source.contract.time
    newest = f", max({identifier(time)}) AS newest" if time else ""
    inner = f"({query}) AS whole" if " " in query else ".".join(identifier(part) for part in query.split("."))
    asked = source.model_copy(update={"query": f"SELECT count(*) AS held{newest} FROM {inner}"})
    reading = kind(FOLDER, source.kind, SourceKind).read(asked, place)
    told = [{name: str(value) for name, value in row.items()} for row in reading.table.to_pylist()]
    return Seen(digest_of(plain(told)), None)
