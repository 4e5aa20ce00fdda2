"""What the explanation of a code says: never the message once more, but what stands behind it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explained:
    """The explanation of one code of a mistake.

    Attributes:
        means: what has happened.
        why: why it is stopped or said, and is not passed over.
        do: what the reader can do, the likeliest first.
    """

    means: str
    why: str
    do: str

    def __str__(self) -> str:
        return f"{self.means}\n\nWhy: {self.why}\n\nWhat to do: {self.do}"
