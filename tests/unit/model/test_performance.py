"""What is kept of a candidate's performance: each figure against plain counting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipworthy.base.digest import canonical
from shipworthy.model.learning import Examples
from shipworthy.model.performance import OTHERS, STEPS, HeldOut, levels_of, performance_of
from shipworthy.model.segments import UNKNOWN, edges_of, names_of

MOMENTS = ("1997-04-01T00:00:00+00:00", "1997-05-01T00:00:00+00:00")


def examples() -> tuple[Examples, Any]:
    """Two moments of the same 60 entities; one entity's truth is not known at the second."""
    random = np.random.default_rng(2)
    scores = random.random(120)
    label = (random.random(120) < scores).astype(float)
    label[119] = np.nan
    region = np.array((["north"] * 30 + ["south"] * 25 + ["islet"] * 5) * 2, dtype=object)
    names = np.array([f"c{n:02}" for n in range(60)] * 2, dtype=object)
    moments = np.repeat(np.array(MOMENTS, dtype=object), 60)
    return Examples(pd.DataFrame({"region": region}), label, names, moments), scores


def kept(answer: Any = "probability", threshold: float | None = None) -> Any:
    rows, scores = examples()
    words = np.where(scores > 0.7, "call", "leave").astype(object)
    return performance_of(answer, rows, scores, ["region"], words, ("call", "leave"), threshold)


def test_each_entity_counts_once_at_its_newest_known_moment() -> None:
    rows, scores = examples()
    found = HeldOut.read({"performance": kept()})
    assert found is not None
    newest = [*range(60, 119), 59]
    lost = (scores - rows.label)[newest] ** 2
    assert found.whole.rows == 60
    assert found.whole.mean == pytest.approx(lost.mean())
    north = [place for place in newest if rows.features["region"][place] == "north"]
    part = found.segments["region"].parts["north"]
    assert part.rows == 30
    assert part.mean == pytest.approx(((scores - rows.label)[north] ** 2).mean())
    assert found.segments["region"].names(np.array(["islet", "north", None], dtype=object)).tolist() == [
        OTHERS,
        "north",
        OTHERS,
    ]
    chosen = [place for place in newest if scores[place] > 0.7]
    assert found.decided is not None
    assert (found.decided.chosen, found.decided.wrong) == (len(chosen), sum(rows.label[p] == 0 for p in chosen))
    missed = sum(rows.label[p] == 1 and scores[p] <= 0.7 for p in newest)
    assert (found.decided.yes, found.decided.missed) == (sum(rows.label[p] == 1 for p in newest), missed)


def test_every_moment_is_a_batch_for_measuring_dependence() -> None:
    rows, scores = examples()
    found = HeldOut.read({"performance": kept()})
    assert found is not None
    gaps = [np.nanmean((scores - rows.label)[rows.moment == moment]) for moment in MOMENTS]
    assert [gap for _, _, gap in found.batches] == pytest.approx(gaps)
    assert [size for size, _, _ in found.batches] == [60, 59]
    assert (found.shares @ found.means) == pytest.approx(found.whole.mean)


def test_a_number_keeps_its_largest_and_its_large_errors() -> None:
    rows, scores = examples()
    found = HeldOut.read({"performance": kept("number")})
    assert found is not None
    newest = [*range(60, 119), 59]
    errors = np.abs(scores - rows.label)[newest]
    assert found.cap == pytest.approx(np.quantile(errors, 0.99))
    assert found.large == pytest.approx(np.quantile(errors, 0.9))
    assert found.large_rows == int((errors > np.quantile(errors, 0.9)).sum())
    assert found.decided is None, "which truth of a number is a yes only a threshold says"
    assert kept("number", threshold=0.5)["decision"] is not None


def test_what_is_kept_is_strict_json_and_nothing_where_no_truth_is_known() -> None:
    assert canonical(kept())
    rows, scores = examples()
    unknown = Examples(rows.features, np.full(120, np.nan), rows.entity, rows.moment)
    words = np.full(120, "call", dtype=object)
    assert performance_of("probability", unknown, scores, [], words, ("call", "leave"), None) is None
    assert performance_of("probability", rows, scores * 90, [], words, ("call", "leave"), None) is None
    assert HeldOut.read({}) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_levels_keep_rows_and_mean(values: list[float]) -> None:
    levels = levels_of(np.array(values))
    assert levels.sum() == pytest.approx(len(values))
    assert levels @ np.linspace(0, 1, STEPS + 1) == pytest.approx(sum(values))
    assert (levels >= 0).all()


def test_bands_are_named_by_edges_that_were_set_once() -> None:
    edges = edges_of(pd.Series(np.arange(100.0)))
    later = names_of(pd.Series([-5.0, 24.75, 60.0, 1e9, np.nan]), edges).tolist()
    assert later == ["up to 24.75", "up to 24.75", "above 49.5, up to 74.25", "above 74.25", UNKNOWN]
