"""What was asked for and could not be done yet: why, and when it is tried again. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Past
from shipworthy.plan.schema import Plan
from shipworthy.plan.schema_need import Owners
from shipworthy.release.rules import standing
from shipworthy.respond.action import Cause
from shipworthy.respond.folds import FAILING, State

RETRY_AFTER = timedelta(hours=1)
"""How long what failed is left alone: training at every look of the worker helps nobody."""
ATTEMPTS = {
    "rollback": "taking back a candidate",
    "fallback": "falling back to the baseline",
    "pause": "holding deliveries",
    "retrain": "retraining",
    "prove": "proving a retrained candidate",
}
"""What is tried by itself, in words, by the name that `of` of a trigger on `failed` takes."""


def resting(past: Past, about: str, now: datetime) -> bool:
    """Whether an attempt has failed within the hour."""
    one = past.fold(FAILING).get(about)
    return one is not None and datetime.fromisoformat(one["last"]) <= now < _next(one)


def failing(past: Past) -> list[str]:
    """What has not succeeded yet, in sentences, with when it is tried again."""
    told = []
    for one in _lasting(past):
        words, tries = _words(one), f"Tried {one['tries']} {'time' if one['tries'] == 1 else 'times'}"
        again = f"{tries} since {one['at'][:10]}; it is tried again after {_next(one):%Y-%m-%d %H:%M} UTC."
        told.append(f"{words[0].upper()}{words[1:]} failed: {one['reason'].rstrip('.')}. {again}")
    return told


def failed_attempts(plan: Plan, past: Past) -> Iterator[Cause]:
    """Each attempt that fails, once until it succeeds; told to the people of the trigger that asked, or the owners."""
    people = {trigger.name: trigger.to for trigger in plan.respond.triggers}
    for one in _lasting(past):
        yield Cause(
            "failed",
            digest_of([one["attempt"], one["concerns"], one["seq"], "attempt"]),
            one["attempt"],
            f"{_words(one)} failed: {one['text']}",
            candidate=one["concerns"] if one["attempt"] in ("rollback", "prove") else "",
            at=datetime.fromisoformat(one["at"]),
            seq=one["seq"],
            attempt=one["attempt"],
            to=tuple(people.get(one["trigger"]) or sorted(Owners.model_fields)),
        )


def _lasting(past: Past) -> list[State]:
    """The attempts that fail and are still wanted: who answers nobody any more need not be taken back."""
    known = past.fold(FAILING)
    if not known:
        return []
    now = standing(past)
    using = {*now.released.values(), now.challenger, now.canary, ""}
    return [one for one in known.values() if one["attempt"] != "rollback" or one["concerns"] in using]


def _next(one: State) -> datetime:
    return datetime.fromisoformat(one["last"]) + RETRY_AFTER


def _words(one: State) -> str:
    concerned = f" {one['concerns'][:12]}" if one["attempt"] in ("rollback", "prove") else ""
    concerned = f" to {one['concerns']}" if one["attempt"] == "pause" else concerned
    asked = f", which the trigger {one['trigger']} asked for," if one["trigger"] else ""
    return f"{ATTEMPTS[one['attempt']]}{concerned.rstrip()}{asked}"
