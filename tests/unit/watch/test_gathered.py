"""A window that is too large to be held: what monitors count of its pieces is what they count of all of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as example
from hypothesis import strategies as st

from shipworthy.model import classes
from shipworthy.model.profile import profile_of, typical_values
from shipworthy.watch.gathered import gathered
from shipworthy.watch.monitor import Judgement, Monitor, OfClasses, Settings, Window
from shipworthy.watch.rules import monitors

NAMES = ("none", "repair", "replace")
SETTINGS = Settings(tolerance=0.02, phi=1.0, alpha=0.05, updates_per_year=12, disparity={"region": 0.1, "age": 0.1})
COUNTING = [one for one in monitors().values() if one.count is not None]


def world(rows: int, seed: int, moved: float = 0.0) -> Window:
    """Answers with classes, inputs of every kind and groups; by some of them the scores and inputs moved."""

    draw = np.random.default_rng(seed)
    likely = draw.dirichlet([2.0, 1.0 + moved, 1.0], rows)
    text = draw.choice(np.array(["a", "b", "c", None], dtype=object), rows, p=[0.5 - moved, 0.3 + moved, 0.1, 0.1])
    number = np.where(draw.random(rows) < 0.1, np.nan, draw.normal(moved, 1, rows))
    region = draw.choice(np.array(["north", "south", None], dtype=object), rows, p=[0.5, 0.4, 0.1])
    words = np.where(draw.random(rows) < 0.3 + moved * (region == "north"), "yes", "no").astype(object)
    return Window(
        "2026-05-01T00:00:00+00:00",
        likely.max(axis=1),
        features={"number": number, "text": text},
        decisions=words,
        groups={"region": region, "age": draw.integers(18, 90, rows).astype(float)},
        says_yes=np.asarray(words == "yes"),
        of_classes=OfClasses(NAMES, likely),
    )


def profile() -> dict[str, Any]:
    of = world(4_000, 0)
    assert of.of_classes is not None
    rows = pd.DataFrame({"number": of.features["number"], "text": of.features["text"]})
    made = profile_of(rows, typical_values(rows), of.scores, None, "held out", [])
    truths = np.zeros(of.scores.size)
    return made | {"classes": classes.profile_of(NAMES, of.of_classes.likely, truths)}


KNOWN = profile()


def cut(window: Window, places: list[int]) -> list[Window]:
    """The window in pieces, some of which may be empty."""
    assert window.of_classes is not None
    assert window.says_yes is not None
    ends = [0, *sorted(min(place, window.scores.size) for place in places), window.scores.size]
    return [
        replace(
            window,
            scores=window.scores[start:end],
            features={name: values[start:end] for name, values in window.features.items()},
            decisions=window.decisions[start:end],
            groups={name: values[start:end] for name, values in window.groups.items()},
            says_yes=window.says_yes[start:end],
            of_classes=OfClasses(NAMES, window.of_classes.likely[start:end]),
        )
        for start, end in pairwise(ends)
    ]


def told(found: Judgement) -> Any:
    """What was found, in numbers of which sums of pieces may differ in the last digits."""
    numbers = {name: round(value, 9) for name, value in found.numbers.items()}
    parts = {name: {key: round(value, 9) for key, value in values.items()} for name, values in found.parts.items()}
    return found.level, found.text, numbers, parts, found.cause, found.since


def test_these_monitors_of_answers_count() -> None:
    assert {one.name for one in COUNTING} == {"class-shares", "input-drift", "score-drift", "selection"}


@pytest.mark.parametrize("monitor", COUNTING, ids=lambda one: one.name)
@given(
    rows=st.integers(1, 1_500),
    moved=st.sampled_from([0.0, 0.3]),
    places=st.lists(st.integers(0, 1_500), max_size=6),
    seed=st.integers(1, 5),
)
@example(max_examples=30, deadline=None)
def test_a_window_in_pieces_is_judged_as_the_whole(
    monitor: Monitor, rows: int, moved: float, places: list[int], seed: int
) -> None:
    window = world(rows, seed, moved)
    found = gathered(cut(window, places), [monitor], KNOWN, rows, 100)
    assert found is not None
    assert found.answers == rows
    whole = monitor.judge({}, window, SETTINGS, KNOWN)
    in_pieces = monitor.judge({}, found.seen_by(monitor.name), SETTINGS, KNOWN)
    assert told(in_pieces) == told(whole)


@given(rows=st.integers(1, 900), places=st.lists(st.integers(0, 900), max_size=5), most=st.integers(1, 300))
@example(max_examples=60, deadline=None)
def test_the_answers_that_are_kept_lie_evenly_over_all_pieces(rows: int, places: list[int], most: int) -> None:
    window = world(rows, 1)
    found = gathered(cut(window, places), [], KNOWN, rows, most)
    assert found is not None
    every = -(-rows // most)
    assert found.some.scores.tolist() == window.scores[::every].tolist()
    assert found.some.features["text"].tolist() == window.features["text"][::every].tolist()
    assert len(found.some.scores) <= most


def test_no_answer_is_nothing() -> None:
    assert gathered([], COUNTING, KNOWN, 10, 10) is None
