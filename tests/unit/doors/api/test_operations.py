from __future__ import annotations

import pytest
from pydantic import ValidationError

from shipworthy.base.errors import GateShut, Mistake, NotAllowed, NotFound, Tampered, UserError
from shipworthy.deliver.words import AcknowledgeDelivery
from shipworthy.doors.api.errors import Nobody, answer_to, status_of
from shipworthy.doors.api.operations import body_of
from shipworthy.sign.words import GiveReview


def test_a_body_takes_what_the_command_takes() -> None:
    body = body_of(AcknowledgeDelivery).model_validate({"product": "p", "delivery": "d", "used": 3})
    assert dict(body) == {"product": "p", "delivery": "d", "used": 3, "remark": ""}


@pytest.mark.parametrize(
    "values",
    [
        {"product": "p"},
        {"product": "p", "delivery": "d", "used": "3"},
        {"product": "p", "delivery": "d", "used": True},
        {"product": "p", "delivery": "d", "who": "somebody-else"},
        {"product": 7, "delivery": "d"},
    ],
    ids=["missing", "text for a number", "flag for a number", "unknown field", "number for text"],
)
def test_a_body_takes_nothing_else(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        body_of(AcknowledgeDelivery).model_validate(values)


def test_choices_are_in_the_schema() -> None:
    assert body_of(GiveReview).model_json_schema()["properties"]["decision"]["enum"] == ["approve", "reject"]


class TooLate(GateShut):
    """A kind of error that this door does not know by name."""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Nobody, 401),
        (NotAllowed, 403),
        (NotFound, 404),
        (GateShut, 409),
        (TooLate, 409),
        (UserError, 422),
        (Tampered, 500),
    ],
)
def test_each_kind_of_error_has_its_status(error: type[UserError], status: int) -> None:
    assert status_of(error()) == status


def test_the_one_shape_of_an_error_is_pinned() -> None:
    answer = answer_to(GateShut(Mistake("sign.gate_shut", "gate of abc", "Missing: the legal review.", "why", "fix")))
    assert bytes(answer.body) == (
        b'{"error":{"mistakes":[{"code":"sign.gate_shut","where":"gate of abc",'
        b'"found":"Missing: the legal review.","why":"why","fix":"fix"}]}}'
    )
