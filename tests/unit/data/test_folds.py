"""Which data came in is a state that follows from facts one by one: the same as by reading all of them again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.folded import assert_goes_on

from shipworthy.base.fact import Fold, KnownPast, Recorded, What
from shipworthy.data.arrivals import fresh, noted
from shipworthy.data.folds import ARRIVED, READ
from shipworthy.data.words import DataArrived, SnapshotRefused, SnapshotTaken

NOW = datetime(2026, 3, 1, tzinfo=UTC)
names, days = st.sampled_from(["visits", "orders"]), st.integers(1, 4)


@st.composite
def came(draw: st.DrawFn) -> What:
    as_of = f"2026-03-0{draw(days)}T00:00:00+00:00"
    sources = draw(st.dictionaries(names, st.sampled_from(["one", "two"]), min_size=1))
    facts: list[What] = [
        DataArrived(product="p", arrival="a", sources=sources),
        SnapshotTaken(product="p", snapshot="s", as_of=as_of, intakes=[], checks=[]),
        SnapshotRefused(product="p", refusal="r", as_of=as_of, intakes=[], checks=[]),
    ]
    return draw(st.sampled_from(facts))


def life_of(whats: list[What]) -> list[Recorded[Any]]:
    moments = [NOW + timedelta(hours=number) for number in range(len(whats))]
    return [
        Recorded(number + 1, "op", at, at, what, "", "")
        for number, (at, what) in enumerate(zip(moments, whats, strict=True))
    ]


histories = st.lists(came(), max_size=20).map(life_of)


@pytest.mark.parametrize("fold", [ARRIVED, READ], ids=lambda fold: fold.name)
@given(facts=histories, at=st.integers(0, 20))
def test_a_state_that_was_kept_goes_on_as_if_made_anew(
    fold: Fold[dict[str, Any]], facts: list[Recorded[Any]], at: int
) -> None:
    assert_goes_on(fold, facts, at)


@given(histories)
def test_what_was_noted_and_read_is_what_all_facts_tell(facts: list[Recorded[Any]]) -> None:
    past = KnownPast(facts)
    arrived = past.of(DataArrived)
    last = {name: state for fact in arrived for name, state in fact.what.sources.items()}
    assert noted(past) == last
    assert fresh(past, {"visits": "one"}) == ({} if last.get("visits") == "one" else {"visits": "one"})
    assert past.fold(ARRIVED)["arrivals"] == [[fact.at.isoformat(), sorted(fact.what.sources)] for fact in arrived]
    assert past.fold(READ).keys() == {fact.what.as_of for fact in facts if not isinstance(fact.what, DataArrived)}
