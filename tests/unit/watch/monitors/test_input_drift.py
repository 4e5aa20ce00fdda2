"""Inputs that moved are named with the cut and the shares; nothing is ever called harm for being different."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from unit.watch.lives import lived

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
    windows = (window(frame, day) for day, frame in enumerate(frames, start=1))
    return lived(MONITOR, windows, settings, PROFILE)


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
    assert "channel (never seen before: 0.0% then, 8.3% now)" in found.text


def test_a_known_rare_value_that_spreads_is_not_said_to_be_new() -> None:
    frames = [inputs(seed) for seed in range(1, 4)]
    for frame in frames:
        frame.loc[frame.index % 12 == 0, "channel"] = "phone"
    found = life(frames)[-1]
    assert found.level == "note"
    assert "channel (rare: 0.5% then, 8.8% now)" in found.text.replace("8.7%", "8.8%")


def test_of_a_candidate_made_before_rare_and_new_are_one() -> None:
    frame = inputs(1)
    frame.loc[frame.index % 12 == 0, "channel"] = "Z9"
    older = json.loads(canonical(PROFILE))
    for name in ("seen", "unseen"):
        older["features"]["channel"].pop(name)
    found = MONITOR.judge({}, window(frame), SETTINGS, older)
    assert "channel (rare or never seen before: 0.5% then, 8.8% now)" in found.text.replace("8.7%", "8.8%")


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


ODD = {
    "constant": lambda rows: np.full(rows, 7.0),
    "all missing": lambda rows: np.full(rows, np.nan),
    "endless": lambda rows: np.full(rows, np.inf),
    "endless below": lambda rows: np.full(rows, -np.inf),
    "texts": lambda rows: np.full(rows, "many", dtype=object),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("rows", [1, 2_000])
def test_odd_windows_get_a_verdict_and_never_a_number_that_is_none(name: str, rows: int) -> None:
    found = life([inputs(seed, rows).assign(spend=ODD[name](rows)) for seed in range(1, 4)])[-1]
    assert all(np.isfinite(value) for value in found.numbers.values())
    canonical(found.state)
    if rows == 2_000:
        assert found.level == "note"
        assert found.cause.startswith("spend")
    else:
        assert found.level == "quiet"
        assert "Cannot tell yet of" in found.text


def test_an_empty_window_is_not_run() -> None:
    assert MONITOR.judge({}, window(inputs(1).head(0)), SETTINGS, PROFILE).level == "not_run"


def test_a_reference_that_was_missing_or_constant_everywhere_is_judged() -> None:
    frame = REFERENCE.assign(spend=np.nan, orders=4.0)
    profile = profile_of(frame, typical_values(frame), np.full(10_000, 0.2), None, "held out", ["1997-04-01"])
    same = inputs(1).assign(spend=np.nan, orders=4.0)
    assert MONITOR.judge({}, window(same), SETTINGS, profile).level == "quiet"
    changed = MONITOR.judge({}, window(inputs(1)), SETTINGS, profile)
    assert changed.level == "note"
    assert "spend (missing: 100.0% then, 0.0% now)" in changed.text


def test_a_small_window_says_how_many_answers_more_would_tell_and_so_many_do() -> None:
    moved = inputs(3, 30).assign(channel=["web"] * 19 + ["shop"] * 11)
    found = MONITOR.judge({}, window(moved), SETTINGS, PROFILE)
    assert found.level == "quiet"
    assert "features that moved in this window; soonest of channel (web: 39." in found.text
    more = int(found.text.split(" more answers")[0].split(" ")[-1].replace(",", ""))
    assert 0 < more < 2_000
    again = MONITOR.judge(found.state, window(pd.concat([moved] * -(-more // 30))), SETTINGS, PROFILE)
    assert "channel (" in again.text.split("Cannot tell")[0]


def shocked(random: np.random.Generator, weeks: int, rows: int) -> list[pd.DataFrame]:
    """Weeks whose numbers shift together."""
    return [
        pd.DataFrame({"spend": random.normal(random.normal(0, 0.15), 1, rows), "orders": random.normal(0, 1, rows)})
        for _ in range(weeks)
    ]


@pytest.mark.parametrize("rows", [400, 1_600])
def test_dependence_is_measured_on_reference_batches_and_holds_for_windows_of_other_sizes(rows: int) -> None:
    random = np.random.default_rng(3)
    weeks = shocked(random, 26, 400)
    frame = pd.concat(weeks, ignore_index=True)
    of = [f"week {number:02}" for number, week in enumerate(weeks) for _ in range(len(week))]
    profile = profile_of(frame, typical_values(frame), frame["orders"].to_numpy(), None, "held out", [], moment_of=of)
    assert profile["features"]["spend"]["batches"] == 26
    assert 3 < profile["features"]["spend"]["phi"] < 15
    assert profile["features"]["orders"]["phi"] < 3
    settings = Settings(0.02, 1.0, 0.05, 52)
    state: dict[str, Any] = {}
    levels = set()
    for day, week in enumerate(shocked(random, 26, rows), start=1):
        found = MONITOR.judge(state, window(week, day), settings, profile)
        state = found.state
        levels.add(found.level)
    assert levels == {"quiet"}
    assert "as measured on the reference batches" in found.guarantee
    few = profile_of(
        frame, typical_values(frame), np.zeros(len(frame)), None, "held out", [], moment_of=["a"] * len(of)
    )
    assert "phi" not in few["features"]["spend"]


def test_a_list_of_one_day_has_one_day_of_the_week_and_blinds_nobody_else() -> None:
    """What is one value at each moment of the reference is not told as broken, and its phi weighs on it alone."""
    random = np.random.default_rng(8)

    def day(number: int, spend: float = 1.0) -> pd.DataFrame:
        return pd.DataFrame({"spend": random.gamma(2.0, 20.0, 500) * spend, "weekday": np.full(500, number % 7.0)})

    days = [day(number) for number in range(56)]
    frame = pd.concat(days, ignore_index=True)
    of = [f"day {number:02}" for number in range(56) for _ in range(500)]
    profile = profile_of(frame, typical_values(frame), np.zeros(len(frame)), None, "held out", [], moment_of=of)
    assert profile["features"]["weekday"]["still"] == 1.0
    assert profile["features"]["spend"]["still"] == 0.0
    assert profile["features"]["weekday"]["phi"] > 100
    settings = Settings(0.02, 25.0, 0.05, 365)
    calm = MONITOR.judge({}, window(day(3), 1), settings, profile)
    assert calm.level == "quiet"
    assert "Plainly" not in calm.text
    found: dict[str, Any] = {}
    for number in range(10):
        last = MONITOR.judge(found, window(day(number, 1.5), number + 1), settings, profile)
        found = last.state
    assert last.level == "note"
    assert "spend" in last.cause
    stuck = day(3).assign(spend=20.0)
    assert "spend (always 20" in MONITOR.judge({}, window(stuck, 1), settings, profile).text
    some = profile_of(frame, typical_values(frame), np.zeros(len(frame)), None, "all", [], moment_of=of, apart=False)
    assert "phi" not in some["features"]["weekday"], "the same people again tell little of new ones"
    assert some["features"]["weekday"]["still"] == 1.0


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("spend", lambda column: column * np.nan, "spend (wholly missing: 0.0% then)"),
        ("spend", lambda column: column * 100, "spend (outside of "),
        ("spend", lambda column: column * 0 + 50, "spend (always 50: at most 10.0% then)"),
        ("channel", lambda column: column.where(column == "none"), "channel (wholly missing: 0.0% then)"),
        ("channel", lambda column: column.where(column == "none", "web"), "channel (always web: "),
        ("channel", lambda column: column + "-new", "channel (no text that was common: "),
    ],
)
def test_what_anybody_can_see_is_described_at_once_and_spends_nothing(name: str, change: Any, said: str) -> None:
    few, blind = inputs(1, 50), replace(SETTINGS, phi=25.0)
    few[name] = change(few[name])
    (found,) = life([few], blind)
    assert (found.level, found.kind) == ("note", "description")
    assert said in found.text
    assert "spends nothing" in found.guarantee
    assert found.numbers["changed"] == 0
    assert found.numbers["evidence"] < 1
    (again,) = life([inputs(2, 50)], blind)
    assert (again.level, again.kind) == ("quiet", "guarantee")


def test_what_ages_or_was_so_before_or_is_of_few_rows_is_not_described() -> None:
    frame = inputs(1, 50).assign(tenure=900.0, fixed=3.0, orders=0.0)
    assert "Plainly" not in life([frame])[0].text
    assert "Plainly" not in life([inputs(1, 19).assign(spend=np.nan)])[0].text


def test_a_change_that_is_proven_keeps_its_guarantee_beside_what_is_described() -> None:
    found = life([inputs(seed).assign(spend=np.nan) for seed in range(1, 6)])[-1]
    assert (found.level, found.kind) == ("note", "guarantee")
    assert found.text.startswith("Plainly other than it was: spend (wholly missing")
