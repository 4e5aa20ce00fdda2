"""How what goes wrong is said over HTTP: one status per kind of error and one JSON shape for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from shipworthy.base.errors import GateShut, Mistake, NotAllowed, NotFound, Tampered, UserError


@dataclass(frozen=True, slots=True)
class ErrorList:
    """Every mistake that was found, not only the first."""

    mistakes: list[Mistake]


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """What every answer looks like that is not a success."""

    error: ErrorList


class Nobody(NotAllowed):
    """The request carries no token, or one that belongs to nobody."""


_STATUS: dict[type[UserError], int] = {
    Nobody: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    GateShut: HTTPStatus.CONFLICT,
    # The request was right, what is stored is not: nothing that the caller could put right.
    Tampered: HTTPStatus.INTERNAL_SERVER_ERROR,
    UserError: HTTPStatus.UNPROCESSABLE_ENTITY,
}

MEANINGS: dict[int, str] = {
    400: "The request is no JSON, or for a host that is not served here",
    401: "Nobody: no token, or one that has ended",
    403: "You are known, but may not do this; the message says who may",
    404: "There is no such thing",
    405: "This address takes another method",
    409: "The gate is shut; the message says what is missing and who can give it",
    413: "The request is too large",
    422: "The request does not say what is needed, or the product does not allow it; every mistake is listed",
    500: "A fault of ours, with a number under which it is logged; or stored content that does not match its digest",
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of these error answers."""
    return {status: {"model": ErrorAnswer, "description": MEANINGS[status]} for status in statuses}


def status_of(error: UserError) -> int:
    """The HTTP status for an error: that of its nearest known kind.

    >>> int(status_of(GateShut()))
    409
    """
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def status_of_kind(name: str) -> int:
    """The HTTP status for the name of a kind of error; 500 for one that is no mistake of the caller.

    >>> status_of_kind("GateShut"), status_of_kind("Bug")
    (409, 500)
    """
    known = {kind.__name__: int(status) for kind, status in _STATUS.items()}
    return known.get(name, int(HTTPStatus.INTERNAL_SERVER_ERROR))


def answer(status: int, mistakes: Sequence[Mistake], headers: dict[str, str] | None = None) -> JSONResponse:
    """The one JSON shape of an error: ``{"error": {"mistakes": [{code, where, found, why, fix}]}}``."""
    content = {"error": {"mistakes": [asdict(mistake) for mistake in mistakes]}}
    extra = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    return JSONResponse(content, status, {**extra, **(headers or {})})


def answer_to(error: UserError) -> JSONResponse:
    """The answer to a mistake of the caller."""
    return answer(status_of(error), error.mistakes)


def mistakes_in_request(error: RequestValidationError) -> list[Mistake]:
    """What is wrong with a request that does not have the declared form, one mistake for each place."""
    return [
        Mistake(
            code="api.request",
            where=".".join(str(part) for part in found["loc"]),
            found=str(found["msg"]) + ".",
            fix="See /v1/openapi.json for what this address takes.",
        )
        for found in error.errors()
    ]


def of_status(status: int, where: str) -> list[Mistake]:
    """The mistake behind a status that the router gives by itself."""
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        found = "The request is larger than this server takes."
        return [Mistake("api.too_large", where, found, fix="Send less at once.")]
    known = {
        400: "The body cannot be read as JSON.",
        404: "There is nothing at this address.",
        405: "This address takes another method.",
    }
    return [
        Mistake(
            "api.address",
            where,
            known.get(status, HTTPStatus(status).phrase + "."),
            fix="See /v1/openapi.json for every address and what it takes.",
        )
    ]


def bug(number: str, where: str) -> list[Mistake]:
    """What a caller is told of a fault of ours: its number in the log, and nothing of its inside."""
    return [
        Mistake(
            "api.bug",
            where,
            f"Something is wrong on our side, not with your request. It is logged as {number}.",
            "Nothing was recorded unless an earlier answer said so.",
            f"Ask again; if it stays, give {number} to whoever runs this server.",
        )
    ]
