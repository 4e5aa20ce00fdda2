"""What the compared losses of a candidate mean for its release. Pure."""

from __future__ import annotations

from typing import Any

from shipworthy.base.errors import GateShut, Mistake
from shipworthy.base.fact import Fold, Past, Recorded, latest
from shipworthy.model.words import CandidateMade
from shipworthy.plan.schema import Plan
from shipworthy.release.words import ReleaseStepped, RolledBack, Standing, TrialJudged

PROPOSED = "proposed"
UNDER_TRIAL = {"shadow": "in shadow", "canary": "as a canary", "in use": "in use", PROPOSED: "as proposed"}


def last_verdicts(past: Past, candidate: str) -> dict[str, Recorded[TrialJudged]]:
    """The newest verdict at each step of a candidate since it was last taken back."""
    since = max((fact.seq for fact in past.of(RolledBack, about=candidate)), default=0)
    newest = sorted(past.fold(TRIED)["newest"].get(candidate, {}).items(), key=lambda pair: int(pair[1]))
    return {step: _verdict(past, seq) for step, seq in newest if seq > since}


def harmful(past: Past) -> list[Recorded[TrialJudged]]:
    """The verdicts by which candidates were taken back because they do harm, oldest first."""
    return [_verdict(past, seq) for seq in past.fold(TRIED)["harmful"]]


def proposed(plan: Plan, past: Past, now: Standing) -> CandidateMade | None:
    """The newest retrained candidate, where it is held against the one in use that it is to replace; None otherwise.

    It need not answer anybody for that, nor be signed: it is asked now what it would have answered then.
    """
    made = latest(past.of(CandidateMade), lambda what: what.role == "model")
    if made is None or plan.respond.retraining is None or not made.what.trained_on:
        return None
    return made.what if made.what.parent in set(now.champion.values()) - {""} else None


def last_proposal(past: Past, parent: str, besides: str) -> TrialJudged | None:
    """What was said last of another challenger beside one in use; None where there was none."""
    others = past.fold(TRIED)["beside"].get(parent, {})
    newest = max((one["seq"] for name, one in others.items() if name != besides), default=0)
    return _verdict(past, newest).what if newest else None


def _verdict(past: Past, seq: int) -> Recorded[TrialJudged]:
    return past.of(TrialJudged, after=seq - 1, upto=seq)[0]


def _tried(state: dict[str, Any], fact: Recorded[TrialJudged]) -> dict[str, Any]:
    what = fact.what
    state["newest"].setdefault(what.candidate, {})[what.step] = fact.seq
    state["compared"].setdefault(what.candidate, []).append([what.against, what.window, what.step == PROPOSED])
    if what.harm and what.verdict == "roll back":
        state["harmful"].append(fact.seq)
    if what.step == PROPOSED:
        mine = state["beside"].setdefault(what.against, {}).setdefault(what.candidate, {"window": ""})
        mine["seq"] = fact.seq
        if what.numbers.get("rows", 0) > 0:
            mine["window"] = max(mine["window"], what.window)
            state["proposed"] = fact.at.isoformat()
    return state


TRIED: Fold[dict[str, Any]] = Fold(
    "release.tried",
    3,
    (TrialJudged,),
    lambda: {"newest": {}, "compared": {}, "harmful": [], "proposed": "", "beside": {}},
    _tried,
)
"""By candidate the number of its ``newest`` verdict at each step, and against whom and at which moment it was
``compared``, and whether as one that is proposed; the numbers of ``harmful`` verdicts; when one that was ``proposed``
was last held against anything; and by the one in use each challenger that was proposed ``beside`` it: the number of its
newest verdict, and the newest window of which rows were compared."""


def to_take_back(past: Past, now: Standing) -> TrialJudged | None:
    """The verdict by which a candidate that answers, or stands beside, has to go back; None where there is none."""
    present = {*now.champion.values(), now.challenger, now.canary} - {""}
    verdicts = [fact.what for name in sorted(present) for fact in last_verdicts(past, name).values()]
    return next((what for what in verdicts if what.verdict == "roll back"), None)


def require_no_harm(plan: Plan, past: Past, made: CandidateMade, step: str) -> None:
    """Nothing, where no trial has shown harm since one last showed that there is none, and what is planned was shown.

    Raises:
        GateShut: a trial showed harm, also before the candidate was taken back; or the plan asks for evidence first.
    """
    if mistake := not_shown(plan, past, made, step):
        raise GateShut(mistake)


def not_shown(plan: Plan, past: Past, made: CandidateMade, step: str) -> Mistake | None:
    """What the trials of a candidate have not shown yet, so that it reaches nobody; None where nothing is wanting."""
    decided = [fact.what for fact in past.of(TrialJudged, about=made.candidate)]
    where = f"candidate {made.candidate[:12]}"
    shown = [what for what in decided if what.harm or (what.verdict == "promote" and what.step != PROPOSED)]
    newest = shown[-1] if shown else None
    if newest is not None and newest.harm:
        return Mistake(
            "release.harm",
            where,
            newest.text,
            "Nobody gets answers from a candidate whose trial has shown harm.",
            "Make another candidate; or let this one show in rehearsal and shadow that it is no longer worse.",
        )
    beside = {fact.what.step for fact in past.of(ReleaseStepped, about=made.candidate)} & {"shadow", "canary"}
    if plan.release.evidence.required and beside and made.role == "model" and newest is None:
        said = f" {decided[-1].text}" if decided else ""
        found = (
            f"Step {step} waits for evidence that it is not worse by {plan.release.evidence.margin:g} or more.{said}"
        )
        fix = "Wait for more answers whose truth is known; `shipworthy releases` shows how far it has come."
        return Mistake("release.not_shown", where, found, "The plan asks for it.", fix)
    return None


def pays(plan: Plan, past: Past, candidate: str) -> bool:
    """Whether a retrained candidate may go on by itself: shown to pay, where the plan asks for it."""
    if plan.respond.retraining is None:
        return True
    said = [fact.what for fact in past.of(TrialJudged, about=candidate) if fact.what.step == PROPOSED]
    return bool(said) and said[-1].verdict == "promote"


def told_trials(past: Past, now: Standing) -> list[str]:
    """What the trials of all that answer or stand beside say, in plain words, the newest of each step."""
    found = []
    for name in dict.fromkeys([now.challenger, now.canary, *now.champion.values()]):
        for step, fact in last_verdicts(past, name).items() if name else ():
            found.append(f"{name[:12]} {UNDER_TRIAL[step]}: {fact.what.text}")
    return found
