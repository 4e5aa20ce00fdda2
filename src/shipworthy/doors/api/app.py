"""The HTTP door: every operation under /v1, typed and documented by its OpenAPI description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from shipworthy.app.desk import Desk
from shipworthy.app.entrance import LOOPBACK, evidence_headers
from shipworthy.app.rights import Identity
from shipworthy.base.errors import Mistake, UserError, not_found
from shipworthy.doors.api.errors import answer, answer_to, documented, mistakes_in_request, of_status, status_of_kind
from shipworthy.doors.api.guard import Guard
from shipworthy.doors.api.operations import operation_routes

MOST_BYTES = 1_048_576
ABOUT = """Commands say what to do (`/v1/do/…`), questions what you want to know (`/v1/ask/…`).

Every request but `/healthz` carries a token: `Authorization: Bearer TOKEN`. Rights come from the plan of the product.
Errors have one shape: `{"error": {"mistakes": [{"code", "where", "found", "why", "fix"}]}}`."""


@dataclass(frozen=True, slots=True)
class RunError:
    """Why a run ended without a result: the status that the command would have answered with, and every mistake."""

    status: int
    kind: str
    mistakes: list[Mistake]


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How far a run is: its finished steps, and its result or error at its end."""

    state: Literal["waiting", "running", "done", "refused", "failed"]
    steps: list[str]
    result: Any = None
    error: RunError | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """The server answers and reaches its ledger."""

    status: Literal["ok"] = "ok"


def api(desk: Desk, *, hosts: Sequence[str] = LOOPBACK, most_bytes: int = MOST_BYTES) -> FastAPI:
    """The HTTP door as one ASGI application, with `/healthz` and everything under `/v1`.

    Args:
        hosts: names under which it may be addressed, only loopback by default; ``*`` allows all.
        most_bytes: how large the body of a request may be.
    """
    app = FastAPI(
        title="Shipworthy",
        version="1",
        description=ABOUT,
        openapi_url="/v1/openapi.json",
        # The usual documentation pages load their scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    signed_in = [Depends(HTTPBearer(auto_error=False, description="A token made by `shipworthy people add`."))]
    app.include_router(operation_routes(desk), dependencies=signed_in)
    app.include_router(_more(desk), dependencies=signed_in)
    app.include_router(_health(desk))
    app.add_exception_handler(UserError, _of_user_error)
    app.add_exception_handler(RequestValidationError, _of_request)
    app.add_exception_handler(HTTPException, _of_router)
    app.add_middleware(Guard, by_token=desk.people.by_token, hosts=hosts, most_bytes=most_bytes)
    return app


def _more(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["app"])

    @router.get("/v1/runs/{run:path}", operation_id="run", responses=documented(400, 401, 404, 422, 500))
    def run_outcome(request: Request, run: Annotated[str, Path(max_length=200)]) -> RunOutcome:
        """How far a run is that was started with `wait=false`."""
        who: Identity = request.state.who
        # Its result may hold what only its starter may know, so for anybody else it does not exist.
        if run.partition("/")[0] != who.person:
            raise not_found("run", run, [])
        found = desk.outcome(run)
        error = found.get("error")
        mistakes = [Mistake(**mistake) for mistake in error["mistakes"]] if error else []
        refused = RunError(status_of_kind(error["kind"]), error["kind"], mistakes) if error else None
        return RunOutcome(found["state"], list(found["steps"]), found.get("result"), refused)

    @router.get(
        "/v1/files/{digest}",
        operation_id="file",
        response_class=Response,
        responses={
            200: {"description": "The file", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
            **documented(400, 401, 403, 404, 422, 500),
        },
    )
    def file(
        request: Request,
        digest: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")],
        product: Annotated[str, Query(description="The product whose evidence it is; all of yours if absent.")] = "",
    ) -> Response:
        """A report or another piece of evidence, by its digest; needs the right `read` in the product."""
        found = desk.evidence(digest, request.state.who, product)
        return Response(desk.store.files.get(digest), headers=evidence_headers(found.name, found.media_type))

    return router


def _health(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["app"])

    @router.get("/healthz", operation_id="health", responses=documented(400, 500))
    def health() -> Health:
        """Whether the server answers and reaches its ledger; needs no identity."""
        desk.store.ledger.head()
        return Health()

    return router


async def _of_user_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, UserError)
    return answer_to(error)


async def _of_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return answer(422, mistakes_in_request(error))


async def _of_router(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    return answer(error.status_code, of_status(error.status_code, request.url.path), headers)
