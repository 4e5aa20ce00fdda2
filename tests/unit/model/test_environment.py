"""The locked environment: what is in it, and how a difference is told."""

from __future__ import annotations

import pytest

from shipworthy.base.errors import UserError
from shipworthy.model.code import Code
from shipworthy.model.environment import differences, locked, read_environment, written


def code(text: str) -> Code:
    return Code("pipeline.py", {"pipeline.py": text})


def test_it_holds_what_the_code_imports_and_what_that_needs() -> None:
    made = locked(code("import sklearn.linear_model\nfrom pandas import DataFrame\nimport json\n"), ["skops"])
    assert {"python", "scikit-learn", "scipy", "numpy", "pandas", "skops", "joblib"} <= set(made)
    assert "shipworthy" not in made
    assert "pytest" not in made
    assert made["numpy"]["version"]
    assert len(made["numpy"]["content"]) == 64
    assert read_environment(written(made)) == made


def test_the_same_environment_does_not_differ() -> None:
    made = locked(None, ["numpy"])
    assert differences(made) == []
    assert locked(None, ["numpy"]) == made


def test_every_difference_is_told_in_plain_words() -> None:
    made = locked(None, ["numpy", "pandas"])
    made["numpy"]["version"] = "1.0"
    made["pandas"]["content"] = "0" * 64
    made["gone"] = {"version": "3.1", "content": ""}
    made["python"]["version"] = "2.7"
    told = "; ".join(differences(made))
    assert "and was 1.0" in told
    assert "pandas" in told
    assert "has other content here" in told
    assert "gone 3.1 is not installed" in told
    assert "and was 2.7" in told


def test_an_import_that_nothing_provides_is_refused() -> None:
    with pytest.raises(UserError, match="imports nowhere_to_be_found"):
        locked(code("import nowhere_to_be_found\n"), [])
