"""The same question gets the same answer, however it is asked; rows are kept to ask it again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from unit.prove.subjects import Model, people, results, subject, verdicts

from shipworthy.base.digest import digest_of_bytes
from shipworthy.prove.check import Rows, Subject


class ByTheWay(Model):
    """Answers a hair differently where it is asked for one entity alone."""

    by = 1e-6

    def scores(self, features: Any, /) -> Any:
        scores = super().scores(features)
        return scores + self.by if len(features) == 1 else scores


class ByTheList(Model):
    """Answers by the place in the list, as a rank over the whole list does."""

    def scores(self, features: Any, /) -> Any:
        return super().scores(features) * 0.9 + np.linspace(0, 0.1, len(features))


class ByTheDraw(Model):
    """Answers by chance."""

    random = np.random.default_rng(1)

    def scores(self, features: Any, /) -> Any:
        return np.clip(super().scores(features) + self.random.normal(0, 1e-4, len(features)), 0, 1)


class OtherPeople(Model):
    """Computes the features of others when asked again."""

    def features(self, sources: Any, as_of: Any, /) -> Any:
        return people(400, seed=9)


def answered_by(model: type[Model]) -> Subject:
    good = subject()
    other = model(good.answerer.scorer)  # type: ignore[attr-defined]  # every subject here holds a Model
    return replace(good, answerer=other, now=Rows(good.now.as_of, good.now.features, other.scores(good.now.features)))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (ByTheWay, "one entity at a time (up to 1e-06 apart)"),
        (ByTheList, "the list in another order"),
        (ByTheDraw, "the whole list a second time"),
        (OtherPeople, "features computed again"),
    ],
)
def test_an_answer_that_depends_on_how_it_was_asked_for_is_found(model: type[Model], said: str) -> None:
    (found,) = results("parity", answered_by(model))
    assert found.verdict == "fail"
    assert said in found.found


def test_large_amounts_may_differ_by_their_rounding_and_no_more() -> None:
    class Large(ByTheWay):
        by = 1e-2

        def scores(self, features: Any, /) -> Any:
            return 1e8 + super().scores(features)

    class Wrong(Large):
        by = 10.0

    assert verdicts("parity", answered_by(Large)) == {"parity": "pass"}
    assert verdicts("parity", answered_by(Wrong)) == {"parity": "fail"}


def test_nobody_to_answer_for_is_no_parity() -> None:
    empty = subject(now=Rows(subject().now.as_of, people(0), np.zeros(0)))
    assert verdicts("parity", empty) == {"parity": "fail"}
    assert verdicts("output_contract", empty) == {"output_contract": "fail"}


def test_golden_rows_belong_to_nobody_and_answer_the_same_when_replayed() -> None:
    kept: dict[str, bytes] = {}

    def keep(name: str, body: bytes) -> str:
        kept[name] = body
        return digest_of_bytes(body)

    good = subject(keep=keep)
    assert verdicts("golden_rows", good) == {"golden_rows": "pass"}
    rows = json.loads(kept["golden-rows.json"])
    assert len(rows["scores"]) == 20
    for name, values in rows["features"].items():
        assert set(values).isdisjoint(set(good.now.features[name]))
    (found,) = results("golden_rows", answered_by(ByTheDraw))
    assert found.verdict == "fail"
