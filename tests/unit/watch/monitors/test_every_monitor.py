"""What holds for every monitor: defined results for every window, and findings that a ledger can keep."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st
from unit.watch.besides import beside, stored

from shipworthy.base.digest import canonical
from shipworthy.model.estimates import estimates_of
from shipworthy.model.profile import profile_of, typical_values
from shipworthy.model.projections import projections_of
from shipworthy.watch.monitor import Judgement, Monitor, Settings, Window
from shipworthy.watch.rules import monitors

MONITORS = monitors()
SETTINGS = Settings(
    tolerance=0.05, phi=4.0, alpha=0.05, updates_per_year=12, ages=("tenure",), floor=0.6, declared=True
)
LABEL_MONITORS = [name for name, monitor in MONITORS.items() if monitor.needs == "labels"]


def profile() -> dict[str, Any]:
    random = np.random.default_rng(1)
    features = pd.DataFrame(
        {
            "spend": random.gamma(2.0, 20.0, 4_000),
            "tenure": random.uniform(0, 90, 4_000),
            "empty": np.full(4_000, np.nan),
            "constant": np.full(4_000, 3.0),
            "channel": random.choice(["shop", "web", "phone"], 4_000, p=[0.6, 0.395, 0.005]).astype(object),
        }
    )
    scores = random.beta(2, 6, 4_000)
    found = profile_of(features, typical_values(features), scores, scores.round(), "held out", ["1997-04-01"])
    kept = features[["spend", "empty", "constant", "channel"]]
    names = [f"c{number}" for number in range(4_000)]
    return stored(
        found
        | {
            "estimates": estimates_of("probability", scores, scores.round(), "held out"),
            "projections": projections_of(kept, names, scores, scores.round(), "visits", "customer", put),
        }
    )


TABLES: dict[str, pa.Table] = {}


def put(table: pa.Table) -> str:
    TABLES[f"table {len(TABLES)}"] = table
    return f"table {len(TABLES) - 1}"


PROFILE = profile()
BESIDE = beside(PROFILE, TABLES)
TEXTS = ["shop", "web", "phone", "new", None, math.nan]
ODD = [0.0, 0.3, 1.0, -5.0, 1e300, math.nan, math.inf, -math.inf]


def judged(monitor: Monitor, window: Window, state: dict[str, Any] | None = None) -> Judgement:
    found = monitor.judge(state or {}, window, SETTINGS, PROFILE)
    assert canonical({"state": found.state, "numbers": found.numbers})
    assert all(math.isfinite(value) for value in found.numbers.values())
    assert found.text
    assert "nan" not in found.text.lower().split()
    return found


@st.composite
def windows(draw: st.DrawFn) -> Window:
    size = draw(st.integers(0, 30))

    def numbers(values: list[float]) -> Any:
        return np.array(draw(st.lists(st.sampled_from(values), min_size=size, max_size=size)), dtype=np.float64)

    truth = numbers([0.0, 1.0, 2.0, math.nan]) if draw(st.booleans()) else None
    texts = np.array(draw(st.lists(st.sampled_from(TEXTS), min_size=size, max_size=size)), dtype=object)
    named = {name: numbers(ODD) for name in ("spend", "tenure", "empty", "constant")} | {"channel": texts}
    due = draw(st.integers(0, 50))
    return Window(
        "1997-07-01T00:00:00+00:00",
        numbers([0.0, 0.2, 1.0, 1.5, math.nan]),
        labels=truth,
        features=named if draw(st.booleans()) else {},
        due=due,
        refused=draw(st.integers(0, due)),
        stood_in=draw(st.integers(0, due)),
        nothing_because=draw(st.sampled_from(["", "the data was refused"])),
        beside=BESIDE,
    )


@pytest.mark.parametrize("name", sorted(MONITORS))
@tries(max_examples=40, deadline=None)
@given(life=st.lists(windows(), min_size=1, max_size=4))
def test_whatever_comes_the_finding_is_defined_and_can_be_kept(name: str, life: list[Window]) -> None:
    state: dict[str, Any] = {}
    for window in life:
        found = judged(MONITORS[name], window, state)
        state = json.loads(canonical(found.state))


@pytest.mark.parametrize("name", sorted(MONITORS))
def test_an_empty_window_is_not_run_never_quiet(name: str) -> None:
    empty = Window("1997-07-01", np.zeros(0), labels=np.zeros(0))
    assert judged(MONITORS[name], empty).level == "not_run"


@pytest.mark.parametrize("name", LABEL_MONITORS)
def test_without_any_truth_a_monitor_says_why_it_did_not_run(name: str) -> None:
    window = Window("1997-07-01", np.full(10, 0.2), unlabelled_because="The data was refused at the door.")
    found = judged(MONITORS[name], window, {"evidence": {"gap": [[1.0]]}})
    assert found.level == "not_run"
    assert found.text == "The data was refused at the door."
    assert found.state == {"evidence": {"gap": [[1.0]]}}


@pytest.mark.parametrize("name", sorted(MONITORS))
def test_every_monitor_asks_a_plain_question(name: str) -> None:
    assert MONITORS[name].asks.endswith("?")
    assert MONITORS[name].name == name


@pytest.mark.parametrize("name", ["ranking", "input-drift", "score-drift"])
def test_what_is_only_different_is_never_called_harm(name: str) -> None:
    """Every input, score and order is turned upside down for two years."""
    state: dict[str, Any] = {}
    rows = 2_000
    moved = {name: np.full(rows, 1e6) for name in ("spend", "tenure", "empty", "constant")}
    features: dict[str, Any] = {**moved, "channel": np.full(rows, "new", dtype=object)}
    labels = (np.arange(rows) < rows / 2).astype(float)
    for _ in range(24):
        scores = np.linspace(0, 1, rows)
        found = judged(MONITORS[name], Window("1997-07-01", scores, labels=labels, features=features), state)
        state = found.state
        assert found.level == "note"
