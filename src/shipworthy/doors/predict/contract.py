"""The OpenAPI document of a prediction server, made from the product's contract: every route, for one consumer."""

from __future__ import annotations

from typing import Any

from shipworthy.deliver.inputs import Inputs
from shipworthy.doors.predict.asking import MOST_ROWS
from shipworthy.doors.predict.oip import outputs, takes
from shipworthy.doors.predict.tensors import DATATYPES
from shipworthy.plan.schema import Plan

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_NUMBER: Schema = {"type": "number"}
_COUNT: Schema = {"type": "integer", "minimum": 0}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None, *, closed: bool = False) -> Schema:
    found = {"type": "object", "required": [*required], "properties": {**required, **(optional or {})}}
    return {**found, "additionalProperties": False} if closed else found


_MISTAKES: Schema = {
    "type": "array",
    "items": _object(dict.fromkeys(("code", "where", "found"), _TEXT), dict.fromkeys(("why", "fix"), _TEXT)),
}
_FOUND = _object({"mistakes": _MISTAKES})
_ERROR = _object({"error": _FOUND})
_OIP_ERROR = _object({"error": _TEXT, "mistakes": _MISTAKES})
_MLFLOW_ERROR = _object({"error_code": _TEXT, "message": _TEXT, "error": _FOUND})
_STATUSES = {
    "400": "The server is not reached by that name.",
    "401": "No identity.",
    "403": "No right.",
    "404": "Unknown entity, or nothing released for it; or there is no such model or version.",
    "408": "The body did not come whole in time.",
    "413": "The body is too large.",
    "415": "The body is in a format or an encoding that is not read.",
    "422": "Not the declared input; each wrong field is named.",
    "429": "More questions wait than can be answered in time; Retry-After says when to ask again.",
    "500": "The server could not answer.",
    "503": "The answer could not be logged, the stored inputs are too old, or answers are paused.",
    "504": "No answer came within the declared latency.",
}
_OPEN, _KNOWN = ("400", "500"), ("400", "401", "403", "500")
_ASKING = tuple(status for status in _STATUSES if status != "415")


def openapi(plan: Plan, inputs: Inputs) -> dict[str, Any]:
    """The OpenAPI 3.1 document for one consumer of a product."""
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Predictions of {plan.product}", "version": "1", "description": plan.need.question},
        "security": [{"token": []}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": {**_plain(plan, inputs), **_oip(plan, inputs), **_mlflow(plan, inputs)},
    }


def _answered(plan: Plan) -> Schema:
    names = ("answer_id", "as_of", plan.need.entity, "candidate", "decision", "step", "cohort")
    told = {**dict.fromkeys(names, _TEXT), "score": _NUMBER, "reasons": _TEXTS}
    if classes := plan.need.classes:
        share: Schema = {"type": "number", "minimum": 0, "maximum": 1}
        told |= {"class": {"enum": [*classes]}, "probabilities": _object(dict.fromkeys(classes, share))}
    value: Schema = {"type": ["number", "string", "null"]}
    values = {"type": "object", "additionalProperties": value}
    return _object(told, {"low": _NUMBER, "high": _NUMBER, "values": values, "notice": _TEXT})


def _plain(plan: Plan, inputs: Inputs) -> dict[str, Any]:
    health = _object({"product": _TEXT, "ok": {"type": "boolean"}})
    return {
        "/predict": {"post": _operation("predict", _answered(plan), _ASKING, inputs.schema())},
        "/health": {"get": _operation("health", health, _OPEN, security=[])},
        "/metrics": {"get": _operation("metrics", _TEXT, _KNOWN, kind="text/plain")},
        "/openapi.json": {"get": _operation("document", {"type": "object"}, _KNOWN)},
    }


def _oip(plan: Plan, inputs: Inputs) -> dict[str, Any]:
    tensor = {"name": _TEXT, "datatype": _TEXT, "shape": {"type": "array", "items": {"type": "integer"}}}
    model = {"name": _TEXT, "versions": _TEXTS, "platform": _TEXT}
    tensors = {"type": "array", "items": _object(tensor)}
    described = _object({**model, "inputs": tensors, "outputs": tensors})
    server = _object({"name": _TEXT, "version": _TEXT, "extensions": _TEXTS})
    ready = _object({"name": _TEXT, "ready": {"type": "boolean"}})
    outputs = {"type": "array", "items": _object({**tensor, "data": {"type": "array"}})}
    told = _object({"model_name": _TEXT, "model_version": _TEXT, "outputs": outputs}, {"id": _TEXT})
    routes: dict[str, Any] = {"/v2": {"get": _operation("oip_server", server, _KNOWN, error=_OIP_ERROR)}}
    for kind in ("live", "ready"):
        health = _object({kind: {"type": "boolean"}})
        known = _operation(f"oip_{kind}", health, _OPEN, security=[], error=_OIP_ERROR)
        routes[f"/v2/health/{kind}"] = {"get": known}
    by_version = {"name": "candidate", "in": "path", "required": True, "schema": {**_TEXT, "pattern": "^[0-9a-f]{64}$"}}
    for begin, name, parameters in (("", "", []), ("/versions/{candidate}", "_version", [by_version])):
        at = f"/v2/models/{plan.product}{begin}"
        asking = (*_ASKING, "415")
        found = {
            at: {"get": _operation(f"oip_model{name}", described, (*_KNOWN, "404"), error=_OIP_ERROR)},
            f"{at}/ready": {"get": _operation(f"oip_model_ready{name}", ready, (*_KNOWN, "404"), error=_OIP_ERROR)},
            f"{at}/infer": {
                "post": _operation(f"oip_infer{name}", told, asking, _tensors(plan, inputs), error=_OIP_ERROR)
            },
        }
        routes |= {path: {**methods, "parameters": parameters} for path, methods in found.items()}
    return routes


def _tensors(plan: Plan, inputs: Inputs) -> Schema:
    """A request to infer, with its tensors as JSON."""
    value: Schema = {"type": ["string", "number", "boolean", "null"]}
    nested = {"type": "array", "items": value, "minItems": 1, "maxItems": 1}
    flag, aside = {"type": "boolean"}, {"content_type": _TEXT}
    name = {"enum": [one.name for one in takes(inputs)]}
    gives = outputs(plan)
    shape = {"type": "array", "items": _COUNT, "minItems": 1, "maxItems": 2}
    data = {"type": "array", "items": {"anyOf": [value, nested]}, "maxItems": MOST_ROWS}
    tensor = {"name": name, "datatype": {"enum": [*DATATYPES]}, "shape": shape, "data": data}
    known = {"parameters": _object({}, aside, closed=True)}
    output = _object(
        {"name": {"enum": [*gives]}},
        {"parameters": _object({}, {"binary_data": flag, **aside}, closed=True)},
        closed=True,
    )
    return _object(
        {"inputs": {"type": "array", "minItems": 1, "items": _object(tensor, known, closed=True)}},
        {
            "id": _TEXT,
            "parameters": _object({}, {"binary_data_output": {"const": False}, **aside}, closed=True),
            "outputs": {"type": "array", "items": output, "maxItems": len(gives)},
        },
        closed=True,
    )


def _mlflow(plan: Plan, inputs: Inputs) -> dict[str, Any]:
    records = {"type": "array", "items": inputs.schema(), "minItems": 1, "maxItems": MOST_ROWS}
    row = {"type": "array", "items": {"type": ["string", "number", "null"]}}
    columns = {"type": "object", "minProperties": 1, "additionalProperties": row}
    named = {"type": "array", "items": {"enum": [one.name for one in takes(inputs)]}, "uniqueItems": True}
    table = _object(
        {"columns": named, "data": {"type": "array", "items": row}}, {"index": {"type": "array"}}, closed=True
    )
    forms = {
        "dataframe_split": table,
        "dataframe_records": records,
        "inputs": {"anyOf": [records, columns]},
        "instances": {"anyOf": [records, columns]},
    }
    asked = {"oneOf": [_object({name: form}, closed=True) for name, form in forms.items()]}
    refused = _object({"score": {"type": "null"}, "error": _object({"status": _COUNT, "mistakes": _MISTAKES})})
    told = _object({"predictions": {"type": "array", "items": {"anyOf": [_answered(plan), refused]}}})
    asking = (*_ASKING, "415")
    return {
        "/invocations": {"post": _operation("mlflow_invocations", told, asking, asked, error=_MLFLOW_ERROR)},
        "/ping": {"get": _operation("mlflow_ping", {}, _OPEN, security=[])},
        "/version": {"get": _operation("mlflow_version", _TEXT, _KNOWN, kind="text/plain")},
    }


def _operation(
    name: str,
    told: Schema,
    refusals: tuple[str, ...],
    asked: Schema | None = None,
    *,
    kind: str = "application/json",
    error: Schema = _ERROR,
    security: list[Any] | None = None,
) -> dict[str, Any]:
    refused = {
        status: {"description": text, "content": {"application/json": {"schema": error}}}
        for status, text in _STATUSES.items()
        if status in refusals
    }
    found: dict[str, Any] = {
        "operationId": name,
        "responses": {"200": {"description": "The answer.", "content": {kind: {"schema": told}}}, **refused},
    }
    if asked is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": asked}}}
    return found if security is None else {**found, "security": security}
