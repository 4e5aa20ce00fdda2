"""The life of an incident: opened by anybody who answers for the product, closed by the signature of an owner."""

from __future__ import annotations

from typing import Any

import pytest
from unit.respond.happenings import live
from unit.sign.history import PRODUCT, History

from shipworthy.base.errors import NotAllowed, NotFound, UserError
from shipworthy.respond.rules import close_incident, open_incident
from shipworthy.respond.views import incidents
from shipworthy.respond.words import CloseIncident, Incidents, OpenIncident

SAID = {
    "root_cause": "The vendor changed the unit.",
    "fix": "The month was sent again.",
    "check": "The median of minutes lies between 10 and 80.",
}


def open_one(history: History, title: str = "The list has the wrong order", who: str = "night-operator") -> Any:
    return history.do(open_incident, OpenIncident(product=PRODUCT, title=title), who)


def close(history: History, incident: str, who: str = "technology-owner", **said: str) -> Any:
    return history.do(close_incident, CloseIncident(product=PRODUCT, incident=incident, **{**SAID, **said}), who)


def test_from_opening_to_the_signature() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    name = open_one(history)
    (card,) = incidents(Incidents(product=PRODUCT), history.past)
    assert (card.incident, card.severity, card.owner, card.closed_at) == (name, "high", "technology-owner", "")
    assert close(history, name) == name
    (card,) = incidents(Incidents(product=PRODUCT), history.past)
    assert (card.closed_by, card.root_cause, card.fix, card.check) == ("technology-owner", *SAID.values())
    assert card.closed_at == history.now.isoformat()


def test_the_same_trouble_is_one_incident_until_it_is_closed() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    name = open_one(history)
    assert open_one(history) == name
    close(history, name)
    again = open_one(history)
    assert again != name
    assert [card.closed_at != "" for card in incidents(Incidents(product=PRODUCT), history.past)] == [True, False]


@pytest.mark.parametrize("who", ["night-operator", "product-manager", "data-scientist", "sales-lead"])
def test_only_an_owner_signs_that_it_is_closed(who: str) -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    name = open_one(history)
    with pytest.raises(NotAllowed, match="owns no function"):
        close(history, name, who=who)


@pytest.mark.parametrize("left_out", SAID)
def test_cause_fix_and_check_are_told_each(left_out: str) -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    name = open_one(history)
    with pytest.raises(UserError, match=left_out.replace("_", " ")):
        close(history, name, **{left_out: " - "})
    with pytest.raises(UserError) as caught:
        close(history, name, root_cause="", fix="", check="")
    assert len(caught.value.mistakes) == 3


def test_what_is_not_open_cannot_be_closed() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    with pytest.raises(NotFound, match="open incident 'I-0'"):
        close(history, "I-0")
    name = open_one(history)
    close(history, name)
    with pytest.raises(NotFound):
        close(history, name)


def test_a_title_says_what_is_wrong() -> None:
    with pytest.raises(UserError, match="title says nothing"):
        open_one(live("{name: mine, on: alarm, do: [notify]}"), " help  ")
