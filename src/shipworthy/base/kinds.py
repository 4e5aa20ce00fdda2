"""Open folders: a new kind of thing is one new file with one typed constant, listed without importing."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import TypeVar

from shipworthy.base.errors import not_found

T = TypeVar("T")
_HERE = Path(__file__).parent.parent


@cache
def kinds(folder: str) -> tuple[str, ...]:
    """The names of the members of an open folder such as ``prove/checks``, sorted; nothing is imported.

    >>> "csv" in kinds("data/sources")
    True
    """
    return tuple(sorted(file.stem for file in (_HERE / folder).glob("*.py") if not file.stem.startswith("_")))


def kind(folder: str, name: str, of: type[T]) -> T:
    """The typed constant of one member of an open folder.

    The constant is the module's only public value of that type.

    Raises:
        NotFound: there is no such member; the message lists those there are.
        TypeError: the file does not hold exactly one such constant.
    """
    if name not in kinds(folder):
        raise not_found(f"kind in {folder}", name, list(kinds(folder)), code="kinds.unknown")
    module = importlib.import_module(f"shipworthy.{folder.replace('/', '.')}.{name.replace('-', '_')}")
    found = [value for key, value in vars(module).items() if key.isupper() and isinstance(value, of)]
    if len(found) != 1:
        raise TypeError(f"{folder}/{name}.py must hold exactly one constant of type {of.__name__}, not {len(found)}")
    return found[0]
