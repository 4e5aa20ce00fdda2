"""The guide to connectors names every kind with the fields it needs, and its examples can be written into a plan."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from shipworthy.base.kinds import kind, kinds
from shipworthy.data.source import FOLDER, SourceKind
from shipworthy.deliver.sink import SinkKind
from shipworthy.plan.schema import Sink, Source

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "connectors.md").read_text()
SOURCES, SINKS = GUIDE.split("## Sources")[1].split("## Sinks")
EXAMPLES: list[dict[str, Any]] = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)]


def rows(text: str) -> dict[str, str]:
    """The lines of the first table, by kind."""
    return {found[1]: found[0] for found in re.finditer(r"^\| `(\w+)`[^|]*\|.*$", text, re.MULTILINE)}


@pytest.mark.parametrize("name", kinds(FOLDER))
def test_every_kind_of_source_is_there(name: str) -> None:
    line = rows(SOURCES)[name]
    assert all(f"`{field}`" in line for field in kind(FOLDER, name, SourceKind).needs)


@pytest.mark.parametrize("name", sorted(rows(SINKS)))
def test_every_kind_of_sink_has_what_it_needs_and_can_be_probed(name: str) -> None:
    member = kind("deliver/sinks", name, SinkKind)
    assert member.name == name
    assert member.says
    assert member.probe is not None
    assert all(f"`{field}`" in rows(SINKS)[name] for field in member.needs)


def test_the_examples_are_sources_and_sinks() -> None:
    found: list[Source | Sink] = [
        *(Source.model_validate(one) for part in EXAMPLES for one in part.get("sources", {}).values()),
        *(Sink.model_validate(one) for part in EXAMPLES for one in part.get("sinks", {}).values()),
    ]
    assert {one.kind for one in found} == {"excel", "delta", "http", "sql", "webhook", "email", "chat"}
    for one in found:
        folder: Any = (FOLDER, SourceKind) if isinstance(one, Source) else ("deliver/sinks", SinkKind)
        assert all(getattr(one, field) for field in kind(folder[0], one.kind, folder[1]).needs)
