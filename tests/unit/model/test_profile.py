"""The frozen reference profile and the reasons that read it."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pandas as pd

from shipworthy.model.profile import profile_of, typical_values, written
from shipworthy.model.reasons import NOTHING, reasons, value_text
from shipworthy.model.seen import MOST, Seen

TABLE = pd.DataFrame(
    {
        "n": [0.0] * 60 + list(np.linspace(1, 40, 40)),
        "t": ["shop"] * 70 + ["web"] * 28 + ["rare"] + [None],
        "gone": [np.nan] * 100,
    }
)


def test_a_profile_accounts_for_every_row_and_is_strict_json() -> None:
    scores, labels = np.linspace(0, 1, 100), np.array([1.0] * 20 + [0.0] * 30 + [np.nan] * 50)
    made = profile_of(TABLE, typical_values(TABLE), scores, labels, "held out", ["2024-01-01T00:00:00+00:00"])
    assert json.loads(written(made)) == made
    number, text, gone = (made["features"][name] for name in ("n", "t", "gone"))
    assert number["deciles"][:5] == [0.0] * 5
    assert number["at_or_below"][:5] == [0.6] * 5  # ties: the real share, not the nominal tenth
    assert np.allclose(number["at_or_below"][6:], [0.7, 0.8, 0.9])
    assert text["shares"] == {"rare": 0.01, "shop": 0.7, "web": 0.28}
    assert np.isclose(sum(text["shares"].values()) + text["rest"] + text["missing"], 1)
    assert (number["typical"], text["typical"], gone["typical"]) == (0.0, "shop", 0.0)
    assert gone["missing"] == 1.0
    assert made["scores"]["mean"] == 0.5
    assert made["labels"] == {"n": 50, "mean": 0.4}


def test_rare_categories_are_not_named() -> None:
    table = pd.DataFrame({"t": ["x"] * 990 + [f"one{i}" for i in range(10)]})
    made = profile_of(table, typical_values(table), np.zeros(1000), None, "all", [])
    assert made["features"]["t"]["shares"] == {"x": 0.99}
    assert np.isclose(made["features"]["t"]["rest"], 0.01)
    assert made["labels"] is None


def test_rare_values_are_remembered_without_their_names_and_new_ones_counted() -> None:
    """Two rows in a thousand hold a text that no other row holds; two more are also known from training."""
    table = pd.DataFrame({"t": ["x"] * 990 + ["a", "b", "c", "d"] + ["often"] * 6})
    training = pd.DataFrame({"t": ["x", "c", "d", "e"]})
    made = profile_of(table, typical_values(table), np.zeros(1000), None, "held out", [], training=training)
    entry = made["features"]["t"]
    assert entry["unseen"] == 0.002
    seen = Seen.read(entry["seen"])
    assert seen is not None
    assert all(text in seen for text in ("a", "b", "c", "d", "e", "often"))
    assert "often" not in json.dumps(made)
    assert sum(f"new {number}" in seen for number in range(10_000)) < 30
    many = pd.DataFrame({"t": [str(number) for number in range(MOST + 1)]})
    assert profile_of(many, {"t": ""}, np.zeros(len(many)), None, "all", [])["features"]["t"]["seen"] is None


def score(features: pd.DataFrame) -> npt.NDArray[np.float64]:
    shop = (features["t"] == "shop").to_numpy(np.float64)
    return np.asarray(0.9 - features["recency"].to_numpy() / 200 + 0.05 * shop + 0 * features["spend"].to_numpy())


ROWS = pd.DataFrame({"recency": [12.0, 80.0, 90.4], "spend": [5.0, 1.0, 2.0], "t": ["shop", "shop", "web"]})
TYPICAL: dict[str, float | str] = {"recency": 80.0, "spend": 3.0, "t": "shop"}


def test_reasons_name_what_moves_the_score_most_first() -> None:
    made = reasons(ROWS, TYPICAL, score, 3)
    assert made[0] == ["recency 12 (typical 80) raises the score"]
    assert made[1] == [NOTHING]
    assert made[2] == ["recency 90.4 (typical 80) lowers the score", "t web (typical shop) lowers the score"]


def test_only_so_many_reasons_are_given_and_one_row_gets_the_same() -> None:
    assert [len(lines) for lines in reasons(ROWS, TYPICAL, score, 1)] == [1, 1, 1]
    assert reasons(ROWS, TYPICAL, score, 0) == [[], [], []]
    assert reasons(ROWS.iloc[[2]], TYPICAL, score, 2) == reasons(ROWS, TYPICAL, score, 2)[2:]
    assert reasons(ROWS.iloc[:0], TYPICAL, score, 2) == []


def test_all_variants_are_predicted_in_few_large_batches() -> None:
    calls: list[int] = []

    def counted(features: pd.DataFrame) -> npt.NDArray[np.float64]:
        calls.append(len(features))
        return score(features)

    reasons(pd.concat([ROWS] * 100, ignore_index=True), TYPICAL, counted, 2)
    assert calls == [1200]


def test_values_read_as_people_write_them() -> None:
    assert [value_text(v) for v in (12.0, 0.12345, 123456.7, float("nan"), "shop", -3.0)] == [
        "12",
        "0.123",
        "123457",
        "missing",
        "shop",
        "-3",
    ]
