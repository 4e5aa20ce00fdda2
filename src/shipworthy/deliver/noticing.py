"""What is said beside an answer that does not come from the model as released. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from shipworthy.base.errors import UserError
from shipworthy.release.rules import said_instead


@dataclass(frozen=True, slots=True)
class Why:
    """Why another answers than was meant to: as the caller is told, and as the log keeps it, without any value."""

    told: str
    kept: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What stands beside an answer that does not come from the model as released.

    Attributes:
        told: what the caller reads; kept: what the log has of it, without any value of the question.
        stood_in: whether somebody else answered than was meant to.
    """

    told: str = ""
    kept: str = ""
    stood_in: bool = False


SILENT = Notice()
"""The model answers as released."""


def in_place(why: str) -> Notice:
    """The baseline is who is released now, but in place of a model that was fallen back from or taken back."""
    text = said_instead(why)
    return Notice(text, text)


def not_now(champion: str, why: str) -> Notice:
    """The model may not answer for now, and the baseline did."""
    text = f"The model {champion[:12]} may not answer now ({why}); the simple baseline rule did."
    return Notice(text, text, stood_in=True)


def all_the_same(found: str, said: Notice) -> Notice:
    """The baseline is who is released, and answered although something is not as it should be."""
    text = f"{said.told} {found} The simple baseline rule answered all the same.".strip()
    return Notice(text, text)


def stands_in(champion: str, why: Why) -> Notice:
    """The model could not answer, and the baseline did."""
    return not_able("The model", champion, why, "the simple baseline rule did")


def not_able(role: str, name: str, why: Why, did: str) -> Notice:
    """Somebody could not answer, and another did."""
    told, kept = (f"{role} {name[:12]} could not answer ({one}); {did}." for one in (why.told, why.kept))
    return Notice(told, kept, stood_in=True)


def not_as_agreed(error: Exception) -> Notice:
    """The question is not as agreed, and the baseline answered what is left of it."""
    why, then = reason(error), "The simple baseline rule answered."
    told, kept = (f"The question was not as agreed ({one}) {then}" for one in (why.told, why.kept))
    return Notice(told, kept, stood_in=True)


def reason(error: Exception) -> Why:
    """Why somebody could not answer; for the log by its code, and the field where it is one."""
    if not isinstance(error, UserError):
        return Why(f"{type(error).__name__}: {error}", type(error).__name__)
    mistake = error.mistakes[0]
    field = f" {mistake.where}" if mistake.code == "serve.input" else ""
    return Why(mistake.found, f"{mistake.code}{field}")
