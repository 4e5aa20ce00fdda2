"""The nine stations of a product's road, each told from its facts in one sentence. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shipworthy.app.words import Station
from shipworthy.base.check import CheckResult, stands
from shipworthy.base.fact import Past, latest
from shipworthy.base.times import read_moment
from shipworthy.data.words import SnapshotRefused, SnapshotTaken
from shipworthy.deliver.rules import is_late
from shipworthy.deliver.words import DeliveryAcknowledged, DeliveryFailed, DeliveryMade
from shipworthy.model.words import CandidateMade
from shipworthy.plan.schema import Plan
from shipworthy.plan.words import PlanAdopted, PlanRefused
from shipworthy.prove.words import CandidateProven
from shipworthy.release.rules import next_step, standing, steps_for, steps_taken
from shipworthy.release.trials import last_verdicts
from shipworthy.respond.attempts import failing
from shipworthy.respond.challengers import not_yet_asked
from shipworthy.respond.incidents import open_now, owner_of, severity_of
from shipworthy.respond.words import IncidentOpened, TriggerFired
from shipworthy.sign.gate import not_asked_yet
from shipworthy.sign.rules import gate_state, newest_proof
from shipworthy.sign.words import GateState
from shipworthy.watch.folds import open_alarms
from shipworthy.watch.silence import silences
from shipworthy.watch.words import WindowJudged


@dataclass(frozen=True, slots=True)
class Road:
    """What the stations are told from.

    Attributes:
        made: the candidate under way: the newest model, or the baseline before there is one.
    """

    plan: Plan
    past: Past
    now: datetime
    made: CandidateMade | None
    proof: CandidateProven | None
    gate: GateState | None


def road(plan: Plan, past: Past, now: datetime) -> Road:
    """The road of a product as its facts tell it."""
    of_model = latest(past.of(CandidateMade), lambda what: what.role == "model")
    found = of_model or latest(past.of(CandidateMade))
    made = found.what if found else None
    if made is None:
        return Road(plan, past, now, None, None, None)
    gate = not_asked_yet(gate_state(plan, past, made.candidate, now), not_yet_asked(past, made.candidate))
    return Road(plan, past, now, made, newest_proof(past, made.candidate), gate)


def stations(found: Road) -> list[Station]:
    """All stations in the order of a product's life."""
    return [tell(found) for tell in _TOLD]


def _planned(found: Road) -> Station:
    adopted = latest(found.past.of(PlanAdopted))
    refused = latest(found.past.of(PlanRefused))
    assert adopted is not None
    text = f"Version {adopted.what.version}, adopted by {adopted.who}."
    if refused and refused.seq > adopted.seq:
        return Station("plan", "here", f"{text} A newer plan was refused.", list(refused.what.reasons))
    return Station("plan", "done", text, [])


def _read(found: Road) -> Station:
    newest = latest(found.past.of(SnapshotTaken, SnapshotRefused))
    if newest is None:
        return Station("data", "here", "No source has been read yet.", [])
    rows = sum(intake.source_rows for intake in newest.what.intakes)
    accepted = sum(intake.accepted for intake in newest.what.intakes)
    removed = sum(sum(intake.removed.values()) for intake in newest.what.intakes)
    aside = sum(sum(intake.quarantined.values()) for intake in newest.what.intakes)
    day = _day(newest.what.as_of)
    if isinstance(newest.what, SnapshotRefused):
        return Station("data", "blocked", f"A source broke its contract on {day}.", _failing(newest.what.checks))
    text = f"{rows:,} rows read as of {day}: {accepted:,} accepted, {removed:,} removed by rule, {aside:,} quarantined."
    return Station("data", "done", text, [])


def _made(found: Road) -> Station:
    if found.made is None:
        return Station("model", "here", "No candidate has been made, not even the baseline.", [])
    count = len({fact.what.candidate for fact in found.past.of(CandidateMade)})
    name = f"{found.made.role} {found.made.candidate[:12]} by {found.made.author}"
    if found.made.role == "baseline":
        return Station("model", "done", f"The {name} can answer; there is no model yet.", [])
    learnt = f"learnt from {found.made.rows:,} rows at {_many(len(found.made.trained_on), 'moment')}"
    return Station("model", "done", f"The {name} {learnt}; {_many(count, 'candidate')} in all.", [])


def _proven(found: Road) -> Station:
    if found.made is None:
        return Station("prove", "ahead", "Waits for a candidate.", [])
    if found.proof is None:
        return Station("prove", "here", f"The candidate {found.made.candidate[:12]} is not proven yet.", [])
    checks = found.proof.checks
    if not stands(checks):
        return Station("prove", "blocked", f"{len(_failing(checks))} of {len(checks)} checks fail.", _failing(checks))
    warned = [check for check in checks if check.verdict == "warn"]
    more = f", {len(warned)} with a warning" if warned else ""
    return Station("prove", "done", f"All {len(checks)} checks stand{more}.", [])


def _signed(found: Road) -> Station:
    if found.gate is None or found.proof is None:
        return Station("sign", "ahead", "Waits for a proof.", [])
    if found.gate.open:
        how = "inside the signed envelope" if found.gate.by_envelope else "by everybody the plan asks"
        return Station("sign", "done", f"Signed {how}; the gate is open.", [])
    missing = [f"{item.what}, from {item.who}" for item in found.gate.asked]
    if not missing:
        return Station("sign", "ahead", found.gate.on_trial, [])
    return Station("sign", "here", f"The gate is shut: {_many(len(missing), 'thing')} missing.", missing)


def _released(found: Road) -> Station:
    told = _step_taken(found)
    trials = last_verdicts(found.past, found.made.candidate) if found.made else {}
    newest = max(trials.values(), key=lambda fact: fact.seq, default=None)
    if found.gate and found.gate.on_trial:
        return told  # the station before has told of its trial
    return replace(told, text=f"{told.text} {newest.what.text}") if newest else told


def _step_taken(found: Road) -> Station:
    now = standing(found.past)
    if found.made is None:
        return Station("release", "ahead", "Waits for a candidate.", [])
    taken = [step for step in steps_for(found.plan, found.made.role) if _took(found, step)]
    ahead = next_step(found.plan, found.past, found.made)
    answers = sorted(cohort for cohort, candidate in now.champion.items() if candidate == found.made.candidate)
    if not ahead:
        return Station("release", "done", "The candidate answers everybody.", [])
    if answers:
        return Station("release", "here", f"It answers {', '.join(answers)}; next step: {ahead}.", [])
    if now.canary == found.made.candidate:
        text = f"It answers a canary of {now.canary_share * 100:g}%; next step: {ahead}."
        return Station("release", "here", text, [])
    if taken:
        return Station("release", "here", f"It went through {', '.join(taken)}; next step: {ahead}.", [])
    state = "here" if found.gate and found.gate.open else "ahead"
    others = "; others answer meanwhile" if now.champion else ""
    return Station("release", state, f"No step taken yet{others}.", [])  # type: ignore[arg-type]  # one of two literals


def _took(found: Road, step: str) -> bool:
    assert found.made is not None
    taken = steps_taken(found.past, found.made.candidate)
    return step in taken and next_step(found.plan, found.past, found.made) != step


def _delivered(found: Road) -> Station:
    made = found.past.of(DeliveryMade)
    real = [fact for fact in made if fact.what.step != "rehearsal"]
    failed = latest(found.past.of(DeliveryFailed))
    if failed and not any(fact.seq > failed.seq and fact.what.sink == failed.what.sink for fact in made):
        reason = f"{failed.what.sink} for {failed.what.consumer}: {failed.what.reason}"
        return Station("deliver", "blocked", "The newest delivery failed.", [reason])
    if not made:
        return Station("deliver", "ahead", "Nothing has been delivered yet.", [])
    if not real:
        return Station("deliver", "here", f"Rehearsed {len(made)} times, nothing for real yet.", [])
    late = sum(is_late(found.plan, fact) for fact in real)
    known = {fact.what.delivery for fact in found.past.of(DeliveryAcknowledged)}
    confirmed = sum(fact.what.delivery in known for fact in real)
    text = f"{len(real)} deliveries, {late or 'none'} late, {confirmed} acknowledged."
    return Station("deliver", "done", text, [])


def _watched(found: Road) -> Station:
    open_ = open_alarms(found.past)
    judged = found.past.of(WindowJudged)
    if open_:
        text = f"{_many(len(open_), 'alarm')} since {_day(min(alarm.since for alarm in open_))}."
        return Station("watch", "alarm", text, [alarm.text for alarm in open_])
    # Seen from the facts alone, so that it is said also where nobody looks any more.
    if silent := silences(found.plan, found.past, [], found.now, found.now):
        return Station("watch", "alarm", silent[0].text, [one.text for one in silent])
    if not judged:
        return Station("watch", "ahead", "No window has been judged yet.", [])
    windows = len({fact.what.window for fact in judged})
    notes = sum(fact.what.level == "note" for fact in judged)
    return Station("watch", "done", f"{windows} windows judged, {_many(notes, 'note')}, no open alarm.", [])


def _answered(found: Road) -> Station:
    opened = found.past.of(IncidentOpened)
    open_ = [fact.what for fact in open_now(found.past)]
    fired = len(found.past.of(TriggerFired))
    told = [f"{one.title} ({severity_of(found.past, one)}), with {owner_of(found.past, one)}" for one in open_]
    text = f"{_many(len(open_), 'open incident')}." if open_ else ""
    if undone := failing(found.plan, found.past):
        text = f"{text} {_many(len(undone), 'thing')} asked for and not done yet.".strip()
    if text:
        return Station("respond", "alarm", text, [*told, *undone])
    if not opened and not fired:
        return Station("respond", "ahead", "Nothing had to be answered yet.", [])
    return Station("respond", "done", f"{_many(fired, 'trigger')} acted; no open incident.", [])


def _day(moment: str) -> str:
    found = read_moment(moment)
    return f"{found.day} {found:%b %Y}"


def _failing(checks: Sequence[CheckResult]) -> list[str]:
    return [check.found for check in checks if check.verdict not in ("pass", "warn")]


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


_TOLD: tuple[Callable[[Road], Station], ...] = (
    _planned, _read, _made, _proven, _signed, _released, _delivered, _watched, _answered,
)  # fmt: skip
