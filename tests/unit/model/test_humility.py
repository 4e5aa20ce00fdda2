"""What a model must not answer alone goes to a person, with the rule in plain words; nothing else does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipworthy.model.humility import Humility, told_first
from shipworthy.model.profile import learnt_ranges, profile_of, typical_values
from shipworthy.model.results import TEXT
from shipworthy.model.rules import decide, decision_at
from shipworthy.plan.schema import Decision

LEARNT = pd.DataFrame(
    {
        "recency": [2.0, 300.0, *np.linspace(3, 299, 98)],
        "shop": pd.Series(["web"] * 60 + ["store"] * 37 + ["kiosk"] * 3, dtype=TEXT),
        "never": [np.nan] * 100,
    }
)
PROFILE = profile_of(
    LEARNT, typical_values(LEARNT), np.linspace(0, 1, 100), None, "all", [], learnt=learnt_ranges(LEARNT)
)


def rows(recency: float = 80.0, shop: str | None = "web", never: float = np.nan) -> pd.DataFrame:
    return pd.DataFrame({"recency": [recency], "shop": pd.Series([shop], dtype=TEXT), "never": [never]})


def humility(**rules: Any) -> Humility:
    return Humility.of(PROFILE, Decision.model_validate({"top": 1, "humility": rules}), list(LEARNT.columns))


@pytest.mark.parametrize(
    ("rules", "row", "why"),
    [
        ({"out_of_range": "0%"}, rows(recency=400), "recency 400 lies outside 2 to 300, which it learnt from"),
        ({"out_of_range": "10%"}, rows(recency=329), ""),
        ({"out_of_range": "10%"}, rows(recency=330), "recency 330 lies outside 2 to 300, which it learnt from"),
        ({"out_of_range": "10%"}, rows(recency=-28), "recency -28 lies outside 2 to 300, which it learnt from"),
        ({"out_of_range": "10%", "spared": ["recency"]}, rows(recency=400), ""),
        ({"out_of_range": "10%"}, rows(recency=np.nan), ""),
        ({"out_of_range": "10%"}, rows(never=1), "never 1 is known, which it never was in learning"),
        ({"unseen": True}, rows(shop="phone"), "shop phone was seen fewer than 5 times in learning"),
        ({"unseen": True}, rows(shop="kiosk"), "shop kiosk was seen fewer than 5 times in learning"),
        ({"unseen": True}, rows(shop=None), ""),
        ({"unseen": True}, rows(recency=400), ""),
        ({"missing_at_most": 1}, rows(), ""),
        ({"missing_at_most": 1}, rows(shop=None), "2 inputs are missing, where at most 1 may be"),
        ({"missing_at_most": 2}, rows(recency=np.nan, shop=None), "3 inputs are missing, where at most 2 may be"),
    ],
)
def test_a_broken_rule_is_said_in_plain_words(rules: dict[str, Any], row: pd.DataFrame, why: str) -> None:
    assert humility(**rules).asks_of(row) == [why]


def test_several_broken_rules_are_all_named_and_only_for_their_row() -> None:
    table = pd.concat([rows(), rows(recency=400, shop="phone"), rows()])
    fine, asked, fine_too = humility(out_of_range="0%", unseen=True).asks_of(table)
    assert (fine, fine_too) == ("", "")
    assert asked == (
        "recency 400 lies outside 2 to 300, which it learnt from; shop phone was seen fewer than 5 times in learning"
    )


def test_arrays_and_tables_are_judged_alike_in_the_order_of_the_candidate() -> None:
    rule = humility(out_of_range="0%", unseen=True, missing_at_most=1)
    table = pd.concat([rows(recency=1), rows(shop="x"), rows(shop=None)])
    values = np.column_stack([table["recency"], np.full(3, np.nan), table["never"]])
    assert rule.asks(values, {"shop": ["web", "x", None]}) == rule.asks_of(table)
    assert rule.asks_of(table[["never", "shop", "recency"]]) == rule.asks_of(table)


def test_without_rules_or_without_a_record_of_training_nobody_is_asked() -> None:
    odd = rows(recency=9e9, shop="phone", never=1)
    assert Humility.of(PROFILE, Decision(top=1)).idle
    assert Humility.of(PROFILE, Decision(top=1)).asks_of(odd) == [""]
    older = profile_of(LEARNT, typical_values(LEARNT), np.zeros(100), None, "all", [])
    rule = Decision.model_validate({"top": 1, "humility": {"out_of_range": "0%", "unseen": True}})
    assert Humility.of(older, rule).asks_of(odd) == [""]


def test_what_hardly_anybody_has_is_not_kept_in_the_profile() -> None:
    assert PROFILE["features"]["shop"]["learnt"] == {"seen": ["store", "web"]}
    assert PROFILE["features"]["recency"]["learnt"] == {"low": 2.0, "high": 300.0}
    assert (
        "learnt" not in profile_of(LEARNT, typical_values(LEARNT), np.zeros(100), None, "all", [])["features"]["shop"]
    )


def test_the_decision_is_to_ask_whatever_the_score_and_nobody_moves_up() -> None:
    rule = Decision(top=1, ask_name="look")
    assert decide(np.array([0.9, 0.8, 0.1]), ["a", "b", "c"], rule, ["odd", "", "odd"]) == ["look", "no", "look"]
    assert decision_at(0.9, rule, 0.8, "odd") == "look"
    assert told_first(["odd", ""], [["x"], ["y"]]) == [["ask a person: odd", "x"], ["y"]]


@given(st.lists(st.floats(-1e9, 1e9) | st.just(float("nan")), max_size=20), st.floats(0, 1))
def test_exactly_the_rows_outside_ask(values: list[float], slack: float) -> None:
    rule = humility(out_of_range=slack)
    matrix = np.column_stack([values, np.full(len(values), np.nan), np.full(len(values), np.nan)]).reshape(-1, 3)
    asked = rule.asks(matrix, {"shop": ["web"] * len(values)})
    outside = [value < 2 - slack * 298 or value > 300 + slack * 298 for value in values]
    assert [bool(why) for why in asked] == outside


def test_an_answer_without_an_interval_is_not_sure_enough_where_a_width_is_bounded() -> None:
    rule = humility(uncertain=0.3)
    table = pd.concat([rows(), rows(), rows()])
    assert rule.asks_of(table, np.array([0.3, 0.31, np.nan])) == [
        "",
        "its interval is 0.31 wide, where at most 0.3 is sure enough",
        "no interval says how sure it is, where at most 0.3 is sure enough",
    ]
    assert all(rule.asks_of(table))
