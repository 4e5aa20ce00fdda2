"""Which windows are due, what carries on, and when a finding becomes an alarm."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from unit.watch.facts import DAY, START
from unit.watch.facts import Life as Facts

from shipworthy.base.actor import Actor
from shipworthy.base.errors import UserError
from shipworthy.base.fact import KnownPast, Recorded, What
from shipworthy.deliver.words import AnswersSealed, RunFinished
from shipworthy.plan.schema import Plan
from shipworthy.plan.schema_life import Retraining
from shipworthy.release.words import ReleaseStepped, RolledBack
from shipworthy.watch.rules import (
    alarm_of,
    answered,
    answering,
    budget_of,
    carried,
    close_alarm,
    due,
    false_alarms_per_year,
    first_model,
    is_judged,
    monitors,
    open_alarm,
    runs,
    settings,
    settled,
    updates_per_year,
    watch_due,
)
from shipworthy.watch.words import AlarmClosed, CloseAlarm, Level, WindowJudged

JUNE, JULY, SEPTEMBER = (datetime(1997, month, 1, tzinfo=UTC) for month in (6, 7, 9))

OPERATOR = Actor("operator", frozenset({"operator"}))
COHORTS = ("north", "south", "east")


class Life:
    """Facts of one product, in the order in which they happened."""

    def __init__(self) -> None:
        self.facts: list[Recorded[Any]] = []

    @property
    def past(self) -> KnownPast:
        return KnownPast(self.facts)

    def add(self, *whats: What, at: datetime = JUNE) -> Life:
        for what in whats:
            self.facts.append(Recorded(len(self.facts) + 1, "operator", at, at, what, "", ""))
        return self

    def run(self, name: str, moment: datetime, stood_in: str = "") -> Life:
        fact = RunFinished(
            product="p",
            run=name,
            consumer="sales",
            as_of=moment.isoformat(),
            due=10,
            answered=10,
            refused={},
            delivered={},
            failed={},
            snapshot="s",
            stood_in=stood_in,
        )
        return self.add(fact)


def sealed(segment: str, candidate: str, moment: datetime, step: str = "all", run: str = "sales") -> AnswersSealed:
    return AnswersSealed(
        product="p",
        segment=segment,
        rows=10,
        run=run,
        as_of=moment.isoformat(),
        candidates={candidate: 10},
        steps={step: 10},
        mean_score={candidate: 0.2},
        snapshot="s",
        features="f",
    )


def stepped(candidate: str, *cohorts: str, step: str = "", role: str = "model") -> ReleaseStepped:
    taken = step or ("cohort" if cohorts else "all")
    reached = list(cohorts or COHORTS) if taken in ("cohort", "all") else []
    return ReleaseStepped(
        product="p", candidate=candidate, step=taken, cohorts=reached, replaces="", gate="g", role=role
    )


def window(
    monitor: str,
    candidate: str,
    moment: datetime,
    level: Level = "quiet",
    numbers: dict[str, float] | None = None,
    state: dict[str, Any] | None = None,
) -> WindowJudged:
    return WindowJudged(
        product="p",
        monitor=monitor,
        candidate=candidate,
        window=moment.isoformat(),
        level=level,
        numbers=numbers or {},
        state=state or {},
        text="found",
    )


def plan(
    monitors: dict[str, Any] | None = None,
    calibration_tolerance: float | None = 0.05,
    every: str = "1mo",
    updates_per_year: int | None = None,
    realtime: bool = False,
) -> Plan:
    sales: dict[str, Any] = {"who": "The sales team", "person": "lead", "time_to_act": "1d", "mode": "realtime"}
    if realtime:
        sales |= {"latency": "100ms"}
    else:
        sales |= {"mode": "list", "sinks": ["out"], "every": every, "start": "1997-05-01", "deadline": "12h"}
    owners = ("business", "technology", "privacy", "legal", "compliance", "validation")
    watch: dict[str, Any] = {"monitors": monitors or {}}
    if updates_per_year:
        watch["updates_per_year"] = updates_per_year
    return Plan.model_validate(
        {
            "product": "p",
            "need": {
                "question": "Who will buy in three months?",
                "decision": "Sales calls those who will.",
                "entity": "customer_id",
                "horizon": "3mo",
            },
            "people": {
                "product_manager": "pm",
                "builders": ["ds"],
                "operator": "op",
                "owners": {function: f"{function}-owner" for function in owners},
            },
            "consumers": {"sales": sales},
            "sources": {
                "rows": {"kind": "csv", "path": "rows.csv", "contract": {"columns": {"customer_id": {"type": "text"}}}}
            },
            "sinks": {"out": {"kind": "csv", "path": "out.csv", "rehearsal": "rehearsal.csv"}},
            "data": {"pipeline": "pipeline.py", "ages": ["tenure"]},
            "model": {"baseline": {"kind": "constant"}},
            "decision": {"top": 2},
            "proof": {"calibration_tolerance": calibration_tolerance},
            "watch": watch,
        }
    )


def named(life: Life, now: datetime, patient: bool = True) -> set[tuple[str, str, str]]:
    found = due(plan(), life.past, now, patient=patient)
    return {(item.monitor, item.answered.candidate, item.answered.moment[:10]) for item in found}


NEEDS = ("answers", "labels")


def applying(needs: str) -> list[str]:
    """The monitors of this plan by what they need."""
    return [name for name, one in monitors().items() if one.needs == needs and one.applies(plan())]


def test_answers_are_judged_at_once_and_promises_when_the_horizon_has_passed() -> None:
    life = Life().add(stepped("a"), sealed("s1", "a", JUNE))
    of_answers, of_labels = map(set, map(applying, NEEDS))
    at_once = {monitor for monitor, _, _ in named(life, JUNE)}
    assert at_once == of_answers
    assert {monitor for monitor, _, _ in named(life, SEPTEMBER - timedelta(seconds=1))} == at_once
    mature = {monitor for monitor, _, _ in named(life, SEPTEMBER)}
    assert mature == at_once | of_labels
    assert {"input-drift", "multivariate-drift", "estimated-performance"} <= of_answers
    assert {"calibration", "ranking"} <= of_labels


def test_a_window_is_judged_once() -> None:
    life = Life().add(stepped("a"), sealed("s1", "a", JUNE))
    of_answers, of_labels = map(applying, NEEDS)
    life.add(*(window(monitor, "a", JUNE) for monitor in of_answers))
    assert not watch_due(plan(), life.past, JUNE)
    assert watch_due(plan(), life.past, SEPTEMBER)
    life.add(*(window(monitor, "a", JUNE) for monitor in of_labels))
    assert not watch_due(plan(), life.past, SEPTEMBER)


def test_a_window_that_another_run_judged_meanwhile_is_not_judged_twice() -> None:
    found = window("calibration", "a", JUNE)
    life = Life().add(window("calibration", "a", JUNE, level="not_run"), window("calibration", "b", JUNE))
    assert not is_judged(life.past, found, SEPTEMBER)
    assert is_judged(life.add(window("calibration", "a", JUNE)).past, found, SEPTEMBER)


def test_a_window_of_several_segments_steps_and_consumers_is_one() -> None:
    life = Life().add(sealed("s1", "a", JUNE), sealed("s2", "a", JUNE, step="shadow", run="shop"))
    assert [(item.candidate, item.parts) for item in answered(life.past)] == [("a", ("s1", "s2"))]


def test_the_same_moment_in_another_zone_is_the_same_window() -> None:
    other = replace(sealed("s2", "a", JUNE), as_of="1997-05-31T20:00:00-04:00")
    assert len(answered(Life().add(sealed("s1", "a", JUNE), other).past)) == 1


def test_a_rehearsal_does_not_count_but_a_shadow_does() -> None:
    life = Life().add(sealed("s1", "a", JUNE, step="rehearsal"), sealed("s2", "b", JUNE, step="shadow"))
    assert {item.candidate for item in answered(life.past)} == {"b"}


def test_windows_come_in_order_of_time() -> None:
    life = Life().add(sealed("s2", "a", JULY), sealed("s1", "a", JUNE), sealed("s3", "b", JUNE))
    moments = [item.answered.moment for item in due(plan(), life.past, JULY)]
    assert moments == sorted(moments)


def test_a_window_that_waits_for_data_is_tried_again_after_a_day_or_when_somebody_asks() -> None:
    life = Life().add(sealed("s1", "a", JUNE))
    life.add(window("calibration", "a", JUNE, level="not_run", numbers={"parts": 1.0, "waiting": 1.0}), at=SEPTEMBER)
    label = ("calibration", "a", "1997-06-01")
    assert label not in named(life, SEPTEMBER + timedelta(hours=23))
    assert label in named(life, SEPTEMBER + timedelta(hours=23), patient=False)
    assert label in named(life, SEPTEMBER + timedelta(days=1))


def test_a_window_that_cannot_be_judged_is_left_alone_until_more_of_it_is_sealed() -> None:
    life = Life().add(sealed("s1", "a", JUNE))
    life.add(window("ranking", "a", JUNE, level="not_run", numbers={"parts": 1.0}), at=SEPTEMBER)
    label = ("ranking", "a", "1997-06-01")
    assert label not in named(life, SEPTEMBER + timedelta(days=400), patient=False)
    life.add(sealed("s2", "a", JUNE))
    assert label in named(life, SEPTEMBER)


def test_answers_of_the_prediction_server_are_judged_when_no_more_of_them_come() -> None:
    life = Life().add(sealed("s1", "a", JUNE, run="serve/p/1"))
    drift = ("input-drift", "a", "1997-06-01")
    assert drift not in named(life, JUNE + timedelta(hours=23))
    life.add(sealed("s2", "a", JUNE, run="serve/p/2"), at=JUNE + timedelta(hours=20))
    assert drift not in named(life, JUNE + timedelta(hours=30))
    assert drift in named(life, JUNE + timedelta(hours=44))
    life.add(sealed("s3", "a", JULY), at=JUNE + timedelta(hours=20, minutes=5))
    assert drift not in named(life, JUNE + timedelta(hours=30)), "another server may not have sealed yet"
    life.add(sealed("s4", "a", JULY), at=JUNE + timedelta(hours=20, minutes=10))
    assert drift in named(life, JUNE + timedelta(hours=30))


def test_what_was_tried_while_the_clock_was_ahead_is_tried_again_and_not_a_year_later() -> None:
    life = Life().add(sealed("s1", "a", JUNE))
    numbers = {"parts": 1.0, "waiting": 1.0}
    life.add(window("calibration", "a", JUNE, "not_run", numbers), at=SEPTEMBER + timedelta(days=365))
    assert ("calibration", "a", "1997-06-01") in named(life, SEPTEMBER)
    life.add(window("calibration", "a", JUNE, "not_run", numbers), at=SEPTEMBER)
    assert ("calibration", "a", "1997-06-01") not in named(life, SEPTEMBER + timedelta(hours=23))


def test_answers_sealed_while_the_clock_was_ahead_are_judged_and_not_a_year_later() -> None:
    drift = ("input-drift", "a", "1997-06-01")
    life = Life().add(sealed("s1", "a", JUNE, run="serve/p/1"), at=JUNE + timedelta(days=365))
    assert drift in named(life, JUNE + timedelta(hours=2)), "no more came"
    ahead = Life().add(sealed("s1", "a", JUNE, run="serve/p/1"), at=JUNE + timedelta(minutes=5))
    assert drift not in named(ahead, JUNE), "the clock of a server may go a little ahead"
    assert drift in named(ahead, JUNE + timedelta(days=1, minutes=5))


def test_once_the_clock_was_put_back_a_window_is_judged_whole_and_once() -> None:
    drift = ("input-drift", "a", "1997-06-01")
    life = Life().add(sealed("s1", "a", JUNE, run="serve/p/1"), at=JUNE + timedelta(days=365))
    for minute in range(1, 4):
        life.add(sealed(f"s1{minute}", "a", JUNE, run=f"serve/p/{minute}"), at=JUNE + timedelta(minutes=minute))
        assert drift not in named(life, JUNE + timedelta(minutes=minute)), "the server adds to it"
    life.add(sealed("s2", "a", JULY, run="serve/p/9"), at=JUNE + timedelta(minutes=13))
    assert drift in named(life, JUNE + timedelta(minutes=13))
    (whole, _) = answered(life.past)
    assert whole.parts == ("s1", "s11", "s12", "s13")


def test_beside_a_list_the_prediction_server_adds_nothing_new_to_wait_for() -> None:
    life = Life().add(sealed("s1", "a", JUNE), sealed("s2", "a", JUNE, run="serve/p/1"))
    assert ("input-drift", "a", "1997-06-01") in named(life, JUNE)


def test_a_run_is_the_window_of_whoever_was_released_to_answer_it() -> None:
    life = Life().add(stepped("a", "north", "south", "east")).run("r1", JUNE)
    life.add(stepped("b", "north")).run("r2", JULY).add(stepped("b", "south", "east"))
    life.run("r3", SEPTEMBER, stood_in="the data was refused")
    found = [(item.candidate, item.moment[:10], item.parts) for item in runs(life.past)]
    assert found == [("a", "1997-06-01", ("r1",)), ("a", "1997-07-01", ("r2",)), ("b", "1997-09-01", ("r3",))]
    assert ("unanswered", "b", "1997-09-01") in named(life, SEPTEMBER)


def test_evidence_carries_on_and_restarts_after_its_alarm_was_closed() -> None:
    life = Life().add(window("calibration", "a", JUNE, level="alarm", state={"evidence": 9}))
    raised = alarm_of(window("calibration", "a", JUNE, level="alarm"))
    life.add(raised)
    assert carried(life.past, "calibration", "a") == {"evidence": 9}
    assert open_alarm(life.past, "calibration", "a") is not None
    life.add(AlarmClosed(product="p", alarm=raised.alarm, by="operator"))
    assert carried(life.past, "calibration", "a") == {}
    assert open_alarm(life.past, "calibration", "a") is None
    life.add(window("calibration", "a", JULY, state={"evidence": 1}))
    assert carried(life.past, "calibration", "a") == {"evidence": 1}


def test_closing_one_alarm_restarts_only_that_monitor_of_that_candidate() -> None:
    life = Life()
    for monitor, candidate in (("calibration", "a"), ("calibration", "b"), ("volume", "a")):
        life.add(window(monitor, candidate, JUNE, state={"kept": 1}))
    raised = alarm_of(window("calibration", "a", JUNE))
    life.add(raised, AlarmClosed(product="p", alarm=raised.alarm, by="operator"))
    assert carried(life.past, "calibration", "a") == {}
    assert carried(life.past, "calibration", "b") == {"kept": 1}
    assert carried(life.past, "volume", "a") == {"kept": 1}


def test_only_who_answers_somebody_can_be_alarmed_about() -> None:
    life = Life().add(stepped("base", role="baseline"), stepped("a", "north", "south", "east"))
    life.add(stepped("b", step="shadow"))
    assert answering(life.past) == {"base", "a", "b"}
    alarm = window("calibration", "old", JUNE, level="alarm")
    gone = settled(alarm, answers_now=False)
    assert gone.level == "note"
    assert "no alarm" in gone.text
    assert settled(alarm, answers_now=True) == alarm


def test_doing_nothing_means_the_first_model_that_answered_people() -> None:
    life = Life().add(stepped("base", role="baseline"), stepped("a", step="shadow"))
    assert first_model(life.past) == ""
    life.add(stepped("a", "north"), stepped("b"), RolledBack(product="p", candidate="b", to="a", reason="worse"))
    assert first_model(life.past) == "a"


def test_the_plan_sets_tolerance_phi_and_the_yearly_error() -> None:
    known = monitors()
    found = settings(plan(), known["calibration"])
    assert (found.tolerance, found.phi, found.updates_per_year) == (0.05, 25, 12)
    assert found.alpha == budget_of(plan())["calibration"].alpha <= 0.05
    assert settings(plan(), known["input-drift"]).ages == ("tenure",)
    declared = plan(monitors={"calibration": {"tolerance": 0.1, "phi": 4, "false_alarms_per_year": 0.01}})
    found = settings(declared, known["calibration"])
    assert (found.tolerance, found.phi, found.alpha, found.declared) == (0.1, 4, 0.01, True)


def test_a_dash_and_an_underscore_name_the_same_monitor() -> None:
    for name in ("input-drift", "input_drift"):
        assert settings(plan(monitors={name: {"tolerance": 0.3}}), monitors()["input-drift"]).tolerance == 0.3


def test_the_proofs_tolerance_holds_where_the_monitor_names_none() -> None:
    assert settings(plan(calibration_tolerance=0.08), monitors()["calibration"]).tolerance == 0.08
    assert settings(plan(calibration_tolerance=None), monitors()["calibration"]).tolerance == 0.05


@pytest.mark.parametrize(("every", "updates"), [("1mo", 12), ("1w", 53), ("1d", 366), ("1y", 1)])
def test_a_year_has_as_many_windows_as_lists(every: str, updates: int) -> None:
    assert updates_per_year(plan(every=every)) == updates


def test_declared_updates_count_and_real_time_answers_are_watched_daily() -> None:
    assert updates_per_year(plan(updates_per_year=52)) == 52
    assert updates_per_year(plan(realtime=True)) == 365


def test_the_budget_is_shared_by_the_monitors_that_can_be_wrong() -> None:
    spending = [name for name, monitor in monitors().items() if monitor.spends and monitor.applies(plan())]
    assert "ranking" not in spending
    assert "volume" not in spending
    assert "fairness" not in spending, "this plan declares no groups"
    assert false_alarms_per_year(plan()) == pytest.approx(min(0.5, 0.05 * len(spending)), abs=1e-4)
    declared = plan(monitors={"input_drift": {"false_alarms_per_year": 0.44}})
    rest = settings(declared, monitors()["calibration"]).alpha
    assert settings(declared, monitors()["input-drift"]).alpha == 0.44
    assert rest == pytest.approx(min(0.05, 0.06 / (len(spending) - 1)), abs=2e-6)
    assert false_alarms_per_year(declared) <= 0.5 + 1e-9


def test_a_monitor_that_cannot_weigh_truths_takes_nothing_from_those_that_can() -> None:
    product = plan()
    acted = Retraining(labels_only_when_acted=True)
    chosen = product.model_copy(update={"respond": product.respond.model_copy(update={"retraining": acted})})
    labelled = {name for name, monitor in monitors().items() if monitor.needs == "labels"}
    assert labelled & budget_of(chosen).keys() == {"calibration", "performance"}
    assert budget_of(product).keys() - budget_of(chosen).keys() <= labelled | {"label-lateness"}


def test_an_alarm_is_answered_by_its_first_digits_with_a_reason_and_the_last_word_counts() -> None:
    life = Life().add(window("calibration", "a", JUNE, level="alarm", state={"evidence": 9}))
    raised = alarm_of(window("calibration", "a", JUNE, level="alarm"))
    life.add(raised)
    ask = CloseAlarm(product="p", alarm=raised.alarm[:8], reason="The feed counted a holiday twice.", false=True)
    found = close_alarm(ask, life.past, JULY, OPERATOR).facts[0]
    assert found == AlarmClosed(product="p", alarm=raised.alarm, by="operator", verdict="false", reason=ask.reason)
    life.add(found, window("calibration", "a", JULY, state={"evidence": 1}))
    again = close_alarm(replace(ask, false=False), life.past, JULY, OPERATOR).facts
    life.add(*again)
    assert [fact.what.verdict for fact in life.past.of(AlarmClosed)] == ["false", "right"]
    assert carried(life.past, "calibration", "a") == {"evidence": 1}, "only the first answer restarts the evidence"


@pytest.mark.parametrize(
    ("name", "reason"), [("0", "The feed counted twice."), ("", "The feed counted twice."), ("*", "x")]
)
def test_an_alarm_that_is_not_known_or_not_explained_is_not_answered(name: str, reason: str) -> None:
    raised = alarm_of(window("calibration", "a", JUNE, level="alarm"))
    meant = raised.alarm[:9] if name == "*" else "none" if name == "0" else ""
    with pytest.raises(UserError):
        close_alarm(CloseAlarm(product="p", alarm=meant, reason=reason), Life().add(raised).past, JULY, OPERATOR)


def test_a_window_of_which_nobody_can_tell_has_been_counted_and_is_not_counted_again() -> None:
    life = Facts().release().answer(START)
    [of] = answered(life.past)
    unsure = WindowJudged(
        product="p",
        monitor="performance",
        candidate="a",
        window=of.moment,
        level="not_run",
        numbers={"parts": 1.0, "held_out_needed": 900.0},
        state={"evidence": {}},
        text="Cannot tell.",
    )
    life.add(unsure, at=START + 8 * DAY)
    more = replace(life.past.of(AnswersSealed)[0].what, segment="more", run="p/web")
    life.add(more, at=START + 9 * DAY)
    assert len(answered(life.past)[0].parts) == 2
    assert "performance" not in [one.monitor for one in due(life.plan, life.past, START + 30 * DAY)]
    assert is_judged(life.past, unsure, SEPTEMBER)
