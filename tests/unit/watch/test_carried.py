"""Evidence that some challenger pays is carried from one to the next, each row counted once."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from unit.sign.history import CHALLENGER, MODEL, PRODUCT, History

from shipworthy.release.trials import PROPOSED
from shipworthy.release.words import ReleaseStepped, TrialJudged
from shipworthy.watch.rules import Answered
from shipworthy.watch.trials import Compared, DueTrial, judged

ANOTHER = "d" * 64


def live() -> History:
    history = History(("respond:\n", "respond:\n  retraining: {cost: 1, value: 1, decisions: 100}\n"))
    history.make(MODEL)
    names = history.plan.release.cohorts.names
    fact = ReleaseStepped(
        product=PRODUCT, candidate=MODEL, step="all", cohorts=names, replaces="", gate="", role="model"
    )
    history.write(fact, "operator")
    return history


def said(history: History, candidate: str, month: int, gain: float, rows: int = 400) -> TrialJudged:
    moment = f"2026-{month:02}-01T00:00:00+00:00"
    due = DueTrial(Answered(candidate, moment, ()), Answered(MODEL, moment, ()), (), False, True)
    spread = np.random.default_rng(month).normal(-gain, 0.1, rows).clip(-1, 1)
    what = judged(history.plan, history.past, due, Compared(PROPOSED, spread))
    history.write(what, "operator")
    history.now += timedelta(days=1)
    return what


def test_a_second_challenger_goes_on_where_the_first_has_come_to_and_harm_is_its_own() -> None:
    history = live()
    first = said(history, CHALLENGER, 1, 0.1)
    second = said(history, ANOTHER, 2, 0.1)
    alone = said(live(), ANOTHER, 2, 0.1)
    assert second.numbers["not_worse"] > alone.numbers["not_worse"] > 0
    assert second.numbers["not_worse"] > first.numbers["not_worse"]
    assert second.numbers["rows_in_all"] == 400
    assert second.state["harm"] == alone.state["harm"]


def test_what_was_shown_for_another_in_use_or_led_to_a_replacement_is_not_carried() -> None:
    history = live()
    assert said(history, CHALLENGER, 1, 0.5, 4_000).verdict == "promote"
    assert said(history, ANOTHER, 2, 0.1).numbers == said(live(), ANOTHER, 2, 0.1).numbers


def test_while_no_challenger_pays_few_are_let_on_however_many_are_made() -> None:
    let_on = 0
    for life in range(60):
        random, history = np.random.default_rng(life), live()
        for month in range(1, 10):
            name = f"{month:064x}"
            moment = f"2026-{month:02}-01T00:00:00+00:00"
            due = DueTrial(Answered(name, moment, ()), Answered(MODEL, moment, ()), (), False, True)
            gains = random.choice([-1.0, 1.0], 300, p=[0.505, 0.495])  # a mean fall of .01: what it costs
            what = judged(history.plan, history.past, due, Compared(PROPOSED, gains))
            history.write(what, "operator")
            if what.verdict == "promote":
                let_on += 1
                break
    assert let_on / 60 <= 0.12
