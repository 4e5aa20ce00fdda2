"""What a look knows of old facts is a state that follows from them one by one: the same as from all of them at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.folded import assert_goes_on
from unit.watch.test_rules import Life, plan, sealed, window

from shipworthy.base.fact import Fold, KnownPast, Recorded, What
from shipworthy.watch.folds import JUDGED, SEALED
from shipworthy.watch.rules import Answered, answered, carried, due, is_judged
from shipworthy.watch.words import Level

START = datetime(1997, 6, 1, tzinfo=UTC)
days, names = st.integers(0, 3), st.sampled_from("ab")


@st.composite
def listed(draw: st.DrawFn) -> What:
    """A list, maybe a rehearsal or a back-fill; the same segment may be sealed by two runs."""
    step = draw(st.sampled_from(["all", "all", "cohort", "rehearsal", "back-fill"]))
    return sealed(f"s{draw(st.integers(0, 9))}", draw(names), START + timedelta(days=draw(days)), step)


@st.composite
def served(draw: st.DrawFn) -> What:
    """A stretch of a server, which may hold answers of several days and candidates."""
    told = draw(st.dictionaries(days, st.dictionaries(names, st.integers(0, 5), min_size=1), min_size=1))
    windows = {(START + timedelta(days=day)).date().isoformat(): rows for day, rows in told.items()}
    stretch = sealed(f"v{draw(st.integers(0, 99))}", "a", START, run="serve/p/1")
    return replace(stretch, windows=windows)


@st.composite
def found(draw: st.DrawFn) -> What:
    levels: list[Level] = ["quiet", "note", "not_run"]
    level, parts = draw(st.sampled_from(levels)), float(draw(st.integers(0, 3)))
    state = {"evidence": draw(st.integers(0, 9))}
    moment = START + timedelta(days=draw(days))
    return window(draw(st.sampled_from(["m", "n"])), draw(names), moment, level, {"parts": parts, "n": 3.0}, state)


def life_of(whats: list[tuple[What, int]]) -> list[Recorded[Any]]:
    life = Life()
    for what, hours in whats:
        life.add(what, at=START + timedelta(hours=hours))
    return life.facts


histories = st.lists(st.tuples(st.one_of(listed(), served(), found()), st.integers(0, 100)), max_size=25).map(life_of)


def one_by_one(past: KnownPast) -> list[Answered]:
    """The windows by looking at all facts again for each."""
    keys: dict[tuple[str, str], None] = {}
    facts = [fact for fact in past.facts if hasattr(fact.what, "segment")]
    counted = [fact for fact in facts if not {"rehearsal", "back-fill"} & set(fact.what.steps)]

    def holds(fact: Recorded[Any]) -> dict[tuple[str, str], bool]:
        told = fact.what.windows or {fact.what.as_of: fact.what.candidates}
        return {
            (datetime.fromisoformat(at).replace(tzinfo=UTC).isoformat(), name): "T" not in at
            for at, rows in told.items()
            for name, count in rows.items()
            if count
        }

    for fact in counted:
        keys.update(dict.fromkeys(holds(fact)))
    windows = []
    for moment, name in sorted(keys):
        mine = [fact for fact in counted if (moment, name) in holds(fact)]
        last, grows = mine[-1].at, all(fact.what.run.startswith("serve/") for fact in mine)
        for fact in (one for one in counted if one.seq > mine[-1].seq and name in {of for _, of in holds(one)}):
            grows = grows and fact.at < last + timedelta(minutes=10)
            last = min(last, fact.at) if grows else last  # the clock was put back between the two
        day = any(holds(fact)[moment, name] for fact in mine)
        windows.append(
            Answered(
                name,
                moment,
                tuple(dict.fromkeys(fact.what.segment for fact in mine)),
                last.isoformat() if grows else "",
                (datetime.fromisoformat(moment) + timedelta(days=1)).isoformat() if day else "",
            )
        )
    return windows


@given(histories)
def test_windows_are_those_that_all_facts_tell(facts: list[Recorded[Any]]) -> None:
    assert answered(KnownPast(facts)) == one_by_one(KnownPast(facts))


@pytest.mark.parametrize("fold", [SEALED, JUDGED], ids=lambda fold: fold.name)
@given(facts=histories, at=st.integers(0, 25))
def test_a_state_that_was_kept_goes_on_as_if_made_anew(
    fold: Fold[dict[str, Any]], facts: list[Recorded[Any]], at: int
) -> None:
    assert_goes_on(fold, facts, at)


@given(histories)
def test_what_was_judged_is_known_and_its_newest_state_goes_on(facts: list[Recorded[Any]]) -> None:
    past = KnownPast(facts)
    judged = [fact.what for fact in facts if hasattr(fact.what, "monitor")]
    for what in judged:
        mine = [one for one in judged if (one.monitor, one.candidate) == (what.monitor, what.candidate)]
        assert carried(past, what.monitor, what.candidate) == mine[-1].state
        newest = [one for one in mine if one.window == what.window][-1]
        assert is_judged(past, what, START) == (newest.level != "not_run")


def test_a_day_of_questions_is_one_window_whose_truth_is_known_a_horizon_after_its_end() -> None:
    life = Life()
    for minute in range(3):
        stretch = sealed(f"s{minute}", "a", START + timedelta(minutes=minute), run=f"serve/p/{minute}")
        life.add(replace(stretch, windows={"1997-06-01": {"a": 5}}), at=START + timedelta(minutes=minute + 1))
    life.add(replace(stretch, segment="s9", windows={"1997-06-02": {"a": 5}}), at=START + timedelta(days=1, minutes=30))
    first, second = answered(life.past)
    assert (first.parts, first.growing_since, first.ends[:10]) == (("s0", "s1", "s2"), "", "1997-06-02")
    assert second.growing_since
    product = plan(realtime=True)
    mature = product.need.horizon.after(START)

    def labels_of(now: datetime) -> set[str]:
        return {one.answered.moment[:10] for one in due(product, life.past, now) if one.needs == "labels"}

    assert labels_of(mature + timedelta(hours=23)) == set()
    assert labels_of(product.need.horizon.after(START + timedelta(days=1))) == {"1997-06-01"}
