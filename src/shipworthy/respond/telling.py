"""Facts of an incident's time line in plain words. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shipworthy.base.check import sentence_of
from shipworthy.base.fact import What
from shipworthy.data.words import SnapshotRefused
from shipworthy.deliver.words import DeliveryFailed, DeliveryMade, RunFinished
from shipworthy.release.words import (
    CameBack,
    DeliveriesPaused,
    DeliveriesResumed,
    FellBack,
    ReleaseStepped,
    RolledBack,
)
from shipworthy.respond.words import AttemptFailed, CauseTakenUp, TriggerFired
from shipworthy.watch.words import AlarmRaised

IN_BETWEEN: tuple[type[What], ...] = (
    TriggerFired, AttemptFailed, CauseTakenUp, RolledBack, FellBack, CameBack, DeliveriesPaused, DeliveriesResumed,
    ReleaseStepped,
)  # fmt: skip
"""What can happen to a product between the opening of an incident and its end."""


def said_of(what: What) -> str:
    """What happened, in a sentence."""
    return _SAID[type(what)](what).strip()


def _refused(what: SnapshotRefused) -> str:
    bad = [check.found for check in what.checks if check.verdict not in ("pass", "warn")]
    return f"Data as of {what.as_of[:10]} was refused: {sentence_of(bad)}"


_SAID: dict[type[What], Callable[[Any], str]] = {
    AlarmRaised: lambda what: what.text,
    SnapshotRefused: _refused,
    DeliveryFailed: lambda what: f"The list of {what.as_of[:10]} did not reach {what.consumer}: {what.reason}",
    DeliveryMade: lambda what: (
        f"The list of {what.as_of[:10]} was brought to {what.consumer}, due by {what.due_by[:16]}."
    ),
    RunFinished: lambda what: (
        f"The list of {what.as_of[:10]} for {what.consumer} was made. {what.stood_in or what.broken}"
    ),
    TriggerFired: lambda what: f"Trigger {what.trigger}, {what.action}: {what.outcome}",
    AttemptFailed: lambda what: f"Tried without success: {what.attempt} {what.concerns[:12]}: {what.reason}",
    CauseTakenUp: lambda what: f"Taken up. {what.remark}",
    RolledBack: lambda what: f"Back from {what.candidate[:12]} to {what.to[:12] or 'nobody'}: {what.reason}",
    FellBack: lambda what: f"The baseline took over: {what.reason}",
    CameBack: lambda what: f"The released candidates answer again: {what.reason}",
    DeliveriesPaused: lambda what: f"Deliveries to {', '.join(what.consumers)} were paused: {what.reason}",
    DeliveriesResumed: lambda what: f"Deliveries to {', '.join(what.consumers)} go on: {what.reason}",
    ReleaseStepped: lambda what: f"The {what.role} {what.candidate[:12]} went to {what.step}.",
}
