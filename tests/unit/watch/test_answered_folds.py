"""Which alarms wait and which samples: states that follow from facts, the same as by reading all of them again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.folded import assert_goes_on

from shipworthy.base.fact import Fold, KnownPast, Recorded, What
from shipworthy.watch.audit import is_drawn, waiting
from shipworthy.watch.folds import ALARMS, AUDITED, open_alarms
from shipworthy.watch.rules import audited, carried, open_alarm
from shipworthy.watch.words import AlarmClosed, AlarmRaised, AuditDrawn, AuditLabelled, WindowJudged

START = datetime(1997, 6, 1, tzinfo=UTC)
few = st.integers(0, 5)
MONITORS, CANDIDATES = ("calibration", "volume"), ("a", "b")


def raised(number: int) -> AlarmRaised:
    """An alarm; its name says what it is about, as the digest in its place does."""
    of = {"monitor": MONITORS[number % 2], "candidate": CANDIDATES[number // 2 % 2], "window": f"1997-06-0{number + 1}"}
    words = {"since": of["window"], "text": f"alarm {number}", "guarantee": "", "cause": "", "advice": ""}
    return AlarmRaised(product="p", alarm=f"alarm-{number}", **of, **words)  # type: ignore[arg-type]


def judged(number: int) -> WindowJudged:
    of = raised(number)
    return WindowJudged(
        product="p", monitor=of.monitor, candidate=of.candidate, window=of.window, level="quiet", text="", guarantee="",
        numbers={}, parts={}, state={"window": number}, cause="", advice="", since="",
    )  # fmt: skip


def drawn(number: int) -> AuditDrawn:
    return AuditDrawn(
        product="p", sample=f"sample-{number}", candidate=CANDIDATES[number % 2], window=f"1997-06-0{number + 1}",
        rows=2, answers=9,
    )  # fmt: skip


closed = st.builds(AlarmClosed, product=st.just("p"), alarm=few.map(lambda one: f"alarm-{one}"), by=st.just("somebody"))
labelled = st.builds(
    AuditLabelled,
    product=st.just("p"),
    sample=few.map(lambda one: f"sample-{one}"),
    segment=st.just("s"),
    told=st.just(1),
    unsure=st.just(0),
    left=st.integers(0, 1),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Recorded[Any]]:
    """Each alarm is raised once and each window has one sample, as the flows see to; the rest in any order."""
    once = draw(st.permutations([*map(raised, range(6)), *map(drawn, range(6))]))[: draw(st.integers(0, 12))]
    others = draw(st.lists(st.one_of(closed, labelled, few.map(judged)), max_size=15))
    whats = draw(st.permutations([*once, *others]))
    said: set[str] = set()
    kept: list[What] = []
    for what in whats:  # nobody answers an alarm that was not raised, or labels a sample that was not drawn
        name = getattr(what, "alarm", getattr(what, "sample", ""))
        if isinstance(what, AlarmRaised | AuditDrawn | WindowJudged) or name in said:
            kept.append(what)
            said.add(name)
    return [
        Recorded(number, "op", at := START + timedelta(hours=number), at, what, "", "")
        for number, what in enumerate(kept, start=1)
    ]


@pytest.mark.parametrize("fold", [ALARMS, AUDITED], ids=lambda fold: fold.name)
@given(facts=histories(), at=st.integers(0, 25))
def test_a_state_that_was_kept_goes_on_as_if_made_anew(
    fold: Fold[dict[str, Any]], facts: list[Recorded[Any]], at: int
) -> None:
    assert_goes_on(fold, facts, at)


@given(histories())
def test_open_alarms_are_those_that_all_facts_tell(facts: list[Recorded[Any]]) -> None:
    past = KnownPast(facts)
    answered = {fact.what.alarm for fact in past.of(AlarmClosed)}
    open_now = [fact for fact in past.of(AlarmRaised) if fact.what.alarm not in answered]
    found = open_alarms(past)
    assert [(one.alarm, one.text, one.since, one.at, one.seq) for one in found] == [
        (fact.what.alarm, fact.what.text, fact.what.since, fact.at, fact.seq) for fact in open_now
    ]
    for monitor in MONITORS:
        for candidate in CANDIDATES:
            mine = [one for one in open_now if (one.what.monitor, one.what.candidate) == (monitor, candidate)]
            newest = open_alarm(past, monitor, candidate)
            assert (newest and newest.alarm) == (mine[-1].what.alarm if mine else None)


@given(histories())
def test_evidence_starts_anew_with_the_first_answer_to_an_alarm_of_its_own(facts: list[Recorded[Any]]) -> None:
    past = KnownPast(facts)
    for monitor in MONITORS:
        for candidate in CANDIDATES:
            mine = [
                one.what.alarm
                for one in past.of(AlarmRaised)
                if (one.what.monitor, one.what.candidate) == (monitor, candidate)
            ]
            first: dict[str, int] = {}
            for fact in past.of(AlarmClosed):
                first.setdefault(fact.what.alarm, fact.seq)
            since = max((first[name] for name in mine if name in first), default=0)
            looks = [
                one for one in past.of(WindowJudged) if (one.what.monitor, one.what.candidate) == (monitor, candidate)
            ]
            going_on = looks[-1].what.state if looks and looks[-1].seq > since else {}
            assert carried(past, monitor, candidate) == going_on


@given(histories())
def test_samples_that_wait_and_those_labelled_in_whole_are_those_that_all_facts_tell(
    facts: list[Recorded[Any]],
) -> None:
    past = KnownPast(facts)
    done = {fact.what.sample for fact in past.of(AuditLabelled) if not fact.what.left}
    samples = [fact.what for fact in past.of(AuditDrawn)]
    assert waiting(past) == [what for what in samples if what.sample not in done]
    assert {(one.candidate, one.moment, one.parts) for one in audited(past)} == {
        (what.candidate, what.window, (what.sample,)) for what in samples if what.sample in done
    }
    for number in range(6):
        one = drawn(number)
        assert is_drawn(past, one.candidate, one.window) == (one in samples)
    said = [fact.at.isoformat() for fact in past.of(AuditLabelled)]
    assert past.fold(AUDITED)["told"] == max(said, default="")
