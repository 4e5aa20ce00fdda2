"""What may stand where in product.yaml: walking the schema by path, for messages and for the reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo

from shipworthy.plan.fields import Section
from shipworthy.plan.schema import Plan


@dataclass(frozen=True)
class Spot:
    """One place in the plan.

    Attributes:
        type: what may stand there, without `| None`.
        field: the field's declaration, where the place is a field of a section.
    """

    type: Any
    field: FieldInfo | None = None

    @property
    def section(self) -> type[Section] | None:
        """The section that stands here, where one does."""
        return self.type if isinstance(self.type, type) and issubclass(self.type, Section) else None


def spot(path: Sequence[str | int]) -> Spot | None:
    """What may stand at a path; None where nothing may.

    >>> spot(("need", "horizon")).field.examples
    ['3mo']
    """
    here = Spot(Plan)
    for part in path:
        inner = _inside(here, part)
        if inner is None:
            return None
        here = inner
    return here


def known_keys(path: Sequence[str | int]) -> list[str]:
    """The keys that a section at a path has; none where keys are names that the team chooses."""
    here = spot(path)
    return list(here.section.model_fields) if here and here.section else []


def example_text(path: Sequence[str | int]) -> str:
    """An example of the value at a path in YAML, such as `horizon: 3mo`; empty where there is none."""
    here = spot(path)
    if here is None or here.field is None or not here.field.examples:
        return ""
    text = yaml.safe_dump({path[-1]: here.field.examples[0]}, default_flow_style=True, width=10_000, sort_keys=False)
    return text.strip()[1:-1]


def choices(type_: Any) -> list[str]:
    """The words of a choice, empty where it is none."""
    return [str(word) for word in get_args(type_)] if get_origin(type_) is Literal else []


def bare(type_: Any) -> Any:
    """A type without `| None` and without what `Annotated` adds."""
    if get_origin(type_) is Annotated:
        return bare(get_args(type_)[0])
    if get_origin(type_) in (Union, UnionType):
        others = [part for part in get_args(type_) if part is not NoneType]
        return bare(others[0]) if len(others) == 1 else type_
    return type_


def sections_of(section: type[Section]) -> Iterator[tuple[str, FieldInfo, type[Section]]]:
    """The fields of a section that hold sections: by name, declaration and type."""
    for name, field in section.model_fields.items():
        inner = bare(field.annotation)
        if get_origin(inner) in (list, dict):
            inner = bare(get_args(inner)[-1])
        if isinstance(inner, type) and issubclass(inner, Section):
            yield name, field, inner


def _inside(here: Spot, part: str | int) -> Spot | None:
    if here.section is not None:
        field = here.section.model_fields.get(str(part))
        return Spot(bare(field.annotation), field) if field else None
    origin, inner = get_origin(here.type), get_args(here.type)
    if origin is dict and isinstance(part, str):
        return Spot(bare(inner[1]))
    if origin in (list, tuple) and isinstance(part, int):
        return Spot(bare(inner[0]))
    return None
