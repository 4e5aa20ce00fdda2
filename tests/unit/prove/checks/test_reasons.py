"""Every row carries reasons: as many as declared, none empty, none twice, the same each time."""

from __future__ import annotations

from typing import Any

import pytest
from unit.prove.subjects import Model, results, subject, verdicts


class Silent(Model):
    """Gives reasons as it is told."""

    says: Any = staticmethod(lambda row, count: [])

    def reasons(self, features: Any, count: int, /) -> Any:
        return [self.says(row, count) for row in range(len(features))]


@pytest.mark.parametrize(
    ("says", "verdict", "said"),
    [
        (lambda row, count: ["a", "b", "c"], "pass", "every one has at least one reason"),
        (lambda row, count: ["a"], "warn", "0.0% have all 3"),
        (lambda row, count: [] if row == 7 else ["a", "b", "c"], "fail", "1 entity has no reason"),
        (lambda row, count: ["a", " ", "c"], "fail", "no reason or an empty one"),
        (lambda row, count: ["a", "b", "c", "d"], "fail", "more than the declared 3"),
        (lambda row, count: ["a", "a"], "fail", "the same reason twice"),
        (lambda row, count: [f"place {row}"], "fail", "other reasons came back"),
    ],
)
def test_every_row_carries_reasons(says: Any, verdict: str, said: str) -> None:
    silent = Silent(None)
    silent.says = says
    (found,) = results("reasons", subject(answerer=silent))
    assert found.verdict == verdict
    assert said in found.found


def test_reasons_are_missed_row_by_row() -> None:
    class Short(Model):
        def reasons(self, features: Any, count: int, /) -> Any:
            return super().reasons(features, count)[1:]

    assert verdicts("reasons", subject(answerer=Short(None))) == {"reasons": "fail"}
