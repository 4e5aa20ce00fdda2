"""What a response is, and the shapes of an error: one for each protocol, all saying the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from shipworthy.base.digest import plain
from shipworthy.doors.predict.refused import Ending

Headers = Sequence[tuple[bytes, bytes]]
Response = tuple[int, bytes, bytes, Headers]
"""Status, body, content type, further headers."""

JSON, BYTES = b"application/json", b"application/octet-stream"
_MLFLOW = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "RESOURCE_DOES_NOT_EXIST"} | {
    429: "REQUEST_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR",
    503: "TEMPORARILY_UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def found(end: Ending) -> dict[str, Any]:
    """An error as the plain call tells it; the others carry it beside their own."""
    return {"mistakes": plain(list(end.mistakes))}


def error_body(path: str, end: Ending) -> bytes:
    """The error as the protocol of the route has it."""
    if path == "/v2" or path.startswith("/v2/"):
        return orjson.dumps({"error": str(end), **found(end)})
    if path == "/invocations":
        code = _MLFLOW.get(end.status, "BAD_REQUEST")
        return orjson.dumps({"error_code": code, "message": str(end), "error": found(end)})
    return orjson.dumps({"error": found(end)})
