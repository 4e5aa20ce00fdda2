"""A view is a fold that is kept: always what a new fold would give, whatever somebody does to what was kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from shipworthy.base.errors import Tampered
from shipworthy.base.fact import Fold, Recorded
from shipworthy.edges import tables
from shipworthy.edges.keys import Keys
from shipworthy.edges.ledger import Ledger
from shipworthy.plan.words import ClockAdvanced

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MANY = 250  # more than it takes for a state to be worth keeping


def step(state: dict[str, int], fact: Recorded[ClockAdvanced]) -> dict[str, int]:
    state["facts"] = state.get("facts", 0) + 1
    state["sum"] = state.get("sum", 0) + int(fact.what.to)
    return state


COUNTED: Fold[dict[str, int]] = Fold("counted", 1, (ClockAdvanced,), dict[str, int], step)


def folded(facts: int) -> dict[str, int]:
    return {"facts": facts, "sum": sum(range(facts))}


def kept(engine: sa.Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(tables.view_cache)))


@pytest.fixture
def many(ledger: Ledger) -> None:
    facts = [ClockAdvanced(product="shop", to=str(number)) for number in range(MANY)]
    ledger.append(lambda past: facts, product="shop", who="operator", at=NOON)


def test_a_view_is_the_fold_of_all_facts_however_often_it_is_read(
    ledger: Ledger, engine: sa.Engine, many: None, advance: Callable[..., None]
) -> None:
    assert ledger.past("shop").fold(COUNTED) == folded(MANY)
    assert [row.seq for row in kept(engine)] == [MANY]
    advance(3)
    assert ledger.past("shop").fold(COUNTED) == folded(MANY + 3)
    assert ledger.past("other").fold(COUNTED) == {}


def test_only_new_facts_are_read_where_a_state_was_kept(
    ledger: Ledger, many: None, advance: Callable[..., None]
) -> None:
    steps: list[int] = []

    def noted(state: dict[str, int], fact: Recorded[ClockAdvanced]) -> dict[str, int]:
        steps.append(fact.seq)
        return step(state, fact)

    view = replace(COUNTED, step=noted)
    ledger.past("shop").fold(view)
    steps.clear()
    advance(2)
    assert ledger.past("shop").fold(view) == folded(MANY + 2)
    assert steps == [MANY + 1, MANY + 2]


def test_a_view_that_was_changed_begins_anew(ledger: Ledger, many: None) -> None:
    ledger.past("shop").fold(COUNTED)
    doubled = replace(COUNTED, version=2, step=lambda state, fact: {"facts": 2 * int(fact.what.to)})
    assert ledger.past("shop").fold(doubled) == {"facts": 2 * (MANY - 1)}


@pytest.mark.parametrize(
    "changed",
    [
        {"state": '{"facts":1,"sum":1}'},
        {"state": "no JSON"},
        {"seq": 10},
        {"digest": "0" * 64},
        {"signature": "00"},
        {"signature": "no hex"},
    ],
    ids=str,
)
def test_a_kept_state_that_somebody_changed_is_not_believed(
    ledger: Ledger, engine: sa.Engine, many: None, changed: dict[str, Any]
) -> None:
    ledger.past("shop").fold(COUNTED)
    with engine.begin() as connection:
        connection.execute(tables.view_cache.update().values(**changed))
    assert ledger.past("shop").fold(COUNTED) == folded(MANY)


def test_a_kept_state_of_another_product_or_signature_is_not_believed(
    ledger: Ledger, engine: sa.Engine, many: None, tmp_path: Any
) -> None:
    ledger.past("shop").fold(COUNTED)
    with engine.begin() as connection:
        connection.execute(tables.view_cache.update().values(product="other"))
    assert ledger.past("other").fold(COUNTED) == {}
    signing = Keys(tmp_path / "other keys")
    with engine.begin() as connection:
        connection.execute(
            tables.view_cache.update().values(product="shop", signature=signing.sign(b"of another").hex())
        )
    assert ledger.past("shop").fold(COUNTED) == folded(MANY)


def test_a_view_does_not_read_over_an_edited_fact(
    ledger: Ledger, engine: sa.Engine, many: None, advance: Callable[..., None]
) -> None:
    ledger.past("shop").fold(COUNTED)
    advance(2)
    with engine.begin() as connection:
        connection.execute(tables.fact.update().where(tables.fact.c.seq == MANY + 1).values(who="intruder"))
    with pytest.raises(Tampered, match=f"fact {MANY + 1}"):
        ledger.past("shop").fold(COUNTED)
