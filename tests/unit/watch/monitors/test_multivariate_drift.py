"""Changes that no column shows by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest
from unit.watch.besides import beside, stored

from shipworthy.model import projections
from shipworthy.model.profile import profile_of, typical_values
from shipworthy.model.projections import projections_of, read_projections
from shipworthy.model.rules import chosen_by_hash
from shipworthy.watch.monitor import Judgement, Settings, Window
from shipworthy.watch.monitors import input_drift, multivariate_drift

SETTINGS = Settings(tolerance=0.02, phi=1.0, alpha=0.05, updates_per_year=52)
NAMES = ["c", "b", "noise", "a"]
TABLES: dict[str, pa.Table] = {}


def rows(size: int, seed: int, correlation: float = 0.8) -> pd.DataFrame:
    """Three columns that go together, and one that does not; each by itself is normal whatever the correlation."""
    random = np.random.default_rng(seed)
    shared = random.normal(size=size)
    own = np.sqrt(1 - abs(correlation))
    table = {name: np.sqrt(abs(correlation)) * shared + own * random.normal(size=size) for name in ("a", "b", "c")}
    if correlation < 0:
        table["b"] = -table["b"]
    return pd.DataFrame(table | {"noise": random.normal(size=size)})[NAMES]


def put(table: pa.Table) -> str:
    TABLES[str(len(TABLES))] = table
    return str(len(TABLES) - 1)


@pytest.fixture(scope="module")
def profile() -> dict[str, Any]:
    features = rows(10_000, 1)
    scores = np.full(10_000, 0.5)
    found = profile_of(features, typical_values(features), scores, None, "held out", [])
    names = [f"c{number}" for number in range(10_000)]
    kept = projections_of(features, names, scores, None, "butterfly", "customer", put)
    return stored(found | {"projections": kept})


def life(profile: dict[str, Any], correlations: list[float], module: Any, start: int = 100) -> list[Judgement]:
    """Windows of 500 rows, one after the other, each judged on what the ones before left behind."""
    earlier: list[dict[str, npt.NDArray[Any]]] = []
    state: dict[str, Any] = {}
    found = []
    for number, correlation in enumerate(correlations):
        frame = rows(500, start + number, correlation)
        features = {name: frame[name].to_numpy() for name in NAMES}
        window = Window(
            f"2026-01-{number + 1:02}T00:00:00+00:00",
            np.full(500, 0.5),
            features=features,
            beside=beside(profile, TABLES, earlier[-4:]),
        )
        found.append(module.judge(state, window, SETTINGS, profile))
        state = found[-1].state
        earlier.append(features)
    return found


def test_a_butterfly_is_silent_in_every_column_and_noted_by_the_second_window(profile: dict[str, Any]) -> None:
    """Correlation turns from .8 to -.8: each column stays as it was, and rows as a whole do not."""
    alone = life(profile, [0.8, -0.8, -0.8, -0.8], input_drift)
    together = life(profile, [0.8, -0.8, -0.8], multivariate_drift)
    assert [found.level for found in alone] == ["quiet"] * 4
    assert together[0].level == "quiet"
    assert "note" in [found.level for found in together[1:3]]
    assert "b" in together[-1].cause
    assert together[-1].since.startswith("2026-01-0")
    assert together[-1].level == "note", "drift alone is never an alarm"


def test_the_classifier_finds_it_without_the_projections(profile: dict[str, Any]) -> None:
    found = life(profile, [-0.8, -0.8, -0.8], multivariate_drift)
    assert "told" not in found[0].numbers, "there is no window before the first"
    assert found[-1].numbers["evidence.domain"] >= 1
    assert found[-1].numbers["told"] > found[-1].numbers["told_at_most"]


def test_a_calm_life_is_quiet(profile: dict[str, Any]) -> None:
    found = life(profile, [0.8] * 5, multivariate_drift, start=300)
    assert {one.level for one in found} == {"quiet"}
    assert max(one.numbers["evidence"] for one in found) < 1


def test_a_candidate_without_projections_says_so(profile: dict[str, Any]) -> None:
    found = life({**profile, "projections": None}, [], multivariate_drift)
    window = Window("2026-01-01T00:00:00+00:00", np.full(5, 0.5), features={})
    one = multivariate_drift.judge({}, window, SETTINGS, {**profile, "projections": None})
    assert not found
    assert one.level == "not_run"
    assert "Train it again" in one.text


def test_the_trees_say_what_the_library_says() -> None:
    """The table of nodes gives the anomaly score of scikit-learn's own forest, which is its negative."""
    from sklearn.ensemble import IsolationForest

    features = rows(1_000, 5)
    names = [f"c{number}" for number in range(1_000)]
    kept = projections_of(features, names, np.zeros(1_000), None, "p", "customer", put)
    assert kept is not None
    found = read_projections(kept, TABLES[kept["forest"]])
    assert found is not None
    matrix = np.random.default_rng(1).normal(size=(300, 4))
    fitted = IsolationForest(n_estimators=50, max_samples=256, random_state=20260101)
    half = features[chosen_by_hash("p/projections", names, 0.5)]
    taught = projections._matrix(found.columns, {name: half[name].to_numpy() for name in NAMES})
    theirs = -fitted.fit(taught).score_samples(matrix)
    assert np.allclose(found.forest.scores(matrix), theirs, atol=1e-9)


def test_columns_whose_order_is_not_known_say_nothing(profile: dict[str, Any]) -> None:
    kept = profile["projections"]
    unordered = {column["name"]: {"knots": column["knots"]} for column in kept["columns"]}
    found = life({**profile, "projections": {**kept, "columns": unordered}}, [0.8], multivariate_drift)
    assert found[0].level == "not_run"
    assert "Train it again" in found[0].text


def test_the_same_rows_make_the_same_projections() -> None:
    features, names = rows(1_000, 6), [f"c{number}" for number in range(1_000)]
    tables: list[pa.Table] = []

    def kept(table: pa.Table) -> str:
        tables.append(table)
        return str(len(tables) % 2)

    one, two = (projections_of(features, names, np.zeros(1_000), None, "p", "customer", kept) for _ in range(2))
    assert one == two
    assert tables[0].equals(tables[2])
    assert tables[1].column_names[0] == "customer", "whoever erases a person looks for the entity"
