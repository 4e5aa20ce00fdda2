"""The loss against what was proven: by the formulas written out, in whole lives, and in words."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, mean_absolute_error
from unit.watch.lives import lived

from shipworthy.base.digest import canonical
from shipworthy.model.learning import Examples
from shipworthy.model.performance import HeldOut, performance_of
from shipworthy.watch.bounds import levels_at_most
from shipworthy.watch.monitor import Judgement, Settings, Window
from shipworthy.watch.monitors.performance import MONITOR
from shipworthy.watch.proof_rows import rows_needed

YEAR, ALPHA = 12, 0.05
GRID = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
SETTINGS = Settings(tolerance=0.2, phi=2.0, alpha=ALPHA, updates_per_year=YEAR)


def rows(size: int, seed: int, regions: tuple[str, ...] = ("north", "south")) -> tuple[Examples, Any]:
    """Held-out rows with calibrated scores, spread over regions."""
    random = np.random.default_rng(seed)
    scores = random.beta(2, 6, size)
    region = np.array(regions, dtype=object)[np.arange(size) % len(regions)]
    truth = (random.random(size) < scores).astype(float)
    names = np.array([f"c{n}" for n in range(size)], dtype=object)
    moment = np.full(size, "1997-04-01T00:00:00+00:00", dtype=object)
    return Examples(pd.DataFrame({"region": region, "spend": scores}), truth, names, moment), scores


def profile(size: int = 4_000, answer: Any = "probability", columns: tuple[str, ...] = ("region",)) -> dict[str, Any]:
    known, scores = rows(size, 1)
    if answer == "number":
        truth = 100 + 50 * scores + np.random.default_rng(3).normal(0, 10, size)
        known, scores = Examples(known.features, truth, known.entity, known.moment), 100 + 50 * scores
    decisions = np.where(scores > np.quantile(scores, 0.8), "yes", "no").astype(object)
    kept = performance_of(answer, known, scores, columns, decisions, ("yes", "no"), None)
    return {"performance": json.loads(canonical(kept))}


def window(month: int, size: int = 2_000, off: float = 0.0, south: float = 0.0, year: int = 1997) -> Window:
    """A list of calibrated scores, `off` of whose truths are the other way round; of the south `south` more."""
    known, scores = rows(size, 100 * year + month)
    turned = np.random.default_rng(month).random(size)
    share = off + south * (known.features["region"] == "south").to_numpy()
    labels = np.where(turned < share, 1 - known.label, known.label)
    region = known.features["region"].to_numpy(dtype=object)
    return Window(f"{year}-{month:02}-01T00:00:00+00:00", scores, labels=labels, features={"region": region})


def life(windows: list[Window], settings: Settings = SETTINGS, known: dict[str, Any] | None = None) -> list[Judgement]:
    return lived(MONITOR, windows, settings, known or profile())


def test_a_model_that_stays_as_good_is_quiet() -> None:
    found = life([window(1 + n % 12, year=1997 + n // 12) for n in range(15)])
    assert {one.level for one in found} == {"quiet"}
    assert "was proven" in found[-1].text


def test_answers_that_get_worse_for_everybody_are_alarmed_as_a_concept_shift() -> None:
    found = life([window(1), window(2, off=0.25), window(3, off=0.25), window(4, off=0.25)])
    assert found[0].level == "quiet"
    last = found[-1]
    assert last.level == "alarm"
    proven, tolerated = last.numbers["proven"], last.numbers["tolerated"]
    assert tolerated > proven * 1.2
    assert (
        f"{proven:.3f} was proven, and up to {tolerated:.3f} is tolerated: 20% more, and what 4,000 rows of proof "
        "leave to chance."
    ) in last.text
    assert last.since == "1997-02-01T00:00:00+00:00"
    assert "since 1997-02-01, and not by chance" in last.text
    assert "Concept shift" in last.cause
    assert last.guarantee.startswith("At most a 5% chance of any false alarm in 12 windows")
    assert last.advice


def test_one_segment_that_got_worse_is_named_with_its_numbers() -> None:
    known = profile(40_000)
    found = life([window(n, size=8_000, south=0.2) for n in (1, 2, 3, 4)], known=known)[-1]
    assert found.level == "alarm"
    assert "region = south" in found.text
    assert "region = south carries" in found.cause
    assert found.parts["region = south"]["evidence"] >= 1 > found.parts["region = north"]["evidence"]
    assert found.parts["region = south"]["now"] > found.parts["region = south"]["then"] * 1.2


def test_a_segment_of_too_few_rows_cannot_be_told() -> None:
    small = window(1, size=40, south=0.5)
    found = life([small, window(2, size=40, south=0.5)])[-1]
    assert found.level != "alarm"
    assert all(part["evidence"] < 1 for part in found.parts.values())


def reckoned(lost: Any, tau: float, phi: float, windows: int) -> float:
    """R of the mixture over the bets after some windows of the same losses, row by row."""
    total = 0.0
    for bet in GRID:
        capital = 0.0
        for _ in range(windows):
            factor = math.prod(1 + bet / tau * (one - tau) for one in lost)
            capital = (capital + 1) * factor ** (1 / phi)
        total += capital
    return total / len(GRID)


@pytest.mark.parametrize("size", [1, 30, 300])
def test_the_evidence_is_reckoned_as_the_formulas_have_it(size: int) -> None:
    known = profile(columns=())
    then = HeldOut.read(known)
    assert then is not None
    one = window(1, size=size, off=0.4)
    found = life([one, one, one], known=known)[-1]
    tau = levels_at_most(then.whole.levels, ALPHA * 0.1 / 2, 2.0) + 0.2 * then.whole.mean
    assert one.labels is not None
    expected = reckoned((one.scores - one.labels) ** 2, tau, 2.0, 3)
    bar = YEAR / (ALPHA * 0.9)
    assert found.numbers["evidence"] == pytest.approx(math.log1p(expected) / math.log1p(bar), abs=1e-4)
    assert found.numbers["loss"] == pytest.approx(brier_score_loss(one.labels, one.scores))
    assert found.numbers["tolerated"] == pytest.approx(tau)


def test_a_number_is_judged_by_its_absolute_error_in_its_own_unit() -> None:
    known = profile(answer="number")
    random = np.random.default_rng(9)

    def list_of(month: int, drift: float) -> Window:
        scores = 100 + 50 * random.beta(2, 6, 1_000)
        labels = scores + random.normal(drift, 10, 1_000)
        regions = np.full(1_000, "north", dtype=object)
        return Window(f"1997-{month:02}-01T00:00:00+00:00", scores, labels=labels, features={"region": regions})

    calm, moved = list_of(1, 0), list_of(2, 15)
    found = life([calm, moved, list_of(3, 15)], known=known)
    assert [one.level for one in found] == ["quiet", "alarm", "alarm"]
    assert calm.labels is not None
    assert found[0].numbers["loss"] == pytest.approx(mean_absolute_error(calm.labels, calm.scores), rel=0.01)
    assert "mean absolute error" in found[1].text
    assert "miss by more than" in found[1].text
    assert found[1].numbers["large"] > 0.3


def test_unknown_truths_leave_an_interval_and_the_verdict_names_its_assumption() -> None:
    one = window(1, size=1_000)
    assert one.labels is not None
    labels = one.labels.copy()
    labels[::4] = np.nan
    found = life([Window(one.moment, one.scores, labels=labels, features=one.features)])[0]
    loss = found.numbers["loss"]
    assert found.numbers["coverage"] == 0.75
    assert (found.numbers["loss_low"], found.numbers["loss_high"]) == pytest.approx((0.75 * loss, 0.75 * loss + 0.25))
    assert "The truth is known for 75.0% of its answers" in found.text
    assert "are like those whose truth is known" in found.guarantee


def test_what_cannot_be_judged_says_why() -> None:
    one = window(1)
    state = {"evidence": {"everybody": [[1.0]]}}
    for one_given, known, why in (
        (one, {}, "keeps no losses"),
        (Window(one.moment, one.scores, labels=one.labels, promises=False), profile(), "no probabilities"),
        (Window(one.moment, one.scores, labels=np.full(2_000, np.nan)), profile(), "known truth"),
        (Window(one.moment, one.scores * 3, labels=one.labels), profile(), "outside 0 to 1"),
        (Window(one.moment, one.scores, labels=one.scores), profile(), "not yes or no"),
        (Window(one.moment, one.scores, unlabelled_because="late"), profile(), "late"),
    ):
        found = MONITOR.judge(state, one_given, SETTINGS, known)
        assert (found.level, found.state) == ("not_run", state)
        assert why in found.text


def test_a_segment_column_that_is_not_stored_is_said() -> None:
    one = window(1)
    found = life([Window(one.moment, one.scores, labels=one.labels)])[0]
    assert "Not told apart by region" in found.text


def test_few_of_many_years_at_the_edge_of_the_tolerance_see_an_alarm() -> None:
    """50 years of months whose expected loss is what is tolerated of everybody, with four segments beside."""
    regions = tuple("abcd")
    known, scores = rows(20_000, 1, regions)
    kept = performance_of("probability", known, scores, ("region",), np.full(20_000, ""), ("yes", "no"), None)
    then = {"performance": kept}
    held = HeldOut.read(then)
    assert held is not None
    settings = Settings(tolerance=0.2, phi=1.0, alpha=ALPHA, updates_per_year=YEAR)
    random, alarmed, size = np.random.default_rng(5), 0, 500
    region = np.array(regions, dtype=object)[np.arange(size) % 4]
    for _ in range(50):
        state: dict[str, Any] = {}
        for month in range(1, YEAR + 1):
            score = random.beta(2, 6, size)
            # A truth whose chance is q has the expected loss q (1 - 2 s) + s^2, so this q makes it a fifth more.
            chance = score + 0.2 * held.whole.mean / (1 - 2 * score).mean()
            labels = (random.random(size) < chance).astype(float)
            one = Window(f"1997-{month:02}-01", score, labels=labels, features={"region": region})
            found = MONITOR.judge(state, one, settings, then)
            state = found.state
            if found.level == "alarm":
                alarmed += 1
                break
    assert alarmed / 50 <= ALPHA


def blind(size: int) -> dict[str, Any]:
    known, _ = rows(size, 1)
    return profile(size, columns=()) | {"labels": {"mean": float(known.label.mean())}}


def test_a_proof_of_few_rows_is_not_called_quiet_but_said_to_be_unable_to_tell() -> None:
    declared = replace(SETTINGS, phi=25.0)
    (found,) = life([window(1, 500)], declared, blind(200))
    assert found.level == "not_run"
    assert "Cannot tell whether the answers of 1997-01-01 are as good as proven" in found.text
    more = int(found.numbers["held_out_needed"])
    assert f"about {more:,} more held-out rows needed" in found.text
    assert found.state["evidence"], "what gathers for an alarm is kept"
    (enough,) = life([window(1, 500)], declared, blind(200 + 2 * more))
    assert enough.level == "quiet"


def test_a_disaster_is_found_also_where_a_proof_cannot_tell_finely() -> None:
    found = life([window(month, 500, off=1.0) for month in range(1, 13)], replace(SETTINGS, phi=5.0), blind(400))
    assert found[-1].level == "alarm"


@example(1, 0.5, 0.6875)
@given(st.integers(1, 10_000), st.floats(0.01, 0.9), st.floats(0.01, 0.9))
def test_with_the_rows_that_are_said_to_be_needed_a_bound_is_within_its_limit(
    size: int, least: float, room: float
) -> None:
    def bound(times: float) -> float:
        return least + 1 / math.sqrt(size * times)

    more = rows_needed(size, lambda times: bound(times) < least + room)
    assert more is not None
    assert (more == 0) == (bound(1.0) < least + room)
    assert bound(1 + more / size) < least + room
