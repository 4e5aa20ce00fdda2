"""What a question may carry: anything that comes is read, or refused with the field."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.sign.history import History

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.inputs import Inputs

PLAN = History().plan
ENTITY = PLAN.need.entity
KINDS = {"spend": "number", "recency": "number", "channel": "text"}


def inputs(asks_by: str) -> Inputs:
    """The contract of a question to a model of two numbers and a text."""
    profile = {"features": {name: {"kind": kind} for name, kind in KINDS.items()}}
    answerer: Any = SimpleNamespace(profile=profile, made=SimpleNamespace(features=list(KINDS)))
    return Inputs(PLAN, {"candidate": answerer}, asks_by)


BY_KEY, BY_VALUES, EITHER = (inputs(way) for way in ("key", "values", "either"))
WHOLE = {ENTITY: "7", "spend": 1, "recency": 2.5, "channel": "web"}


def read(contract: Inputs, body: Any) -> tuple[str, Any, tuple[Mistake, ...]]:
    """A question as it is read, or what is wrong with it."""
    try:
        return *contract.read(body), ()
    except UserError as error:
        return "", None, error.mistakes


def test_the_entity_alone_means_the_stored_inputs() -> None:
    assert read(BY_KEY, {ENTITY: "7"}) == ("7", None, ())
    assert read(EITHER, {ENTITY: 7}) == ("7", None, ())
    assert read(BY_KEY, WHOLE)[2][0].found == "channel is no input."


def test_given_inputs_are_numbers_and_texts_by_name() -> None:
    for contract in (BY_VALUES, EITHER):
        entity, values, _ = read(contract, dict(WHOLE))
        assert (entity, values) == ("7", {"spend": 1.0, "recency": 2.5, "channel": "web"})
    assert read(BY_VALUES, {ENTITY: "7", "spend": None})[1] == dict.fromkeys(KINDS)


def test_who_asks_by_values_and_gives_none_is_refused() -> None:
    assert "No input is given" in read(BY_VALUES, {ENTITY: "7"})[2][0].found
    assert BY_VALUES.schema()["minProperties"] == 2
    assert "minProperties" not in EITHER.schema()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"spend": "1"}, "spend is a text, not a number."),
        ({"spend": True}, "spend is a flag, not a number."),
        ({"spend": math.inf}, "spend is not a finite number."),
        ({"channel": 3}, "channel is a number, not a text."),
        ({"colour": "red"}, "colour is no input."),
        ({ENTITY: ""}, f"{ENTITY} is empty."),
        ({ENTITY: "7" * 1_001}, f"{ENTITY} has more than 1000 letters."),
        ({ENTITY: True}, f"{ENTITY} is a flag, not a text."),
    ],
)
def test_what_is_wrong_is_named_without_its_value(change: dict[str, Any], says: str) -> None:
    [mistake] = read(BY_VALUES, WHOLE | change)[2]
    assert mistake.found == says


def test_every_wrong_field_is_named_at_once_and_the_right_ones_kept() -> None:
    body = WHOLE | {"spend": "x", "channel": 1}
    assert {mistake.where for mistake in read(BY_VALUES, body)[2]} == {"spend", "channel"}
    assert BY_VALUES.without_wrong(body) == {"spend": None, "recency": 2.5, "channel": None}


VALUE = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
)
NAME = st.sampled_from([ENTITY, *KINDS, "other"])


@settings(deadline=None)
@given(st.sampled_from([BY_KEY, BY_VALUES, EITHER]), st.dictionaries(NAME, VALUE, max_size=5) | VALUE)
def test_anything_is_read_or_refused_with_its_field(contract: Inputs, body: Any) -> None:
    entity, values, mistakes = read(contract, body)
    if mistakes:
        assert all(mistake.code == "serve.input" and mistake.where for mistake in mistakes)
        assert set(contract.without_wrong(body)) == set(contract.known)
        return
    assert entity
    given = [] if values is None else [values[name] for name in KINDS]
    assert all(value is None or isinstance(value, str) or math.isfinite(value) for value in given)
