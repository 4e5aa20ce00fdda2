"""What a real-time question may carry: an entity, and where the plan has them given, the inputs of the model."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shipworthy.base.errors import Mistake, UserError
from shipworthy.model.answering import Answerer
from shipworthy.plan.schema import Column, Plan

Value = float | str | None
_LARGEST = sys.float_info.max
_SHOWN = 3
MOST_LETTERS = 1_000  # of an entity: a longer text is no name, and would stand in the log with every answer


@dataclass(frozen=True, slots=True)
class Input:
    """One input and what its values must be.

    Attributes:
        least, most: bounds of a number; allowed, pattern: what a text may be, all texts where None.
        gaps: whether it may be missing.
    """

    name: str
    text: bool
    least: float = -_LARGEST
    most: float = _LARGEST
    allowed: frozenset[str] | None = None
    pattern: re.Pattern[str] | None = None
    gaps: bool = True

    def wrong(self, value: Any) -> str:
        """What speaks against a value, without quoting it; empty where it is as agreed."""
        if value is None:
            return "" if self.gaps else "is missing"
        if self.text:
            return self._wrong_text(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"is a {_kind(value)}, not a number"
        if not math.isfinite(value):
            return "is not a finite number"
        if not self.least <= value <= self.most:
            return f"lies outside {_bound(self.least)} to {_bound(self.most)}"
        return ""

    def _wrong_text(self, value: Any) -> str:
        if not isinstance(value, str):
            return f"is a {_kind(value)}, not a text"
        if self.allowed is not None and value not in self.allowed:
            return f"is none of the {len(self.allowed)} values agreed"
        if self.pattern is not None and not self.pattern.fullmatch(value):
            return "does not match the pattern agreed"
        return ""


class Inputs:
    """The contract of a question to one consumer's route."""

    def __init__(self, plan: Plan, answerers: Mapping[str, Answerer], asks_by: str) -> None:
        """Every input that a candidate in use looks at, with the bounds of the source's contract where it is one.

        Args:
            asks_by: key, values or either.
        """
        self.entity, self.asks_by = plan.need.entity, asks_by
        self.known = {one.name: one for one in _inputs(plan, answerers)} if asks_by != "key" else {}
        self._numbers = [(one.name, one.least, one.most) for one in self.known.values() if not one.text]
        self._texts = [one for one in self.known.values() if one.text]
        self._required = frozenset(name for name, one in self.known.items() if not one.gaps)
        self._names = frozenset({self.entity, *self.known})

    def read(self, asked: Any) -> tuple[str, dict[str, Value] | None]:
        """The entity of a question, and the inputs given with it; None where the entity only is named.

        Raises:
            UserError: every field that is not as agreed, each named.
        """
        if type(asked) is not dict:
            raise UserError(self._mistake("body", f"Expected an object, got a {_kind(asked)}."))
        entity = asked.get(self.entity)
        if type(entity) is not str or not 0 < len(entity) <= MOST_LETTERS:
            entity = self._entity(entity)
        if len(asked) == 1 and self.asks_by != "values":
            return entity, None
        if len(asked) == 1 and self.known and not self._required:
            raise UserError(self._mistake("body", "No input is given, only the entity; null says that one is missing."))
        for name, least, most in self._numbers:
            value = asked.get(name)
            if type(value) is float and least <= value <= most:
                continue
            if type(value) is int and least <= value <= most:
                asked[name] = float(value)
                continue
            return entity, self._looked_at(asked)
        if len(asked) != len(self._numbers) + 1 or self._texts:
            return entity, self._looked_at(asked)
        return entity, asked

    def _entity(self, value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str) and value:
            raise UserError(self._mistake(self.entity, f"{self.entity} has more than {MOST_LETTERS} letters."))
        found = "is missing" if value is None else "is empty" if value == "" else f"is a {_kind(value)}, not a text"
        raise UserError(self._mistake(self.entity, f"{self.entity} {found}."))

    def _looked_at(self, asked: dict[str, Any]) -> dict[str, Value]:
        """The inputs, each looked at closely."""
        unknown = sorted(str(name) for name in asked if name not in self._names)
        mistakes = [self._mistake(name, f"{name} is no input.") for name in unknown[:_SHOWN]]
        missing = sorted(self._required - asked.keys())
        mistakes += [self._mistake(name, f"{name} is missing.") for name in missing]
        for name, value in asked.items():
            wrong = self.known[name].wrong(value) if name in self.known else ""
            if wrong and name not in missing:
                mistakes.append(self._mistake(name, f"{name} {wrong}."))
        if mistakes:
            raise UserError(*mistakes)
        values: dict[str, Value] = {name: asked.get(name) for name in self.known}
        return {name: float(value) if isinstance(value, int) else value for name, value in values.items()}

    def without_wrong(self, asked: Any) -> dict[str, Value]:
        """The inputs of a question that are as agreed, None for the others: what a simple rule may still look at."""
        given = asked if isinstance(asked, dict) else {}
        found: dict[str, Value] = {}
        for name, one in self.known.items():
            value = given.get(name)
            good = not one.wrong(value)
            found[name] = float(value) if good and isinstance(value, int) else value if good else None
        return found

    def _mistake(self, field: str, found: str) -> Mistake:
        shown = ", ".join([self.entity, *sorted(self.known)][:12])
        fix = f'Send {{"{self.entity}": "…"}}.' if not self.known else f"The fields are {shown}; see /openapi.json."
        return Mistake("serve.input", field, found, "Nobody can say what the answer would rest on.", fix)

    def schema(self) -> dict[str, Any]:
        """The JSON schema of a question."""
        properties: dict[str, Any] = {self.entity: {"type": "string", "minLength": 1, "maxLength": MOST_LETTERS}}
        for name, one in self.known.items():
            properties[name] = _schema(one)
        required = [self.entity, *(sorted(self._required) if self.asks_by == "values" else [])]
        whole: dict[str, Any] = {"type": "object", "required": required, "properties": properties}
        least = {"minProperties": 2} if self.asks_by == "values" and self.known else {}
        return {**whole, **least, "additionalProperties": False}


def _inputs(plan: Plan, answerers: Mapping[str, Answerer]) -> list[Input]:
    declared = plan.data.features
    columns = plan.sources[declared.source].contract.columns if declared else {}
    kinds: dict[str, str] = {}
    for one in answerers.values():
        kinds |= {name: one.profile["features"][name]["kind"] for name in one.made.features}
    return [_input(name, kind == "text", columns.get(name)) for name, kind in kinds.items()]


def _input(name: str, text: bool, column: Column | None) -> Input:
    if column is None:
        return Input(name, text)
    return Input(
        name,
        text,
        -_LARGEST if column.min is None else column.min,
        _LARGEST if column.max is None else column.max,
        frozenset(column.one_of) if column.one_of and text else None,
        re.compile(column.pattern) if column.pattern and text else None,
        not column.required,
    )


def _schema(one: Input) -> dict[str, Any]:
    found: dict[str, Any] = {"type": ["string" if one.text else "number", *(["null"] if one.gaps else [])]}
    if one.least != -_LARGEST:
        found["minimum"] = one.least
    if one.most != _LARGEST:
        found["maximum"] = one.most
    if one.allowed is not None:
        found["enum"] = [*sorted(one.allowed), *([None] if one.gaps else [])]
    if one.pattern is not None:
        found["pattern"] = f"^(?:{one.pattern.pattern})$"
    return found


def _kind(value: Any) -> str:
    names: dict[type, str] = {
        dict: "object",
        list: "list",
        str: "text",
        bool: "flag",
        int: "number",
        float: "number",
        type(None): "null",
    }
    return names.get(type(value), type(value).__name__)


def _bound(value: float) -> str:
    return "any" if abs(value) == _LARGEST else f"{value:g}"
