"""Monitors of classes: what they count is what scikit-learn counts; they are quiet in a still world, and see harm."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from unit.watch.lives import lived

from shipworthy.base.digest import canonical
from shipworthy.model import classes
from shipworthy.model.estimates import estimates_of
from shipworthy.model.intervals import intervals_of
from shipworthy.model.learning import Examples
from shipworthy.model.performance import performance_of
from shipworthy.plan.schema import Decision
from shipworthy.watch.declared import decided
from shipworthy.watch.monitor import Judgement, Monitor, OfClasses, Settings, Window
from shipworthy.watch.monitors import (
    audit,
    calibration,
    class_shares,
    confusion,
    estimated_performance,
    fairness,
    interval,
    performance,
    ranking,
)

NAMES = ("none", "repair", "replace")
SETTINGS = Settings(tolerance=0.05, phi=1.0, alpha=0.05, updates_per_year=12)


def world(seed: int, rows: int = 2_000, shift: Callable[[Any], Any] = lambda logits: logits) -> OfClasses:
    """A model that knows the chances: the truth is drawn from what it says, unless the world shifts."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 1.5, (rows, 3)) + np.array([0.5, 0.0, -0.5])
    said, real = (np.exp(one) / np.exp(one).sum(axis=1, keepdims=True) for one in (logits, shift(logits)))
    truths = (random.random(rows)[:, None] > real.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    return OfClasses(NAMES, np.round(said, 12), truths.astype(np.float64))


def profile(of: OfClasses) -> dict[str, Any]:
    """What a candidate keeps of such held-out rows."""
    import pandas as pd

    assert of.truths is not None
    scores, right = classes.promised(of.likely), classes.right(of.likely, of.truths)
    size = len(scores)
    rows = Examples(
        pd.DataFrame({"x": np.zeros(size)}),
        of.truths,
        np.array([f"e{n}" for n in range(size)], dtype=object),
        np.full(size, "1997-01-01T00:00:00+00:00", dtype=object),
    )
    empty = np.full(size, "", dtype=object)
    return {
        "classes": classes.profile_of(NAMES, of.likely, of.truths),
        "estimates": estimates_of("class", scores, right, "held out"),
        "performance": performance_of("class", rows, scores, [], empty, ("repair", "no"), None, of.likely),
    }


KNOWN = profile(world(0, 4_000))


def window(month: int, of: OfClasses) -> Window:
    assert of.truths is not None
    right = classes.right(of.likely, of.truths)
    yes = np.ones(len(right), dtype=bool)
    return Window(f"1997-{month:02}-01", classes.promised(of.likely), labels=right, of_classes=of, says_yes=yes)


def life(monitor: Monitor, windows: list[Window], terms: Settings = SETTINGS) -> list[Judgement]:
    return lived(monitor, windows, terms, json.loads(canonical(KNOWN)))


def confused(logits: Any) -> Any:
    """What looks like repair is a replacement ever more often."""
    return np.stack([logits[:, 0], logits[:, 2], logits[:, 1]], axis=1)


MONITORS = [confusion.MONITOR, performance.MONITOR, calibration.MONITOR, class_shares.MONITOR, ranking.MONITOR]


@pytest.mark.parametrize("monitor", MONITORS, ids=lambda one: one.name)
def test_a_still_world_raises_nothing(monitor: Monitor) -> None:
    for found in life(monitor, [window(month, world(month)) for month in range(1, 13)]):
        assert found.level == "quiet", found.text


@pytest.mark.parametrize(
    "monitor", [confusion.MONITOR, performance.MONITOR, calibration.MONITOR], ids=lambda one: one.name
)
def test_classes_that_changed_places_raise_the_alarm(monitor: Monitor) -> None:
    found = life(monitor, [window(month, world(month, shift=confused)) for month in (1, 2, 3)])[-1]
    assert found.level == "alarm", found.text
    assert found.cause


def test_the_mistake_is_named() -> None:
    found = life(confusion.MONITOR, [window(1, world(1, shift=confused))])[0]
    assert "repair missed" in found.text or "repair named wrongly" in found.text
    assert "was answered as" in found.cause
    assert found.advice


def test_more_of_one_class_is_noted_before_any_truth() -> None:
    of = world(5)
    often = np.argsort(-of.likely[:, 2])[:900]
    moved = replace(of, likely=of.likely[often], truths=None)
    one = Window("1997-01-01", classes.promised(moved.likely), of_classes=moved)
    [found] = life(class_shares.MONITOR, [one])
    assert found.level == "note"
    assert "class (" in found.text
    assert found.parts["replace"]["now"] > found.parts["replace"]["then"] + 0.2


@example(max_examples=25, deadline=None)
@given(seed=st.integers(100, 10_000), rows=st.integers(50, 400))
def test_what_is_counted_is_what_scikit_learn_counts(seed: int, rows: int) -> None:
    of = world(seed, rows)
    assert of.truths is not None
    one = window(1, of)
    found = confusion.MONITOR.judge({}, one, SETTINGS, KNOWN)
    assert found.numbers["accuracy"] == pytest.approx((of.answered == of.truths).mean())
    assert found.numbers["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(of.truths, of.answered))
    ranked = ranking.MONITOR.judge({}, one, SETTINGS, KNOWN)
    for place, name in enumerate(NAMES):
        if name in ranked.parts:
            expected = roc_auc_score(of.truths == place, of.likely[:, place])
            assert ranked.parts[name]["now"] == pytest.approx(expected)


def test_the_estimate_without_labels_is_near_the_share_of_right_answers() -> None:
    of = world(77, 5_000)
    one = window(1, of)
    found = estimated_performance.MONITOR.judge({}, replace(one, labels=None), SETTINGS, KNOWN)
    assert one.labels is not None
    assert found.numbers["accuracy"] == pytest.approx(float(one.labels.mean()), abs=0.03)
    assert "of the classes right" in found.text
    assert found.kind == "estimate"


def test_an_estimate_that_falls_is_noted() -> None:
    of = world(78, 3_000)
    unsure = replace(of, likely=of.likely * 0.5 + 1 / 6)
    found = estimated_performance.MONITOR.judge({}, replace(window(1, unsure), labels=None), SETTINGS, KNOWN)
    assert found.level == "note"
    assert "fewer than when it was made" in found.text


def test_people_who_label_a_sample_see_the_same_harm() -> None:
    sample = window(1, world(3, 600, shift=confused))
    terms = replace(SETTINGS, tolerance=0.02)
    [found] = life(audit.MONITOR, [replace(sample, of_classes=None)], terms)
    assert found.level == "alarm"
    [calm] = life(audit.MONITOR, [replace(window(1, world(3, 600)), of_classes=None)], terms)
    assert calm.level == "quiet"


def test_an_interval_is_of_the_share_of_right_answers_among_those_as_sure() -> None:
    reference = world(9, 4_000)
    assert reference.truths is not None
    scores, right = classes.promised(reference.likely), classes.right(reference.likely, reference.truths)
    kept = KNOWN | {"interval": intervals_of("probability", 0.9, scores, right, scores)}
    calm = interval.MONITOR.judge({}, window(1, world(1)), SETTINGS, kept)
    assert calm.level == "quiet"
    assert "share of right answers" in calm.text
    turned = interval.MONITOR.judge({}, window(1, world(1, shift=confused)), SETTINGS, kept)
    assert turned.level == "alarm", turned.text


def test_without_truth_nothing_is_said_and_nothing_passes() -> None:
    of = replace(world(1), truths=None)
    one = Window("1997-01-01", classes.promised(of.likely), of_classes=of, unlabelled_because="No tasting yet.")
    for monitor in (confusion.MONITOR, ranking.MONITOR, performance.MONITOR):
        found = monitor.judge({}, one, SETTINGS, KNOWN)
        assert (found.level, found.text) == ("not_run", "No tasting yet.")


def test_a_candidate_from_before_there_were_classes_is_not_held_against_nothing() -> None:
    found = confusion.MONITOR.judge({}, window(1, world(1)), SETTINGS, {})
    assert found.level == "not_run"
    assert "train it anew" in found.text


def test_every_class_but_the_one_that_counts_is_a_no() -> None:
    class PlanLike:
        decision = Decision(yes="repair", ask_name="look")

    words = np.array(["repair", "none", "look"], dtype=object)
    found = decided(Window("m", np.zeros(3)), PlanLike(), "class", words)  # type: ignore[arg-type]
    assert found.decisions.tolist() == ["repair", "not repair", "look"]
    assert (found.yes, found.no) == ("repair", "not repair")


def grouped(of: OfClasses, month: int) -> Window:
    """Two groups; the words are those of the decision rule, `repair` counting as yes."""
    one = window(month, of)
    side = np.where(np.arange(len(of.likely)) % 2, "left", "right").astype(object)
    words = np.where(of.answered == 1, "repair", "not repair").astype(object)
    return replace(one, decisions=words, yes="repair", no="not repair", groups={"side": side})


def test_groups_are_compared_by_the_class_that_counts_as_yes() -> None:
    still = [grouped(world(month), month) for month in range(1, 7)]
    assert {one.level for one in life(fairness.MONITOR, still)} == {"quiet"}
    turned = []
    for month in range(1, 7):
        fair, unfair = world(month), world(month, shift=confused)
        odd = np.arange(len(fair.likely)) % 2 == 1
        assert fair.truths is not None
        assert unfair.truths is not None
        turned.append(grouped(replace(fair, truths=np.where(odd, unfair.truths, fair.truths)), month))
    found = life(fairness.MONITOR, turned, replace(SETTINGS, declared=True))[-1]
    assert found.level == "alarm"
    assert "side" in found.text
