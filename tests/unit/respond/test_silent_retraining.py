"""Retraining that nobody looks at, data that may come from a feed, and the ages that the envelope bounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from unit.respond.happenings import AS_OF, alarm, close_alarm, fire, live, to_do
from unit.sign.history import CHALLENGER, ENVELOPE, MODEL, OWNERS, PRODUCT, History
from unit.sign.test_envelope import measured, retrain

from shipworthy.base.check import CheckResult
from shipworthy.base.errors import UserError
from shipworthy.data.words import Intake, SnapshotTaken
from shipworthy.plan.reading import read_plan
from shipworthy.plan.reference_examples import WITH_PIPELINE
from shipworthy.release.words import TrialJudged

WATCHED = ("respond:\n", "respond:\n  retraining: {evaluated_within: 3mo}\n")


def proposed(history: History, rows: float = 100.0) -> None:
    history.write(
        TrialJudged(
            product=PRODUCT, candidate=CHALLENGER, against=MODEL, step="proposed", window=AS_OF, verdict="hold",
            harm=False, text="", guarantee="", numbers={"rows": rows}, state={},
        ),
        "operator",
    )  # fmt: skip


def test_owners_are_told_when_no_challenger_was_compared_for_too_long_and_again() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}", change=WATCHED)
    history.now += timedelta(days=80)
    assert to_do(history) == []
    history.now += timedelta(days=20)
    assert to_do(history) == [("said-of-no-evaluation", "notify")]
    fire(history)
    assert to_do(history) == []
    history.now += timedelta(days=95)
    assert to_do(history) == [("said-of-no-evaluation", "notify")]
    proposed(history, rows=0.0)
    assert to_do(history) == [("said-of-no-evaluation", "notify")], "nothing was compared"
    proposed(history)
    assert to_do(history) == []


def test_a_trigger_of_the_plan_takes_the_place_of_telling_the_owners() -> None:
    line = "{name: mine, on: silent, of: retraining, after: 1d, do: [incident]}"
    history = live(line, change=WATCHED)
    history.now += timedelta(days=100)
    assert to_do(history) == [("mine", "incident")]


def taken(history: History, verdict: Any, newest: str = "2026-02-20T00:00:00+00:00") -> None:
    check = CheckResult(
        "data.typical", "Is it as it was?", verdict, "The median is high.", where="sources.visits.minutes"
    )
    intake = Intake("visits", 10, 10, newest=newest)
    history.write(
        SnapshotTaken(product=PRODUCT, snapshot="snapshot", as_of=AS_OF, intakes=[intake], checks=[check]), "operator"
    )


def test_drift_in_data_that_came_with_a_warning_is_answered_before_anybody_learns() -> None:
    history = live("{name: mine, on: alarm, do: [retrain]}")
    alarm(history, monitor="score-drift")
    assert to_do(history) == [("mine", "retrain")]
    taken(history, "warn")
    assert to_do(history) == [], "it may be the feed"
    close_alarm(history)
    alarm(history, "alarm-2", monitor="calibration")
    assert to_do(history) == [("mine", "retrain")]


@pytest.mark.parametrize(
    ("bounds", "days", "inside"),
    [
        ("data_at_most: {visits: 30d}", 5, True),
        ("data_at_most: {visits: 30d}", 40, False),
        ("model_at_most: 10d", 5, True),
        ("model_at_most: 10d", 11, False),
    ],
)
def test_the_age_of_the_model_and_of_each_source_is_bounded(bounds: str, days: int, inside: bool) -> None:
    history = History(("respond:\n", ENVELOPE.replace("within: 12mo", f"within: 12mo, {bounds}")))
    history.make()
    history.prove()
    history.approve()
    for function in OWNERS:
        history.envelope(function)
    taken(history, "pass", datetime(2026, 2, 28, tzinfo=UTC).isoformat())
    retrain(history, measured())
    history.now += timedelta(days=days)
    assert history.gate(CHALLENGER).open == inside


def test_a_source_that_nobody_reads_bounds_nothing() -> None:
    text = WITH_PIPELINE.replace("respond:\n", ENVELOPE.replace("within: 12mo", "data_at_most: {nowhere: 1d}"))
    with pytest.raises(UserError, match="nowhere"):
        read_plan(text)
