"""What people or triggers hold for a while: the baseline answers everybody, or nothing goes out at all. Pure."""

from __future__ import annotations

from shipworthy.base.errors import GateShut, Mistake, UserError, not_found
from shipworthy.base.fact import Past
from shipworthy.plan.schema import Plan
from shipworthy.release.rules import answers_everybody, paused, stand_in, standing
from shipworthy.release.words import (
    CameBack,
    ComeBack,
    DeliveriesPaused,
    DeliveriesResumed,
    FallBack,
    FellBack,
    PauseDeliveries,
    ResumeDeliveries,
)
from shipworthy.sign.approval import refusals


def fallen_back(command: FallBack, past: Past) -> list[FellBack]:
    """The fall-back as a fact; none where the baseline answers everybody already.

    Raises:
        UserError: nobody is answered yet, or no signed baseline may stand in.
    """
    now = standing(past)
    if not (now.champion or now.canary):
        fix = "See `shipworthy releases` for who answers whom."
        found = "Nobody is answered yet."
        raise UserError(Mistake("release.nothing_live", "release", found, "There is nothing to fall back from.", fix))
    baseline = stand_in(past)
    if not baseline:
        raise UserError(
            Mistake(
                "release.no_target",
                "release",
                "There is no released baseline whose signatures stand.",
                "Only a signed baseline may answer in place of a model.",
                "Release a signed baseline first, or take the model back with `shipworthy rollback`.",
            )
        )
    if answers_everybody(now, baseline):
        return []
    return [FellBack(product=command.product, to=baseline, reason=command.reason)]


def came_back(command: ComeBack, past: Past) -> list[CameBack]:
    """The way back as a fact.

    Raises:
        UserError: nothing fell back, or an owner has said no since to one that would answer again.
    """
    held = standing(past).held
    if not held:
        fix = "See `shipworthy releases` for who answers whom."
        raise UserError(Mistake("release.not_fallen", "release", "The baseline has not taken over.", fix=fix))
    refused = sorted({name for name in held.values() if refusals(past, name)})
    if refused:
        raise GateShut(*(_not_signed(name) for name in refused))
    return [CameBack(product=command.product, to=dict(held), reason=command.reason)]


def _not_signed(name: str) -> Mistake:
    return Mistake(
        "release.not_signed_now",
        f"candidate {name[:12]}",
        "An owner took back the signature on it since.",
        "Nobody gets answers from what is not signed for any more.",
        "Have it signed anew, or release another candidate: that ends the fall-back too.",
    )


def pausing(plan: Plan, command: PauseDeliveries, past: Past) -> list[DeliveriesPaused]:
    """The pause as a fact; none where all of them wait already.

    Raises:
        NotFound: there is no such consumer.
    """
    named = _consumers(plan, command.consumer)
    fresh = [name for name in named if name not in paused(past)]
    return [DeliveriesPaused(product=command.product, consumers=fresh, reason=command.reason)] if fresh else []


def resuming(plan: Plan, command: ResumeDeliveries, past: Past) -> list[DeliveriesResumed]:
    """The end of a pause as a fact; none where nobody waits.

    Raises:
        NotFound: there is no such consumer.
    """
    known = paused(past)
    named = _consumers(plan, command.consumer) if command.consumer else list(known)
    waiting = [name for name in named if name in known]
    return [DeliveriesResumed(product=command.product, consumers=waiting, reason=command.reason)] if waiting else []


def _consumers(plan: Plan, consumer: str) -> list[str]:
    if consumer and consumer not in plan.consumers:
        raise not_found("consumer", consumer, list(plan.consumers))
    return [consumer] if consumer else list(plan.consumers)
