"""Who is drawn, and what a file of labels may say."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from shipworthy.base.errors import UserError
from shipworthy.model.estimates import estimates_of
from shipworthy.watch.audit import drawn, labels_of
from shipworthy.watch.monitor import Judgement, Settings, Window
from shipworthy.watch.monitors.audit import judge

KNOWN = {"a": "s", "b": "s", "c": "s"}
SETTINGS = Settings(tolerance=0.02, phi=1.0, alpha=0.05, updates_per_year=52)


def test_a_draw_is_repeated_with_the_key_and_another_without() -> None:
    names = [f"answer {number}" for number in range(1_000)]

    def key(secret: str) -> list[int]:
        return drawn(names, 100, lambda name: hashlib.sha256(f"{secret}{name}".encode()).hexdigest())

    assert key("one") == key("one") == sorted(set(key("one")))
    assert len(set(key("one")) & set(key("two"))) < 30
    assert len(key("one")) == 100
    assert drawn(names[:5], 100, lambda name: name) == [0, 1, 2, 3, 4]


def test_labels_are_read_as_people_write_them() -> None:
    found = labels_of("label,answer_id,remark\nYES,a,sure\n?,b,\n,c,later\n", KNOWN)
    assert found["a"] == 1.0
    assert np.isnan(found["b"])
    assert set(found) == {"a", "b"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "audit.file"),
        ("id,label\na,1\n", "audit.file"),
        ("answer_id,label\nz,1\n", "audit.unknown"),
        ("answer_id,label\na,maybe\n", "audit.label"),
        ("answer_id,label\na,1\na,0\n", "audit.twice"),
    ],
)
def test_a_file_that_cannot_be_the_truth_is_refused_whole(text: str, code: str) -> None:
    with pytest.raises(UserError) as caught:
        labels_of(text, KNOWN)
    assert [mistake.code for mistake in caught.value.mistakes] == [code]


def test_a_label_of_a_class_is_its_name() -> None:
    found = labels_of("answer_id,label\na,Repair\nb,?\n", KNOWN, ("replace", "repair"))
    assert found["a"] == 1.0
    assert np.isnan(found["b"])
    with pytest.raises(UserError, match="Write one of replace, repair"):
        labels_of("answer_id,label\na,yes\n", KNOWN, ("replace", "repair"))


def life(error: float, windows: int, seed: int, rows: int = 100) -> list[Judgement]:
    """Samples of a model that was right about shares when proven; a share of truths turns round."""
    random = np.random.default_rng(seed)
    scores = random.random(5_000)
    kept = {"estimates": estimates_of("probability", scores, (random.random(5_000) < scores).astype(float), "held out")}
    state: dict[str, object] = {}
    found = []
    for number in range(windows):
        given = random.random(rows)
        truth = (random.random(rows) < np.where(random.random(rows) < error, 1 - given, given)).astype(float)
        window = Window(f"2026-{number + 1:02}-01T00:00:00+00:00", given, labels=truth)
        found.append(judge(state, window, SETTINGS, kept))
        state = found[-1].state
    return found


def test_a_model_whose_inputs_changed_their_meaning_is_alarmed_and_one_that_is_as_proven_is_not() -> None:
    assert [found.level for found in life(0.8, 3, 1)][-1] == "alarm"
    calm = [found.level for seed in range(20) for found in life(0.0, 6, seed)]
    assert "alarm" not in calm


def test_whoever_nobody_could_tell_raises_nothing() -> None:
    scores = np.full(200, 0.9)
    kept = {"estimates": estimates_of("probability", np.tile([0.1, 0.9], 500), np.tile([0.0, 1.0], 500), "held out")}
    labels = np.where(np.arange(200) < 190, np.nan, 1.0)
    found = judge({}, Window("2026-01-01T00:00:00+00:00", scores, labels=labels), SETTINGS, kept)
    assert found.level == "quiet"
    assert "190 more" in found.text
    nobody = judge({}, Window("2026-01-01T00:00:00+00:00", scores, labels=np.full(200, np.nan)), SETTINGS, kept)
    assert nobody.level == "not_run"
