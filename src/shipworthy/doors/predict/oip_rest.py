"""The Open Inference Protocol v2 over HTTP, with tensors as JSON or as bytes behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from shipworthy.base.errors import Mistake, UserError
from shipworthy.doors.predict import oip
from shipworthy.doors.predict.asking import MOST_BYTES, Asker, Server, Traced, body_of
from shipworthy.doors.predict.body import Receive
from shipworthy.doors.predict.refused import Refused
from shipworthy.doors.predict.shapes import BYTES, JSON, Response
from shipworthy.doors.predict.tensors import Tensor, from_bytes, from_values, to_bytes, unlike
from shipworthy.doors.predict.tracing import trace_of

LENGTH = b"inference-header-content-length"
_REQUEST = frozenset({"id", "parameters", "inputs", "outputs"})
_INPUT = frozenset({"name", "shape", "datatype", "parameters", "data"})
_OUTPUT = frozenset({"name", "parameters"})
_ASIDE = "content_type"  # what some clients say once more beside the datatype


def speaks(path: str) -> bool:
    """Whether a path is of this protocol."""
    return path == "/v2" or path.startswith("/v2/")


async def respond(server: Server, scope: Mapping[str, Any], receive: Receive, authorization: bytes) -> Response:
    """Answer one request.

    Raises:
        Refused: with its status.
        UserError: the request is not as agreed.
    """
    path, method = str(scope["path"]), scope["method"]
    match path.strip("/").split("/")[1:]:
        case ["health", "live"]:
            _takes(method, path, "GET")
            return 200, orjson.dumps({"live": True}), JSON, ()
        case ["health", "ready"]:
            _takes(method, path, "GET")
            return _ready({}, await server.unready())
        case []:
            _takes(method, path, "GET")
            await server.caller(authorization)
            return 200, orjson.dumps({**oip.SERVER, "extensions": oip.EXTENSIONS}), JSON, ()
        case ["models", name, *rest]:
            return await _model(server, scope, receive, await server.caller(authorization), name, rest)
    raise _nowhere(path)


async def _model(
    server: Server, scope: Mapping[str, Any], receive: Receive, asker: Asker, name: str, rest: list[str]
) -> Response:
    path, method = str(scope["path"]), scope["method"]
    version = rest[1] if len(rest) > 1 and rest[0] == "versions" else ""
    rest = rest[2:] if version else rest
    if rest not in ([], ["ready"], ["infer"]):
        raise _nowhere(path)
    _takes(method, path, "POST" if rest == ["infer"] else "GET")
    if rest == ["infer"]:
        traced = Traced(asker.consumer, trace_of(scope["headers"])[:32])
        body = await body_of(server, traced, receive, MOST_BYTES)
        return await _infer(server, scope["headers"], body, traced, (name, version))
    oip.check_model(server, name, version)
    if rest == ["ready"]:
        return _ready({"name": name}, await server.unready())
    told = {
        "name": server.product,
        "versions": oip.versions(server),
        "platform": "shipworthy",
        "inputs": [asdict(one) for one in oip.takes(server.serving.inputs[asker.consumer])],
        "outputs": [asdict(one) for one in oip.gives(server.serving.plan)],
    }
    return 200, orjson.dumps(told), JSON, ()


def _ready(named: dict[str, str], why_not: str) -> Response:
    if why_not:
        return 503, orjson.dumps({**named, "ready": False, "reason": why_not}), JSON, ()
    return 200, orjson.dumps({**named, "ready": True}), JSON, ()


async def _infer(server: Server, headers: Any, body: bytes, asker: Traced, model: tuple[str, str]) -> Response:
    try:
        oip.check_model(server, *model)
        asked = _read(server, dict(headers), body)
    except (UserError, Refused) as error:
        await oip.refuse_whole(server, asker, error)
    found = await oip.answers(server, asker, asked.rows, list(asked.outputs))
    return _rendered(server, asked, found)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request.

    Attributes:
        outputs: those that are wanted, and whether as bytes; all where empty.
        binary: whether outputs come as bytes where it is not said of one.
    """

    name: str | None
    rows: list[dict[str, Any]]
    outputs: dict[str, bool]
    binary: bool


def _read(server: Server, headers: Mapping[bytes, bytes], body: bytes) -> _Asked:
    if headers.get(b"content-encoding", b"identity") != b"identity":
        found = "The body is compressed or otherwise encoded."
        raise Refused(415, Mistake("serve.encoding", "Content-Encoding", found, fix="Send it as it is."))
    length = _length(headers.get(LENGTH), len(body))
    try:
        asked = orjson.loads(body[:length])
    except orjson.JSONDecodeError as error:
        raise Refused.no_json(body[:length], error) from None
    _only(asked, _REQUEST, "body")
    binary = bool(_parameter(asked, "body", "binary_data_output", bool))
    raw = memoryview(body)[length:]
    tensors = []
    for one in _objects(asked, "inputs"):
        tensor, raw = _tensor(one, raw)
        tensors.append(tensor)
    if raw:
        raise unlike("inputs", f"{len(raw)} bytes are left over behind the tensors.")
    wanted = [_output(one, binary) for one in _objects(asked, "outputs")]
    name = asked.get("id")
    if not isinstance(asked.get("id", ""), str):
        raise unlike("id", "The id is no text.")
    return _Asked(name, oip.rows(server, tensors, [output for output, _ in wanted]), dict(wanted), binary)


def _length(header: bytes | None, whole: int) -> int:
    if header is None:
        return whole
    if not header.isdigit() or int(header[:12]) > whole:
        raise unlike(LENGTH.decode(), "It is no number of bytes that came.")
    return int(header)


def _tensor(one: Any, raw: memoryview) -> tuple[Tensor, memoryview]:
    _only(one, _INPUT, "inputs")
    name, shape, datatype = one.get("name"), one.get("shape"), one.get("datatype")
    if not isinstance(name, str) or not isinstance(shape, list) or not isinstance(datatype, str):
        raise unlike("inputs", "An input lacks its name, shape or datatype.")
    size = _parameter(one, name, "binary_data_size", int)
    if size is None:
        if not isinstance(one.get("data"), list):
            raise unlike(name, f"{name} has no data.")
        return from_values(name, datatype, shape, one["data"]), raw
    if not 0 <= size <= len(raw) or "data" in one:
        raise unlike(name, f"binary_data_size of {name} is no number of bytes that came, or it has data as well.")
    return from_bytes(name, datatype, shape, bytes(raw[:size])), raw[size:]


def _output(one: Any, binary: bool) -> tuple[str, bool]:
    _only(one, _OUTPUT, "outputs")
    if not isinstance(one.get("name"), str):
        raise unlike("outputs", "An output lacks its name.")
    said = _parameter(one, one["name"], "binary_data", bool)
    return one["name"], binary if said is None else said


def _objects(asked: dict[str, Any], name: str) -> list[Any]:
    found = asked.get(name, [])
    if not isinstance(found, list):
        raise unlike(name, f"{name} is no list.")
    return found


def _only(one: Any, known: frozenset[str], where: str) -> None:
    if not isinstance(one, dict):
        raise unlike(where, f"There is something in {where} that is no object.")
    unknown = sorted(one.keys() - known)
    if unknown:
        raise unlike(
            unknown[0], f"{unknown[0]} is no field of the protocol here.", f"They are {', '.join(sorted(known))}."
        )


def _parameter(one: dict[str, Any], where: str, known: str, kind: type) -> Any:
    """The one parameter that has an effect here; another would be expected to have one too, so it is refused."""
    found = one.get("parameters", {})
    if not isinstance(found, dict) or found.keys() - {known, _ASIDE}:
        raise unlike(where, f"A parameter of {where} is unknown here.", f"The only one is {known}.")
    if (known in found and type(found[known]) is not kind) or not isinstance(found.get(_ASIDE, ""), str):
        raise unlike(where, f"A parameter of {where} is of another type.", f"{known} is a {kind.__name__}.")
    return found.get(known)


def _rendered(server: Server, asked: _Asked, found: list[Tensor]) -> Response:
    outputs, parts = [], []
    for tensor in found:
        told: dict[str, Any] = {"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape}
        if asked.outputs.get(tensor.name, asked.binary):
            parts.append(to_bytes(tensor))
            outputs.append({**told, "parameters": {"binary_data_size": len(parts[-1])}})
        else:
            outputs.append({**told, "data": tensor.values})
    whole = {"model_name": server.product, "model_version": oip.answered_by(found, server), "outputs": outputs}
    head = orjson.dumps(whole if asked.name is None else {**whole, "id": asked.name})
    if not parts:
        return 200, head, JSON, ()
    return 200, b"".join([head, *parts]), BYTES, [(LENGTH, b"%d" % len(head))]


def _takes(method: str, path: str, allowed: str) -> None:
    if method != allowed:
        raise Refused.method(path, allowed)


def _nowhere(path: str) -> Refused:
    return Refused(404, Mistake("serve.route", path, "There is no such route.", fix="See /openapi.json."))
