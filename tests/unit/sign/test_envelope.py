"""Inside the signed envelope a retrained candidate needs no new signature; one step outside it does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from unit.sign.history import CHALLENGER, ENVELOPE, MODEL, OWNERS, History, at_once, passing

from shipworthy.base.actor import Actor
from shipworthy.base.check import CheckResult
from shipworthy.base.errors import NotAllowed, UserError
from shipworthy.sign.envelope import FAMILY, MEAN, ORDER, PERFORMANCE
from shipworthy.sign.views import waiting_for
from shipworthy.sign.words import WaitingFor

WITH = ("respond:\n", ENVELOPE)
TIGHTER = ("respond:\n", ENVELOPE.replace("0.2,", "0.05,"))
NARROWER_SIGNERS = ("release:\n", "proof: {sign_offs: [business, technology, validation, privacy], "
                    "reviews: [privacy, legal, validation]}\n\nrelease:\n")  # fmt: skip


def measured(
    mean: float = 0.1, order: float = 0.9, family: Any = "pass", parent: str = MODEL, more: Any = "pass"
) -> list[CheckResult]:
    where = f"candidate {parent}"
    return [
        passing(verdict=more),
        passing(MEAN, measured=mean, where=where),
        passing(ORDER, measured=order, where=where),
        passing(FAMILY, family, where=where),
    ]


def start(*changes: tuple[str, str]) -> History:
    history = History(WITH, *changes)
    history.make()
    history.prove()
    history.approve()
    return history


def enveloped(*changes: tuple[str, str]) -> History:
    history = start(*changes)
    for function in OWNERS:
        history.envelope(function)
    return history


def retrain(history: History, checks: list[CheckResult] | None = None, **values: Any) -> None:
    history.make(CHALLENGER, **{"author": "night-operator", "parent": MODEL, **values})
    history.prove(CHALLENGER, checks=measured() if checks is None else checks)


def test_inside_it_the_gate_is_open_without_a_new_signature() -> None:
    history = enveloped()
    retrain(history)
    state = history.gate(CHALLENGER)
    assert state.open
    assert state.by_envelope
    assert "inside the signed envelope" in state.given
    assert not history.gate(MODEL).by_envelope


OUTSIDE: dict[str, dict[str, Any]] = {
    "other features": {"features": ["minutes_30", "visits_30"]},
    "code that nobody has read": {"code": "other code"},
    "a parent that was never made": {"parent": "d" * 64},
    "no parent": {"parent": ""},
    "another model file of others": {"notes": {"origin": "elsewhere"}, "files": {"model": "another"}},
    "the mean score moved too far": {"checks": measured(mean=0.21)},
    "the order changed too much": {"checks": measured(order=0.79)},
    "a change that is no number": {"checks": measured(mean=float("nan"))},
    "another kind of model": {"checks": measured(family="warn")},
    "the change was measured against another": {"checks": measured(parent="e" * 64)},
    "the change was not measured": {"checks": [passing()]},
    "the kind of model was not looked at": {"checks": measured()[:3]},
    "a proof that fails": {"checks": measured(more="fail")},
    "a proof that was not run": {"checks": measured(more="not_run")},
    "a baseline": {"role": "baseline"},
}


@pytest.mark.parametrize("case", OUTSIDE)
def test_outside_it_every_owner_is_asked(case: str) -> None:
    history = enveloped()
    retrain(history, **OUTSIDE[case])
    assert not history.gate(CHALLENGER).open, case
    assert "sign-off" in history.missing(CHALLENGER)


FLOOR = ("respond:\n", ENVELOPE.replace("0.2,", "0.2, floor: 0.7, newest_truth_at_most: 60d,"))
GOOD = passing(PERFORMANCE, measured=0.8, low=0.75, high=0.85)


@pytest.mark.parametrize(
    ("case", "values", "inside"),
    [
        ("all bounds kept", {}, True),
        ("its pessimistic end misses the floor", {"performance": passing(PERFORMANCE, measured=0.8, low=0.69)}, False),
        ("its uncertainty is not known", {"performance": passing(PERFORMANCE, measured=0.8)}, False),
        ("its performance was not measured", {"performance": passing()}, False),
        ("what it has learnt is too old", {"days": 61}, False),
        ("what it has learnt is just young enough", {"days": 60}, True),
        ("nobody says what it has learnt from", {"trained_on": []}, False),
    ],
)
def test_floor_and_age_of_the_data_bound_it_each_alone(case: str, values: dict[str, Any], inside: bool) -> None:
    history = History(FLOOR)
    history.make()
    history.prove()
    history.approve()
    for function in OWNERS:
        history.envelope(function)
    newest = (history.now - timedelta(days=values.pop("days", 10))).isoformat()
    checks = [*measured()[1:], values.pop("performance", GOOD)]
    retrain(history, checks, **{"trained_on": ["2025-01-01", newest], **values})
    assert history.gate(CHALLENGER).open == inside, case


def reject_the_envelope(history: History) -> None:
    history.envelope("legal", decision="reject", reason="Not any more.")


def refuse_the_challenger(history: History) -> None:
    history.sign("legal", CHALLENGER, decision="reject", reason="It is unfair to some.")


def revoke_the_start(history: History) -> None:
    history.revoke("legal")


def let_it_expire(history: History) -> None:
    history.now += timedelta(days=367)


LATER: dict[str, Callable[[History], None]] = {
    "one owner takes the signature on it back": reject_the_envelope,
    "one owner refuses the very candidate": refuse_the_challenger,
    "one owner takes the word on its start back": revoke_the_start,
    "it has run out": let_it_expire,
    "it is declared with other bounds": lambda history: history.adopt(TIGHTER),
    "it is declared no longer": lambda history: history.adopt(),
    "a function has a new owner": lambda history: history.adopt(WITH, ("legal: legal-owner", "legal: new-legal-owner")),
    "its start was proven anew with other evidence": lambda history: history.prove(evidence="other"),
    "a section of the plan changed": lambda history: history.adopt(WITH, ("next two months?", "next three months?")),
}


@pytest.mark.parametrize("change", LATER)
def test_what_happens_later_can_void_it(change: str) -> None:
    history = enveloped()
    retrain(history)
    assert history.gate(CHALLENGER).open
    LATER[change](history)
    assert not history.gate(CHALLENGER).open, change


def test_until_its_last_day_it_holds() -> None:
    history = enveloped()
    retrain(history)
    history.now += timedelta(days=365)
    assert history.gate(CHALLENGER).open


def test_bounds_are_those_of_today_not_those_of_the_day_of_the_proof() -> None:
    history = enveloped()
    retrain(history)  # a mean score that moved by 10 %
    history.adopt(TIGHTER)
    for function in OWNERS:
        history.envelope(function)
    assert not history.gate(CHALLENGER).open


def test_it_needs_everybody_whose_word_it_stands_in_for() -> None:
    history = start(NARROWER_SIGNERS)
    for function in ("business", "technology", "validation"):
        history.envelope(function)
    still = history.envelope("privacy")
    assert [item.who for item in still] == ["legal-owner"]  # legal reviews, though it does not sign
    retrain(history)
    assert not history.gate(CHALLENGER).open
    assert history.envelope("legal") == []
    assert history.gate(CHALLENGER).open


def test_it_holds_for_every_retraining_and_small_changes_do_not_add_up() -> None:
    """The next challenger is measured from what the owners signed with, not only from the one it replaces."""
    history, later = enveloped(), "d" * 64
    retrain(history)
    history.make(later, author="night-operator", parent=CHALLENGER)
    history.prove(later, checks=measured(parent=CHALLENGER))
    shut = history.gate(later)
    assert not shut.open
    assert f"the change of its output against {MODEL[:12]} was not measured: prove it again" in shut.outside
    history.prove(later, checks=[*measured(parent=CHALLENGER), *measured(0.21)[1:]])
    assert not history.gate(later).open
    history.prove(later, checks=[*measured(0.21, parent=CHALLENGER), *measured()[1:]])
    assert not history.gate(later).open
    history.prove(later, checks=[*measured(parent=CHALLENGER), *measured()[1:]])
    assert history.gate(later).by_envelope
    assert history.gate(later).outside == []
    history.revoke("legal")
    assert not history.gate(later).open, "who takes back the start takes back all that rests on it"


def test_only_what_was_approved_can_be_its_start() -> None:
    history = History(WITH)
    history.make()
    history.prove()
    with pytest.raises(UserError, match="from which the envelope starts"):
        history.envelope("business")
    history.sign("business")
    missing = history.envelope("business")
    assert {item.who for item in missing} == set(OWNERS.values()) - {"business-owner"}


def test_signing_it_is_refused_to_makers_and_where_there_is_none() -> None:
    history = enveloped()
    with pytest.raises(NotAllowed):
        history.envelope("legal", who="data-scientist")
    history.adopt()
    with pytest.raises(UserError, match="declares no envelope"):
        history.envelope("legal")


def test_a_rejection_after_a_signature_is_still_missing() -> None:
    history = enveloped()
    missing = history.envelope("legal", decision="reject", reason="Not any more.")
    assert [(item.who, item.what) for item in missing] == [
        ("legal-owner", "a signature on the envelope: legal has not signed the envelope")
    ]


def test_owners_are_asked_for_it_once_its_start_is_signed() -> None:
    history = start()
    legal = Actor("legal-owner", frozenset({"owner:legal"}))
    tasks = waiting_for(WaitingFor(product="renewals"), history.past, legal, history.now, at_once)
    assert [(task.kind, task.function) for task in tasks] == [("envelope", "legal")]
    history.envelope("legal")
    assert waiting_for(WaitingFor(product="renewals"), history.past, legal, history.now, at_once) == []
