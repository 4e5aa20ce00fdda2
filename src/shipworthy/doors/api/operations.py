"""Every command and question as one typed address: derived from the dataclass, nothing is written twice."""

from __future__ import annotations

import inspect
import re
import secrets
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, get_type_hints

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, create_model

from shipworthy.app.desk import Desk
from shipworthy.app.operations import commands, questions
from shipworthy.app.rights import Identity
from shipworthy.base.digest import plain
from shipworthy.base.fact import Command, Question, reader, result_type
from shipworthy.doors.api.errors import documented

Operation = type[Command[Any]] | type[Question[Any]]
Key = Annotated[
    str,
    Query(
        description="Your own name for this request: sent again with the same key, it is carried out once.",
        pattern=r"^[A-Za-z0-9._-]{0,100}$",
    ),
]
Wait = Annotated[
    bool,
    Query(description="false: come back at once with the name of the run; ask /v1/runs/{run} for its outcome."),
]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A long command was put on the road; its outcome is at /v1/runs/{run}."""

    run: str


def operation_routes(desk: Desk) -> APIRouter:
    """POST /v1/do/{Command} for every command, POST /v1/ask/{Question} for every question."""
    router = APIRouter()
    for name, command in sorted(commands().items()):
        responses = documented(400, 401, 403, 404, 409, 413, 422, 500)
        if command.durable:
            responses[202] = {"model": RunStarted, "description": "Under way, with wait=false"}
        _add(router, "do", name, command, _doing(desk, command), responses)
    for name, question in sorted(questions().items()):
        _add(router, "ask", name, question, _asking(desk, question), documented(400, 401, 403, 404, 409, 413, 422, 500))
    return router


def body_of(operation: Operation) -> type[BaseModel]:
    """What an operation takes, as a strict form: unknown fields and values of another type are refused."""
    hints = get_type_hints(operation)
    found: dict[str, Any] = {}
    for field in fields(operation):
        default = field.default if field.default is not MISSING else ...
        if field.default_factory is not MISSING:
            default = Field(default_factory=field.default_factory)
        found[field.name] = (hints[field.name], default)
    form = create_model(
        f"{operation.__name__}Body", __config__=ConfigDict(strict=True, extra="forbid", frozen=True), **found
    )
    form.__doc__ = inspect.cleandoc(operation.__doc__ or "")
    return form


def _add(
    router: APIRouter,
    verb: str,
    name: str,
    operation: Operation,
    endpoint: Callable[..., Any],
    responses: dict[int | str, dict[str, Any]],
) -> None:
    text = inspect.cleandoc(operation.__doc__ or "")
    router.add_api_route(
        f"/v1/{verb}/{name}",
        endpoint,
        methods=["POST"],
        summary=" ".join(re.findall(r"[A-Z][a-z]*|[A-Z]+(?![a-z])", name)).capitalize(),
        description=f"{text}\n\nNeeds the right `{operation.right}`.",
        operation_id=name,
        tags=[operation.__module__.split(".")[1]],
        response_model=result_type(operation),
        responses=responses,
    )


def _doing(desk: Desk, command: type[Command[Any]]) -> Callable[..., Any]:
    def endpoint(request: Request, body: BaseModel, key: str = "", wait: bool = True) -> Any:
        order = reader(command).validate_python(dict(body))
        who: Identity = request.state.who
        if wait:
            return desk.do(order, who, key=key)
        # A name of its own, under the caller's: a run is shown to nobody but who started it.
        run = desk.submit(order, who, key=key or secrets.token_hex(16))
        return JSONResponse(plain(RunStarted(run)), 202, {"Location": f"/v1/runs/{run}"})

    typed = [("request", Request, inspect.Parameter.empty), ("body", body_of(command), Body()), ("key", Key, "")]
    return _typed(endpoint, [*typed, ("wait", Wait, True)] if command.durable else typed)


def _asking(desk: Desk, question: type[Question[Any]]) -> Callable[..., Any]:
    def endpoint(request: Request, body: BaseModel) -> Any:
        who: Identity = request.state.who
        return desk.ask(reader(question).validate_python(dict(body)), who)

    return _typed(endpoint, [("request", Request, inspect.Parameter.empty), ("body", body_of(question), Body())])


def _typed(endpoint: Callable[..., Any], parameters: list[tuple[str, Any, Any]]) -> Callable[..., Any]:
    # FastAPI reads what an address takes from the signature, and here that depends on the operation.
    signature = inspect.Signature(
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=type_)
            for name, type_, default in parameters
        ]
    )

    def called(**given: Any) -> Response | Any:
        return endpoint(**given)

    called.__signature__ = signature  # type: ignore[attr-defined]  # functions have it, their type does not say so
    return called
