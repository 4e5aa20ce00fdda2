"""The plan that the tests of planning change in one place at a time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shipworthy.plan.reading import read_plan
from shipworthy.plan.reference_examples import WITH_PIPELINE, WITHOUT_CODE
from shipworthy.plan.schema import Plan

Change = tuple[str, str]


@pytest.fixture
def text() -> str:
    """A product.yaml with nothing to object to."""
    return WITH_PIPELINE


@pytest.fixture
def codeless_text() -> str:
    """Another one, without a pipeline."""
    return WITHOUT_CODE


@pytest.fixture
def changed(text: str) -> Callable[..., str]:
    """The text with some of its parts replaced; each must be there exactly once."""

    def change(*changes: Change, of: str = text) -> str:
        for old, new in changes:
            assert of.count(old) == 1, f"{old!r} stands {of.count(old)} times in the text"
            of = of.replace(old, new)
        return of

    return change


@pytest.fixture
def planned(changed: Callable[..., str], text: str) -> Callable[..., Plan]:
    """The plan of a changed text."""
    return lambda *changes, of=text: read_plan(changed(*changes, of=of))
