"""What people see: every monitor with its windows, every alarm, and promised against real."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files as package_files
from typing import Any

import pytest

from shipworthy.base.fact import KnownPast, Recorded, What
from shipworthy.plan.reading import read_plan
from shipworthy.plan.words import PlanAdopted
from shipworthy.watch.rules import alarm_of
from shipworthy.watch.rules import monitors as members
from shipworthy.watch.views import budget, monitors, promises
from shipworthy.watch.words import AlarmClosed, Budget, Level, MonitorCard, Monitors, WatchState, WindowJudged

AT = datetime(1998, 1, 1, tzinfo=UTC)


def past(*whats: What) -> KnownPast:
    text = (package_files("shipworthy") / "starters" / "next-purchase" / "product.yaml").read_text()
    adopted = PlanAdopted(product="next-purchase", version=1, plan=read_plan(text).values(), digest="d", sections={})
    return KnownPast([Recorded(n, "operator", AT, AT, what, "", "") for n, what in enumerate((adopted, *whats), 1)])


def judged(
    moment: str, level: Level = "quiet", candidate: str = "a", monitor: str = "calibration", **numbers: float
) -> WindowJudged:
    values: dict[str, Any] = {"text": f"{monitor} of {moment} is {level}", "guarantee": "at most 5%", "since": moment}
    return WindowJudged(
        product="next-purchase",
        monitor=monitor,
        candidate=candidate,
        window=moment,
        level=level,
        numbers=numbers,
        state={},
        **values,
    )


def seen(*whats: What) -> WatchState:
    return monitors(Monitors(product="next-purchase"), past(*whats), lambda product: [], AT, AT)


def card_of(state: WatchState, monitor: str = "calibration") -> MonitorCard:
    """The card of one monitor, whichever others there are."""
    return next(card for card in state.monitors if card.monitor == monitor)


def test_every_monitor_is_shown_also_before_it_judged_anything() -> None:
    state = seen()
    plan = read_plan((package_files("shipworthy") / "starters" / "next-purchase" / "product.yaml").read_text())
    assert [card.monitor for card in state.monitors] == [
        name for name, monitor in members().items() if monitor.applies(plan)
    ]
    assert "fairness" not in {card.monitor for card in state.monitors}, "this plan declares no groups"
    assert {card.level for card in state.monitors} == {"not_run"}
    assert all("Has judged nothing yet" in card.text and card.asks.endswith("?") for card in state.monitors)
    assert (card_of(state).tolerance, card_of(state).tolerates) == (0.05, "5%")
    assert card_of(state, "performance").tolerates == "20% more than was proven"


def test_a_card_shows_the_worst_finding_of_the_newest_window() -> None:
    state = seen(judged("1997-07-01", "alarm"), judged("1997-08-01"), judged("1997-08-01", "note", candidate="b"))
    card = card_of(state)
    assert (card.level, card.text) == ("note", "calibration of 1997-08-01 is note")
    assert [point.window for point in card.points] == ["1997-07-01", "1997-08-01", "1997-08-01"]
    assert card.guarantee == "at most 5%"


def test_a_window_that_had_to_wait_is_shown_once_with_its_newest_finding() -> None:
    state = seen(judged("1997-07-01", "not_run"), judged("1997-08-01"), judged("1997-07-01", "note"))
    assert [(point.window, point.level) for point in card_of(state).points] == [
        ("1997-07-01", "note"),
        ("1997-08-01", "quiet"),
    ]


def test_alarms_are_open_until_they_are_closed() -> None:
    first = alarm_of(judged("1997-07-01", "alarm"))
    second = alarm_of(judged("1997-08-01", "alarm", candidate="b"))
    state = seen(first, second, AlarmClosed(product="next-purchase", alarm=first.alarm, by="operator"))
    assert [(alarm.candidate, alarm.open) for alarm in state.alarms] == [("a", False), ("b", True)]
    assert state.alarms[0].since == "1997-07-01"


def test_promised_and_real_are_compared_per_window_and_candidate() -> None:
    state = seen(
        judged("1997-07-01", promised=0.23, real=0.18),
        judged("1997-08-01", candidate="b", promised=0.18, real=0.17, would_have_promised=0.25),
        judged("1997-09-01", "not_run", candidate="b"),
        judged("1997-08-01", monitor="ranking", auc=0.8),
    )
    found = [(point.window, point.candidate, point.promised, point.would_have_promised) for point in promises(state)]
    assert found == [("1997-07-01", "a", 0.23, None), ("1997-08-01", "b", 0.18, 0.25)]
    assert promises(state)[0].real == pytest.approx(0.18)


def test_every_verdict_says_what_it_rests_on() -> None:
    described = replace(judged("1997-08-01", monitor="ranking"), kind="description")
    estimated = replace(judged("1997-08-01", "alarm"), kind="estimate")
    raised = alarm_of(estimated)
    state = seen(described, estimated, raised)
    kinds = {card.monitor: card.kind for card in state.monitors if card.points}
    assert kinds == {"ranking": "description", "calibration": "estimate"}
    assert [point.kind for card in state.monitors for point in card.points] == ["estimate", "description"]
    assert state.alarms[0].kind == "estimate"


def test_the_budget_says_what_is_accepted_what_there_was_and_what_is_left() -> None:
    first, second = alarm_of(judged("1997-07-01", "alarm")), alarm_of(judged("1997-08-01", "alarm", candidate="b"))
    noted = judged("1997-07-01", "note", monitor="input-drift", evidence=1.2)
    lasting = judged("1997-08-01", "note", monitor="input-drift", evidence=1.4)
    outside = judged("1997-08-01", "note", evidence=0.4)
    told = AlarmClosed(product="next-purchase", alarm=second.alarm, by="operator", verdict="false", reason="a holiday")
    before = past(first, second, noted, lasting, outside)
    found = budget(Budget(product="next-purchase"), before, AT)
    assert (found.budget, found.false, found.left) == (0.5, 0, 0.5)
    lines = {line.monitor: line for line in found.monitors}
    assert (lines["calibration"].part, lines["calibration"].declared) == (0.05, True)
    assert (lines["calibration"].alarms, lines["calibration"].unsaid, lines["calibration"].notes) == (2, 2, 0)
    assert (lines["input-drift"].part, lines["input-drift"].alarms, lines["input-drift"].notes) == (0.2, 0, 1)
    assert not lines["score-drift"].declared
    assert "ranking" not in lines
    assert found.given == pytest.approx(sum(line.part for line in found.monitors))
    assert found.given <= found.budget
    assert "one in 2 years. 2 alarms were raised in the last year: 0 found right, 0 found false, 2 not" in found.text
    after = budget(Budget(product="next-purchase"), past(first, second, told), AT)
    assert (after.false, after.left) == (1, -0.5)
    assert "raise phi" in after.text
    later = budget(Budget(product="next-purchase"), past(first, second, told), AT + timedelta(days=366))
    assert (later.false, later.left) == (0, 0.5)
    assert "No alarm was raised" in later.text
