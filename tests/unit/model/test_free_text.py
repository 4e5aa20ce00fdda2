"""Free text: learnt from by its words, told in short, and watched by numbers that anybody can count again."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from e2e.voyage.cellar import PLAN
from hypothesis import given, settings
from hypothesis import strategies as st

from shipworthy.base.digest import canonical
from shipworthy.base.errors import UserError
from shipworthy.model import free_text
from shipworthy.model.compiled import faithful_form
from shipworthy.model.declared import standard_model
from shipworthy.model.format import Opening, format_named, opened
from shipworthy.model.humility import Humility
from shipworthy.model.reasons import told, value_text
from shipworthy.model.results import TEXT
from shipworthy.plan.reading import read_plan
from shipworthy.plan.schema import Decision
from shipworthy.plan.schema import Humility as Rule
from shipworthy.watch.monitor import Judgement, Settings, Window
from shipworthy.watch.monitors import input_drift

NAMES = ("repair", "replace")
SAYS = {
    "repair": ["pump leaks oil at the seal", "seal of the pump drips"],
    "replace": ["fan is broken", "blade broken"],
}
SETTINGS = Settings(tolerance=0.02, phi=1.0, alpha=0.05, updates_per_year=12)


def complaints(rows: int, seed: int, extra: str = "") -> tuple[pd.DataFrame, pd.Series[Any]]:
    random = np.random.default_rng(seed)
    label = random.choice(NAMES, rows)
    texts = [f"{random.choice(SAYS[one])} number {random.integers(10**9)}{extra}" for one in label]
    features = pd.DataFrame({"hours": random.normal(size=rows), "text": pd.Series(texts, dtype=TEXT)})
    return features, pd.Series(label, dtype=TEXT)


def profile() -> dict[str, Any]:
    learnt, _ = complaints(1_000, 1)
    held, _ = complaints(1_000, 2)
    words = free_text.profile_of("text", learnt["text"].tolist(), held["text"].tolist())
    entry = {"kind": "text", "n": 1_000, "missing": 0.0, "shares": {}, "rest": 1.0, "typical": "", "words": words}
    return json.loads(canonical({"features": {"text": entry}}))  # type: ignore[no-any-return]


PROFILE = profile()


def test_the_standard_model_learns_from_words_and_is_kept_without_code() -> None:
    features, label = complaints(400, 3)
    opening = Opening("model", "class", ("hours", "text"), classes=NAMES)
    content = format_named("skops").save(standard_model(features, label, "class", ["text"]), opening)
    scorer = opened("skops", content, opening)
    fresh, truth = complaints(400, 4)
    right = np.array(NAMES, dtype=object)[scorer.scores(fresh).argmax(axis=1)] == truth
    assert right.mean() > 0.98
    assert faithful_form(scorer, features) is None  # it answers as it is


def test_only_words_that_many_used_are_kept() -> None:
    kept = PROFILE["features"]["text"]["words"]
    assert {"pump", "broken", "number"} <= set(kept["known"])
    assert not any(word.isdigit() and len(word) > 3 for word in kept["known"])
    assert kept["unseen"]["mean"] < 0.3


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=40)), min_size=1, max_size=20), st.lists(st.text(min_size=2)))
def test_what_is_counted_of_a_text_lies_where_it_must(texts: list[str | None], known: list[str]) -> None:
    length, unseen = free_text.measures("t", texts, known).values()
    for row, text in enumerate(texts):
        assert np.isnan(length[row]) == np.isnan(unseen[row]) == (text is None)
        assert text is None or (0 <= unseen[row] <= 1 and length[row] == len(free_text.words_of(text)))


def life(extra: str) -> list[Judgement]:
    state: dict[str, Any] = {}
    found = []
    for month in range(1, 7):
        texts = complaints(1_000, 10 + month, extra)[0]
        inputs = free_text.watched(PROFILE, {"text": texts["text"].to_numpy(dtype=object)})
        window = Window(f"1997-{month:02}-01", np.zeros(1_000), features=inputs)
        found.append(input_drift.MONITOR.judge(state, window, SETTINGS, PROFILE))
        state = json.loads(canonical(found[-1].state))
    return found


def test_texts_like_those_before_are_quiet_and_new_words_are_noted() -> None:
    assert {one.level for one in life("")} == {"quiet"}
    noted = life(" kompressor vibriert stark")[-1]
    assert noted.level == "note"
    assert "text: share of unseen words" in noted.text or "text: number of words" in noted.text


def test_a_text_that_nobody_wrote_before_asks_nobody_because_of_that() -> None:
    entry = PROFILE["features"]["text"] | {"learnt": {"seen": []}}
    rule = Humility.of({"features": {"text": entry}}, Decision(top=1, humility=Rule(unseen=True)))
    assert rule.asks(np.full((1, 1), np.nan), {"text": ["never before"]}) == [""]


def test_reasons_do_not_repeat_a_letter() -> None:
    letter = "pump leaks oil at the seal " * 10
    [[reason]] = told(["text"], [[letter]], {"text": ""}, np.array([[0.5]]), 1)
    assert len(reason) < 90
    assert "(typical empty)" in reason
    assert value_text("short") == "short"


@pytest.mark.parametrize(
    ("column", "says"),
    [("color_intensity", "number"), ("shelf", "of a list"), ("note", "may be missing"), ("colour", "Known")],
)
def test_free_text_is_text_that_every_row_has(column: str, says: str) -> None:
    more = "        shelf: {type: text, one_of: [a, b]}\n        note: {type: text, required: false}\n"
    text = PLAN.replace("        alcohol: {type: number}\n", f"        alcohol: {{type: number}}\n{more}")
    text = text.replace("columns: [alcohol,", "columns: [shelf, note, alcohol,").replace(
        "data:\n", f"data:\n  words: [{column}]\n"
    )
    with pytest.raises(UserError) as refused:
        read_plan(text)
    assert any(says in one.found for one in refused.value.mistakes), [str(one) for one in refused.value.mistakes]
