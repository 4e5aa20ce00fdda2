"""What a starter leaves to be filled in, such as `question: <the question in one plain sentence>`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from shipworthy.plan.document import path_text
from shipworthy.plan.raw import Ground, Rule
from shipworthy.plan.slip import Slip

CODE = "plan.fill_in"
_BLANK = re.compile(r"\s*<[^<>]+>\s*")


def to_fill_in(ground: Ground) -> Iterator[Slip]:
    """Every value and name that still stands in angle brackets."""
    for path, text in _blanks((), ground.values):
        place = path_text(path)
        found = f"{place} is still to be filled in: {text.strip()[:100]}."
        yield Slip(place, CODE, found, fix="Write your own in its place, without the angle brackets.")


def without_echoes(slips: Sequence[Slip]) -> list[Slip]:
    """The slips without what is said a second time of a value that is still to be filled in."""
    blank = {slip.path for slip in slips if slip.code == CODE}
    return [slip for slip in slips if slip.code == CODE or not any(_within(slip.path, path) for path in blank)]


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def _blanks(path: tuple[str | int, ...], value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str) and _BLANK.fullmatch(value):
        yield path, value
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _blanks((*path, number), item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if _BLANK.fullmatch(name):
                yield (*path, name), name
            else:
                yield from _blanks((*path, name), item)


RULES: tuple[Rule, ...] = (to_fill_in,)
