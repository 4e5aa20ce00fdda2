from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipworthy.base.errors import Bug, GateShut, Mistake, NotAllowed, NotFound, Tampered, UserError
from shipworthy.edges.outcome import as_json, outcome_of, unpack

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def travel(work: Any) -> Any:
    return unpack(json.loads(json.dumps(outcome_of(work))))


@given(json_values)
def test_values_travel(value: Any) -> None:
    assert travel(lambda: value) == value


def test_the_first_reading_equals_the_later_ones() -> None:
    assert unpack(outcome_of(lambda: (1, (2, 3)))) == travel(lambda: (1, (2, 3))) == [1, [2, 3]]


@pytest.mark.parametrize("kind", [UserError, NotAllowed, NotFound, GateShut, Tampered])
def test_refusals_keep_their_class_and_every_mistake(kind: type[UserError]) -> None:
    mistakes = Mistake("a.b", "product.yaml:3:1", "is 5", "too much", "make it 4"), Mistake("c", "there", "is odd")

    def refuse() -> None:
        raise kind(*mistakes)

    with pytest.raises(kind) as caught:
        travel(refuse)
    assert type(caught.value) is kind
    assert caught.value.mistakes == mistakes


def test_other_errors_become_bugs_with_their_traceback() -> None:
    def fail() -> None:
        raise ZeroDivisionError("by naught")

    with pytest.raises(Bug) as caught:
        travel(fail)
    assert caught.value.found == "ZeroDivisionError: by naught"
    assert "in fail" in caught.value.trace
    assert caught.value.exit_code == 3


def test_a_bug_that_travelled_before_keeps_its_first_traceback() -> None:
    def fail() -> None:
        raise Bug("broken", "where it began")

    with pytest.raises(Bug) as caught:
        travel(fail)
    assert (caught.value.found, caught.value.trace) == ("broken", "where it began")


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"rows": [1, {"when": datetime(1998, 1, 1, tzinfo=UTC)}]}, ".rows[1].when is a datetime"),
        ({"share": float("nan")}, ".share is nan"),
        ({1: "one"}, "it has the key 1, a int"),
        ({"a": {2, 3}}, ".a is a set"),
        (b"raw", "it is a bytes"),
    ],
)
def test_what_json_cannot_hold_is_named(value: Any, place: str) -> None:
    with pytest.raises(TypeError, match="JSON cannot hold the result") as caught:
        as_json(value)
    assert place in str(caught.value)
