"""What a look has read already: a candidate, or the rows that hold the truth, serve each of its moments."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Opened:
    """What was read once, by name; gone with the look, so that nothing outlives what the store holds."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Any] = {}

    def once(self, name: Hashable, read: Callable[[], T]) -> T:
        """What is known under a name, read now if it is not."""
        if name not in self._found:
            self._found[name] = read()
        found: T = self._found[name]
        return found
