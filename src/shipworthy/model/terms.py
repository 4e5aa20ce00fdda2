"""What a candidate needs of the plan it was made under, kept with it for good."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from shipworthy.base.digest import canonical
from shipworthy.plan.schema import Data, Model, Need, Source


class Declared(Protocol):
    """The sections that features, labels and training read: a whole plan has them, and so have the terms."""

    @property
    def product(self) -> str: ...
    @property
    def need(self) -> Need: ...
    @property
    def sources(self) -> Mapping[str, Source]: ...
    @property
    def data(self) -> Data: ...
    @property
    def model(self) -> Model: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """The sections of the plan that a candidate was made under.

    A released candidate keeps answering by its own terms after the plan has moved on, so that what answers is
    exactly what was signed.
    """

    product: str
    need: Need
    sources: Mapping[str, Source]
    data: Data
    model: Model


def terms_of(plan: Declared) -> Terms:
    """The terms in a plan."""
    return Terms(plan.product, plan.need, dict(plan.sources), plan.data, plan.model)


def written(terms: Terms) -> bytes:
    """The terms as they are stored."""
    sections = {"need": terms.need, "data": terms.data, "model": terms.model}
    values = {name: section.model_dump(mode="json", exclude_none=True) for name, section in sections.items()}
    sources = {name: source.model_dump(mode="json", exclude_none=True) for name, source in terms.sources.items()}
    return canonical({"product": terms.product, "sources": sources, **values})


def read_terms(content: bytes) -> Terms:
    """The terms that some bytes hold."""
    values = json.loads(content)
    return Terms(
        product=values["product"],
        need=Need.model_validate(values["need"]),
        sources={name: Source.model_validate(source) for name, source in values["sources"].items()},
        data=Data.model_validate(values["data"]),
        model=Model.model_validate(values["model"]),
    )
