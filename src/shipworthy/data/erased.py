"""People who were erased and do not come back: their rows are removed at the door, by a rule of that name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from shipworthy.base.fact import Past
from shipworthy.data.contract import ERASED
from shipworthy.data.engine import literal
from shipworthy.data.judges import Judge, Layout
from shipworthy.data.source import Broken
from shipworthy.data.words import ErasureOrdered, PersonReadmitted
from shipworthy.plan.schema import Plan

_WORD = re.compile(r"[^\s,;|\"\'\t{}\[\]:=]+")
_WHOLE = re.compile(r"\s*\+?0*(\d+)(\.0*)?\s*")
HIDDEN = "•••"
Mark = Callable[[str, str], str]


@dataclass(frozen=True)
class People:
    """Some people of a product, known by marks alone.

    Attributes:
        column: the entity's column, which names the person of a row.
        marks: keyed hashes of their names.
        mark: the keyed hash of a name.
        whole: whether names are whole numbers, so that 007 and 7 are one.
    """

    column: str
    marks: frozenset[str]
    mark: Callable[[str], str]
    whole: bool

    def knows(self, name: str) -> bool:
        """Whether a name is that of one of them, however it is spelled."""
        return bool(self.marks) and self.mark(spelled(name, self.whole)) in self.marks

    def mentioned(self, text: str) -> bool:
        """Whether a line that could not be laid out in columns names one of them, as a whole word."""
        return bool(self.marks) and any(self.knows(word) for word in {text, *_WORD.findall(text), *text.split(",")})


def spelled(name: str, whole: bool) -> str:
    """The one way to write a name.

    >>> spelled(" 007", True), spelled(" 007", False), spelled("7.0", True)
    ('7', '007', '7')
    """
    number = _WHOLE.fullmatch(name) if whole else None
    return number[1] if number else name.strip()


def is_whole(plan: Plan) -> bool:
    """Whether the entities of a plan are whole numbers in some source."""
    columns = [source.contract.columns.get(plan.need.entity) for source in plan.sources.values()]
    return any(column is not None and column.type == "integer" for column in columns)


def people(plan: Plan, mark: Mark, marks: frozenset[str]) -> People:
    """The people of a plan with these marks."""
    return People(plan.need.entity, marks, lambda name: mark(plan.product, name), is_whole(plan))


def erased_people(past: Past, plan: Plan, mark: Mark) -> People:
    """Everybody whose erasure was ordered, and who was not readmitted since.

    Args:
        mark: the keyed hash of a name, for a product.
    """
    return people(plan, mark, shut_out(past))


def shut_out(past: Past) -> frozenset[str]:
    """The marks of those whose rows are removed at the door."""
    last = {fact.what.person: fact.what for fact in past.of(ErasureOrdered, PersonReadmitted)}
    return frozenset(person for person, what in last.items() if isinstance(what, ErasureOrdered))


def names_in(duck: duckdb.DuckDBPyConnection, numbered: pa.Table, layout: Layout, erased: People | None) -> list[str]:
    """The names of the erased that stand in some rows, each as it is spelled there."""
    if erased is None or not erased.marks or erased.column not in layout.schema.names:
        return []
    duck.register("people", numbered)
    named = duck.sql(f"SELECT DISTINCT {spelling(layout, erased)} FROM people").fetchall()
    return [name for (name,) in named if name is not None and erased.knows(name)]


def spelling(layout: Layout, erased: People) -> str:
    """SQL for the name of a row, as it is spelled there."""
    return f"CAST({layout.raw(erased.column)} AS VARCHAR)"


def removing(duck: duckdb.DuckDBPyConnection, numbered: pa.Table, layout: Layout, erased: People | None) -> list[Judge]:
    """The judge that removes the rows of the erased; none where none is among them."""
    gone = [literal(name) for name in names_in(duck, numbered, layout, erased)]
    if not gone or erased is None:
        return []
    return [Judge("remove", ERASED, f"{spelling(layout, erased)} IN ({', '.join(gone)})")]


def without_lines(broken: tuple[Broken, ...], erased: People | None) -> tuple[Broken, ...]:
    """Lines that could not be laid out, of which those that name an erased person are hidden; they still count."""
    if erased is None or not erased.marks:
        return broken
    return tuple(replace(one, text=HIDDEN) if erased.mentioned(one.text) else one for one in broken)
