"""Every operation there is, found in the words of the stages: nothing is registered by hand."""

from __future__ import annotations

import importlib
import re
from dataclasses import is_dataclass
from functools import cache
from typing import Any

from shipworthy.base.errors import not_found
from shipworthy.base.fact import Command, Question, What

STAGES = ("plan", "data", "model", "prove", "sign", "release", "deliver", "watch", "respond", "app")


@cache
def commands() -> dict[str, type[Command[Any]]]:
    """Every command by its name."""
    return _members(Command)


@cache
def questions() -> dict[str, type[Question[Any]]]:
    """Every question by its name."""
    return _members(Question)


@cache
def fact_kinds() -> dict[str, type[What]]:
    """Every kind of fact by its name."""
    return _members(What)


def command_named(name: str) -> type[Command[Any]]:
    """The command of that name.

    Raises:
        NotFound: there is none; the message lists those there are.
    """
    if name not in commands():
        raise not_found("command", name, list(commands()), code="app.unknown_command")
    return commands()[name]


def handler_name(operation: type) -> str:
    """What the function that answers an operation is called: `GiveSignOff` is `give_sign_off`.

    >>> handler_name(commands()["GiveSignOff"])
    'give_sign_off'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation.__name__).lower()


def stage_of(operation: type) -> str:
    """The stage whose words an operation is part of."""
    return operation.__module__.split(".")[1]


def _members(base: type[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for stage in STAGES:
        module = importlib.import_module(f"shipworthy.{stage}.words")
        for name, value in vars(module).items():
            if isinstance(value, type) and issubclass(value, base) and value is not base and is_dataclass(value):
                found[name] = value
    return found
