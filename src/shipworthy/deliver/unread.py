"""Why a body cannot be read as JSON, and in which field where that can be told. Pure."""

from __future__ import annotations

import re

import orjson

_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")  # how gzip and zstd begin
_NAMED = re.compile(r'"([^"\\]{1,100})"\s*:\s*-?$')
_NO_NUMBER = re.compile(r"NaN|-?Infinity")


def why_unread(body: bytes, error: orjson.JSONDecodeError) -> tuple[str, str]:
    """The field that cannot be read, `body` where none can be named, and what is wrong with it.

    >>> body = b'{"age": NaN}'
    >>> try:
    ...     orjson.loads(body)
    ... except orjson.JSONDecodeError as error:
    ...     print(*why_unread(body, error), sep=": ")
    age: age is NaN or infinite, which JSON has no number for; null says that a value is missing.
    """
    if body.startswith(_PACKED):
        return "body", "The body is compressed."
    if "UTF-8" in error.msg:
        return "body", "The body is not plain UTF-8: it is in another encoding, or has a byte order mark."
    named = _NAMED.search(error.doc[max(0, error.pos - 200) : error.pos])
    field = named[1] if named else "body"
    place = f"line {error.lineno}, column {error.colno}"
    if _NO_NUMBER.match(error.doc, error.pos) or "infinity" in error.msg:
        what = field if named else f"What stands at {place}"
        return field, f"{what} is NaN or infinite, which JSON has no number for; null says that a value is missing."
    return field, f"The body is no JSON: {error.msg}, at {place}."
