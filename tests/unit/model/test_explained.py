"""Every mistake that can be made around a model is explained, and nothing else is."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from shipworthy.model.explained import EXPLAINED
from shipworthy.plan.explanation import explanation

FOLDER = Path(str(files("shipworthy"))) / "model"


def codes_in_the_source() -> set[str]:
    found: set[str] = set()
    for file in FOLDER.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        found |= set(re.findall(r'Mistake\(\s*"(model\.[a-z_.]+)"', text))
        found |= {f"model.pipeline.{code}" for code in re.findall(r'_mistake\("([a-z_]+)"', text)}
    return found


def test_every_code_is_explained_and_no_other() -> None:
    assert set(EXPLAINED) == codes_in_the_source()
    assert all(len(text) > 20 for text in EXPLAINED.values())


def test_a_half_remembered_code_is_found_among_them() -> None:
    assert "skops" in explanation("model.untrusted_type", EXPLAINED)
