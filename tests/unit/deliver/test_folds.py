"""What runs brought is a state that follows from facts one by one: the same as by reading all of them again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.folded import assert_goes_on
from unit.sign.history import NOW

from shipworthy.base.fact import Fold, KnownPast, Recorded, What
from shipworthy.deliver.folds import BROUGHT, RUNS, brought, brought_by, confirmed, ended, last_end, receipts, troubled
from shipworthy.deliver.run import NOT_RELEASED
from shipworthy.deliver.words import DeliveryAcknowledged, DeliveryMade, RunFinished

runs, few = st.sampled_from(["p/desk/1", "p/desk/2", "p/desk/3"]), st.integers(0, 2)


@st.composite
def made(draw: st.DrawFn) -> What:
    run, sink = draw(runs), draw(st.sampled_from(["list", "crm"]))
    return DeliveryMade(
        product="p", delivery=f"{run}/{sink}", run=run, consumer="desk", sink=sink, candidate="a",
        step=draw(st.sampled_from(["all", "rehearsal"])), rows=draw(few), content="c", where="w", as_of="2026-03-01",
        due_by="2026-03-02", late=False, checks=[],
    )  # fmt: skip


@st.composite
def acknowledged(draw: st.DrawFn) -> What:
    return DeliveryAcknowledged(product="p", delivery=f"{draw(runs)}/list", used=draw(st.none() | few))


@st.composite
def ran(draw: st.DrawFn) -> What:
    answered, waiting, lost = draw(few), draw(few), draw(few)
    refused = {reason: rows for reason, rows in ((NOT_RELEASED, waiting), ("no features", lost)) if rows}
    return RunFinished(
        product="p", run=draw(runs), consumer="desk", as_of="2026-03-01", due=answered + waiting + lost,
        answered=answered, refused=refused, delivered=draw(st.sampled_from([{}, {"list": answered}])),
        failed=draw(st.sampled_from([{}, {"crm": answered}])), snapshot="s",
        stood_in=draw(st.sampled_from(["", "The model broke."])), broken=draw(st.sampled_from(["", "It broke."])),
        back_fill=draw(st.sampled_from(["", "log"])),
    )  # fmt: skip


def life_of(whats: list[What]) -> list[Recorded[Any]]:
    moments = [NOW + timedelta(hours=number) for number in range(len(whats))]
    return [
        Recorded(number, "operator", at, at + timedelta(minutes=1), what, "", "")
        for number, (at, what) in enumerate(zip(moments, whats, strict=True), start=1)
    ]


histories = st.lists(st.one_of(made(), acknowledged(), ran()), max_size=25).map(life_of)


@pytest.mark.parametrize("fold", [BROUGHT, RUNS], ids=lambda fold: fold.name)
@given(facts=histories, at=st.integers(0, 25))
def test_a_state_that_was_kept_goes_on_as_if_made_anew(
    fold: Fold[dict[str, Any]], facts: list[Recorded[Any]], at: int
) -> None:
    assert_goes_on(fold, facts, at)


@given(histories)
def test_what_was_brought_and_confirmed_is_what_all_facts_tell(facts: list[Recorded[Any]]) -> None:
    past = KnownPast(facts)
    all_made, told = past.of(DeliveryMade), past.of(DeliveryAcknowledged)
    assert [(one.seq, one.at, one.recorded_at, one.delivery, one.step, one.rows) for one in brought(past)] == [
        (fact.seq, fact.at, fact.recorded_at, fact.what.delivery, fact.what.step, fact.what.rows) for fact in all_made
    ]
    for run in {fact.what.run for fact in all_made}:
        assert [one.seq for one in brought_by(past, run)] == [one.seq for one in all_made if one.what.run == run]
    for name in {fact.what.delivery for fact in told}:
        assert name in confirmed(past)
        assert [(one.at, one.used) for one in receipts(past, name)] == [
            (fact.at, fact.what.used) for fact in told if fact.what.delivery == name
        ]


@given(histories)
def test_runs_are_known_by_name_and_those_in_trouble_in_whole(facts: list[Recorded[Any]]) -> None:
    past = KnownPast(facts)
    known = past.of(RunFinished)
    assert ended(past).keys() == {fact.what.run for fact in known}
    for fact in known:
        last = [one for one in known if one.what.run == fact.what.run][-1]
        assert last_end(past, fact.what.run) == (last.at, last.seq)
    in_trouble = {one.seq: one for one in troubled(past)}
    for fact in known:
        what, one = fact.what, in_trouble.get(fact.seq)
        if one is None:
            assert what.delivered
            assert not any((what.failed, what.stood_in, what.broken))
            assert what.answered >= what.due - what.refused.get(NOT_RELEASED, 0), "nobody who was due is missing"
        else:
            assert (one.at, one.run, one.due, one.refused, one.delivered, one.failed, one.back_fill) == (
                fact.at, what.run, what.due, what.refused, what.delivered, what.failed, what.back_fill,
            )  # fmt: skip
