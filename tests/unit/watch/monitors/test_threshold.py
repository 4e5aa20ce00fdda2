"""Precision and recall of the decisions, against scikit-learn, and in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score
from unit.watch.lives import lived

from shipworthy.watch.monitor import Judgement, Settings, Window
from shipworthy.watch.monitors.threshold import MISSED, MONITOR, WRONG

SETTINGS = Settings(tolerance=0.05, phi=2.0, alpha=0.05, updates_per_year=12)
HELD_OUT = {
    "loss": "brier",
    "cap": 1.0,
    "whole": {"n": 4_000, "mean": 0.1, "levels": [4_000.0, *[0.0] * 20]},
    "large": None,
    "by_score": {"edges": [], "n": [4_000], "mean": [0.1]},
    "segments": {},
    "batches": [],
    "decision": {"chosen": 1_000, "wrong": 300, "yes": 1_100, "missed": 400},
}


def window(month: int, wrong: float = 0.3, rows: int = 4_000, ask: int = 0) -> Window:
    """A quarter is chosen, of whom a share is no yes; of the others a tenth is a yes."""
    chosen = np.arange(rows) < rows // 4
    random = np.random.default_rng(month)
    labels = np.where(chosen, random.random(rows) >= wrong, random.random(rows) < 0.13).astype(float)
    words = np.where(chosen, "call", "leave").astype(object)
    words[:ask] = "ask a person"
    scores = np.where(chosen, 0.8, 0.1)
    return Window(f"1997-{month:02}-01", scores, labels=labels, decisions=words, yes="call", no="leave")


def life(windows: list[Window], known: Any = HELD_OUT) -> list[Judgement]:
    return lived(MONITOR, windows, SETTINGS, {"performance": known})


def test_precision_and_recall_are_those_of_scikit_learn() -> None:
    one = window(1)
    (found,) = life([one])
    assert one.labels is not None
    chosen = one.decisions == "call"
    assert found.level == "quiet"
    assert found.numbers["precision"] == pytest.approx(precision_score(one.labels, chosen))
    assert found.numbers["recall"] == pytest.approx(recall_score(one.labels, chosen))


def test_who_is_left_to_a_person_counts_in_neither() -> None:
    one = window(1, ask=200)
    (found,) = life([one])
    assert one.labels is not None
    told = one.decisions != "ask a person"
    assert found.numbers["recall"] == pytest.approx(recall_score(one.labels[told], one.decisions[told] == "call"))
    assert found.parts[WRONG]["rows"] == 800


def test_more_chosen_wrongly_than_proven_is_an_alarm_with_both_figures() -> None:
    found = life([window(1), window(2, wrong=0.55), window(3, wrong=0.55)])
    assert [one.level for one in found] == ["quiet", "alarm", "alarm"]
    assert "were no yes (30.0% at the proof" in found[1].text
    assert "fewer yes among high scores" in found[1].cause or "no longer tell yes from no" in found[1].cause
    assert found[1].since == "1997-02-01"


def test_a_number_is_a_yes_from_the_threshold_on() -> None:
    labels, words = np.array([5.0, 20.0, 30.0]), np.array(["call", "call", "leave"], dtype=object)
    one = Window("1997-01-01", np.array([15.0, 18.0, 2.0]), labels=labels, decisions=words, yes="call", no="leave")
    (found,) = life([Window(one.moment, one.scores, one.labels, decisions=words, yes="call", no="leave", threshold=10)])
    assert (found.numbers["precision"], found.numbers["recall"]) == (0.5, 0.5)
    assert found.parts[MISSED]["rows"] == 2


def test_without_decisions_or_proof_it_says_why_it_did_not_run() -> None:
    bare = Window("1997-01-01", np.full(3, 0.5), labels=np.ones(3))
    assert "not stored" in life([bare])[0].text
    assert "train it anew" in life([window(1)], {**HELD_OUT, "decision": None})[0].text


def test_a_proof_on_few_rows_is_said_to_hold_nothing_against_the_decisions() -> None:
    few = {**HELD_OUT, "decision": {"chosen": 4, "wrong": 2, "yes": 5, "missed": 4}}
    (found,) = life([window(1)], few)
    assert found.level == "quiet"
    assert found.text.count("on too few rows to find any too many") == 2, found.text
    assert "100.0% tolerated" not in found.text


def test_a_proof_of_few_decisions_is_said_to_be_unable_to_tell() -> None:
    whole = {"n": 40, "mean": 0.1, "levels": [40.0, *[0.0] * 20]}
    few = HELD_OUT | {"whole": whole, "decision": {"chosen": 10, "wrong": 3, "yes": 11, "missed": 4}}
    (found,) = life([window(1)], few)
    assert found.level == "not_run"
    assert found.text.startswith("Cannot tell of those chosen wrongly and those missed whether there are too many")
    assert found.numbers["held_out_needed"] > 0
    assert found.state["evidence"]
