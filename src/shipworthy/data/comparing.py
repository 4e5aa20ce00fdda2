"""Which rows may repeat others: found by the hashes of what is compared, of which eight bytes for each row are held."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shipworthy.data.engine import RESERVED, identifier
from shipworthy.data.judges import Layout

Hashes = npt.NDArray[np.uint64]


def compared(layout: Layout) -> list[str]:
    """SQL for the hash of what is compared: the whole row, unless a key that is always there says more; the key."""
    contract, found = layout.contract, []
    key = [identifier(name) for name in contract.key]
    named = bool(key) and all(layout.declared[name].required for name in contract.key)
    if contract.duplicates != "keep" and not named:
        everything = [*map(identifier, layout.declared), *(f"{RESERVED}{at}" for at in layout.others)]
        found.append(f"hash({', '.join(everything)})")
    if len(key) == 1 and _is_whole(layout, contract.key[0]):
        found.append(f"CAST({key[0]} AS BIGINT)")  # a whole number stands for itself
    elif key:
        there = " AND ".join(f"{name} IS NOT NULL" for name in key)
        found.append(f"CASE WHEN {there} THEN hash({', '.join(key)}) END")
    return found


def plain_key(layout: Layout) -> list[str] | None:
    """The columns whose values are compared as they stand, where no hash is compared beside; None otherwise."""
    key = layout.contract.key
    stands = len(compared(layout)) == len(key) <= 1 and all(_is_whole(layout, name) for name in key)
    return key if stands else None


def twice(hashes: Sequence[Hashes]) -> Hashes:
    """The hashes that stand more than once."""
    if not hashes:
        return np.zeros(0, np.uint64)
    together = np.concatenate(hashes)
    if (together[1:] > together[:-1]).all():  # most sources are in the order of their key
        return together[:0]
    together.sort()
    return np.unique(together[1:][together[1:] == together[:-1]])


def _is_whole(layout: Layout, name: str) -> bool:
    """Whether a column is there and holds whole numbers of at most 64 bits, also in the source."""
    types = (pa.int8(), pa.int16(), pa.int32(), pa.int64())
    return (
        name in layout.schema.names
        and layout.declared[name].type == "integer"
        and layout.schema.field(name).type in types
    )
