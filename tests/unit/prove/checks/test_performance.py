"""Good enough is held against the pessimistic end, alone and against the simple rule."""

from __future__ import annotations

from unit.prove.subjects import NUMBER_PROOF, floor, proof, results, subject, verdicts, with_truth


def test_performance_is_held_against_the_floor_at_its_pessimistic_end() -> None:
    value = results("performance", subject(floor(0.6)))[0]
    assert value.low is not None
    assert value.measured is not None
    between = (value.low + value.measured) / 2
    above = value.measured + 0.01
    assert verdicts("performance", subject(floor(0.6))) == {"performance": "pass"}
    lucky, bad = results("performance", subject(floor(between))), results("performance", subject(floor(above)))
    assert (lucky[0].verdict, bad[0].verdict) == ("fail", "fail")
    assert "may be luck" in lucky[0].found
    assert "misses it as well" in bad[0].found
    assert verdicts("performance", subject(floor(0.01, "brier"))) == {"performance": "fail"}
    assert verdicts("performance", subject(floor(0.3, "brier"))) == {"performance": "pass"}
    error = results("performance", subject(floor(0.3, "brier")))[0]
    assert [(one.bound, one.bound_is) for one in (value, bad[0], error)] == [
        (0.6, "at least"), (above, "at least"), (0.3, "at most"),
    ]  # fmt: skip


def test_of_numbers_the_error_is_held_against_the_floor() -> None:
    bound = proof("performance: {metric: rmse, floor: 4, beats_baseline_by: 1}")
    assert verdicts("performance", subject(bound, answer="number")) == {"performance": "fail"}
    assert verdicts("performance", subject(NUMBER_PROOF, answer="number")) == {"performance": "pass"}
    assert verdicts("against_baseline", subject(NUMBER_PROOF, answer="number")) == {"against_baseline": "pass"}


def test_no_better_than_the_simple_rule_is_not_good_enough() -> None:
    good = subject()
    itself = with_truth(good, good.known().labels, baseline=good.known().rows.scores)
    assert verdicts("against_baseline", itself) == {"against_baseline": "fail"}
    alone = with_truth(good, good.known().labels, baseline=None)
    assert verdicts("against_baseline", alone) == {"against_baseline": "not_run"}


def test_of_a_model_made_elsewhere_nobody_claims_to_know_what_it_saw() -> None:
    here, elsewhere = results("performance", subject())[0], results("performance", subject(training=None))[0]
    assert "1,000 entities that training never saw" in here.found
    assert "never saw" not in elsewhere.found
    assert "nobody here can know" in elsewhere.found


def test_who_has_no_baseline_is_told_the_command_that_makes_one() -> None:
    good = subject()
    alone = results("against_baseline", with_truth(good, good.known().labels, baseline=None))
    assert "`shipworthy train --baseline`" in alone[0].advice
