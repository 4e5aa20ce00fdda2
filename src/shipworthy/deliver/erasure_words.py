"""What can be asked about the erasure of one person from what was answered and brought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from shipworthy.base.fact import Command, Question


@dataclass(frozen=True, slots=True)
class ErasureOutcome:
    """What an erasure did.

    Attributes:
        person: keyed hash of the entity's name.
        certificate: digest of the evidence.
        rows: rows erased, by what held them; none where a repeated erasure found nothing.
        rewritten: stored files that were replaced.
        outside: what is out of reach, and who must act.
    """

    person: str
    certificate: str
    rows: dict[str, int]
    rewritten: int
    outside: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseMarked(Command[ErasureOutcome]):
    """Erase the rows of one person, who is named by the keyed hash alone, so that no record of this holds the name.

    Doors give ErasePerson, which turns the name into its hash.
    """

    right: ClassVar[str] = "erase"
    durable: ClassVar[bool] = True
    person: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadmitMarked(Command[str]):
    """Let a person in again who was erased, named by the keyed hash alone; gives the hash.

    What was erased does not come back; from now on their rows are accepted. Doors give ReadmitPerson.
    """

    right: ClassVar[str] = "erase"
    person: str
    reason: str


@dataclass(frozen=True, slots=True)
class ErasedCard:
    """One erasure for people to read.

    Attributes:
        state: ordered, where it has not come to its end; erased; readmitted, where the person may come in again.
        rows: rows erased, by what held them.
        outside: how many things were out of reach; the certificate names them.
    """

    person: str
    at: str
    by: str
    reason: str
    state: str
    rows: dict[str, int]
    rewritten: int
    outside: int
    certificate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased(Question[list[ErasedCard]]):
    """Whose data was erased, by keyed hash: when, by whom, how many rows of what, the certificate; oldest first."""
