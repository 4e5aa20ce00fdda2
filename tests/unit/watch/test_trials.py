"""What a loss is, and what one more moment of a trial says after those before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
from unit.sign.history import CHALLENGER, MODEL, PRODUCT, History

from shipworthy.release.rules import standing
from shipworthy.release.trials import last_verdicts, to_take_back
from shipworthy.release.words import ReleaseStepped, RolledBack, TrialJudged
from shipworthy.watch.evidence import Floats
from shipworthy.watch.rules import Answered
from shipworthy.watch.trials import Compared, DueTrial, judged, losses, of_same_rows, of_split, spread_of


def test_the_loss_is_that_of_a_probability_a_decision_or_a_number() -> None:
    truth, scores, yes = np.array([1.0, 0.0]), np.array([0.8, 0.4]), np.array([True, True])
    assert losses(truth, scores, yes, True, None).round(2).tolist() == [0.04, 0.16]
    assert losses(truth, scores, yes, False, None).tolist() == [0.0, 1.0], "what only ranks is held to its decisions"
    assert losses(np.array([5.0, 0.0]), np.array([4.0, 90.0]), yes, True, 10.0).tolist() == [0.1, 1.0]
    assert spread_of({"scores": {"deciles": [2.0, 5.0, 9.0]}}) == 14.0
    assert spread_of({"scores": {"deciles": [3.0, 3.0]}}) == spread_of({}) == 1.0


def test_whoever_gives_no_answer_loses_the_row() -> None:
    found = of_same_rows("shadow", np.array([np.nan, 0.2]), np.array([0.1, np.nan]))
    assert found.differences.round(2).tolist() == [0.9, -0.8]


def trial(history: History, moment: str, found: Compared) -> TrialJudged:
    due = DueTrial(Answered(CHALLENGER, moment, ()), Answered(MODEL, moment, ()), (), False)
    what = judged(history.plan, history.past, due, found)
    history.write(what, "operator")
    history.now += timedelta(days=1)
    return what


def beside(step: str, share: float = 0.0) -> History:
    history = History()
    for candidate, to in ((MODEL, "all"), (CHALLENGER, step)):
        history.make(candidate)
        values: dict[str, Any] = {"cohorts": history.plan.release.cohorts.names if to == "all" else [], "share": share}
        fact = ReleaseStepped(
            product=PRODUCT, candidate=candidate, step=to, replaces="", gate="", role="model", **values
        )
        history.write(fact, "operator")
    return history


def rows(difference: float, count: int) -> Floats:
    """Losses that differ so much in the mean, with a spread."""
    return np.clip(0.4 + difference + np.linspace(-0.2, 0.2, count), 0, 1)


def test_evidence_adds_up_over_moments_until_harm_is_shown_and_starts_anew_after_going_back() -> None:
    history, flat = beside("shadow"), np.full(100, 0.4)
    first = trial(history, "2026-01-01T00:00:00+00:00", of_same_rows("shadow", rows(0.1, 100), flat))
    assert (first.verdict, first.harm, first.numbers["rows_in_all"]) == ("hold", False, 100)
    assert to_take_back(history.past, standing(history.past)) is None
    found = first
    for day in range(2, 20):
        found = trial(history, f"2026-01-{day:02}T00:00:00+00:00", of_same_rows("shadow", rows(0.1, 100), flat))
        if found.verdict != "hold":
            break
    assert (found.verdict, found.harm) == ("roll back", True)
    assert to_take_back(history.past, standing(history.past)) == found
    history.write(RolledBack(product=PRODUCT, candidate=CHALLENGER, to="", reason=found.text), "operator")
    assert last_verdicts(history.past, CHALLENGER) == {}
    again = trial(history, "2026-02-01T00:00:00+00:00", of_same_rows("shadow", rows(0.1, 100), flat))
    assert again.numbers["rows_in_all"] == 100


def test_people_who_were_not_divided_as_planned_are_not_compared() -> None:
    history = beside("canary", 0.1)
    moment = "2026-01-01T00:00:00+00:00"
    found = trial(history, moment, of_split(rows(0.0, 300), rows(0.0, 900), (300, 900), 0.1))
    assert (found.verdict, found.harm) == ("roll back", True)
    assert "300 of 1,200 answers were the canary's, where 10% were planned" in found.text


def test_a_split_as_planned_list_after_list_with_the_same_people_is_not_suspected() -> None:
    history = beside("canary", 0.1)
    for day in range(1, 13):  # the same 118 of 1,000 each time: by itself no wonder, twelve times over it would be one
        found = trial(
            history, f"2026-01-{day:02}T00:00:00+00:00", of_split(rows(0, 118), rows(0, 882), (118, 882), 0.1)
        )
        assert not found.harm


def test_dependence_is_measured_once_twenty_moments_are_known() -> None:
    history, flat = beside("shadow"), np.full(100, 0.4)
    said = []
    for day in range(1, 23):
        moment = f"2026-01-{day:02}T00:00:00+00:00"
        said.append(trial(history, moment, of_same_rows("shadow", rows(0.05 * (-1) ** day, 100), flat)))
    assert "conditional on phi <= 10" in said[4].guarantee
    assert "as measured on the moments before" in said[20].guarantee
    assert said[20].numbers["phi"] != 10
    assert len(said[-1].state["moments"]) == 22 * 3
