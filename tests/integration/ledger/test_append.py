from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipworthy.base.errors import UserError
from shipworthy.base.fact import Past, Recorded, What
from shipworthy.edges.ledger import Head, Ledger
from shipworthy.plan.words import ClockAdvanced, PlanRefused
from shipworthy.sign.words import SignOffRevoked

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PARIS_NOON = datetime.fromisoformat("2026-03-01T13:00:00+01:00")


def clock(to: str, product: str = "shop") -> ClockAdvanced:
    return ClockAdvanced(product=product, to=to)


def revoked(candidate: str) -> SignOffRevoked:
    return SignOffRevoked(product="shop", candidate=candidate, function="legal", reason="new rule")


def add(ledger: Ledger, *facts: What, product: str = "shop", key: str = "") -> list[Recorded[What]]:
    return ledger.append(lambda past: facts, product=product, who="operator", at=NOON, key=key)


def test_a_fact_comes_back_as_it_was_appended(ledger: Ledger) -> None:
    before = datetime.now(UTC)
    [appended] = ledger.append(lambda past: [clock("1998-01-01")], product="shop", who="operator", at=PARIS_NOON)
    [read] = ledger.past("shop").of(ClockAdvanced)
    assert read == appended
    assert (read.seq, read.who, read.what, read.previous) == (1, "operator", clock("1998-01-01"), "0" * 64)
    assert read.at == NOON
    assert read.at.utcoffset() == timedelta(0)
    assert before <= read.recorded_at <= datetime.now(UTC)
    assert ledger.head() == Head(1, read.digest)


def test_the_wall_clock_can_be_given(ledger: Ledger) -> None:
    told = Ledger(ledger.engine, ledger.keys, clock=lambda: NOON)
    assert add(told, clock("a"))[0].recorded_at == NOON


def test_facts_are_found_by_kind_and_by_what_they_are_about(ledger: Ledger) -> None:
    add(ledger, clock("a"), revoked("one"), revoked("two"))
    add(ledger, clock("b"), revoked("one"))
    past = ledger.past("shop")
    assert [fact.seq for fact in past.of(ClockAdvanced)] == [1, 4]
    assert [fact.seq for fact in past.of(ClockAdvanced, SignOffRevoked)] == [1, 2, 3, 4, 5]
    assert [fact.seq for fact in past.of(SignOffRevoked, about="one")] == [2, 5]
    assert past.of(SignOffRevoked, about="three") == []
    assert [fact.seq for fact in past.of(ClockAdvanced, SignOffRevoked, after=3)] == [4, 5]
    assert [fact.seq for fact in past.of(SignOffRevoked, about="one", after=2)] == [5]
    assert past.of(PlanRefused) == []


def test_products_do_not_see_each_other(ledger: Ledger) -> None:
    add(ledger, clock("a"))
    add(ledger, clock("b", "other"), product="other")
    add(ledger, clock("c", ""), product="")
    assert [fact.what.to for fact in ledger.past("other").of(ClockAdvanced)] == ["b"]
    assert [fact.what.to for fact in ledger.past("").of(ClockAdvanced)] == ["c"]
    assert ledger.products() == ["other", "shop"]


def test_a_past_stands_still_while_the_ledger_goes_on(ledger: Ledger) -> None:
    add(ledger, clock("a"))
    before = ledger.past("shop")
    add(ledger, clock("b"))
    assert len(before.of(ClockAdvanced)) == 1
    assert len(ledger.past("shop").of(ClockAdvanced)) == 2


def test_a_decision_reads_the_past_up_to_the_head(ledger: Ledger) -> None:
    add(ledger, clock("a"))
    kept: list[Past] = []

    def decide(past: Past) -> Sequence[What]:
        kept.append(past)
        return [clock(past.of(ClockAdvanced)[-1].what.to + "b"), revoked("one")]

    ledger.append(decide, product="shop", who="operator", at=NOON)
    assert [fact.what.to for fact in ledger.past("shop").of(ClockAdvanced)] == ["a", "ab"]
    assert kept[0].of(SignOffRevoked) == []  # what it decided is not in its own past, also when asked later


def test_a_decision_that_raises_writes_nothing(ledger: Ledger) -> None:
    def decide(past: Past) -> Sequence[What]:
        raise UserError

    with pytest.raises(UserError):
        ledger.append(decide, product="shop", who="operator", at=NOON, key="step 1")
    assert ledger.head() == Head(0, "0" * 64)
    assert len(add(ledger, clock("a"), key="step 1")) == 1  # its key is still free


def test_a_decision_for_nothing_appends_nothing(ledger: Ledger) -> None:
    assert add(ledger) == []
    assert ledger.verify().seq == 0


def test_a_key_is_used_once(ledger: Ledger) -> None:
    add(ledger, revoked("zero"))
    first = add(ledger, clock("a"), revoked("one"), key="run 7 step 2")
    add(ledger, clock("b"))
    again = ledger.append(lambda past: pytest.fail("decided"), product="shop", who="x", at=NOON, key="run 7 step 2")
    assert again == first
    assert ledger.head().seq == 4


def test_a_key_is_used_also_where_nothing_was_appended(ledger: Ledger) -> None:
    assert add(ledger, key="run 7 step 2") == []
    assert add(ledger, clock("a"), key="run 7 step 2") == []
    assert ledger.head().seq == 0


def test_a_decision_cannot_append_by_itself(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError, match="must not append"):
        ledger.append(lambda past: [fact.what for fact in add(ledger)], product="shop", who="operator", at=NOON)
    assert len(add(ledger, clock("a"))) == 1


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        (clock("a", "other"), "is of 'other'"),
        (ClockAdvanced(product="shop", to=5), "string"),  # type: ignore[arg-type]  # what a careless caller does
        (ClockAdvanced(product="shop", to=2**70 + 1), "64 bits"),  # type: ignore[arg-type]
        (PlanRefused(product="shop", digest="d", reasons=[float("nan")]), "JSON"),  # type: ignore[list-item]
        (PlanRefused(product="shop", digest="\ud800", reasons=[]), "surrogates"),
    ],
)
def test_a_fact_that_could_not_be_read_again_is_not_written(ledger: Ledger, fact: What, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        add(ledger, clock("a"), fact)
    assert ledger.head().seq == 0


def test_moments_need_a_zone(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        ledger.append(lambda past: [clock("a")], product="shop", who="operator", at=datetime(2026, 3, 1))  # noqa: DTZ001


@pytest.mark.parametrize("text", ["", "ünï ☃ 🛳", 'quote " back \\ slash', "line\nbreak\ttab\x01\x7f\u2028", "  "])
def test_any_text_survives(ledger: Ledger, text: str) -> None:
    fact = PlanRefused(product="shop", digest=text, reasons=[text])
    ledger.append(lambda past: [fact], product="shop", who=text, at=NOON)
    ledger.verify()
    [read] = ledger.past("shop").of(PlanRefused)
    assert (read.what, read.who) == (fact, text)


def test_rows_come_one_by_one_as_they_are_stored(ledger: Ledger, advance: Callable[..., None]) -> None:
    advance(3)
    add(ledger, revoked("one"))
    add(ledger, clock("x", "other"), product="other")
    rows: list[Any] = list(ledger.facts())
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5]
    assert (rows[3].kind, rows[3].about, rows[3].at) == ("SignOffRevoked", "one", NOON.isoformat())
    assert rows[3].body == {"product": "shop", "candidate": "one", "function": "legal", "reason": "new rule"}
    assert [row.seq for row in ledger.facts(after=2)] == [3, 4, 5]
    assert [row.seq for row in ledger.facts(product="shop", kinds=["ClockAdvanced"])] == [1, 2, 3]


def test_reading_rows_does_not_keep_others_from_appending(ledger: Ledger, advance: Callable[..., None]) -> None:
    advance(3)
    seen = 0
    for _ in ledger.facts():
        advance()
        seen += 1
    assert (seen, ledger.verify().seq) == (3, 6)
