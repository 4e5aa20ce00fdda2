"""Which checks of closed incidents are in force, and which of them a proof has not asked. Pure."""

from __future__ import annotations

from shipworthy.base.fact import Past, Recorded
from shipworthy.model.words import CandidateMade
from shipworthy.prove.words import CandidateProven, CheckMadePermanent, CheckRetirementSigned

SIGNATURES = 2
"""So many owners have to sign that a permanent check is not asked any more."""


def made_permanent(past: Past) -> list[Recorded[CheckMadePermanent]]:
    """Every permanent check there ever was, each by the incident that asked for it last, oldest first."""
    return list({fact.what.check: fact for fact in past.of(CheckMadePermanent)}.values())


def retirement(past: Past, made: Recorded[CheckMadePermanent]) -> list[Recorded[CheckRetirementSigned]]:
    """The signatures by which a check is to be retired, one for each person, since it was made permanent last."""
    signed = [fact for fact in past.of(CheckRetirementSigned, about=made.what.check) if fact.seq > made.seq]
    return list({fact.who: fact for fact in reversed(signed)}.values())[::-1]


def in_force(past: Past) -> list[CheckMadePermanent]:
    """The checks that every proof asks now."""
    return [made.what for made in made_permanent(past) if len(retirement(past, made)) < SIGNATURES]


def asked_of(check: CheckMadePermanent, role: str) -> bool:
    """Whether a check is asked of a candidate in this role: of a baseline only what its data has to look like."""
    return role != "baseline" or check.text.startswith("column ")


def not_asked(past: Past, made: CandidateMade, proof: CandidateProven) -> list[CheckMadePermanent]:
    """The checks in force that a proof did not ask, since it is older than they are."""
    asked = {check.check for check in proof.checks}
    return [one for one in in_force(past) if asked_of(one, made.role) and result_name(one) not in asked]


def result_name(check: CheckMadePermanent) -> str:
    """The name of its result in a proof."""
    return f"prove.permanent.{check.check}"
