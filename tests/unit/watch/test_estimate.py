"""Estimates without labels: right where their assumption holds, and known to be blind where it does not."""

from typing import Any

import numpy as np
import numpy.typing
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from shipworthy.model.estimates import calibrated
from shipworthy.watch.domain import Domain
from shipworthy.watch.estimate import LARGEST_WEIGHT, estimated, weights


def test_a_calibration_is_the_isotonic_regression_of_the_reference_library() -> None:
    generator = np.random.default_rng(1)
    scores = generator.random(2_000).round(2)  # many equal ones
    labels = (generator.random(2_000) < scores**2).astype(float)
    counts = generator.random(2_000) * 3
    counts[:50] = 0.0
    asked = np.linspace(-0.2, 1.2, 301)
    for given in (None, counts):
        theirs = IsotonicRegression(out_of_bounds="clip").fit(scores, labels, sample_weight=given)
        assert np.allclose(calibrated(scores, labels, given).of(asked), theirs.predict(asked), atol=1e-9)


def test_an_estimate_that_knows_every_label_is_the_measured_performance() -> None:
    generator = np.random.default_rng(2)
    scores = generator.random(500).round(2)
    truth = (generator.random(500) < scores).astype(float)
    yes = scores >= 0.4
    found = estimated(scores, truth, yes)
    assert found.accuracy == pytest.approx((truth == yes).mean())
    assert found.precision == pytest.approx(precision_score(truth, yes))
    assert found.recall == pytest.approx(recall_score(truth, yes))
    assert found.f1 == pytest.approx(f1_score(truth, yes))
    assert found.auc == pytest.approx(roc_auc_score(truth, scores))
    assert found.brier == pytest.approx(((scores - truth) ** 2).mean())
    assert found.spread == 0.0


def test_measures_without_anything_to_divide_by_are_not_a_number() -> None:
    found = estimated(np.array([0.1, 0.2]), np.array([0.0, 0.0]), np.array([False, False]))
    assert found.accuracy == 1.0
    assert np.isnan([found.precision, found.recall, found.f1, found.auc]).all()


def test_nothing_is_estimated_of_nothing() -> None:
    with pytest.raises(ValueError, match="no answer"):
        estimated(np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool))
    with pytest.raises(ValueError, match="truth is known"):
        calibrated(np.zeros(0), np.zeros(0))


def test_weights_are_the_density_ratio_between_0_and_50() -> None:
    found = weights(np.array([0.0, 0.25, 0.5, 1.0]), reference_rows=200, new_rows=100)
    assert found.tolist() == pytest.approx([0.0, 2 / 3, 2.0, LARGEST_WEIGHT])


def test_weighting_repairs_a_calibration_that_depends_on_an_input_the_score_does_not_read() -> None:
    """Half the reference belongs to a group for which a score comes true half as often; all of the new rows do."""
    generator = np.random.default_rng(3)

    def rows(
        share: float, size: int
    ) -> tuple[dict[str, np.typing.NDArray[Any]], np.typing.NDArray[np.float64], np.typing.NDArray[Any]]:
        group, score = generator.random(size) < share, generator.random(size)
        truth = generator.random(size) < np.where(group, score / 2, score)
        return {"group": np.where(group, "b", "a").astype(object), "x": score}, score, truth.astype(float)

    known, scores, labels = rows(0.5, 8_000)
    new, later, truth = rows(1.0, 2_000)
    real = ((later >= 0.5) == truth).mean()
    domain = Domain.learnt(known, new, rounds=30)
    counted = weights(domain.of(known), 8_000, 2_000)
    plain, weighted = (
        estimated(later, calibrated(scores, labels, counts).of(later), later >= 0.5).accuracy
        for counts in (None, counted)
    )
    assert abs(weighted - real) < 0.03
    assert abs(plain - real) > 0.05


def test_a_change_of_what_inputs_mean_is_not_seen() -> None:
    """The assumption, shown from its other side: the truth turns round and the estimate stays as it was."""
    generator = np.random.default_rng(4)
    scores = generator.random(4_000)
    learnt = calibrated(scores, (generator.random(4_000) < scores).astype(float))
    assert estimated(scores, learnt.of(scores), scores >= 0.5).accuracy == pytest.approx(0.75, abs=0.02)


def test_a_domain_classifier_reads_texts_gaps_and_what_it_never_saw() -> None:
    known = {"place": np.array(["x", "y"] * 100, dtype=object), "n": np.full(200, np.nan)}
    new = {"place": np.array(["z", None] * 100, dtype=object), "n": np.array([None, 1.0] * 100, dtype=object)}
    domain = Domain.learnt(known, new, rounds=20)
    assert domain.of(known).mean() < 0.2 < 0.8 < domain.of(new).mean()
