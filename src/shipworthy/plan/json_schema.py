"""The published JSON Schema of product.yaml, with which editors complete and check it while it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from shipworthy.base.kinds import kinds
from shipworthy.base.times import Length
from shipworthy.plan.references import FUNCTIONS, OUTPUT_COLUMNS
from shipworthy.plan.schema import Plan

DRAFT = "https://json-schema.org/draft/2020-12/schema"
Members = Callable[[str], Sequence[str]]


def product_schema(members: Members = kinds) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of product.yaml.

    It is a little more lenient than `reading.read_plan`, which also follows names from one section to another.

    Args:
        members: the members of an open folder such as ``data/sources``.
    """
    schema = _tidy(Plan.model_json_schema())
    definitions = schema["$defs"]
    _choose(definitions["Source"]["properties"]["kind"], members("data/sources"))
    _choose(definitions["Sink"]["properties"]["kind"], members("deliver/sinks"))
    _choose(definitions["Broker"]["properties"]["kind"], members("edges/brokers"))
    _choose(definitions["Baseline"]["properties"]["kind"], members("model/baselines"))
    _choose(definitions["Trigger"]["properties"]["do"]["items"], members("respond/actions"))
    if members("watch/monitors"):
        definitions["Watch"]["properties"]["monitors"]["propertyNames"] = {"enum": _written(members("watch/monitors"))}
    definitions["Consumer"]["properties"]["columns"]["items"]["examples"] = list(OUTPUT_COLUMNS)
    schema["title"] = "product.yaml"
    schema["description"] = "One machine-learning product, declared on day one."
    _hint_receivers(definitions["RespondPlan"]["properties"]["routes"])
    return {"$schema": DRAFT, **schema}


def _choose(kind: dict[str, Any], names: Sequence[str]) -> None:
    if names:
        kind.pop("pattern", None)
        kind["enum"] = _written(names)


def _written(names: Sequence[str]) -> list[str]:
    """Members as a plan may write them: with dashes or underscores."""
    return sorted({written for name in names for written in (name, name.replace("_", "-"))})


def _hint_receivers(routes: dict[str, Any]) -> None:
    # Named properties are completed by editors; consumers are receivers too, so other names stay allowed.
    routes["properties"] = {function: {"type": "string"} for function in (*FUNCTIONS, "operator")}


def _tidy(value: Any) -> Any:
    """Without what only clutters completion: titles of single fields, and null where it means absent."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    tidy = {key: _tidy(item) for key, item in value.items()}
    if "patternProperties" in tidy:
        tidy["additionalProperties"] = False
    properties = tidy.get("properties")
    if isinstance(properties, dict) and "type" in tidy:
        tidy["properties"] = {name: _field(field) for name, field in properties.items()}
    return tidy


def _field(field: dict[str, Any]) -> dict[str, Any]:
    if str(field.get("title", ""))[:1].isupper():  # made of the key by the library; our own titles name a type
        del field["title"]
    options = field.get("anyOf", [])
    given = [option for option in options if option != {"type": "null"}]
    if "default" in field and field["default"] is None:
        del field["default"]
        if len(options) == 2 and len(given) == 1:
            field = {**given[0], **{key: item for key, item in field.items() if key != "anyOf"}}
    default = field.get("default")
    if isinstance(default, dict) and set(default) == {"months", "seconds"}:
        field["default"] = str(Length(**default))
    elif isinstance(default, dict) and default:
        # A section's own defaults stand with its keys; a whole section as default would be pasted by editors.
        del field["default"]
    return field
