"""Work that goes on beside other work ends with it, and its errors are told."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from shipworthy.base.ahead import ahead


def test_an_error_comes_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("torn")

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(ValueError, match="torn"):
        next(found)


def test_whoever_stops_early_stops_the_making() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            yield number

    found = ahead(items())
    assert next(found) == 0
    found.close()  # type: ignore[attr-defined]  # a generator, which its type does not say
    assert len(made) < 10
    assert "ahead" not in {thread.name for thread in threading.enumerate()}
