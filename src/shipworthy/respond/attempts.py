"""What was asked for and could not be done yet: why, and when it is tried again. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Past
from shipworthy.base.retries import given_up, next_try, rests
from shipworthy.plan.schema import Plan
from shipworthy.plan.schema_need import Owners
from shipworthy.release.rules import standing
from shipworthy.respond.action import Cause
from shipworthy.respond.asked import asking
from shipworthy.respond.folds import FAILING, State

ATTEMPTS = {
    "rollback": "taking back a candidate",
    "fallback": "falling back to the baseline",
    "pause": "holding deliveries",
    "retrain": "retraining",
    "prove": "proving a retrained candidate",
    "rehearse": "rehearsing a retrained candidate",
    "release": "taking the retrained candidate",
}
"""What is tried by itself, in words, by the name that `of` of a trigger on `failed` takes."""

BY_HAND = {
    "rollback": "rollback --candidate {0} --reason …",
    "fallback": "fall-back --reason …",
    "pause": "pause --consumer {0} --reason …",
    "retrain": "train",
    "prove": "prove {0}",
    "rehearse": "score {1} --rehearsal",
    "release": "release {0} {1}",
}
"""How people do the same, by the same names."""
OF_A_CANDIDATE = ("rollback", "prove", "rehearse", "release")
"""Those that concern a candidate, named first."""


def resting(plan: Plan, past: Past, attempt: str, concerns: str, now: datetime) -> bool:
    """Whether an attempt has failed and is left alone now: until its time comes, or since it was given up."""
    one = past.fold(FAILING).get(f"{attempt} {concerns}".strip())
    if one is None:
        return False
    return _given_up(plan, past, one) or rests(one["tries"], datetime.fromisoformat(one["last"]), now)


def tried_again(plan: Plan, past: Past) -> Iterator[datetime]:
    """When what has not succeeded yet is tried again."""
    for one in _lasting(past):
        if not _given_up(plan, past, one):
            yield _next(one)


def failing(plan: Plan, past: Past) -> list[str]:
    """What has not succeeded yet, in sentences, with when it is tried again or what is to be done."""
    told = []
    for one in _lasting(past):
        words, tries = _words(one), f"Tried {_times(one)} since {one['at'][:10]};"
        again = f"it is tried again after {_next(one):%Y-%m-%d %H:%M} UTC."
        if _given_up(plan, past, one):
            again = f"it is not tried any more. {_by_hand(one)}"
        told.append(f"{words[0].upper()}{words[1:]} failed: {one['reason'].rstrip('.')}. {tries} {again}")
    return told


def failed_attempts(plan: Plan, past: Past) -> Iterator[Cause]:
    """Each attempt that fails, once until it succeeds, and once more when it is given up.

    Told to the people of the trigger that asked, or the owners; to both that it is given up.
    """
    people = {trigger.name: trigger.to for trigger in plan.respond.triggers}
    owners = sorted(Owners.model_fields)
    for one in _lasting(past):
        asked, ended = people.get(one["trigger"]) or [], given_up(one["tries"])
        text, at, seq = f"{_words(one)} failed: {one['text']}", one["at"], one["seq"]
        if ended:
            text = f"{_words(one)} failed {_times(one)} and is not tried any more: {one['reason'].rstrip('.')}."
            text, at, seq = f"{text} {_by_hand(one)}", one["last"], one["newest"]
        yield Cause(
            "failed",
            digest_of([one["attempt"], one["concerns"], one["seq"], "given up" if ended else "attempt"]),
            one["attempt"],
            text,
            candidate=_concerned(one)[0] if one["attempt"] in OF_A_CANDIDATE else "",
            at=datetime.fromisoformat(at),
            seq=seq,
            attempt=one["attempt"],
            to=tuple(sorted({*asked, *owners}) if ended else asked or owners),
        )


def _lasting(past: Past) -> list[State]:
    """The attempts that fail and are still wanted: who answers nobody any more need not be taken back."""
    known = past.fold(FAILING)
    if not known:
        return []
    now = standing(past)
    using = {*now.released.values(), now.challenger, now.canary, ""}
    return [one for one in known.values() if one["attempt"] != "rollback" or one["concerns"] in using]


def _given_up(plan: Plan, past: Past, one: State) -> bool:
    """Whether nothing is tried any more: it failed too often, and nobody has asked for it since."""
    if not given_up(one["tries"]):
        return False
    asked = asking(plan, past, one["attempt"], one["concerns"])
    return asked is None or asked.seq <= one["newest"]


def _next(one: State) -> datetime:
    return next_try(one["tries"], datetime.fromisoformat(one["last"]))


def _times(one: State) -> str:
    return f"{one['tries']} {'time' if one['tries'] == 1 else 'times'}"


def _concerned(one: State) -> tuple[str, str]:
    """The candidate, or the consumer to be held; and of a candidate the consumer or step that it was to reach."""
    first, _, rest = one["concerns"].partition(" ")
    return first, rest


def _words(one: State) -> str:
    first, rest = _concerned(one)
    concerned = f" {first[:12]}" if one["attempt"] in OF_A_CANDIDATE else f" to {first}"
    concerned += {"rehearse": f" for {rest}", "release": f" to the step {rest}"}.get(one["attempt"], "")
    asked = f", which the trigger {one['trigger']} asked for," if one["trigger"] else ""
    return f"{ATTEMPTS[one['attempt']]}{concerned.rstrip() if first else ''}{asked}"


def _by_hand(one: State) -> str:
    """What people do about what is given up."""
    first, rest = _concerned(one)
    rest = rest.replace("cohort ", "cohort --cohort ")
    command = BY_HAND[one["attempt"]].format(first[:12] if one["attempt"] in OF_A_CANDIDATE else first, rest)
    return f"Mend that, then do it by hand: `shipworthy {command}`. A trigger that asks anew has it tried anew."
