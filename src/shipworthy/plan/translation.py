"""What the schema objects to, in words for the people who write product.yaml."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from pydantic_core import ErrorDetails

from shipworthy.plan.document import path_text, shown
from shipworthy.plan.shape import choices, example_text, known_keys, spot
from shipworthy.plan.slip import Slip, suggestion

Path = tuple[str | int, ...]
_LENGTH = "Write a number and ms, s, min, h, d, w, mo or y, such as 90d, 3mo or 12h."
_WANTED: dict[str, tuple[str, str]] = {
    "string_type": ("text", ""),
    "int_type": ("a whole number", "Write digits only, without quotes and without separators, such as 200."),
    "float_type": ("a number", "Write digits and a point, without quotes, such as 0.65."),
    "bool_type": ("true or false", "Write true or false; yes, no, on and off are text."),
    "list_type": ("a list", "Write [first, second], or one line `- item` for each."),
    "tuple_type": ("two numbers", "Write [low, high]."),
    "dict_type": ("a mapping of names", "Write one line `name: …` for each, indented below the key."),
    "model_type": ("a section with keys of its own", "Write its keys below, indented by two more spaces."),
    "clock_time": ("a time of day", 'Write hours and minutes in quotes, such as "22:00".'),
    "day": ("a day between 1900 and 2200", "Write year, month and day, such as 1997-04-01."),
}
_WANTED["model_attributes_type"] = _WANTED["model_type"]
_BOUNDS = {"greater_than": "more than", "greater_than_equal": "at least", "less_than": "less than"}
_BOUNDS["less_than_equal"] = "at most"
_BOUND_KEYS = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}


def slip_of(error: ErrorDetails) -> Slip:
    """One objection of the schema as a mistake with what was found and what would be right."""
    kind, path = error["type"], _path(error["loc"])
    if kind == "missing":
        return _missing(path)
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if error["input"] is None:
        return _empty(path)
    return _TRANSLATED.get(kind, _other)(path, error)


def _path(location: Sequence[str | int]) -> Path:
    parts = tuple(location)
    return parts[:-1] if parts and parts[-1] == "[key]" else parts


def _missing(path: Path) -> Slip:
    if isinstance(path[-1], int):
        place = path_text(path[:-1])
        return Slip(place, "plan.wrong_type", f"{place} needs two values.", fix="Write [low, high].")
    parent = path_text(path[:-1])
    here = spot(path)
    meaning = (here.field.description or "") if here and here.field else ""
    example = example_text(path)
    inside = f"{parent} has no {path[-1]}." if parent else f"The plan has no {path[-1]}."
    fix = f"Add it{f' to {parent}' if parent else ''}, for example `{example}`." if example else "Add it."
    return Slip(path_text(path), "plan.missing_key", inside, meaning, fix)


def _unknown_key(path: Path) -> Slip:
    known = known_keys(path[:-1])
    key, parent = str(path[-1]), path_text(path[:-1]) or "the plan"
    fix = suggestion(key, known) or "Remove it, or use one of the known keys."
    found = f"{parent} has no key {shown(key)}. Known: {', '.join(known)}."
    return Slip(path_text(path), "plan.unknown_key", found, fix=fix)


def _empty(path: Path) -> Slip:
    text, example = path_text(path), example_text(path)
    fix = (
        f"Give it a value, for example `{example}`, or remove the key." if example else "Give it a value or remove it."
    )
    return Slip(text or "the file", "plan.empty_value", f"{text or 'The file'} has no value.", fix=fix)


def _wrong_type(path: Path, error: ErrorDetails) -> Slip:
    wanted, fix = _WANTED[error["type"]]
    value = error["input"]
    if error["type"] == "string_type":
        scalar = isinstance(value, bool | int | float | date)
        fix = f'Put it in quotes: "{shown(value)}".' if scalar else "Write one piece of text."
    if error["type"] == "list_type" and isinstance(value, str) and len(value) <= 60:
        fix = f"Write [{value}], also where there is only one."
    return Slip(path_text(path), "plan.wrong_type", f"{path_text(path)} is {shown(value)}, not {wanted}.", fix=fix)


def _length(path: Path, error: ErrorDetails) -> Slip:
    found = f"{path_text(path)} is {shown(error['input'])}, which is no length of time."
    return Slip(path_text(path), "plan.not_a_length", found, fix=_LENGTH)


def _length_range(path: Path, error: ErrorDetails) -> Slip:
    found = f"{path_text(path)} is {shown(error['input'])}; a length is more than nothing and at most 100 years."
    return Slip(path_text(path), "plan.not_a_length", found, fix=_LENGTH)


def _share(path: Path, error: ErrorDetails) -> Slip:
    found = f"{path_text(path)} is {shown(error['input'])}, which is no share of a whole."
    return Slip(
        path_text(path), "plan.not_a_share", found, fix="Write a percentage such as 20%, or a number from 0 to 1."
    )


def _choice(path: Path, error: ErrorDetails) -> Slip:
    here = spot(path)
    known = choices(here.type) if here else []
    value = error["input"]
    found = f"{path_text(path)} is {shown(value)}. Known: {', '.join(known)}."
    fix = suggestion(str(value), known) or "Write one of the known words."
    return Slip(path_text(path), "plan.not_a_choice", found, fix=fix)


def _out_of_range(path: Path, error: ErrorDetails) -> Slip:
    bound = f"{_BOUNDS[error['type']]} {error.get('ctx', {})[_BOUND_KEYS[error['type']]]}"
    found = f"{path_text(path)} is {shown(error['input'])}; it must be {bound}."
    return Slip(path_text(path), "plan.out_of_range", found, fix=f"Write a number that is {bound}.")


def _not_finite(path: Path, error: ErrorDetails) -> Slip:
    found = f"{path_text(path)} is {shown(error['input'])}, which is no number to hold anything against."
    return Slip(path_text(path), "plan.out_of_range", found, fix="Write a finite number.")


def _bad_name(path: Path, error: ErrorDetails) -> Slip:
    found = f"{path_text(path)} is {shown(error['input'])}, which is no name."
    fix = "A name begins with a small letter and goes on with small letters, digits, - and _; 63 characters at most."
    return Slip(path_text(path), "plan.bad_name", found, fix=fix)


def _size(path: Path, error: ErrorDetails) -> Slip:
    context: dict[str, Any] = error.get("ctx", {})
    least, most = context.get("min_length"), context.get("max_length")
    unit = "characters" if error["type"].startswith("string") else "items"
    bound = f"at least {least}" if least is not None else f"at most {most}"
    found = f"{path_text(path)} is {shown(error['input'])}; it needs {bound} {unit}."
    example = example_text(path)
    return Slip(path_text(path), "plan.wrong_size", found, fix=f"For example `{example}`." if example else "")


def _other(path: Path, error: ErrorDetails) -> Slip:
    found = f"{path_text(path) or 'The plan'} is {shown(error['input'])}: {error['msg']}."
    return Slip(path_text(path), "plan.wrong_type", found, fix=f"For example `{example_text(path)}`.")


_TRANSLATED: dict[str, Callable[[Path, ErrorDetails], Slip]] = {
    **dict.fromkeys(_WANTED, _wrong_type),
    **dict.fromkeys(_BOUNDS, _out_of_range),
    "length": _length,
    "length_range": _length_range,
    "share": _share,
    "literal_error": _choice,
    "finite_number": _not_finite,
    "string_pattern_mismatch": _bad_name,
    **dict.fromkeys(("string_too_short", "string_too_long", "too_short", "too_long"), _size),
}
