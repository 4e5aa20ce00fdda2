"""What trials said is a state that follows from facts one by one: the same as by reading all of them again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from hypothesis import given
from hypothesis import strategies as st

from shipworthy.base.digest import canonical
from shipworthy.base.fact import KnownPast, Recorded, What
from shipworthy.release.trials import TRIED, harmful, last_proposal, last_verdicts
from shipworthy.release.words import RolledBack, TrialJudged

NOW = datetime(2026, 3, 1, tzinfo=UTC)
names = st.sampled_from("ab")
VERDICTS: tuple[Literal["promote", "hold", "roll back"], ...] = ("promote", "hold", "roll back")


@st.composite
def said(draw: st.DrawFn) -> What:
    candidate = draw(names)
    if draw(st.integers(0, 4)) == 0:
        return RolledBack(product="p", candidate=candidate, to="", reason="it did harm")
    return TrialJudged(
        product="p", candidate=candidate, against=draw(names),
        step=draw(st.sampled_from(["shadow", "canary", "proposed"])),
        window=f"2026-03-0{draw(st.integers(1, 3))}", verdict=draw(st.sampled_from(VERDICTS)), harm=draw(st.booleans()),
        text="", guarantee="", numbers={"rows": float(draw(st.integers(0, 1)))}, state={},
    )  # fmt: skip


def life_of(whats: list[What]) -> list[Recorded[Any]]:
    moments = [NOW + timedelta(hours=number) for number in range(len(whats))]
    return [
        Recorded(number, "op", at, at, what, "", "")
        for number, (at, what) in enumerate(zip(moments, whats, strict=True), start=1)
    ]


histories = st.lists(said(), max_size=20).map(life_of)


@given(histories, st.integers(0, 20))
def test_a_state_that_was_kept_goes_on_as_if_made_anew(facts: list[Recorded[Any]], at: int) -> None:
    known = [fact for fact in facts if isinstance(fact.what, TRIED.kinds)]
    state = json.loads(canonical(TRIED.over(known[:at])))
    for fact in known[at:]:
        state = TRIED.step(state, fact)
    assert canonical(state) == canonical(TRIED.over(known))


@given(histories)
def test_verdicts_are_those_that_all_facts_tell(facts: list[Recorded[Any]]) -> None:
    past = KnownPast(facts)
    judged = [fact for fact in facts if isinstance(fact.what, TrialJudged)]
    for name in "ab":
        back = max((fact.seq for fact in past.of(RolledBack) if fact.what.candidate == name), default=0)
        mine = [fact for fact in judged if fact.what.candidate == name]
        assert last_verdicts(past, name) == {fact.what.step: fact for fact in mine if fact.seq > back}
        compared = {(fact.what.against, fact.what.window, fact.what.step == "proposed") for fact in mine}
        assert {tuple(one) for one in past.fold(TRIED)["compared"].get(name, [])} == compared
    assert harmful(past) == [fact for fact in judged if fact.what.harm and fact.what.verdict == "roll back"]
    proposed = [fact for fact in judged if fact.what.step == "proposed" and fact.what.numbers["rows"]]
    asked = [fact.what for fact in judged if fact.what.step == "proposed"]
    for name, parent in ("ab", "ba", "aa"):
        others = [what for what in asked if what.against == parent and what.candidate != name]
        assert last_proposal(past, parent, besides=name) == (others[-1] if others else None)
        beside = {one: told["window"] for one, told in past.fold(TRIED)["beside"].get(parent, {}).items()}
        windows = [what.window for what in others if what.numbers["rows"]]
        assert max((window for one, window in beside.items() if one != name), default="") == max(windows, default="")
    assert past.fold(TRIED)["proposed"] == (proposed[-1].at.isoformat() if proposed else "")
