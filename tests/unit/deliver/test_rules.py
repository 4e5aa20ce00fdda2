"""The account of a list, its shape on the way out, its deadline, and what its receiver is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.sign.history import History

from shipworthy.base.fact import KnownPast, Recorded, What
from shipworthy.base.times import length
from shipworthy.deliver.log import answer_id, answer_ids, answers_table, run_prefix
from shipworthy.deliver.rules import (
    NOT_RELEASED,
    account,
    account_of,
    canary_served,
    due_by,
    finished_run,
    is_late,
    list_moments,
    newest_due,
    notice,
    output,
    run_name,
    unbrought,
    with_ends,
)
from shipworthy.deliver.run import Account, Result, Run, Used
from shipworthy.deliver.words import DeliveryMade, RunFinished
from shipworthy.model.intervals import Intervals
from shipworthy.plan.schema import Consumer, Plan

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
PLAN: Plan = History().plan
SERVICE: Consumer = PLAN.consumers["service"]
FINISHED = RunFinished(
    product="renewals", run="r", consumer="service", as_of=MONDAY.isoformat(), due=10, answered=7,
    refused={NOT_RELEASED: 3}, delivered={"call-list": 5}, failed={"crm": 5}, snapshot="s", left_out=2,
)  # fmt: skip


def recorded(*whats: What, at: datetime = MONDAY) -> KnownPast:
    return KnownPast([Recorded(seq, "night-operator", at, at, what, "", str(seq)) for seq, what in enumerate(whats, 1)])


def made(sink: str, due: datetime = MONDAY) -> DeliveryMade:
    return DeliveryMade(
        product="renewals", delivery=f"d {sink}", run="r", consumer="service", sink=sink, candidate="c", step="live",
        rows=5, content="x", where="w", as_of=MONDAY.isoformat(), due_by=due.isoformat(), late=False, checks=[],
    )  # fmt: skip


@st.composite
def runs(draw: st.DrawFn) -> list[Result]:
    """Candidates that answer disjoint cohorts of the same entities, and perhaps a broken challenger in shadow."""
    due = draw(st.integers(0, 200))
    known = draw(st.integers(0, due))
    left, results = known, []
    for number in range(draw(st.integers(1, 3))):
        mine = draw(st.integers(0, left))
        unscored = draw(st.integers(0, mine))
        left -= mine
        results.append(
            Result(f"s{number}", f"c{number}", known, mine - unscored, 0.5, due=due, known=known, unscored=unscored)
        )
    if draw(st.booleans()):
        results.append(Result("", "challenger", 0, 0, 0.0, broken="It raised.", shadow=True))
    return results


@given(runs())
def test_every_entity_that_is_due_is_answered_or_refused_with_a_reason(results: list[Result]) -> None:
    told = account_of(results)
    assert told.due == told.answered + sum(told.refused.values())
    assert told.answered == sum(result.real for result in results)
    assert all(count > 0 for count in told.refused.values())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"answered": 8}, "an entity is lost"),
        ({"refused": {NOT_RELEASED: 4, "no score": -1}}, "counted twice"),
        ({"delivered": {"call-list": 4}}, "an answer is lost"),
        ({"failed": {"crm": 7}}, "an answer is lost"),
        ({"left_out": 0}, "an answer is lost"),
    ],
)
def test_an_account_that_does_not_add_up_is_never_told(change: dict[str, object], says: str) -> None:
    account(FINISHED, [])
    with pytest.raises(AssertionError, match=says):
        account(replace(FINISHED, **change), [])  # type: ignore[arg-type]  # each a field of its own type


def test_rows_that_arrive_later_move_from_failed_to_delivered() -> None:
    before = recorded(FINISHED, made("call-list"))
    assert unbrought(before, "r") == ["crm"]
    told = finished_run(recorded(FINISHED, made("call-list"), made("crm")), "r")
    assert told
    assert (told.failed, told.delivered) == ({}, {"call-list": 5, "crm": 5})
    assert sorted(told.deliveries) == ["d call-list", "d crm"]
    assert unbrought(recorded(), "r") == []
    assert finished_run(recorded(), "r") is None


def test_the_newest_list_says_how_many_are_due() -> None:
    nothing = replace(FINISHED, run="later", due=0, answered=0, refused={}, delivered={}, failed={}, left_out=0)
    assert newest_due(recorded(FINISHED, nothing), "service") == 10
    assert newest_due(recorded(FINISHED), "another") == 0


@given(st.integers(1, 31), st.integers(1, 40))
def test_lists_never_drift_from_their_day(day: int, count: int) -> None:
    first = datetime(2026, 1, day, tzinfo=UTC)
    monthly = SERVICE.model_copy(update={"every": length("1mo"), "start": first.date()})
    until = length(f"{count}mo").after(first)
    moments = list(list_moments(monthly, until))
    assert len(moments) == count + 1
    assert all(earlier < later for earlier, later in pairwise(moments))
    assert {moment.day for moment in moments} <= {day, 28, 29, 30}
    assert [moment.month for moment in moments] == [(number % 12) + 1 for number in range(count + 1)]


def test_a_list_is_late_by_the_wall_clock_where_the_product_lives_on_it() -> None:
    limit = due_by(SERVICE, MONDAY)
    assert limit == MONDAY + timedelta(hours=6)
    fact = Recorded(1, "night-operator", MONDAY, limit + timedelta(seconds=1), made("call-list", limit), "", "")
    assert is_late(PLAN, fact), "a run that was killed and carried on hours later is late"
    assert not is_late(PLAN, replace(fact, recorded_at=limit))
    assert due_by(SERVICE.model_copy(update={"deadline": None}), MONDAY) == MONDAY


def rows(*scores: tuple[str, float, str]) -> pa.Table:
    return answers_table(
        run="r", time=MONDAY, as_of=MONDAY, candidate="c", entities=[one[0] for one in scores],
        scores=[one[1] for one in scores], decisions=[one[2] for one in scores], reasons=[[] for _ in scores],
        cohorts=["a" for _ in scores], steps=["all" for _ in scores], consumer="service", inputs_ref="f",
    )  # fmt: skip


def test_the_output_has_the_promised_columns_best_first_ties_by_name() -> None:
    table = rows(("b", 0.5, "leave"), ("a", 0.5, "call"), ("c", 0.9, "call"))
    consumer = SERVICE.model_copy(update={"columns": ["rank", "subscriber", "decision"], "only": "all"})
    assert output(table, consumer, "subscriber", "call").to_pydict() == {
        "rank": [1, 2, 3],
        "subscriber": ["c", "a", "b"],
        "decision": ["call", "call", "leave"],
    }
    chosen = consumer.model_copy(update={"only": "chosen"})
    assert output(table, chosen, "subscriber", "call")["rank"].to_pylist() == [1, 2]
    assert len(output(rows(), consumer, "subscriber", "call")) == 0


def test_the_ends_of_the_interval_follow_from_the_score_where_a_consumer_asks_for_them() -> None:
    table = rows(("b", 0.5, "leave"), ("a", 0.9, "call"))
    consumer = SERVICE.model_copy(update={"columns": ["subscriber", "low", "high"], "only": "all"})
    made = {"of": "probability", "level": 0.9, "rows": 100, "edges": [0.7], "low": [0.4, 0.8], "high": [0.6, 0.95]}
    shown = output(with_ends(table, Intervals.read({"interval": made})), consumer, "subscriber", "call")
    assert shown.to_pydict() == {"subscriber": ["a", "b"], "low": [0.8, 0.4], "high": [0.95, 0.6]}
    without = output(with_ends(table, None), consumer, "subscriber", "call")
    assert without["low"].to_pylist() == [None, None]


def test_a_canary_in_real_time_is_counted_for_each_consumer_and_nobody_else_is() -> None:
    steps = pa.array(["canary", "all", "canary"])
    table = rows(("a", 0.5, "no"), ("b", 0.5, "no"), ("c", 0.7, "no"))
    table = table.set_column(table.schema.get_field_index("step"), "step", steps)
    [fact] = canary_served("renewals", table)
    assert (fact.candidate, fact.step, fact.consumer, fact.ok) == ("c", "canary", "service", True)
    assert fact.compared == {"rows": 2.0, "mean_score": pytest.approx(0.6)}
    assert fact.as_of == MONDAY.isoformat()
    assert canary_served("renewals", rows(("a", 0.5, "no"))) == []


def test_an_answer_is_named_by_its_run_candidate_and_entity() -> None:
    names = {answer_id(run, candidate, entity) for run in "rs" for candidate in "cd" for entity in "ef"}
    assert len(names) == 8
    assert all(len(name) == 32 for name in names)
    assert answer_id("r", "c", "e").startswith(run_prefix("r"))


@pytest.mark.parametrize(
    ("trial", "used", "says"),
    [
        ("", Used("s", MONDAY.isoformat()), ""),
        ("rehearsal", Used("s", MONDAY.isoformat()), "Rehearsal: do not act on it."),
        (
            "",
            Used("s", MONDAY.isoformat(), stood_in="Data was stopped."),
            "does not come from the model. Data was stop",
        ),
        (
            "",
            Used("", MONDAY.isoformat(), again=Account(1, 1), stood_in="It raised."),
            "the list of 2026-03-02 once more. It r",
        ),
    ],
)
def test_whoever_gets_something_else_than_planned_is_told(trial: str, used: Used, says: str) -> None:
    run = Run(run_name("p", "service", MONDAY, trial, "c"), PLAN, "service", SERVICE, MONDAY, trial, "c")
    told = notice(run, used)
    assert says in told
    assert bool(told) == bool(says)


def test_the_ids_of_a_list_name_run_and_candidate_and_are_the_same_in_whatever_pieces_they_are_made() -> None:
    whole = answer_ids("r", "c", 30_000).to_pylist()
    assert len(set(whole) | set(answer_ids("r", "d", 30_000).to_pylist())) == 60_000
    assert {len(name) for name in whole} == {32}
    assert all(name.startswith(run_prefix("r")) for name in whole)
    assert answer_ids("r", "c", 100, first=9_950).to_pylist() == whole[9_950:10_050]
