"""Tensors of the Open Inference Protocol: read from JSON or bytes, turned into questions, and made from answers."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shipworthy.base.errors import Mistake, UserError

_NUMBERS = {
    **{f"INT{bits}": np.dtype(f"<i{bits // 8}") for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": np.dtype(f"<u{bits // 8}") for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": np.dtype(f"<f{bits // 8}") for bits in (16, 32, 64)},
    "BOOL": np.dtype("?"),
}
DATATYPES = ("BYTES", *_NUMBERS)
_LENGTH = struct.Struct("<I")
_FIX = "See the inputs in the model's metadata; each is one tensor of shape [n] or [n, 1]."


@dataclass(frozen=True, slots=True)
class Tensor:
    """One named column of values, a row per question; texts as `str`, numbers as Python numbers.

    Attributes:
        width: so many values a row, one after the other; 0 for one value.
    """

    name: str
    datatype: str
    values: list[Any]
    width: int = 0

    @property
    def shape(self) -> list[int]:
        """As the protocol wants it."""
        return [len(self.values) // self.width, self.width] if self.width else [len(self.values)]


def unlike(where: str, found: str, fix: str = _FIX) -> UserError:
    """A request that is not as the protocol has it."""
    return UserError(Mistake("serve.input", where, found, "Nobody can say what the answer would rest on.", fix))


def from_values(name: str, datatype: str, shape: Sequence[int], values: Sequence[Any]) -> Tensor:
    """A tensor from its values, in the order of its rows.

    Raises:
        UserError: the shape is none of a column, or the values do not fit shape or datatype.

    >>> from_values("age", "INT64", [2, 1], [41, 7]).values
    [41, 7]
    """
    _known(name, datatype, shape)
    flat = [one[0] if isinstance(one, list) and len(one) == 1 and len(shape) == 2 else one for one in values]
    if len(flat) != shape[0]:
        raise unlike(name, f"{name} has {len(flat)} values, its shape says {shape[0]}.")
    fits = _FITS.get(datatype[:2], _is_whole)
    for place, value in enumerate(flat):
        if value is not None and not fits(value):
            raise unlike(name, f"Value {place} of {name} is no {datatype}.")
    return Tensor(name, datatype, [_plain(one) for one in flat])


def from_bytes(name: str, datatype: str, shape: Sequence[int], raw: bytes) -> Tensor:
    r"""A tensor from its bytes: numbers little-endian one after the other, texts each after its length in 4 bytes.

    Raises:
        UserError: the shape is none of a column, or the bytes do not fit shape or datatype.

    >>> from_bytes("name", "BYTES", [2], b"\x01\0\0\0a\x02\0\0\0bc").values
    ['a', 'bc']
    """
    _known(name, datatype, shape)
    if datatype == "BYTES":
        values: list[Any] = _texts(name, raw, shape[0])
    else:
        kind = _NUMBERS[datatype]
        if len(raw) != kind.itemsize * shape[0]:
            raise unlike(name, f"{name} has {len(raw)} bytes; {shape[0]} times {datatype} are {kind.itemsize} each.")
        values = np.frombuffer(raw, kind).tolist()
    if len(values) != shape[0]:
        raise unlike(name, f"{name} has {len(values)} values, its shape says {shape[0]}.")
    return Tensor(name, datatype, [_plain(one) for one in values])


def to_bytes(tensor: Tensor) -> bytes:
    r"""The values as bytes; a number that is missing is not a number.

    >>> to_bytes(Tensor("name", "BYTES", ["a"]))
    b'\x01\x00\x00\x00a'
    """
    if tensor.datatype == "BYTES":
        texts = [one.encode() for one in tensor.values]
        return b"".join([part for text in texts for part in (_LENGTH.pack(len(text)), text)])
    return np.array(tensor.values, dtype=_NUMBERS[tensor.datatype]).tobytes()


def questions(tensors: Sequence[Tensor], entity: str, most: int) -> list[dict[str, Any]]:
    """A question per row, as fields by name.

    Args:
        entity: the tensor that says whom a row is about.
        most: how many may be asked at once.

    Raises:
        UserError: a tensor is there twice, the entity is not there, or they differ in length.

    >>> questions([Tensor("id", "BYTES", ["a", "b"]), Tensor("age", "INT64", [1, 2])], "id", 10)
    [{'id': 'a', 'age': 1}, {'id': 'b', 'age': 2}]
    """
    columns: Mapping[str, list[Any]] = {one.name: one.values for one in tensors}
    if len(columns) != len(tensors):
        raise unlike("inputs", "A tensor is there twice.")
    if entity not in columns:
        raise unlike(entity, f"{entity} is missing: whom each row is about.")
    rows = len(columns[entity])
    uneven = sorted(name for name, values in columns.items() if len(values) != rows)
    if uneven:
        raise unlike(uneven[0], f"{uneven[0]} has {len(columns[uneven[0]])} rows, {entity} has {rows}.")
    few(rows, most)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def few(rows: int, most: int) -> None:
    """Whether so many questions may be asked at once.

    Raises:
        UserError: none or too many.
    """
    if not 0 < rows <= most:
        fix = f"Send 1 to {most} rows; whole lists are made by `shipworthy score`."
        raise unlike("inputs", f"The request has {rows} rows.", fix)


def _known(name: str, datatype: str, shape: Sequence[int]) -> None:
    if datatype not in DATATYPES:
        raise unlike(name, f"The datatype of {name} is none of {', '.join(DATATYPES)}.")
    column = len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)
    if not column or any(not _is_whole(length) or length < 0 for length in shape):
        raise unlike(name, f"{name} has shape {list(shape)[:4]}, not [n] or [n, 1].")


def _texts(name: str, raw: bytes, rows: int) -> list[str]:
    found: list[str] = []
    at = 0
    try:
        while at < len(raw) and len(found) <= rows:
            begin = at + _LENGTH.size
            at = begin + _LENGTH.unpack_from(raw, at)[0]
            if at > len(raw):
                raise unlike(name, f"A text of {name} is longer than what came.")
            found.append(raw[begin:at].decode())
    except (struct.error, UnicodeDecodeError):
        raise unlike(name, f"The texts of {name} are not each a length in 4 bytes and UTF-8.") from None
    return found


def _plain(value: Any) -> Any:
    # A flag is the number 0 or 1 to a model; a text in bytes is a text.
    return int(value) if isinstance(value, bool) else value


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_FITS: dict[str, Callable[[Any], bool]] = {
    "BY": lambda value: isinstance(value, str),
    "FP": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "BO": lambda value: isinstance(value, bool),
}
