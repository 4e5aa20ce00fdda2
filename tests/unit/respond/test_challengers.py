"""Owners are asked about a challenger that a trigger made once it is shown to pay; until then they may sign unasked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from unit.respond.happenings import release
from unit.sign.history import CHALLENGER, ENVELOPE, MODEL, OWNERS, PRODUCT, History
from unit.sign.test_envelope import measured

from shipworthy.app.rights import roles_in
from shipworthy.app.views import product_road
from shipworthy.app.words import ProductRoad, ProductState
from shipworthy.base.actor import Actor
from shipworthy.doors.cli.lines import gate_lines
from shipworthy.release.words import TrialJudged
from shipworthy.respond.challengers import not_yet_asked
from shipworthy.respond.words import TriggerFired
from shipworthy.sign.gate import not_asked_yet
from shipworthy.sign.views import waiting_for
from shipworthy.sign.words import GateState, WaitingFor

PAYING = ("respond:\n", "respond:\n  retraining: {cost: 1, value: 1, decisions: 100}\n")
BOUNDED = ("respond:\n", ENVELOPE)


def retrained(
    *changes: tuple[str, str], enveloped: bool = True, asked: bool = True, parent: str = MODEL, far: float = 0.5
) -> History:
    """A model in use and a challenger whose mean score lies `far` from its own; 0.2 is the envelope's bound.

    Args:
        asked: whether a trigger asked for it; otherwise somebody trained it.
    """
    history = History(*(changes or (BOUNDED, PAYING)))
    history.make(MODEL)
    history.prove(MODEL)
    history.approve(MODEL)
    for function in OWNERS if enveloped else ():
        history.envelope(function)
    release(history, MODEL)
    history.write(TriggerFired(product=PRODUCT, trigger="mine", cause="drift", action="retrain", outcome=""))
    notes = {"cause": history.facts[-1].digest} if asked else {}
    history.make(CHALLENGER, author="night-operator", parent=parent, notes=notes)
    history.prove(CHALLENGER, checks=measured(mean=far))
    return history


def judge(history: History, verdict: str, rows: float = 400, step: str = "proposed") -> None:
    history.write(
        TrialJudged(
            product=PRODUCT, candidate=CHALLENGER, against=MODEL, step=step, window="2026-02-01T00:00:00+00:00",
            verdict=verdict, harm=verdict == "roll back", text=f"The trial says {verdict}.", guarantee="",  # type: ignore[arg-type]  # one of the three
            numbers={"rows": rows}, state={},
        )
    )  # fmt: skip


def tasks(history: History, function: str = "legal", early: bool = False) -> list[str]:
    person = history.owner(function)
    actor = Actor(person, frozenset(roles_in(history.plan, person)))
    asking = WaitingFor(product=PRODUCT, early=early)
    found = waiting_for(asking, history.past, actor, history.now, lambda name: not_yet_asked(history.past, name))
    return [task.kind for task in found]


def road(history: History) -> ProductState:
    return product_road(ProductRoad(product=PRODUCT), history.past, history.now)


def told(history: History) -> GateState:
    return not_asked_yet(history.gate(CHALLENGER), not_yet_asked(history.past, CHALLENGER))


def asked_of_owners(history: History) -> bool:
    """Whether anybody is asked for a signature; the same wherever people look."""
    found = bool(tasks(history))
    assert found == (not told(history).on_trial)
    assert found == any(step.page == "sign" for step in road(history).next_steps)
    return found


def test_nobody_is_asked_about_a_challenger_outside_the_envelope_before_it_is_shown_to_pay() -> None:
    history = retrained()
    assert not asked_of_owners(history)
    judge(history, "hold")
    assert not asked_of_owners(history)
    judge(history, "roll back")
    assert not asked_of_owners(history), "it does harm"
    judge(history, "promote")
    assert asked_of_owners(history)
    assert tasks(history) == ["review", "sign-off"]


def test_it_is_said_why_it_is_outside_and_when_owners_are_asked() -> None:
    history = retrained()
    why = "Outside the signed envelope: prove.change_of_output says pass. It is on trial beside aaaaaaaaaaaa"
    (line,) = (line for line in gate_lines(told(history)) if "asked" in line)
    assert line.startswith(f"  Owners are not asked yet, but may sign. {why}")
    assert "owners are asked once it is shown to pay. Nothing is compared yet." in line
    judge(history, "hold")
    (station,) = (station for station in road(history).stations if station.name == "sign")
    assert (station.state, station.blocked_by) == ("ahead", [])
    assert station.text.startswith(why)
    assert station.text.endswith("The trial says hold.")
    judge(history, "promote")
    lines = gate_lines(told(history))
    assert lines[-1] == "  The envelope does not stand in for signatures: prove.change_of_output says pass."


def test_whoever_wants_to_signs_at_once_and_the_gate_stays_what_it_was() -> None:
    history = retrained()
    assert tasks(history, early=True) == ["review", "sign-off"]
    assert told(history).missing == history.gate(CHALLENGER).missing
    assert len(told(history).missing) == len(history.plan.proof.reviews) + len(history.plan.proof.sign_offs)
    history.approve(CHALLENGER)
    assert told(history) == history.gate(CHALLENGER)
    assert history.gate(CHALLENGER).open
    assert [step.command.split()[:2] for step in road(history).next_steps] == [["shipworthy", "release"]]


def test_without_an_envelope_the_same_holds() -> None:
    history = retrained(PAYING, enveloped=False)
    assert not asked_of_owners(history)
    assert told(history).on_trial.startswith("It is on trial")
    judge(history, "promote")
    assert asked_of_owners(history)


AT_ONCE: dict[str, Callable[[], History]] = {
    "somebody trained it": lambda: retrained(asked=False),
    "the plan does not ask that it pays": lambda: retrained(BOUNDED),
    "what it comes from answers nobody": lambda: retrained(parent="d" * 64),
}


@pytest.mark.parametrize("case", AT_ONCE)
def test_owners_are_asked_at_once_where_no_trial_would_show_it(case: str) -> None:
    assert asked_of_owners(AT_ONCE[case]()), case


def test_owners_are_asked_where_nothing_can_be_compared() -> None:
    history = retrained()
    judge(history, "hold", rows=0)
    assert asked_of_owners(history)
    judge(history, "hold")
    assert not asked_of_owners(history)


def test_owners_are_asked_again_at_once_about_what_stands_beside_already() -> None:
    history = retrained()
    history.approve(CHALLENGER)
    release(history, CHALLENGER, step="rehearsal")
    release(history, CHALLENGER, step="shadow")
    history.revoke("legal", CHALLENGER)
    assert asked_of_owners(history)


def test_what_others_than_owners_are_to_do_is_still_asked() -> None:
    history = retrained()
    history.adopt(BOUNDED, PAYING, ("next two months?", "next three months?"))
    (step,) = road(history).next_steps
    assert step.text.startswith("Give a candidate made under the plan in force")
    (station,) = (station for station in road(history).stations if station.name == "sign")
    assert (station.state, len(station.blocked_by)) == ("here", 1)


def test_inside_the_envelope_nobody_signs_and_nothing_is_said_of_it() -> None:
    history = retrained(far=0.1)
    assert history.gate(CHALLENGER).by_envelope
    assert not told(history).on_trial
    assert not road(history).next_steps, "it takes its steps by itself, once it is shown to pay"


def test_whoever_trained_a_model_takes_it_on_also_inside_the_envelope() -> None:
    history = retrained(far=0.1, asked=False)
    (step,) = road(history).next_steps
    assert step.text.startswith(f"Take candidate {CHALLENGER[:12]} to the next step")
