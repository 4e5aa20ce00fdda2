"""What can happen to a product in use, as facts, for the tests of answering it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from unit.sign.history import MODEL, PRODUCT, History

from shipworthy.base.check import CheckResult
from shipworthy.data.words import SnapshotRefused
from shipworthy.deliver.words import DeliveryAcknowledged, DeliveryFailed, DeliveryMade, RunFinished
from shipworthy.plan.rules import current_plan
from shipworthy.release.words import ReleaseStepped
from shipworthy.respond.action import RESENDS
from shipworthy.respond.rules import situations, taken
from shipworthy.respond.words import TriggerFired
from shipworthy.watch.words import AlarmClosed, AlarmRaised

AS_OF = "2026-02-23T00:00:00+00:00"
BEFORE = "0" * 64


def triggers(*lines: str) -> tuple[str, str]:
    """A change of the plan that declares these triggers and no others."""
    listed = "".join(f"    - {line}\n" for line in lines)
    old = """respond:
  triggers:
    - {name: stale, on: alarm, do: [notify, retrain], again_after: 1mo}
    - {name: bad-feed, on: refusal, do: [notify, incident]}
    - {name: late-list, on: late, do: [notify]}
    - {name: broken-route, on: failed, do: [notify, incident]}
"""
    return old, f"respond:\n  triggers:\n{listed}"


ANOTHER_SOURCE = (
    "sources:\n",
    """sources:
  minutes:
    kind: csv
    path: feed/minutes-*.csv
    right_to_use: Contract with the subscriber.
    contract:
      time: day
      columns:
        subscriber: {type: text, personal: true}
        day: {type: date}
""",
)
"""A source that bears the name of a column of another one, and stands before it."""
READ_WITHIN_A_WEEK = ("    capacity: 50\n", "    capacity: 50\n    acknowledge_within: 1w\n")


def live(
    *lines: str, learnt: str = "2025-10-01", change: tuple[str, str] = ("", ""), first_list: str = "2031-03-03"
) -> History:
    """A product whose second model answers everybody, under a plan with these triggers; no list is owed yet."""
    history = History(triggers(*lines), ("start: 2026-03-02", f"start: {first_list}"), change)
    history.make(BEFORE, trained_on=["2025-07-01"])
    history.make(MODEL, trained_on=[learnt])
    release(history, BEFORE)
    release(history, MODEL, replaces=BEFORE)
    return history


def release(history: History, candidate: str, step: str = "all", replaces: str = "", role: str = "model") -> None:
    cohorts = ["everyone"] if step == "all" else []
    history.write(
        ReleaseStepped(
            product=PRODUCT, candidate=candidate, step=step, cohorts=cohorts, replaces=replaces, gate="", role=role
        )
    )


def alarm(history: History, name: str = "alarm-1", monitor: str = "calibration", candidate: str = MODEL) -> None:
    values: dict[str, Any] = dict.fromkeys(("window", "since", "guarantee", "cause", "advice"), "")
    text = "The list promised 27 %; 18 % came true."
    history.write(
        AlarmRaised(product=PRODUCT, alarm=name, monitor=monitor, candidate=candidate, text=text, **values),
        "night-operator",
    )


def close_alarm(history: History, name: str = "alarm-1") -> None:
    history.write(AlarmClosed(product=PRODUCT, alarm=name, by="looked at"), "night-operator")


def refusal(history: History, name: str = "refusal-1", where: str = "sources.visits.minutes") -> None:
    bad = CheckResult("data.typical", "Is it as it was?", "fail", "The median of minutes is 5,300.", where=where)
    fine = CheckResult("data.columns", "Is every column there?", "pass", "All are there.", where="sources.visits")
    history.write(
        SnapshotRefused(product=PRODUCT, refusal=name, as_of=AS_OF, intakes=[], checks=[bad, fine]), "night-operator"
    )


def run(history: History, name: str = "run-1", stood_in: str = "", failed: int = 0, delivered: int = 1) -> None:
    history.write(
        RunFinished(
            product=PRODUCT,
            run=name,
            consumer="service",
            as_of=AS_OF,
            due=10,
            answered=10,
            refused={},
            delivered={"call-list": delivered} if delivered else {},
            failed={"call-list": failed} if failed else {},
            snapshot="snapshot",
            stood_in=stood_in,
        ),
        "night-operator",
    )


def delivery(
    history: History, name: str = "delivery-1", due_by: str = "2099-01-01T00:00:00+00:00", step: str = ""
) -> None:
    history.write(
        DeliveryMade(
            product=PRODUCT,
            delivery=name,
            run="run-1",
            consumer="service",
            sink="call-list",
            candidate=MODEL,
            step=step or "all",
            rows=10,
            content="content",
            where="out/calls.csv",
            as_of=AS_OF,
            due_by=due_by,
            late=False,
            checks=[],
        ),
        "night-operator",
    )


def failed_delivery(history: History, name: str = "delivery-2", consumer: str = "service", run: str = "run-1") -> None:
    history.write(
        DeliveryFailed(
            product=PRODUCT,
            delivery=name,
            run=run,
            consumer=consumer,
            sink="call-list",
            rows=10,
            as_of=AS_OF,
            reason="The disk is full.",
        ),
        "night-operator",
    )


def acknowledged(history: History, name: str = "delivery-1") -> None:
    history.write(DeliveryAcknowledged(product=PRODUCT, delivery=name), "sales-lead")


def to_do(history: History) -> list[tuple[str, str]]:
    """The trigger and action of everything that is to be done now."""
    found = situations(current_plan(history.past), history.past, history.now)
    return [(situation.trigger.name, action.name) for situation, action in found]


def fire(history: History, **later: float) -> list[str]:
    """Let everything that is to be done be done as the flow does it, and time pass; gives the actions."""
    done = []
    for situation, action in list(situations(current_plan(history.past), history.past, history.now)):
        outcome, facts = taken(situation, action)
        for fact in facts:
            history.write(fact, "night-operator")
        done.append(action.name)
        if action.name == RESENDS:
            continue
        fired = TriggerFired(
            product=PRODUCT,
            trigger=situation.trigger.name,
            cause=situation.cause.name,
            action=action.name,
            outcome=outcome,
            candidate=situation.cause.candidate,
            of=situation.cause.of,
            dry=situation.trigger.dry,
        )
        history.write(fired, "night-operator")
    history.now += timedelta(**later)
    return done
