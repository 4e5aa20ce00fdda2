"""A mistake in a plan before its line is known, and the words that suggest a known name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import TypeGuard

_LONGEST_COMPARED = 80
_MOST_COMPARED = 150
_MOST_LISTED = 40


@dataclass(frozen=True, slots=True)
class Slip:
    """One mistake at a path of the plan; the fields are those of `base.errors.Mistake`."""

    path: str
    code: str
    found: str
    why: str = ""
    fix: str = ""


def unknown(path: str, code: str, what: str, name: str, known: Iterable[str], why: str = "", fix: str = "") -> Slip:
    """A name that must be one of the known ones and is not."""
    names = sorted(known)
    found = f"{path} names the {what} {name[:_LONGEST_COMPARED]!r}. Known: {listing(names)}."
    return Slip(path, code, found, why, suggestion(name, names) or fix)


def listing(names: Sequence[str]) -> str:
    """Names for a message; a long list is cut.

    >>> listing(["a", "b"]), listing([])
    ('a, b', 'none yet')
    """
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return (", ".join(names[:_MOST_LISTED]) or "none yet") + more


def suggestion(name: str, known: Iterable[str], most: int = _MOST_COMPARED) -> str:
    """`Did you mean …?` with the nearest of the first so many known names, empty where none is near."""
    nearest = get_close_matches(name[:_LONGEST_COMPARED], list(islice(known, most)), n=1, cutoff=0.6)
    return f"Did you mean {nearest[0]}?" if nearest else ""


def in_order(path: str, low: object, high: object, fix: str) -> Iterator[Slip]:
    """The mistake of two numbers of which the first should not be the larger one."""
    if _is_number(low) and _is_number(high) and low > high:
        yield Slip(path, "plan.range", f"{path} goes from {low} to {high}.", "No value can lie in it.", fix)


def pair_in_order(path: str, pair: Sequence[object]) -> Iterator[Slip]:
    """The same for a pair such as `[10, 80]`."""
    if len(pair) == 2:
        yield from in_order(path, pair[0], pair[1], f"Write [{pair[1]}, {pair[0]}].")


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
