"""The life of an incident: opened by anybody who answers for the product, closed by the signature of an owner."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from unit.respond.happenings import alarm, failed_delivery, fire, live, refusal, run, to_do, triggers
from unit.sign.history import CHALLENGER, PRODUCT, History, passing

from shipworthy.base.errors import NotAllowed, NotFound, UserError
from shipworthy.edges.files import Files
from shipworthy.plan.reference_examples import WITH_PIPELINE
from shipworthy.prove.words import CheckMadePermanent
from shipworthy.respond.closing import closed, retire_check
from shipworthy.respond.incidents import Reach, reach
from shipworthy.respond.rules import change_incident, open_incident, take_up
from shipworthy.respond.views import incidents, permanent_checks, post_mortem, what_if
from shipworthy.respond.words import (
    ChangeIncident,
    CloseIncident,
    IncidentOpened,
    Incidents,
    OpenIncident,
    PeopleTold,
    PermanentChecks,
    PostMortem,
    RetireCheck,
    TakeUp,
    WhatIf,
)
from shipworthy.sign.gate import gate_state

SAID = {
    "root_cause": "The vendor changed the unit.",
    "fix": "The month was sent again.",
    "check": "column visits.minutes median between 10 80",
}


def open_one(history: History, title: str = "The list has the wrong order", who: str = "night-operator") -> Any:
    return history.do(open_incident, OpenIncident(product=PRODUCT, title=title), who)


def close(history: History, incident: str, who: str = "technology-owner", **said: str) -> Any:
    """Close it as the flow does, whom it reached being what the facts tell."""
    command = CloseIncident(product=PRODUCT, incident=incident, **{**SAID, **said})
    opened = [fact.what for fact in history.past.of(IncidentOpened) if fact.what.incident == incident]
    reached = reach(history.past, opened[0]) if opened else Reach([], 0, 0, 0, 0)
    for fact in closed(command, history.past, who, reached):
        history.write(fact, who)
    return incident


def test_from_opening_to_the_signature() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    name = open_one(history)
    (card,) = incidents(Incidents(product=PRODUCT), history.past, history.now)
    assert (card.incident, card.severity, card.owner, card.closed_at) == (name, "high", "technology-owner", "")
    assert close(history, name) == name
    (card,) = incidents(Incidents(product=PRODUCT), history.past, history.now)
    assert (card.closed_by, card.root_cause, card.fix, card.check) == ("technology-owner", *SAID.values())
    assert card.closed_at == history.now.isoformat()


def test_what_nobody_knows_is_refused_with_what_there_is() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    with pytest.raises(NotFound, match="no cause 'no-such-thing'"):
        history.do(open_incident, OpenIncident(product=PRODUCT, title="Something is wrong", cause="no-such-thing"), "x")
    with pytest.raises(NotFound, match=r"no source 'visit'. Known: \*, visits"):
        history.do(open_incident, OpenIncident(product=PRODUCT, title="Something is wrong", source="visit"), "x")
    name = open_one(history)
    change = ChangeIncident(product=PRODUCT, incident=name, severity="low", owner="nobody-known")
    with pytest.raises(NotFound, match="no person 'nobody-known'"):
        history.do(change_incident, change, "night-operator")
    alarm(history)
    assert history.do(open_incident, OpenIncident(product=PRODUCT, title="It is wrong", cause="alarm-1"), "x")


@pytest.mark.parametrize(
    ("first", "last"), [("1998-03-01", ""), ("", "1998-03-01"), ("1998-03-02", "1998-03-01"), ("soon", "1998-03-01")]
)
def test_the_time_of_which_data_stays_wrong_has_two_ends_in_order(first: str, last: str) -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    name = open_one(history)
    with pytest.raises(UserError, match="wrong_from"):
        close(history, name, wrong_from=first, wrong_until=last)
    close(history, name, wrong_from="1998-03-01", wrong_until="1998-03-08")
    (card,) = incidents(Incidents(product=PRODUCT), history.past, history.now)
    assert (card.wrong_from[:10], card.wrong_until[:10]) == ("1998-03-01", "1998-03-08")


def test_the_same_trouble_is_one_incident_until_it_is_closed() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    name = open_one(history)
    assert open_one(history) == name
    close(history, name)
    again = open_one(history)
    assert again != name
    assert [card.closed_at != "" for card in incidents(Incidents(product=PRODUCT), history.past, history.now)] == [
        True,
        False,
    ]


@pytest.mark.parametrize("who", ["night-operator", "product-manager", "data-scientist", "sales-lead"])
def test_only_an_owner_signs_that_it_is_closed(who: str) -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    name = open_one(history)
    with pytest.raises(NotAllowed, match="owns no function"):
        close(history, name, who=who)


@pytest.mark.parametrize("left_out", ["root_cause", "fix"])
def test_cause_fix_and_check_are_told_each(left_out: str) -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    name = open_one(history)
    with pytest.raises(UserError, match=left_out.replace("_", " ")):
        close(history, name, **{left_out: " - "})
    with pytest.raises(UserError) as caught:
        close(history, name, root_cause="", fix="", check="")
    assert len(caught.value.mistakes) == 3


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"check": "The median of minutes lies between 10 and 80."}, "no check that can be run"),
        ({"check": "", "no_check_because": "n/a"}, "no reason why none is possible"),
        ({"no_check_because": "It happened at the vendor, who told us late."}, "and also why there is none"),
        ({"check": "column visits.nothing min between 0 1"}, "no column under contract"),
    ],
)
def test_a_check_can_be_run_or_it_is_said_why_none_can(said: dict[str, str], found: str) -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    name = open_one(history)
    with pytest.raises(UserError, match=found):
        close(history, name, **said)


def test_that_no_check_is_possible_is_shown_as_such() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    why = "The letters were lost by the post, after we had handed them over."
    close(history, open_one(history), check="", no_check_because=why)
    (card,) = cards(history)
    assert (card.check, card.check_runs, card.no_check_because) == ("", False, why)
    assert not history.past.of(CheckMadePermanent)


def test_a_proof_older_than_a_check_carries_no_release_and_one_that_asked_it_does() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    history.make(CHALLENGER)
    history.prove(CHALLENGER)
    wanted = "the check that incident"
    assert wanted not in missing(history)
    close(history, open_one(history))
    (kept,) = [fact.what for fact in history.past.of(CheckMadePermanent)]
    assert wanted in missing(history)
    history.prove(CHALLENGER, "new", [passing(), passing(f"prove.permanent.{kept.check}")])
    assert wanted not in missing(history)


def test_two_owners_who_do_not_build_retire_a_check_and_a_new_incident_brings_it_back() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    close(history, open_one(history))
    (card,) = permanent_checks(PermanentChecks(product=PRODUCT), history.past)
    why = "The feed has no such column any more."

    def retire(who: str, reason: str = why) -> str:
        return str(history.do(retire_check, RetireCheck(product=PRODUCT, check=card.check, reason=reason), who))

    with pytest.raises(NotAllowed):
        retire("product-manager")
    with pytest.raises(UserError, match="says nothing"):
        retire("technology-owner", "n/a")
    assert "1 more owner" in retire("technology-owner")
    assert "1 more owner" in retire("technology-owner")
    (card,) = permanent_checks(PermanentChecks(product=PRODUCT), history.past)
    assert (card.asked, len(card.signed)) == (True, 1)
    assert "retired" in retire("business-owner")
    (card,) = permanent_checks(PermanentChecks(product=PRODUCT), history.past)
    assert (card.asked, len(card.signed)) == (False, 2)
    assert not cards(history)[0].check_runs
    with pytest.raises(NotFound):
        retire("legal-owner")
    close(history, open_one(history, "It has come back"))
    (card,) = permanent_checks(PermanentChecks(product=PRODUCT), history.past)
    assert (card.asked, card.signed) == (True, [])


def missing(history: History) -> str:
    """What the gate of the challenger lacks."""
    return str([one.what for one in gate_state(history.plan, history.past, CHALLENGER, history.now).missing])


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


def test_the_reach_grows_while_it_is_open_and_is_frozen_when_it_is_closed() -> None:
    history = live("{name: bad-feed, on: refusal, do: [incident], severity: critical}")
    refusal(history)
    fire(history)
    assert [card.affected for card in cards(history)] == [[]]
    run(history, "stood in", stood_in="baseline")
    run(history, "failed", failed=3)
    (card,) = cards(history)
    assert (card.severity, card.affected, card.answers, card.people_at_least) == (
        "critical", ["stood in", "failed"], 20, 10,
    )  # fmt: skip
    close(history, card.incident)
    run(history, "afterwards", stood_in="baseline")
    assert cards(history)[0].affected == ["stood in", "failed"]


def test_a_severity_that_changes_changes_when_it_is_overdue() -> None:
    history = live("{name: slow, on: overdue, do: [notify]}")
    name = open_one(history)
    history.now += timedelta(days=2)
    assert to_do(history) == []
    history.do(change_incident, ChangeIncident(product=PRODUCT, incident=name, severity="critical"), "night-operator")
    assert to_do(history) == [("slow", "notify")]
    assert cards(history)[0].overdue
    fire(history)
    assert to_do(history) == []
    history.now += timedelta(days=1)
    assert to_do(history) == [("slow", "notify")]
    close(history, name)
    assert to_do(history) == []


def test_what_is_overdue_is_told_to_the_owners_again_and_again_without_a_trigger() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    open_one(history)
    for _ in range(3):
        history.now += timedelta(weeks=2, days=1)
        assert to_do(history) == [("said-of-what-is-overdue", "notify")]
        fire(history)
    assert {fact.what.to for fact in history.past.of(PeopleTold)} == {"technology"}


def test_a_check_that_can_be_run_is_kept_for_every_later_proof() -> None:
    history = live("{name: mine, on: alarm, do: [notify]}")
    name = open_one(history)
    with pytest.raises(UserError, match="is no measure"):
        close(history, name, check="floor beauty 0.7")
    close(history, name, check="floor auc  0.6")
    (kept,) = [fact.what for fact in history.past.of(CheckMadePermanent)]
    assert (kept.text, kept.incident) == ("floor auc 0.6", name)
    assert cards(history)[0].check_runs


def test_a_post_mortem_tells_everything_in_order(tmp_path: Path) -> None:
    history = live("{name: stale, on: alarm, do: [notify, incident]}")
    alarm(history)
    fire(history, hours=1)
    history.do(take_up, TakeUp(product=PRODUCT, cause="alarm-1", remark="I look."), "night-operator")
    (card,) = cards(history)
    close(history, card.incident)
    told = post_mortem(PostMortem(product=PRODUCT, incident=card.incident), history.past, history.now, Files(tmp_path))
    texts = [moment.text for moment in told.moments]
    assert texts[0].startswith("What set it off: The list promised 27 %")
    assert "Taken up. I look." in texts
    assert texts[-1].startswith("Closed and signed")
    with pytest.raises(NotFound, match="incident"):
        post_mortem(PostMortem(product=PRODUCT, incident="I-none"), history.past, history.now, Files(tmp_path))


def test_past_facts_are_replayed_against_other_triggers_and_nothing_is_touched() -> None:
    history = live("{name: stale, on: alarm, do: [notify]}")
    failed_delivery(history, "one")
    alarm(history)
    fire(history, days=1)
    failed_delivery(history, "two")
    history.now += timedelta(days=40)
    before = list(history.facts)
    found = what_if(WhatIf(product=PRODUCT), history.past, history.now)
    assert (found.counts, found.really) == ({"stale: notify": 1}, {"stale: notify": 1})
    old, new = triggers("{name: stale, on: alarm, do: [notify, retrain], again_after: 1mo}",
                        "{name: broken, on: failed, do: [pause], cool_down: 1w, dry: true}")  # fmt: skip
    edited = WITH_PIPELINE.replace(old, new)
    found = what_if(WhatIf(product=PRODUCT, plan=edited), history.past, history.now)
    assert found.counts["stale: notify"] == 2
    assert found.counts["broken: pause"] == 1
    assert found.held_back == {"cool-down": 1, "passed over": 1}
    assert history.facts == before
    with pytest.raises(UserError, match="no moment"):
        what_if(WhatIf(product=PRODUCT, since="soon"), history.past, history.now)


def cards(history: History) -> Any:
    return incidents(Incidents(product=PRODUCT), history.past, history.now)
