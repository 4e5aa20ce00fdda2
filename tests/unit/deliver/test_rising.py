"""Whether names that go out stand once each: seen from their order where they rise, counted where they do not."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipworthy.data.engine import engine
from shipworthy.deliver.passing import _repeated, _Rising

NAMES = st.lists(st.text(alphabet="01a", max_size=3), max_size=12)


def rising(pieces: list[list[str]]) -> bool:
    seen = _Rising()
    for piece in pieces:
        seen.note(pa.chunked_array([pa.array(piece, pa.string())]))
    return seen.holds


@given(st.lists(NAMES, max_size=4))
def test_names_that_rise_stand_once_each_however_they_are_cut(pieces: list[list[str]]) -> None:
    together = [name for piece in pieces for name in piece]
    keys = [(len(name.encode()), name.encode()) for name in together]
    assert rising(pieces) == all(before < after for before, after in pairwise(keys))
    if rising(pieces):
        assert len(set(together)) == len(together)


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_names_behind_the_same_name_are_counted(pieces: list[list[str]]) -> None:
    together = [name for piece in pieces for name in piece]
    columns = [pa.chunked_array([pa.array(piece, pa.string())]) for piece in pieces]
    with engine() as duck:
        assert _repeated(duck, lambda: iter(columns)) == len(together) - len(set(together))


@pytest.mark.parametrize(
    ("pieces", "holds"), [([["9", "10"], ["11"]], True), ([["9"], ["9"]], False), ([[], []], True)]
)
def test_numbers_rise_as_numbers(pieces: list[list[str]], holds: bool) -> None:
    assert rising(pieces) is holds
