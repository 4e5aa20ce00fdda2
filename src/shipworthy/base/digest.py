"""Names for content: the same content has the same digest, everywhere and for good."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any


def digest_of_bytes(content: bytes) -> str:
    """The SHA-256 of some bytes, 64 lower-case hex digits (FIPS 180-4)."""
    return hashlib.sha256(content).hexdigest()


def digest_of_file(file: Path) -> str:
    """The SHA-256 of a file's bytes, whatever its size."""
    found = hashlib.sha256()
    with open(file, "rb") as opened:
        while block := opened.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def digest_of(value: object) -> str:
    """The SHA-256 of a value's canonical JSON.

    Raises:
        TypeError: the value holds something that has no canonical form.
        ValueError: the value holds a NaN or an infinity.

    >>> digest_of({"b": 1, "a": [True, None]}) == digest_of({"a": [True, None], "b": 1})
    True
    """
    return digest_of_bytes(canonical(value))


def canonical(value: object) -> bytes:
    """The one way to write a value: JSON, keys sorted, no spaces, UTF-8, no NaN."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def plain(value: object) -> Any:
    """The value in JSON's own types: dates as ISO 8601, durations in seconds, dataclasses as objects.

    >>> plain(date(1998, 1, 1))
    '1998-01-01'
    """
    if value is None or isinstance(value, bool | int | str | float):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if hasattr(value, "tolist"):  # a numpy scalar or array
        return plain(value.tolist())
    raise TypeError(
        f"{type(value).__name__} has no canonical form; use JSON values, dates, durations or frozen dataclasses"
    )


def digest_of_parts(parts: Iterable[tuple[str, str]]) -> str:
    """The digest of a set of named parts, whatever their order.

    Args:
        parts: (name, digest) of each part; names must differ.

    >>> digest_of_parts([("a", "1"), ("b", "2")]) == digest_of_parts([("b", "2"), ("a", "1")])
    True
    """
    return digest_of(dict(parts))
