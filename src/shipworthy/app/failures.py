"""Noting what was tried by itself and failed, so that people are told and it is not tried at every look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shipworthy.app.desk import Desk
from shipworthy.app.due import attempted
from shipworthy.app.rights import Identity
from shipworthy.base.fact import Command, Past
from shipworthy.deliver.words import Score
from shipworthy.plan.rules import current_plan
from shipworthy.release.rules import rehearsals_short, standing, steps_taken
from shipworthy.release.words import REHEARSAL, ReleaseCandidate
from shipworthy.respond.asked import asking
from shipworthy.respond.words import AttemptFailed
from shipworthy.sign.rules import candidate_made


def note_failure(desk: Desk, command: Command[Any], now: datetime, who: Identity, reason: str) -> bool:
    """Put on record that a command failed, where it was one that is tried by itself; gives whether it was.

    A step of a release that was taken all the same did not fail, only the rehearsals that belong to it.
    """
    past = desk.store.ledger.past(command.product)
    attempt = attempted(command, past)
    failed = {attempt: reason} if attempt else {}
    if isinstance(command, ReleaseCandidate) and command.step in steps_taken(past, command.candidate):
        failed = {("rehearse", of): why or reason for of, why in _rehearsals(past, command).items()}
    return _noted(desk, command.product, failed, now, who)


def note_rehearsals(desk: Desk, command: Command[Any], now: datetime, who: Identity) -> dict[str, str]:
    """Put on record the rehearsals that belong to a command and did not end well; gives why, by consumer."""
    short = _rehearsals(desk.store.ledger.past(command.product), command)
    _noted(desk, command.product, {("rehearse", of): reason for of, reason in short.items()}, now, who)
    return {of.partition(" ")[2]: reason for of, reason in short.items()}


def _noted(desk: Desk, product: str, failed: Mapping[tuple[str, str], str], now: datetime, who: Identity) -> bool:
    def decide(past: Past) -> list[AttemptFailed]:
        plan, facts = current_plan(past), []
        for (what, concerns), reason in failed.items():
            asked = asking(plan, past, what, concerns)
            trigger = asked.trigger if asked else ""
            facts.append(
                AttemptFailed(product=product, attempt=what, concerns=concerns, reason=reason, trigger=trigger)
            )
        return facts

    if failed:
        desk.store.ledger.append(decide, product=product, who=who.person, at=now)
    return bool(failed)


def _rehearsals(past: Past, command: Command[Any]) -> dict[str, str]:
    """By candidate and consumer, why the rehearsals that belong to a command did not end well."""
    released = isinstance(command, ReleaseCandidate) and command.step == REHEARSAL
    if not released and not (isinstance(command, Score) and command.trial == REHEARSAL):
        return {}
    made = candidate_made(past, standing(past).challenger)
    short = rehearsals_short(current_plan(past), past, made)
    mine = [command.consumer] if isinstance(command, Score) else list(short)
    return {f"{made.candidate} {name}": short[name] for name in mine if name in short}
