"""Whom an incident reached is told from what is known of old answers: the same as by reading all facts again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from unit.sign.history import NOW

from shipworthy.base.fact import KnownPast, Recorded, What
from shipworthy.deliver.words import AnswersSealed, DeliveryMade, RunFinished
from shipworthy.respond.folds import MOST_RUNS
from shipworthy.respond.incidents import Reach, first_answers, lists, reach
from shipworthy.respond.words import IncidentOpened
from shipworthy.watch.words import AlarmRaised

MINUTE = timedelta(minutes=1)
minutes, names, few = st.integers(0, 400), st.sampled_from("ab"), st.integers(0, 3)
deeds = st.lists(st.tuples(st.sampled_from(["serve", "list", "finish", "bring"]), names, few, few), max_size=25)


def facts_of(
    told: list[tuple[str, str, int, int]], raised_after: int, since: int, candidate: str
) -> list[Recorded[Any]]:
    """Seven minutes between two facts; the alarm goes on since so many minutes after the beginning."""
    whats: list[What] = [_fact(*one, number=number) for number, one in enumerate(told)]
    alarm = AlarmRaised(
        product="p", alarm="cause", monitor="m", candidate=candidate, window="",
        since=(NOW + since * MINUTE).isoformat(), text="", guarantee="", cause="", advice="",
    )  # fmt: skip
    whats.insert(raised_after, alarm)
    moments = [NOW + 7 * number * MINUTE for number in range(len(whats))]
    return [
        Recorded(number, "operator", at, at, what, "", "")
        for number, (at, what) in enumerate(zip(moments, whats, strict=True), start=1)
    ]


def _fact(deed: str, name: str, rows: int, other: int, number: int) -> What:
    run = f"serve/p/{number}" if deed == "serve" else f"p/desk/{other}"
    moment = (NOW + 100 * other * MINUTE).isoformat()
    if deed == "finish":
        return RunFinished(
            product="p", run=run, consumer="desk", as_of=moment, due=9, answered=9, refused={}, delivered={},
            failed={"list": 9} if rows == 1 else {}, snapshot="s", stood_in="It broke." if rows == 2 else "",
        )  # fmt: skip
    if deed == "bring":
        return DeliveryMade(
            product="p", delivery=f"{run}/{rows}", run=run, consumer="desk", sink="list", candidate=name,
            step="rehearsal" if rows == 0 else "all", rows=9, content="c", where="w", as_of=moment, due_by=moment,
            late=False, checks=[],
        )  # fmt: skip
    return AnswersSealed(
        product="p", segment=f"s{number}", rows=rows + other, run=run, as_of=moment,
        candidates={name: rows, "c": other}, steps={"all": rows, "shadow": other}, mean_score={}, snapshot="",
        features="",
    )  # fmt: skip


def named(facts: list[Recorded[Any]], incident: IncidentOpened) -> tuple[set[str], set[str]]:
    """The lists, and the stretches of servers, that an incident had to do with, from all facts."""
    raised = next(fact for fact in facts if isinstance(fact.what, AlarmRaised))
    alarm, served, listed = raised.what, set(), set(incident.affected)
    for fact in facts:
        what = fact.what
        if isinstance(what, RunFinished) and fact.seq > raised.seq and (what.stood_in or what.failed):
            listed.add(what.run)
        if isinstance(what, DeliveryMade):
            later = what.as_of >= alarm.since and what.candidate == alarm.candidate
            if later if alarm.candidate else fact.at.isoformat() >= alarm.since:
                listed.add(what.run)
        if isinstance(what, AnswersSealed) and what.run.startswith("serve/") and fact.at.isoformat() >= alarm.since:
            served |= {what.run} if alarm.candidate in ("", *what.candidates) else set()
    return listed, served


def plainly(facts: list[Recorded[Any]], listed: set[str], served: set[str]) -> Reach:
    """The reach in these lists and stretches, from all facts."""
    counts: dict[str, int] = {}
    order: dict[str, int] = {}
    for fact in facts:
        what = fact.what
        if isinstance(what, AnswersSealed | RunFinished):
            order[what.run] = fact.seq
        if isinstance(what, AnswersSealed) and what.run in listed | served:
            counts[what.run] = counts.get(what.run, 0) + what.steps["all"]
    for fact in facts:
        if isinstance(fact.what, RunFinished) and fact.what.run in listed:
            counts.setdefault(fact.what.run, fact.what.answered)
    made = [fact.what for fact in facts if isinstance(fact.what, DeliveryMade)]
    brought = {what.delivery for what in made if what.run in listed and what.step != "rehearsal"}
    total = sum(counts.values())
    least = max((min(count, 1) if run in served else count for run, count in counts.items()), default=0)
    runs = sorted(sorted(listed | served), key=lambda run: order.get(run, 0))
    return Reach(runs[-MOST_RUNS:], len(brought), total, least, total)


@given(deeds, few, minutes, st.sampled_from(["", "a", "b"]), st.lists(st.just("p/desk/1"), max_size=1))
def test_the_reach_is_that_which_all_facts_tell(
    told: list[tuple[str, str, int, int]], raised_after: int, since: int, candidate: str, before: list[str]
) -> None:
    facts = facts_of(told, raised_after, since, candidate)
    incident = IncidentOpened(
        product="p", incident="I-1", severity="high", title="", owner="", cause="cause", affected=before
    )
    past = KnownPast(facts)
    listed, served = named(facts, incident)
    expected, found = plainly(facts, listed, served), reach(past, incident)
    assert set(lists(past, incident)) == listed
    assert (found.deliveries, found.answers, found.people_at_least, found.people_at_most) == (
        expected.deliveries, expected.answers, expected.people_at_least, expected.people_at_most,
    )  # fmt: skip
    placed = [
        run for run in found.runs if any(getattr(fact.what, "segment", "") and fact.what.run == run for fact in facts)
    ]
    assert placed == [run for run in expected.runs if run in placed]
    assert set(found.runs) == set(expected.runs)
    with_answers = [
        fact.seq
        for fact in facts
        if isinstance(fact.what, AnswersSealed) and fact.what.run in {*listed, *expected.runs}
    ]
    assert first_answers(past, incident) <= min(with_answers, default=len(facts))


def test_an_incident_of_many_stretches_names_the_newest() -> None:
    facts = facts_of([("serve", "a", 1, 0)] * (MOST_RUNS + 9), 0, 0, "a")
    incident = IncidentOpened(
        product="p", incident="I-1", severity="high", title="", owner="", cause="cause", affected=[]
    )
    found = reach(KnownPast(facts), incident)
    assert found.runs == [fact.what.run for fact in facts[-MOST_RUNS:]]
    assert found.answers == MOST_RUNS + 9
