"""Whoever stops reporting is found from facts, beats and the clock alone, and said once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from unit.watch.facts import DAY, HOUR, START, Life, plan

from shipworthy.base.actor import Actor
from shipworthy.deliver.rules import delivery_name, run_name
from shipworthy.deliver.words import Beat, DeliveryAcknowledged
from shipworthy.release.words import DeliveriesPaused, TrialJudged
from shipworthy.respond.rules import answered_alarms
from shipworthy.watch.dead_man import held_silent
from shipworthy.watch.rules import due, note_silence
from shipworthy.watch.silence import silences
from shipworthy.watch.words import (
    AlarmClosed,
    AlarmRaised,
    AuditDrawn,
    AuditLabelled,
    NoteSilence,
    Silence,
    WindowJudged,
)

OPERATOR = Actor("operator", frozenset({"operator"}))
MINUTE = timedelta(minutes=1)


def beat(server: str = "host/1", at: datetime = START, consumer: str = "", started: datetime = START) -> Beat:
    return Beat(
        server=server,
        product="p",
        address="topic at bus",
        started=started.isoformat(),
        at=at.isoformat(),
        pointer="",
        candidates={},
        consumer=consumer,
    )


def names(life: Life, now: datetime, *beats: Beat, wall: datetime = START) -> list[str]:
    return [one.name for one in silences(life.plan, life.past, beats, now, wall)]


def besides_looks(life: Life, now: datetime) -> list[str]:
    return [name for name in names(life, now) if name != "the look at the world"]


def noted(life: Life, wall: datetime, *beats: Beat, now: datetime = START) -> list[str]:
    """Note who is silent, as the worker does."""
    silent = {one.name: one for one in silences(life.plan, life.past, beats, now, wall)}
    decided = note_silence(NoteSilence(product="p", silent=silent), life.past, wall, OPERATOR)
    life.add(*decided.facts, at=wall)
    return decided.result(life.past)


def window(monitor: str, at: datetime, level: str = "quiet", candidate: str = "a") -> WindowJudged:
    return WindowJudged(
        product="p",
        monitor=monitor,
        candidate=candidate,
        window=at.isoformat(),
        level=level,  # type: ignore[arg-type]
        numbers={},
        state={},
        text="found",
    )


def test_a_killed_worker_is_found_after_a_minute_and_one_that_ended_by_itself_never() -> None:
    life, worker = Life(), beat("host/1/events", consumer="events")
    assert not names(life, START, worker, wall=START + MINUTE)
    assert names(life, START, worker, wall=START + 2 * MINUTE) == ["worker of the stream events host/1/events"]
    assert not names(life, START, replace(worker, stopped=True), wall=START + 2 * MINUTE)


def test_one_that_followed_it_takes_its_place_and_one_beside_it_does_not() -> None:
    life, gone, now = Life(), beat("host/1"), START + 10 * MINUTE
    follower = beat("host/2", at=now, started=START + 5 * MINUTE)
    assert not names(life, START, gone, follower, wall=now)
    beside = beat("host/2", at=now, started=START - DAY)
    assert names(life, START, gone, beside, wall=now) == ["prediction server host/1"]
    other = replace(follower, consumer="events")
    assert names(life, START, gone, other, wall=now) == ["prediction server host/1"]


def test_each_silence_is_an_alarm_once_and_its_end_closes_it() -> None:
    life, worker = Life(), beat("host/1/events", consumer="events")
    assert noted(life, START + MINUTE, worker) == []
    (said,) = noted(life, START + 3 * MINUTE, worker)
    assert "worker of the stream events host/1/events has reported nothing since 2026-03-02 00:00" in said
    assert noted(life, START + 4 * MINUTE, worker) == []
    (raised,) = life.past.of(AlarmRaised)
    assert (raised.what.monitor, raised.what.candidate, raised.what.kind) == ("dead-man", "", "description")
    assert raised.what.since == START.isoformat()
    assert not answered_alarms(life.release().past), "no candidate answers for it"
    back = replace(worker, at=(START + 5 * MINUTE).isoformat())
    (said,) = noted(life, START + 5 * MINUTE, back)
    assert "reports again" in said
    (closed,) = life.past.of(AlarmClosed)
    assert (closed.what.alarm, closed.what.by) == (raised.what.alarm, "dead-man")
    assert "reports again" in closed.what.reason
    assert held_silent(life.past) == {}
    noted(life, START + 9 * MINUTE, back)
    assert len(life.past.of(AlarmRaised)) == 2, "the next silence is another one"
    assert [fact.what.level for fact in life.past.of(WindowJudged)] == ["alarm", "quiet", "alarm"]


def test_an_alarm_that_a_person_answered_is_not_raised_again_for_the_same_silence() -> None:
    life, worker = Life(), beat(consumer="events")
    noted(life, START + 3 * MINUTE, worker)
    (raised,) = life.past.of(AlarmRaised)
    life.add(AlarmClosed(product="p", alarm=raised.what.alarm, by="operator", verdict="right", reason="we know"))
    assert noted(life, START + 9 * MINUTE, worker) == []
    assert noted(life, START + 9 * MINUTE) != []
    assert len(life.past.of(AlarmClosed)) == 1


def test_a_pause_in_questions_makes_no_look_late_and_a_look_that_is_not_taken_after_it_is() -> None:
    life = Life().release().answer(START + HOUR)
    stretch = replace(life.facts.pop().what, run="serve/p/1", windows={START.date().isoformat(): {"a": 10}})
    life.add(stretch, at=START + HOUR)
    assert not names(life, START + 9 * HOUR)
    life.add(
        replace(stretch, segment="s2", windows={(START + DAY).date().isoformat(): {"a": 10}}), at=START + 10 * HOUR
    )
    assert not names(life, START + 10 * HOUR + MINUTE), "only now it shows that the day before is whole"
    life.add(
        replace(stretch, segment="s3", windows={(START + DAY).date().isoformat(): {"a": 10}}), at=START + 13 * HOUR
    )
    assert names(life, START + 13 * HOUR) == ["the look at the world"]


def test_a_look_that_nobody_takes_is_said_although_nobody_looks() -> None:
    life = Life().release().answer(START)
    assert not names(life, START + HOUR)
    assert names(life, START + 3 * HOUR) == ["the look at the world"]
    asked = Life().release().answer(START + HOUR)
    stretch = replace(asked.facts[-1].what, windows={START.date().isoformat(): {"a": 10}})
    asked = Life().release().add(stretch, at=START + HOUR)
    judged = [one.monitor for one in due(asked.plan, asked.past, START + 2 * HOUR)]
    asked.add(*[window(name, START) for name in judged], at=START + 2 * HOUR)
    assert not names(asked, START + 8 * DAY + HOUR), "labels of a day are due a horizon after its end"
    assert names(asked, START + 8 * DAY + 3 * HOUR) == ["the look at the world"]
    counted = Life().release().serve(START)
    assert not names(counted, START + 2 * HOUR)
    assert names(counted, START + 4 * HOUR) == ["the look at the world"]


def test_a_silence_is_one_plain_sentence_with_its_zone() -> None:
    told = Silence("the look at the world", "1998-01-01T14:00:00+00:00", "2 hours", "").text
    assert told == "The look at the world has reported nothing since 1998-01-01 14:00 UTC; 2 hours may pass."


def test_a_monitor_that_cannot_judge_any_more_is_silent_and_one_of_a_product_at_rest_is_not() -> None:
    life = Life().release()
    for week in range(6):
        life.add(window("volume", START + week * 7 * DAY), at=START + week * 7 * DAY)
    last = START + 35 * DAY
    assert not besides_looks(life, last + 20 * DAY)
    for week in range(6, 10):
        life.add(window("volume", START + week * 7 * DAY, "not_run"), at=START + week * 7 * DAY)
    assert besides_looks(life, last + 22 * DAY) == ["monitor volume"]
    paused = DeliveriesPaused(product="p", consumers=["sales", "web"], reason="we look at it")
    assert not besides_looks(life.add(paused, at=last), last + 22 * DAY)


def test_a_monitor_that_judged_while_the_clock_was_ahead_is_silent_all_the_same() -> None:
    life = Life().release()
    for week in range(6):
        life.add(window("volume", START + week * 7 * DAY), at=START + week * 7 * DAY)
    life.add(window("volume", START + 400 * DAY), at=START + 400 * DAY)
    assert not besides_looks(life, START + 55 * DAY)
    assert besides_looks(life, START + 57 * DAY) == ["monitor volume"]


def test_a_monitor_that_never_judged_is_silent_from_its_first_look_on() -> None:
    life, blind = Life().release(), replace(window("performance", START, "not_run"), numbers={"waiting": 1.0})
    for day in range(30):  # the same window is tried again each day
        life.add(blind, at=START + day * DAY)
    assert not besides_looks(life, START + 20 * DAY)
    assert besides_looks(life, START + 22 * DAY) == ["monitor performance"]
    life.add(replace(blind, level="quiet", numbers={}), at=START + 30 * DAY)
    assert not besides_looks(life, START + 31 * DAY)


def test_a_monitor_that_has_nothing_to_wait_for_or_cannot_tell_is_not_silent() -> None:
    life, never = Life().release(), window("calibration", START, "not_run")
    life.add(never, at=START)
    assert not besides_looks(life, START + 400 * DAY), "a baseline that promises nothing never will"
    unsure = replace(window("performance", START, "not_run"), numbers={"held_out_needed": 900.0})
    life.add(unsure, at=START)
    assert not besides_looks(life, START + 20 * DAY)
    assert besides_looks(life, START + 22 * DAY) == ["monitor performance"], "it has stopped judging"


def test_audit_samples_that_nobody_labels_are_said() -> None:
    life = Life().release()
    sample = AuditDrawn(product="p", sample="s", candidate="a", window=START.isoformat(), rows=10, answers=100)
    life.add(sample, at=START)
    assert not besides_looks(life, START + 20 * DAY)
    assert besides_looks(life, START + 22 * DAY) == ["the labelling of audit samples"]
    other = replace(sample, sample="t", window=(START + 7 * DAY).isoformat())
    life.add(other, at=START + 7 * DAY)
    labelled = AuditLabelled(product="p", sample="s", segment="l", told=10, unsure=0, left=0)
    life.add(labelled, at=START + 22 * DAY)
    assert not besides_looks(life, START + 23 * DAY), "somebody labels"
    life.add(replace(labelled, sample="t"), at=START + 24 * DAY)
    assert not besides_looks(life, START + 400 * DAY)


def test_a_consumer_who_does_not_confirm_or_use_a_list_as_promised_is_an_alarm_that_closes_itself() -> None:
    life = Life().release()
    for week in range(2):
        moment = START + week * 7 * DAY
        life.deliver(moment, moment + HOUR)
        life.add(*[window(name, moment) for name in ("volume",)], at=moment)
    late = START + 12 * DAY
    consumers = [one for one in silences(life.plan, life.past, [], late, late) if one.name == "consumer sales"]
    assert [one.text for one in consumers] == [
        "Consumer sales: sales has not acknowledged the list of 2026-03-09 within 2 days; nobody said how much of the "
        "list of 2026-03-09 sales used within 3 days; the plan asks for 50%."
    ]
    command = NoteSilence(product="p", silent={one.name: one for one in consumers})
    life.add(*note_silence(command, life.past, late, OPERATOR).facts, at=late)
    (raised,) = life.past.of(AlarmRaised)
    assert raised.what.since == (START + 7 * DAY + HOUR).isoformat()
    newest = delivery_name(run_name("p", "sales", START + 7 * DAY), "out")
    life.add(DeliveryAcknowledged(product="p", delivery=newest, used=9), at=late + HOUR)
    assert "consumer sales" not in names(life, late + HOUR)
    life.add(*note_silence(NoteSilence(product="p", silent={}), life.past, late + HOUR, OPERATOR).facts)
    (closed,) = life.past.of(AlarmClosed)
    assert closed.what.alarm == raised.what.alarm


def test_nothing_is_expected_of_a_consumer_of_whom_the_plan_asks_nothing_or_whose_time_is_not_up() -> None:
    life = Life().release()
    life.deliver(START, START + HOUR)
    assert "consumer sales" not in names(life, START + DAY)
    assert "consumer sales" in names(life, START + 4 * DAY)
    free = {"sales": {**life.plan.consumers["sales"].model_dump(mode="json", exclude_none=True)}}
    free["sales"].pop("acknowledge_within")
    free["sales"].pop("use_at_least")
    asked = Life(plan(consumers=free)).release()
    asked.deliver(START, START + HOUR)
    assert "consumer sales" not in names(asked, START + 40 * DAY)


def test_a_feed_that_stops_is_found_by_its_own_rhythm() -> None:
    life = Life().release()
    for day in range(6):
        life.read(START + day * DAY, newest=(START + day * DAY).isoformat())
    last = START + 5 * DAY
    assert not besides_looks(life, last + 3 * DAY)
    assert besides_looks(life, last + 4 * DAY) == ["source rows"]


def test_a_feed_whose_rhythm_nobody_knows_is_left_alone() -> None:
    life = Life().release().read(START, newest=START.isoformat())
    assert not besides_looks(life, START + 400 * DAY)


def test_challengers_that_nobody_compares_are_an_alarm_until_one_is() -> None:
    life = Life(plan(respond={"retraining": {"evaluated_within": "1mo"}})).release()
    compared = TrialJudged(
        product="p", candidate="b", against="a", step="proposed", window=START.isoformat(), verdict="hold",
        harm=False, text="", guarantee="", numbers={"rows": 10.0}, state={},
    )  # fmt: skip

    def told(day: int) -> list[str]:
        return [text for text in noted(life, START + MINUTE, now=START + day * DAY) if "challengers" in text]

    assert told(27) == []
    since = "since 2026-03-01 23:00 UTC; 1 month (about 30 days) may pass."
    assert told(32) == [f"alarm: The comparison of challengers has reported nothing {since}"]
    (raised,) = [fact.what.alarm for fact in life.past.of(AlarmRaised) if "challengers" in fact.what.text]
    life.add(replace(compared, numbers={"rows": 0.0}), at=START + 33 * DAY)
    assert told(33) == [], "nothing was compared"
    life.add(compared, at=START + 34 * DAY)
    assert told(34) == ["The comparison of challengers reports again."]
    assert raised in [fact.what.alarm for fact in life.past.of(AlarmClosed)]
    assert "comparison of challengers" in names(life, START + 70 * DAY)
