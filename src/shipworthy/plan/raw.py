"""Looking into values that may be of the wrong type: what is not as expected is simply not there.

The rules on how keys hang together run beside the schema, so that all mistakes of a file come at once;
they therefore see values that the schema refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from shipworthy.plan.slip import Slip

Values = dict[str, Any]


@dataclass(frozen=True)
class Ground:
    """What the rules look at.

    Attributes:
        values: the values of the file.
        members: the members of an open folder such as ``data/sources``.
    """

    values: Values
    members: Callable[[str], Sequence[str]]


Rule = Callable[[Ground], Iterator[Slip]]


def part(values: Values, *keys: str) -> Values:
    """The mapping at some keys, empty where there is none.

    >>> part({"a": {"b": {"c": 1}}}, "a", "b"), part({"a": 1}, "a")
    ({'c': 1}, {})
    """
    here: Any = values
    for key in keys:
        here = here.get(key) if isinstance(here, dict) else None
    return here if isinstance(here, dict) else {}


def named(values: Values, *keys: str) -> list[tuple[str, Values]]:
    """The mappings by name that stand at some keys."""
    return [(name, inner) for name, inner in part(values, *keys).items() if isinstance(inner, dict)]


def listed(values: Values, key: str) -> list[tuple[int, Values]]:
    """The mappings in a list, with their numbers."""
    return [(number, item) for number, item in enumerate(items(values, key)) if isinstance(item, dict)]


def items(values: Values, key: str) -> list[Any]:
    """The list at a key, empty where there is none."""
    found = values.get(key)
    return found if isinstance(found, list) else []


def words(values: Values, key: str) -> list[tuple[int, str]]:
    """The texts in a list, with their numbers."""
    return [(number, item) for number, item in enumerate(items(values, key)) if isinstance(item, str)]


def word(values: Values, key: str) -> str:
    """The text at a key, empty where there is none."""
    found = values.get(key)
    return found if isinstance(found, str) else ""


def contract_columns(values: Values, source: str) -> Values:
    """The columns that a source's contract declares."""
    return part(values, "sources", source, "contract", "columns")
