"""MLflow's scoring protocol: POST /invocations with a table of rows, GET /ping and /version."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import orjson

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.inputs import Inputs
from shipworthy.deliver.replies import Reply, shown
from shipworthy.doors.predict.asking import MOST_BYTES, MOST_ROWS, Server, Traced, body_of, fates, refused
from shipworthy.doors.predict.body import Receive
from shipworthy.doors.predict.lane import Told
from shipworthy.doors.predict.refused import Refused, ending
from shipworthy.doors.predict.shapes import JSON, Response, found
from shipworthy.doors.predict.tensors import few, unlike
from shipworthy.doors.predict.tracing import trace_of

_ROUTES = {"/ping": "GET", "/version": "GET", "/invocations": "POST"}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_FIX = "Name the columns: dataframe_split, dataframe_records, or inputs or instances as objects."


def speaks(path: str) -> bool:
    """Whether a path is of this protocol."""
    return path in _ROUTES


async def respond(server: Server, scope: Mapping[str, Any], receive: Receive, authorization: bytes) -> Response:
    """Answer one request.

    Raises:
        Refused: with its status.
        UserError: the request is not as agreed.
    """
    path = scope["path"]
    if scope["method"] != _ROUTES[path]:
        raise Refused.method(path, _ROUTES[path])
    if path == "/ping":
        why_not = await server.unready()
        return (503, orjson.dumps({"reason": why_not}), JSON, ()) if why_not else (200, b"{}", JSON, ())
    asker = Traced((await server.caller(authorization)).consumer, trace_of(scope["headers"])[:32])
    if path == "/version":
        return 200, version("mlflow-skinny").encode(), b"text/plain", ()
    body = await body_of(server, asker, receive, MOST_BYTES)
    try:
        asked = rows(dict(scope["headers"]), body, server.serving.inputs[asker.consumer])
    except (UserError, Refused) as error:
        raise await refused(server, asker, None, error) from None
    told_each = await fates(server, asker, asked)
    _raise_if_all_refused(told_each)
    entity = server.serving.plan.need.entity
    predictions = [_prediction(one, row, entity) for one, row in zip(told_each, asked, strict=True)]
    return 200, orjson.dumps({"predictions": predictions}), JSON, ()


def rows(headers: Mapping[bytes, bytes], body: bytes, inputs: Inputs) -> list[Any]:
    """The questions of a request.

    Raises:
        UserError: it is none of the protocol's forms.
        Refused: it is in a format or an encoding that is not read (415, 422).
    """
    kind, _, more = headers.get(b"content-type", JSON).decode("latin-1").lower().partition(";")
    if more.strip() not in ("", "charset=utf-8", 'charset="utf-8"') or b"content-encoding" in headers:
        raise _unread("The body is compressed, or in another encoding than UTF-8.")
    if kind.strip() == "text/csv":
        table = _from_csv(body, inputs)
    elif kind.strip() == "application/json":
        table = _from_json(body)
    else:
        raise _unread(f"A body of type {kind.strip()[:40]} is not read.")
    few(len(table), MOST_ROWS)
    return table


def _from_json(body: bytes) -> list[Any]:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused.no_json(body, error) from None
    if not isinstance(asked, dict) or len(asked) != 1 or next(iter(asked)) not in _FORMS:
        raise unlike("body", f"The body is no object with exactly one of {', '.join(_FORMS)}.", _FIX)
    [(form, given)] = asked.items()
    table = _FORMS[form](given)
    if table is None:
        raise unlike(form, f"{form} is no table with named columns.", _FIX)
    return table


def _split(given: Any) -> list[Any] | None:
    if not isinstance(given, dict) or given.keys() - {"columns", "data", "index"}:
        return None
    names, data = given.get("columns"), given.get("data")
    if not isinstance(names, list) or not isinstance(data, list) or not all(isinstance(one, str) for one in names):
        return None
    if len(set(names)) != len(names) or not all(isinstance(row, list) and len(row) == len(names) for row in data):
        return None
    return [dict(zip(names, row, strict=True)) for row in data]


def _records(given: Any) -> list[Any] | None:
    return given if isinstance(given, list) and all(isinstance(row, dict) for row in given) else None


def _columns(given: Any) -> list[Any] | None:
    """Rows as objects, or columns as lists of one length."""
    if not isinstance(given, dict):
        return _records(given)
    if not given or not all(isinstance(values, list) for values in given.values()):
        return None
    if len({len(values) for values in given.values()}) != 1:
        return None
    return [dict(zip(given, row, strict=True)) for row in zip(*given.values(), strict=True)]


_FORMS: dict[str, Callable[[Any], list[Any] | None]] = {
    "dataframe_split": _split,
    "dataframe_records": _records,
    "inputs": _columns,
    "instances": _columns,
}


def _from_csv(body: bytes, inputs: Inputs) -> list[Any]:
    """Rows of a table with a line of names; an empty field is a missing one."""
    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise unlike("body", "The body is no CSV in UTF-8.", "Write it as pandas' to_csv(index=False) does.") from None
    names, data = (lines[0], [line for line in lines[1:] if line]) if lines else ([], [])
    if len(set(names)) != len(names) or not all(len(line) == len(names) for line in data):
        raise unlike("body", "A name is there twice, or a line has not as many fields as there are names.", _FIX)
    return [{name: _read(name, field, inputs) for name, field in zip(names, line, strict=True)} for line in data]


def _read(name: str, field: str, inputs: Inputs) -> str | float | None:
    known = inputs.known.get(name)
    if known is None or not field:
        return field or None
    return float(field) if not known.text and _NUMBER.fullmatch(field) else field


def _raise_if_all_refused(told: list[Told]) -> None:
    first = told[0]
    if not isinstance(first, Reply) and not any(isinstance(one, Reply) for one in told):
        raise first


def _prediction(told: Told, row: Any, entity: str) -> dict[str, Any]:
    """An answer as the plain call gives it; or a row without a score that says why."""
    if isinstance(told, Reply):
        return shown(told, entity)
    end = ending(told, "")
    return {entity: row.get(entity), "score": None, "error": {"status": end.status, **found(end)}}


def _unread(what: str) -> Refused:
    fix = "Send application/json or text/csv in UTF-8, not compressed."
    return Refused(415, Mistake("serve.encoding", "Content-Type", what, fix=fix))
