"""The Open Inference Protocol v2 over gRPC, in the event loop of the prediction server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NoReturn

import grpc
import grpc.aio
import orjson
from google.protobuf.message import DecodeError

from shipworthy.base.errors import Mistake, UserError
from shipworthy.doors.predict import oip
from shipworthy.doors.predict.asking import MOST_BYTES, Asker, Server, Traced
from shipworthy.doors.predict.oip_messages import SERVICE, messages
from shipworthy.doors.predict.refused import Ending, Refused, ending
from shipworthy.doors.predict.shapes import found
from shipworthy.doors.predict.tensors import Tensor, from_bytes, from_values, to_bytes, unlike
from shipworthy.doors.predict.tracing import HEADER, TOLD, response, trace_of

MOST_CALLS = 1024  # at once; more are told RESOURCE_EXHAUSTED
MOST_TOLD = 2_000  # bytes of an error: clients refuse a status with much behind it
GRACE_SECONDS = 5.0  # in which calls may end that came before the server stops
_CODES = {
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    408: grpc.StatusCode.DEADLINE_EXCEEDED,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
_TYPED = {"BOOL": "bool_contents", "INT64": "int64_contents", "UINT64": "uint64_contents", "FP32": "fp32_contents"} | {
    **dict.fromkeys(("INT8", "INT16", "INT32"), "int_contents"),
    **dict.fromkeys(("UINT8", "UINT16", "UINT32"), "uint_contents"),
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
_ASIDE = "content_type"
Message = dict[str, Any]
ASGI = Callable[[Message, Any, Any], Awaitable[None]]


class Grpc:
    """An ASGI application with a gRPC port that opens and closes with it."""

    def __init__(self, app: ASGI, server: Server, address: str) -> None:
        """Beside an application.

        Args:
            address: host and port to listen on, such as ``127.0.0.1:8801``; port 0 takes a free one.
        """
        self._app, self._server, self._address, self.port = app, server, address, 0
        # The short way of POST /predict is the same with a gRPC port.
        self.hear, self.turn_away = getattr(app, "hear", None), getattr(app, "turn_away", None)
        self._made = messages()
        self._calls: dict[str, Callable[[Any, Any], Awaitable[Any]]] = {
            "ServerLive": self._live,
            "ServerReady": self._ready,
            "ServerMetadata": self._metadata,
            "ModelReady": self._model_ready,
            "ModelMetadata": self._model_metadata,
            "ModelInfer": self._infer,
        }

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        """Pass a request on; open and close the port at the server's start and end."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            listener = self._listening()
        except RuntimeError as error:
            await receive()
            await send({"type": "lifespan.startup.failed", "message": f"gRPC cannot listen: {error}"})
            return

        async def told(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                await listener.start()
            await send(message)

        async def heard() -> Message:
            message: Message = await receive()
            if message["type"] == "lifespan.shutdown":  # who asked gets an answer while the log is still open
                await listener.stop(GRACE_SECONDS)
            return message

        await self._app(scope, heard, told)

    def _listening(self) -> Any:
        options = [
            ("grpc.max_receive_message_length", MOST_BYTES),
            ("grpc.so_reuseport", 0),  # two servers on one port would share callers without a word
            ("grpc.max_connection_idle_ms", 300_000),
        ]
        listener = grpc.aio.server(options=options, maximum_concurrent_rpcs=MOST_CALLS)
        handlers = {name: grpc.unary_unary_rpc_method_handler(self._call(name)) for name in self._calls}
        listener.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
        self.port = listener.add_insecure_port(self._address)
        return listener

    def _call(self, name: str) -> Callable[[bytes, Any], Awaitable[bytes]]:
        """One method: bytes to message, and every end told as gRPC has it."""
        request, method = self._made[f"{name}Request"], self._calls[name]

        async def called(raw: bytes, context: Any) -> bytes:
            trace = _trace(context)
            if trace:
                await context.send_initial_metadata(((TOLD.decode(), response(trace).decode()),))
            try:
                asked = await self._parsed(request, raw, name, context)
                told: bytes = (await method(asked, context)).SerializeToString()
            except Exception as error:
                await _abort(context, ending(error, name))
            return told

        return called

    async def _asker(self, context: Any) -> Asker:
        given = {key: value for key, value in context.invocation_metadata() or () if key == "authorization"}
        value = given.get("authorization", "")
        return await self._server.caller(value if isinstance(value, bytes) else value.encode())

    async def _traced(self, context: Any) -> Traced:
        return Traced((await self._asker(context)).consumer, _trace(context)[:32])

    async def _parsed(self, request: Any, raw: bytes, name: str, context: Any) -> Any:
        try:
            return request.FromString(raw)
        except DecodeError:
            refused = Refused(422, Mistake("serve.not_message", name, f"The bytes are no {name}Request."))
        if name == "ModelInfer":
            await oip.refuse_whole(self._server, await self._traced(context), refused)
        raise refused

    async def _live(self, asked: Any, context: Any) -> Any:
        return self._made["ServerLiveResponse"](live=True)

    async def _ready(self, asked: Any, context: Any) -> Any:
        return self._made["ServerReadyResponse"](ready=await self._is_ready(context))

    async def _metadata(self, asked: Any, context: Any) -> Any:
        await self._asker(context)
        return self._made["ServerMetadataResponse"](**oip.SERVER)

    async def _model_ready(self, asked: Any, context: Any) -> Any:
        await self._asker(context)
        oip.check_model(self._server, asked.name, asked.version)
        return self._made["ModelReadyResponse"](ready=await self._is_ready(context))

    async def _is_ready(self, context: Any) -> bool:
        """Whether it can answer; why not travels behind, since the message has no place for it."""
        why_not = await self._server.unready()
        if why_not:
            context.set_trailing_metadata((("shipworthy-reason", why_not.encode("ascii", "replace").decode()),))
        return not why_not

    async def _model_metadata(self, asked: Any, context: Any) -> Any:
        asker = await self._asker(context)
        oip.check_model(self._server, asked.name, asked.version)
        one = self._made["ModelMetadataResponse.TensorMetadata"]
        inputs = oip.takes(self._server.serving.inputs[asker.consumer])
        gives = oip.gives(self._server.serving.plan)
        return self._made["ModelMetadataResponse"](
            name=self._server.product,
            versions=oip.versions(self._server),
            platform="shipworthy",
            inputs=[one(name=tensor.name, datatype=tensor.datatype, shape=[-1]) for tensor in inputs],
            outputs=[one(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape) for tensor in gives],
        )

    async def _infer(self, asked: Any, context: Any) -> Any:
        asker = await self._traced(context)
        wanted = [one.name for one in asked.outputs]
        try:
            oip.check_model(self._server, asked.model_name, asked.model_version)
            _in_time(context)
            rows = oip.rows(self._server, _tensors(asked), wanted)
        except (UserError, Refused) as error:
            await oip.refuse_whole(self._server, asker, error)
        told = await oip.answers(self._server, asker, rows, wanted)
        return self._rendered(asked, told, raw=bool(asked.raw_input_contents))

    def _rendered(self, asked: Any, told: Sequence[Tensor], *, raw: bool) -> Any:
        """The answers, as bytes where the request came as bytes."""
        one, contents = self._made["ModelInferResponse.InferOutputTensor"], self._made["InferTensorContents"]
        outputs = [one(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape) for tensor in told]
        if not raw:
            for output, tensor in zip(outputs, told, strict=True):
                text = tensor.datatype == "BYTES"
                values = [value.encode() for value in tensor.values] if text else tensor.values
                output.contents.CopyFrom(contents(**{_TYPED[tensor.datatype]: values}))
        return self._made["ModelInferResponse"](
            model_name=self._server.product,
            model_version=oip.answered_by(told, self._server),
            id=asked.id,
            outputs=outputs,
            raw_output_contents=[to_bytes(tensor) for tensor in told] if raw else [],
        )


def _trace(context: Any) -> str:
    given = [(key.encode(), value) for key, value in context.invocation_metadata() or () if key == HEADER.decode()]
    return trace_of([(key, value if isinstance(value, bytes) else value.encode()) for key, value in given])


def _tensors(asked: Any) -> list[Tensor]:
    _known(asked, "request")
    raw = list(asked.raw_input_contents)
    if raw and len(raw) != len(asked.inputs):
        raise unlike("raw_input_contents", f"There are {len(raw)} raw contents for {len(asked.inputs)} inputs.")
    for one in (*asked.inputs, *asked.outputs):
        _known(one, one.name)
    if raw:
        whole = zip(asked.inputs, raw, strict=True)
        return [from_bytes(one.name, one.datatype, list(one.shape), content) for one, content in whole]
    return [from_values(one.name, one.datatype, list(one.shape), _values(one)) for one in asked.inputs]


def _known(one: Any, where: str) -> None:
    if set(one.parameters) - {_ASIDE}:
        raise unlike(where or "parameters", "It has a parameter that has no effect here.", "Leave it out.")


def _values(one: Any) -> list[Any]:
    values = list(getattr(one.contents, _TYPED.get(one.datatype, "bytes_contents")))
    try:
        return [value.decode() for value in values] if one.datatype == "BYTES" else values
    except UnicodeDecodeError:
        raise unlike(one.name, f"A text of {one.name} is not UTF-8.") from None


def _in_time(context: Any) -> None:
    """Whether the caller still waits."""
    left = context.time_remaining()
    if left is not None and left <= 0:
        raise Refused.late()


async def _abort(context: Any, end: Ending) -> NoReturn:
    """End a call with a status; all that is wrong travels behind it as JSON, and when to ask again."""
    code = _CODES.get(end.status, grpc.StatusCode.INVALID_ARGUMENT)
    behind: list[tuple[str, str | bytes]] = [("shipworthy-error-bin", orjson.dumps(found(end))[:MOST_TOLD])]
    if end.retry_after:
        behind += [("retry-after", str(end.retry_after)), ("grpc-retry-pushback-ms", str(end.retry_after * 1000))]
    await context.abort(code, str(end)[:MOST_TOLD], tuple(behind))
    raise AssertionError  # abort has raised
