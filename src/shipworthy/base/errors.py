"""What goes wrong, said so that the reader knows where, what, why and what to do next."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong with what somebody gave us.

    Attributes:
        code: dotted name that `shipworthy explain` knows, such as ``plan.time_to_act``.
        where: file with line and column, table, field or address.
        found: what is there, with its values.
        why: why it matters to the product; may be empty where it is plain.
        fix: the next step.
    """

    code: str
    where: str
    found: str
    why: str = ""
    fix: str = ""

    def __str__(self) -> str:
        lines = [f"{self.where}  {self.code}", *(f"  {text}" for text in (self.found, self.why) if text)]
        if self.fix:
            lines.append(f"  Fix: {self.fix}")
        return "\n".join(lines)


class UserError(Exception):
    """Something a person can put right; carries every mistake found, not only the first."""

    exit_code = 1

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class NotAllowed(UserError):
    """The caller is nobody we know, or may not do this."""


class NotFound(UserError):
    """The thing that was named does not exist here."""


class GateShut(UserError):
    """A step was refused because a check, review or sign-off is missing, void or failed."""


class Tampered(UserError):
    """Content does not match the digest, chain or signature it must match."""


class Bug(Exception):
    """Something that is our fault, or that of code we were given to run: the reader can only report it.

    Attributes:
        found: what went wrong, in one line.
        trace: the traceback as text, also when it comes from another process; may be empty.
    """

    exit_code = 3

    def __init__(self, found: str, trace: str = "") -> None:
        super().__init__(f"{found}\n\n{trace}".rstrip())
        self.found = found
        self.trace = trace


def not_allowed(found: str, fix: str, where: str = "identity", code: str = "app.not_allowed") -> NotAllowed:
    return NotAllowed(Mistake(code, where, found, fix=fix))


def not_found(what: str, name: str, known: list[str], fix: str = "", code: str = "app.not_found") -> NotFound:
    """The error for an unknown name, listing the known ones."""
    listed = ", ".join(sorted(known)) or "none yet"
    return NotFound(Mistake(code, what, f"There is no {what} {name!r}. Known: {listed}.", fix=fix))
