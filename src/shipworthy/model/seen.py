"""Which rare texts a column ever held, in so few bits that none can be read out of them: a Bloom filter.

Whoever has the bits can only try a guess, and one in a thousand wrong guesses seems right; so it may be kept of columns
about people too. A text that was seen is always known; one in a thousand new texts passes for a known one.

Source: Bloom, Space/time trade-offs in hash coding with allowable errors, 1970.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

MOST = 20_000
"""Texts of one column; of one with more, nothing is kept, and rare and new ones are not told apart."""

_BITS, _HASHES = 16, 6  # bits for each text, and how many of them it sets: wrong for (1 - exp(-6/16))^6 = 0.0009
_LEAST = 64  # texts for which there is room at least


@dataclass(frozen=True, slots=True)
class Seen:
    """The texts that were seen.

    >>> seen = Seen.of(["kiosk", "fax"])
    >>> "fax" in seen, "telex" in seen
    (True, False)
    """

    bits: bytes

    @classmethod
    def of(cls, texts: Collection[str]) -> Seen | None:
        """Remember some texts; None where there are more than are kept."""
        if len(texts) > MOST:
            return None
        bits = bytearray(max(_LEAST, len(texts)) * _BITS // 8)
        for text in texts:
            for place in _places(text, len(bits) * 8):
                bits[place // 8] |= 1 << place % 8
        return cls(bytes(bits))

    @classmethod
    def read(cls, kept: str | None) -> Seen | None:
        """As a profile keeps it."""
        return None if kept is None else cls(base64.b64decode(kept))

    def __contains__(self, text: str) -> bool:
        return all(self.bits[place // 8] >> place % 8 & 1 for place in _places(text, len(self.bits) * 8))

    @property
    def kept(self) -> str:
        """For a profile."""
        return base64.b64encode(self.bits).decode()


def _places(text: str, size: int) -> Iterable[int]:
    found = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    first, step = int.from_bytes(found[:8], "big"), int.from_bytes(found[8:], "big") | 1
    return ((first + number * step) % size for number in range(_HASHES))
