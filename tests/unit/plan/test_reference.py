"""The published schema and the reference page say what the plan reader accepts, and are not stale."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from shipworthy.plan.check import fit
from shipworthy.plan.document import read_document
from shipworthy.plan.json_schema import DRAFT, product_schema
from shipworthy.plan.reading import marks, read_plan
from shipworthy.plan.reference import product_reference
from shipworthy.plan.schema import Plan, Section
from shipworthy.plan.shape import example_text, known_keys, sections_of, spot

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "product-yaml.md"
EDITOR = jsonschema_rs.validator_for(product_schema())


def as_an_editor_sees(text: str) -> Any:
    return json.loads(json.dumps(read_document(text).values, default=date.isoformat))


def examples_on_the_page() -> list[str]:
    return [
        block
        for block in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        if "\n" in block.strip()
    ]


def all_sections(section: type[Section] = Plan) -> Iterator[type[Section]]:
    yield section
    for _, _, inner in sections_of(section):
        yield from all_sections(inner)


def test_the_page_is_not_stale() -> None:
    fresh = product_reference()
    assert PAGE.read_text(encoding="utf-8") == fresh, (
        "Write it anew: python -m shipworthy.plan.reference > docs/reference/product-yaml.md"
    )


def test_the_examples_on_the_page_are_plans_with_nothing_to_object_to() -> None:
    examples = examples_on_the_page()
    assert len(examples) == 2
    for text in examples:
        results = fit(read_plan(text), marks(text).at)
        assert {result.verdict for result in results} == {"pass"}
        assert EDITOR.is_valid(as_an_editor_sees(text))


def test_every_key_stands_on_the_page_with_its_meaning() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for section in all_sections():
        for name, field in section.model_fields.items():
            assert f"`{name}`" in page or f"[{name}" in page
            assert field.description, f"{section.__name__}.{name} has no description"


def test_every_link_on_the_page_leads_to_a_heading() -> None:
    page = PAGE.read_text(encoding="utf-8")
    titles = [line.lstrip("# ").lower() for line in page.splitlines() if line.startswith("#")]
    headings = {re.sub(r"[^\w -]", "", title).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= headings


def test_the_schema_is_a_schema_without_an_address_of_its_own() -> None:
    schema = product_schema()
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"] == DRAFT
    assert "$id" not in schema
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("horizon: 2mo", "horzion: 2mo"),
        ("horizon: 2mo", "horizon: soon"),
        ("top: 50", "top: 50\n  share: 10%"),
        ("top: 50", "top: many"),
        ("    deadline: 6h\n", ""),
        ("pipeline: pipeline.py", "ages: [a]"),
        ("sinks:\n  call-list:\n    kind: csv", "sinks:\n  call-list:\n    kind: fax"),
        ("do: [notify, retrain]", "do: [sing]"),
        ("consumers:\n  service:", "consumers:\n  Service:"),
        ("release:", "watch: {monitors: {calibratoin: {}}}\nrelease:"),
    ],
)
def test_an_editor_underlines_what_the_reader_refuses(changed: Callable[..., str], old: str, new: str) -> None:
    assert not EDITOR.is_valid(as_an_editor_sees(changed((old, new))))


def test_an_editor_completes_kinds_and_columns_with_their_meaning() -> None:
    definitions = product_schema()["$defs"]
    monitors = definitions["Watch"]["properties"]["monitors"]
    assert "csv" in definitions["Source"]["properties"]["kind"]["enum"]
    assert {"input-drift", "input_drift"} <= set(monitors["propertyNames"]["enum"])
    assert "answer_id" in definitions["Consumer"]["properties"]["columns"]["items"]["examples"]
    assert definitions["Training"]["properties"]["every"]["default"] == "1mo"


def test_a_place_in_the_plan_knows_its_keys_and_an_example() -> None:
    assert known_keys(("consumers", "anybody", "mode")) == []
    assert known_keys(("respond", "triggers", 0))[:5] == ["name", "on", "of", "do", "again_after"]
    assert known_keys(("sources", "x", "contract", "columns", "y"))[0] == "type"
    assert example_text(("sources", "x", "contract", "volume", "rows")) == "rows: [500, 20000]"
    assert spot(("need", "nothing")) is None
    assert spot(("need", "question", "deeper")) is None
