"""What monitors of facts know of old facts is kept, less what they have counted: the same events as from all facts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.watch.facts import DAY, HOUR, START, Life, plan

from shipworthy.base.digest import canonical
from shipworthy.base.fact import Fold, Past
from shipworthy.base.times import read_moment
from shipworthy.data.words import SnapshotRefused, SnapshotTaken
from shipworthy.deliver.words import DeliveryAcknowledged
from shipworthy.watch.counted import counting, in_order, since
from shipworthy.watch.folds import FEEDS, JUDGED, LABELLED, REMEMBERED, SEALED
from shipworthy.watch.monitor import Event, Since
from shipworthy.watch.monitors.contract_breaches import DELIVERED
from shipworthy.watch.monitors.freshness import READ
from shipworthy.watch.words import LabelsSealed, WindowJudged

CONSUMERS = {"web": {"who": "The shop", "person": "lead", "time_to_act": "3d", "mode": "realtime", "latency": "100ms",
                     "features_within": "30h"}}  # fmt: skip
PLAN = plan(consumers=CONSUMERS, contract={"freshness": "2d"})
ONCE = ("freshness", "contract-breaches", "delivery")
hours, few = st.integers(1, 60), st.integers(0, 3)
deeds = st.lists(
    st.tuples(st.sampled_from(["read", "break", "bring", "confirm", "label", "look"]), hours, few), max_size=30
)


def lived(deeds: list[tuple[str, int, int]], looking: bool = True) -> tuple[Life, datetime]:
    """A life in which these things were done, each some hours after the one before, and what time it is at its end."""
    life, now = Life(PLAN).release(), START
    delivered = [""]
    for deed, later, number in deeds:
        now += later * HOUR
        moment = START + number * DAY
        if deed == "look" and looking:
            life.look(now, "")
        elif deed == "read":
            life.read(now, newest=(now - number * DAY).isoformat(), content=f"content {number}")
        elif deed == "break":
            life.read(now, newest=now.isoformat() if number else "", bad="too old", content=f"content {number}")
        elif deed == "bring":
            life.answer(moment, at=now)
            delivered.append(life.deliver(START + len(delivered) * 7 * DAY, now))
        elif deed == "confirm":
            life.add(DeliveryAcknowledged(product="p", delivery=delivered[-1], used=3 * number), at=now)
        elif deed == "label":
            life.add(
                LabelsSealed(
                    product="p", segment=f"labels {len(life.facts)}", as_of=moment.isoformat(), matched=9,
                    unlabelled=number, snapshot="s",
                ),
                at=now,
            )  # fmt: skip
    return life, now


def freshly(past: Past, begin: Since, now: datetime) -> Iterator[Event]:
    """What the monitor of freshness has to count, from all facts."""
    told = [(fact.at, fact.seq, fact.what) for fact in past.of(SnapshotTaken, SnapshotRefused)]
    source = [(at, seq, read_moment(one.newest)) for at, seq, what in told for one in what.intakes if one.newest]
    stored = [(at, seq, read_moment(what.as_of)) for at, seq, what in told if isinstance(what, SnapshotTaken)]
    for part, reads, limit in (("rows", source, 2 * DAY), ("stored inputs of web", stored, 30 * HOUR)):
        for number, (at, seq, newest) in enumerate(reads):
            following = reads[number + 1] if number + 1 < len(reads) else (now, 0, now)
            if seq > begin.seq:
                yield Event(at, seq, part, 1, int(newest + limit < at))
            if at <= newest + limit < following[0] and begin.moment <= newest + limit < now:
                yield Event(newest + limit, 0, part, 1, 1)


def delivered(past: Past, begin: Since, now: datetime) -> Iterator[Event]:
    """What the monitor of contracts has to count, from all facts."""
    seen = None
    for fact in past.of(SnapshotTaken, SnapshotRefused):
        broke = isinstance(fact.what, SnapshotRefused)
        content = (fact.what.intakes[0].content, broke)
        if content != seen and fact.seq > begin.seq:
            yield Event(fact.at, fact.seq, "rows", 1, int(broke))
        seen = content


def labelled(past: Past, begin: Since, now: datetime) -> Iterator[Event]:
    """What the monitor of labels that come late has to count, from all facts."""
    labels = past.of(LabelsSealed)
    for moment, candidates in past.fold(SEALED)["windows"].items():
        rows, limit = sum(one["rows"] for one in candidates.values()), read_moment(moment) + 8 * DAY
        first = next((fact for fact in labels if fact.what.as_of == moment), None)
        if first and first.at <= limit:
            if first.seq > begin.seq:
                yield Event(first.at, first.seq, "labels", 9 + first.what.unlabelled, first.what.unlabelled)
        elif begin.moment <= limit < now:
            yield Event(limit, 0, "labels", rows, rows)


@pytest.mark.parametrize(
    ("name", "plainly"), [("freshness", freshly), ("contract-breaches", delivered), ("label-lateness", labelled)]
)
@given(deeds=deeds)
def test_what_is_left_to_count_is_what_all_facts_tell(
    name: str, plainly: Any, deeds: list[tuple[str, int, int]]
) -> None:
    life, now = lived(deeds)
    monitor = next(one for one in counting(PLAN) if one.name == name)
    assert monitor.counting
    begin = since(life.past, monitor, now)
    found = in_order(monitor.counting.events(PLAN, life.past, begin, now), begin.moment, now)
    counts = [replace(one, text="", numbers={}) for one in found]
    assert sorted(counts, key=repr) == sorted(in_order(plainly(life.past, begin, now), begin.moment, now), key=repr)


@given(deeds)
def test_looking_often_finds_what_one_look_at_the_end_finds(deeds: list[tuple[str, int, int]]) -> None:
    (often, now), (once, _) = lived(deeds), lived(deeds, looking=False)
    end = now + 20 * DAY

    def counted(life: Life) -> dict[tuple[str, str], dict[str, float]]:
        life.look(end, "")
        facts = [fact.what for fact in life.past.of(WindowJudged) if fact.what.monitor in ONCE]
        return {(what.monitor, what.window): {part: one["rows"] for part, one in what.parts.items()} for what in facts}

    assert counted(often) == counted(once)


@pytest.mark.parametrize("fold", [READ, DELIVERED, FEEDS, LABELLED, JUDGED], ids=lambda fold: fold.name)
@given(deeds=deeds, at=st.integers(0, 60))
def test_a_state_that_was_kept_goes_on_as_if_made_anew(
    fold: Fold[dict[str, Any]], deeds: list[tuple[str, int, int]], at: int
) -> None:
    life, _ = lived(deeds)
    known = [fact for fact in life.facts if isinstance(fact.what, fold.kinds)]
    state = json.loads(canonical(fold.over(known[:at])))
    for fact in known[at:]:
        state = fold.step(state, fact)
    assert canonical(state) == canonical(fold.over(known))


@given(deeds)
def test_the_rhythm_of_a_feed_is_that_of_its_last_different_moments(deeds: list[tuple[str, int, int]]) -> None:
    life, _ = lived(deeds)
    past: Past = life.past
    told = [fact.what for fact in past.of(SnapshotTaken, SnapshotRefused)]
    intakes = [one for what in told for one in what.intakes]
    moments = {read_moment(one.newest) for one in intakes if one.newest}
    assert [read_moment(one) for one in life.past.fold(FEEDS).get("rows", [])] == sorted(moments)[-REMEMBERED:]
    labels = [fact.what for fact in life.past.of(LabelsSealed)]
    assert {moment: one["segments"] for moment, one in life.past.fold(LABELLED).items()} == {
        moment: [what.segment for what in labels if what.as_of == moment] for moment in {what.as_of for what in labels}
    }


def test_of_what_was_counted_only_the_last_reading_is_kept() -> None:
    life = Life(PLAN).release()
    for day in range(40):
        life.read(START + day * DAY, newest=(START + day * DAY).isoformat())
        life.look(START + day * DAY + timedelta(hours=1), "")
    assert len(life.past.fold(READ)["sources"]["rows"]) == 2, "that of yesterday and the one of today"
    assert [one["seq"] for one in life.past.fold(DELIVERED)["new"]] == [life.past.of(SnapshotTaken)[-1].seq]


def test_before_anything_was_read_nothing_is_too_old() -> None:
    assert Life(PLAN).release().look(START + 9 * DAY, "freshness") == []
