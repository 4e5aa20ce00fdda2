"""A file that is not the recorded one, or that could run code, is not safe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from unit.prove.subjects import made, people, results, subject, verdicts

from shipworthy.prove.check import Subject


def remade(content: bytes, **values: Any) -> Subject:
    base = subject()
    candidate, stored = made(base.plan, content, **values)
    return replace(base, made=candidate, stored=stored)


def test_a_file_that_holds_a_type_of_nobody_s_list_is_not_safe() -> None:
    class Own(LogisticRegression):  # type: ignore[misc]  # scikit-learn has no types
        """A class of the team's own."""

    features = people(200)
    content = skops.io.dumps(Own().fit(features, np.arange(200) % 2))
    (found,) = results("artefact_safety", remade(content))
    assert found.verdict == "fail"
    assert "Own" in found.found
    pickled = b"\x80\x04\x95" + bytes(20)
    assert "pickle" in results("artefact_safety", remade(pickled))[0].found
    assert verdicts("artefact_safety", remade(b"PK\x03\x04 broken")) == {"artefact_safety": "fail"}
    assert verdicts("artefact_safety", remade(b"")) == {"artefact_safety": "fail"}


@pytest.mark.parametrize("name", ["model", "profile", "terms", "environment", "code"])
def test_a_changed_or_missing_byte_of_any_file_is_found(name: str) -> None:
    good = subject()
    changed = {**good.stored, name: good.stored[name] + b" "}
    assert verdicts("artefact_safety", replace(good, stored=changed)) == {"artefact_safety": "fail"}
    gone = {key: value for key, value in good.stored.items() if key != name}
    assert verdicts("artefact_safety", replace(good, stored=gone)) == {"artefact_safety": "fail"}


def test_other_software_and_a_wrong_name_are_found() -> None:
    assert verdicts("artefact_safety", subject(differences=("numpy 1.0 here",))) == {"artefact_safety": "fail"}
    good = subject()
    renamed = replace(good, made=replace(good.made, candidate="f" * 64))
    assert verdicts("artefact_safety", renamed) == {"artefact_safety": "fail"}
