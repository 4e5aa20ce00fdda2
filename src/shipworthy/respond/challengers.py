"""Challengers that triggers asked for: which they are, and when owners are asked about one. Pure."""

from __future__ import annotations

from shipworthy.base.fact import Past
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import current_plan
from shipworthy.release.rules import standing, steps_taken
from shipworthy.release.trials import PROPOSED, pays, proposed
from shipworthy.release.words import REHEARSAL, TrialJudged
from shipworthy.respond.folds import ACTED


def asked_for(past: Past, made: CandidateMade) -> bool:
    """Whether a trigger asked for a candidate, so that nobody proposes it."""
    return made.notes.get("cause") in past.fold(ACTED)["retrain"]


def not_yet_asked(past: Past, candidate: str) -> str:
    """Why owners are not asked about a candidate yet, in plain words; empty where they are asked at once.

    They are asked later about a challenger that a trigger asked for, until its trial shows that it pays: most never
    replace anybody. Where no trial is held, or none of its rows could be compared, nothing would ever be shown, so
    they are asked at once; so they are where it already stands beside what is in use because everybody signed.
    """
    plan = current_plan(past)
    made = proposed(plan, past, standing(past))
    if made is None or made.candidate != candidate or not asked_for(past, made):
        return ""
    said = [fact.what for fact in past.of(TrialJudged, about=candidate) if fact.what.step == PROPOSED]
    compared = not said or any(what.numbers.get("rows", 0) > 0 for what in said)
    if not compared or pays(plan, past, candidate) or steps_taken(past, candidate) - {REHEARSAL}:
        return ""
    far = said[-1].text if said else "Nothing is compared yet."
    return (
        f"It is on trial beside {made.parent[:12]}, on past answers, and reaches nobody; owners are asked once it is "
        f"shown to pay. {far}"
    )
