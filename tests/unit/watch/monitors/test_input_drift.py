"""Inputs that moved are named with the cut and the shares; nothing is ever called harm for being different."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from shipworthy.base.digest import canonical
from shipworthy.model.profile import profile_of, typical_values
from shipworthy.watch.monitor import Judgement, Settings, Window
from shipworthy.watch.monitors.input_drift import MONITOR

SETTINGS = Settings(tolerance=0.02, phi=1.0, alpha=0.05, updates_per_year=52, ages=("tenure",))
ROWS = 2_000


def inputs(seed: int, rows: int = ROWS) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "spend": random.normal(50, 10, rows),
            "orders": random.poisson(0.5, rows).astype(float),
            "fixed": np.full(rows, 3.0),
            "tenure": random.uniform(0, 90, rows),
            "channel": random.choice(["shop", "web", "phone"], rows, p=[0.6, 0.395, 0.005]).astype(object),
        }
    )


REFERENCE = inputs(0, 10_000)
PROFILE = profile_of(
    REFERENCE, typical_values(REFERENCE), np.full(10_000, 0.2), np.zeros(10_000), "held out", ["1997-04-01"]
)


def window(frame: pd.DataFrame, day: int = 1) -> Window:
    features = {str(name): frame[name].to_numpy() for name in frame.columns}
    return Window(f"1997-05-{day:02}T00:00:00+00:00", np.full(len(frame), 0.2), features=features)


def life(frames: list[pd.DataFrame], settings: Settings = SETTINGS) -> list[Judgement]:
    state: dict[str, Any] = {}
    found = []
    for day, frame in enumerate(frames, start=1):
        found.append(MONITOR.judge(state, window(frame, day), settings, PROFILE))
        state = json.loads(canonical(found[-1].state))
    return found


def test_a_year_of_unchanged_inputs_is_quiet() -> None:
    found = life([inputs(seed, 500) for seed in range(1, 29)])
    assert {one.level for one in found} == {"quiet"}


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("spend", lambda column: column + 5, "spend (at most"),
        ("spend", lambda column: column * 1.3 - 15, "spend ("),
        ("orders", lambda column: column + 1, "orders ("),
        ("fixed", lambda column: column - 1, "fixed (below 3"),
        ("fixed", lambda column: column + 1, "fixed (at most 3: 100.0% then, 0.0% now)"),
        ("spend", lambda column: column.where(column.index % 10 > 0), "spend (missing: 0.0% then, 10.0% now)"),
        ("channel", lambda column: column.replace("shop", "kiosk"), "channel ("),
        ("channel", lambda column: column.where(column.index % 10 > 0), "channel (missing: 0.0% then, 10.0% now)"),
    ],
)
def test_a_feature_that_moved_is_named_with_its_cut_and_shares(name: str, change: Any, said: str) -> None:
    frames = [inputs(seed) for seed in range(1, 6)]
    for frame in frames:
        frame[name] = change(frame[name])
    found = life(frames)[-1]
    assert found.level == "note"
    assert said in found.text
    assert found.numbers["changed"] == 1
    assert found.cause.startswith(name)
    assert f"moved.{name}" in found.numbers


def test_a_new_category_is_found_among_the_never_seen() -> None:
    frames = [inputs(seed) for seed in range(1, 4)]
    for frame in frames:
        frame.loc[frame.index % 12 == 0, "channel"] = "Z9"
    found = life(frames)[-1]
    assert found.level == "note"
    assert "rare or never seen before" in found.text


def test_a_change_inside_the_tolerance_is_quiet() -> None:
    frames = [inputs(seed) for seed in range(1, 27)]
    for frame in frames:
        frame.loc[frame.index % 100 == 0, "spend"] = 1e6
    assert {one.level for one in life(frames)} == {"quiet"}


def test_expected_ageing_is_reported_and_nothing_more() -> None:
    frames = [inputs(seed).assign(tenure=lambda rows: rows["tenure"] + 60) for seed in range(1, 6)]
    found = life(frames)[-1]
    assert found.level == "quiet"
    assert "Expected ageing: tenure." in found.text
    assert found.numbers["aged"] == 1


def test_an_empty_column_is_a_finding_not_silence() -> None:
    found = life([inputs(seed).assign(spend=np.nan) for seed in range(1, 4)])[-1]
    assert found.level == "note"
    assert "spend (missing: 0.0% then, 100.0% now)" in found.text


def test_inputs_that_lack_a_feature_are_not_run() -> None:
    found = MONITOR.judge({}, window(inputs(1).drop(columns="spend")), SETTINGS, PROFILE)
    assert found.level == "not_run"
    assert "lack spend" in found.text


def test_evidence_of_a_dependent_world_is_tempered() -> None:
    """Batches that share shocks within the declared phi raise nothing; the same batches untempered would."""
    random = np.random.default_rng(9)
    frames = []
    for seed in range(1, 27):
        frame = inputs(seed)
        frame["spend"] += random.normal(0, 1.5)
        frames.append(frame)
    tempered = life(frames, Settings(0.02, 25.0, 0.05, 52, ("tenure",)))
    assert {one.level for one in tempered} == {"quiet"}
    assert "note" in {one.level for one in life(frames)}
    assert "guarantee conditional on phi <= 25" in tempered[-1].guarantee
    assert "for all 4 features together" in tempered[-1].guarantee
