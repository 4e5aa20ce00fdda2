"""What fell short of what a consumer was promised: partial, unread, unused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from unit.respond.happenings import AS_OF, READ_WITHIN_A_WEEK, delivery, live
from unit.sign.history import PRODUCT, History

from shipworthy.base.times import length
from shipworthy.deliver.rules import NOT_RELEASED
from shipworthy.deliver.shortfall import shortfalls
from shipworthy.deliver.words import DeliveryAcknowledged, DeliveryMade, RunFinished
from shipworthy.plan.rules import plan_digest, section_digests
from shipworthy.plan.words import PlanAdopted

LATE = "{name: late-list, on: late, do: [notify]}"
CAPACITY = "    capacity: 50\n"
USE_HALF = (CAPACITY, f"{CAPACITY}    use_at_least: 50%\n")
ANSWER_MOST = (CAPACITY, f"{CAPACITY}    answered_at_least: 90%\n")
RUN = RunFinished(
    product=PRODUCT, run="run-1", consumer="service", as_of=AS_OF, due=10, answered=10, refused={},
    delivered={"call-list": 10}, failed={}, snapshot="s",
)  # fmt: skip


def found(history: History, kind: str) -> list[str]:
    return [one.text for one in shortfalls(history.plan, history.past, history.now) if one.kind == kind]


def confirm(history: History, used: int | None, name: str = "delivery-1") -> None:
    history.write(DeliveryAcknowledged(product=PRODUCT, delivery=name, used=used), "sales-lead")


def later(history: History, time: str) -> None:
    history.now = length(time).after(history.now)


def test_a_list_of_which_too_little_was_used_in_time_is_raised() -> None:
    history = live(LATE, change=USE_HALF)
    delivery(history)
    confirm(history, 4)
    assert found(history, "unused") == [], "there is time to act"
    later(history, "6d")
    [text] = found(history, "unused")
    assert text == f"service used 40% of the list of {AS_OF[:10]} within 5 days; the plan asks for 50%"
    confirm(history, 5)
    assert found(history, "unused") == [], "the newest word counts"


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_list_of_which_nobody_said_how_much_was_used_is_raised(confirmed: bool) -> None:
    history = live(LATE, change=USE_HALF)
    delivery(history)
    if confirmed:
        confirm(history, None)
    later(history, "6d")
    [text] = found(history, "unused")
    assert text.startswith("nobody said how much")


def test_a_list_that_went_to_two_places_is_used_in_either() -> None:
    history = live(LATE, change=USE_HALF)
    delivery(history)
    delivery(history, "delivery-2")
    confirm(history, 9, "delivery-2")
    later(history, "6d")
    assert found(history, "unused") == []


@pytest.mark.parametrize("step", ["rehearsal", "back-fill"])
def test_nobody_has_to_use_or_confirm_what_was_no_list_in_time(step: str) -> None:
    history = live(LATE, change=(CAPACITY, USE_HALF[1] + READ_WITHIN_A_WEEK[1].removeprefix(CAPACITY)))
    delivery(history, step=step, due_by="1990-01-01T00:00:00+00:00")
    later(history, "3mo")
    assert not list(shortfalls(history.plan, history.past, history.now))


def test_what_was_brought_before_the_promise_is_not_held_against_it() -> None:
    history = live(LATE)
    delivery(history)
    history.write(RUN, "night-operator")
    plan = live(LATE, change=USE_HALF).plan
    history.write(
        PlanAdopted(
            product=PRODUCT, version=2, plan=plan.values(), digest=plan_digest(plan), sections=section_digests(plan)
        )
    )
    later(history, "6d")
    assert not list(shortfalls(plan, history.past, history.now))


@pytest.mark.parametrize(
    ("change", "raised"),
    [
        ({"answered": 9, "refused": {"no features": 1}}, 0),
        ({"answered": 8, "refused": {"no features": 2}}, 1),
        ({"answered": 2, "refused": {NOT_RELEASED: 8}}, 0),
        ({"answered": 2, "refused": {NOT_RELEASED: 7, "no score": 1}}, 1),
        ({"answered": 1, "refused": {"no features": 9}, "back_fill": "log"}, 0),
        ({"due": 0, "answered": 0}, 0),
    ],
)
def test_a_list_that_answers_fewer_than_the_plan_asks_is_partial(change: dict[str, Any], raised: int) -> None:
    history = live(LATE, change=ANSWER_MOST)
    history.write(replace(RUN, **change), "night-operator")
    assert len(found(history, "partial")) == raised


def test_a_list_that_reached_only_some_of_its_places_is_partial_until_it_reached_all() -> None:
    history = live(LATE)
    history.write(replace(RUN, failed={"crm": 10}), "night-operator")
    [short] = list(shortfalls(history.plan, history.past, history.now))
    assert (short.kind, short.lasting, short.text.endswith("not crm")) == ("partial", True, True)
    history.write(
        DeliveryMade(
            product=PRODUCT, delivery="d", run="run-1", consumer="service", sink="crm", candidate="c", step="live",
            rows=10, content="x", where="w", as_of=AS_OF, due_by="2099-01-01T00:00:00+00:00", late=False, checks=[],
        ),
        "night-operator",
    )  # fmt: skip
    [short] = list(shortfalls(history.plan, history.past, history.now))
    assert not short.lasting
