"""product.yaml to a plan: every mistake of the file at once, each with its line, reason and remedy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from pydantic import ValidationError

from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.kinds import kinds
from shipworthy.plan import addresses, blanks, classes, contracts, references, structure
from shipworthy.plan.document import START, Broken, Document, Place, read_document, shown
from shipworthy.plan.raw import Ground, Rule, Values
from shipworthy.plan.schema import Plan
from shipworthy.plan.slip import Slip
from shipworthy.plan.translation import slip_of

RULES: tuple[Rule, ...] = (
    *blanks.RULES,
    *structure.RULES,
    *classes.RULES,
    *contracts.RULES,
    *references.RULES,
    *addresses.RULES,
)
MOST_MISTAKES = 100
Members = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Marks:
    """Where each key and list item of a file stands.

    Attributes:
        file: the file's name.
        places: line and column by path, both from 1.
    """

    file: str
    places: dict[str, Place] = field(default_factory=dict)

    def place(self, path: str) -> Place:
        """Line and column of a path; of the nearest one above it that the file has, where it has not the path."""
        while path and path not in self.places:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.places.get(path, START)

    def at(self, path: str) -> str:
        """Where a path stands, as messages name it.

        >>> Marks("product.yaml", {"need": (3, 1)}).at("need.horizon")
        'product.yaml:3:1'
        """
        line, column = self.place(path)
        return f"{self.file}:{line}:{column}"


def read_plan(text: str | bytes, file: str = "product.yaml", members: Members = kinds) -> Plan:
    """The plan that a product.yaml declares.

    Nothing in the text is executed, and reading takes bounded time, whatever the text.

    Args:
        text: the file's content.
        file: its name, for messages.
        members: the members of an open folder such as ``data/sources``.

    Raises:
        UserError: the file is broken; it carries every mistake found, in the order of the lines.
    """
    try:
        document = read_document(text)
    except Broken as broken:
        raise UserError(_mistake_of(broken, file)) from None
    marks_here = Marks(file, document.places)
    if not isinstance(document.values, dict):
        found = f"The file holds {shown(document.values)} in place of keys and values."
        slip = Slip(
            "", "plan.not_a_mapping", found, fix="Begin with `product: NAME`; see the reference of product.yaml."
        )
        raise UserError(_mistake(slip, marks_here))
    plan, slips = _checked(document.values, members)
    mistakes = _repeated(document, file) + [(marks_here.place(slip.path), _mistake(slip, marks_here)) for slip in slips]
    if plan is None or mistakes:
        raise UserError(*_sorted(mistakes, file))
    return plan


def marks(text: str | bytes, file: str = "product.yaml") -> Marks:
    """Where everything stands in a text; a text that cannot be read has no places but its start."""
    try:
        return Marks(file, read_document(text).places)
    except Broken:
        return Marks(file)


def _checked(values: Values, members: Members) -> tuple[Plan | None, list[Slip]]:
    slips: list[Slip] = []
    plan = None
    try:
        plan = Plan.model_validate(values)
    except ValidationError as error:
        slips += [slip_of(details) for details in error.errors(include_url=False)[: MOST_MISTAKES + 1]]
    ground = Ground(values, members)
    # Rules look for near names, which takes time: a file that is wrong throughout is not searched to its end.
    slips += islice((slip for rule in RULES for slip in rule(ground)), MOST_MISTAKES + 1)
    return plan, blanks.without_echoes(slips)


def _mistake(slip: Slip, marks_here: Marks) -> Mistake:
    return Mistake(slip.code, marks_here.at(slip.path), slip.found, slip.why, slip.fix)


def _mistake_of(broken: Broken, file: str) -> Mistake:
    line, column = broken.place
    why = "Until this is put right, nothing below it can be read."
    return Mistake(broken.code, f"{file}:{line}:{column}", broken.found, why, broken.fix)


def _repeated(document: Document, file: str) -> list[tuple[Place, Mistake]]:
    found = []
    for repeated in document.repeated[:MOST_MISTAKES]:
        line, column = repeated.again
        text = f"The key {shown(repeated.key)} stands here again; it stands in line {repeated.first[0]} already."
        why, fix = "One of the two would be lost without a word.", "Keep one of them."
        found.append((repeated.again, Mistake("plan.duplicate_key", f"{file}:{line}:{column}", text, why, fix)))
    return found


def _sorted(mistakes: list[tuple[Place, Mistake]], file: str) -> list[Mistake]:
    ordered = list(dict.fromkeys(mistake for _, mistake in sorted(mistakes, key=lambda pair: pair[0])))
    if len(ordered) <= MOST_MISTAKES:
        return ordered
    found = f"There are more mistakes than the first {MOST_MISTAKES}."
    return [*ordered[:MOST_MISTAKES], Mistake("plan.too_many_mistakes", file, found, fix="Put these right first.")]
