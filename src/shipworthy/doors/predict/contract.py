"""The OpenAPI document of a prediction server, made from the product's contract."""

from __future__ import annotations

from typing import Any

from shipworthy.deliver.inputs import Inputs
from shipworthy.plan.schema import Plan

_TEXT = {"type": "string"}
_MISTAKE = {
    "type": "object",
    "required": ["code", "where", "found"],
    "properties": dict.fromkeys(("code", "where", "found", "why", "fix"), _TEXT),
}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["mistakes"],
            "properties": {"mistakes": {"type": "array", "items": _MISTAKE}},
        }
    },
}
_STATUSES = {
    "400": "The server is not reached by that name.",
    "401": "No identity.",
    "403": "No right.",
    "404": "Unknown entity, or nothing released for it.",
    "408": "The body did not come in time.",
    "413": "The body is too large.",
    "422": "Not the declared input; each wrong field is named.",
    "429": "More questions wait than can be answered in time; Retry-After says when to ask again.",
    "500": "The server could not answer.",
    "503": "The answer could not be logged, or the stored inputs are too old; nothing was answered.",
    "504": "No answer came within the declared latency.",
}


def openapi(plan: Plan, inputs: Inputs) -> dict[str, Any]:
    """The OpenAPI 3.1 document for one consumer of a product."""
    names = ("answer_id", "as_of", plan.need.entity, "candidate", "decision", "step", "cohort")
    answered = {
        "type": "object",
        "required": [*names, "score", "reasons"],
        "properties": {
            **dict.fromkeys((*names, "notice"), _TEXT),
            "score": {"type": "number"},
            "reasons": {"type": "array", "items": _TEXT},
        },
    }
    refused = {
        status: {"description": text, "content": {"application/json": {"schema": _ERROR}}}
        for status, text in _STATUSES.items()
    }
    answer = {"description": "The answer.", "content": {"application/json": {"schema": answered}}}
    question = {"required": True, "content": {"application/json": {"schema": inputs.schema()}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Predictions of {plan.product}", "version": "1", "description": plan.need.question},
        "security": [{"token": []}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/predict": {
                "post": {
                    "operationId": "predict",
                    "requestBody": question,
                    "responses": {"200": answer, **refused},
                }
            }
        },
    }
