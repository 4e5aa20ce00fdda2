"""What is due: a pure function of plan, facts and now. The worker and a replay run the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal, TypeGuard

from shipworthy.base.fact import Command, Past, latest
from shipworthy.base.retries import next_try, rests
from shipworthy.data.folds import READ
from shipworthy.data.words import TakeSnapshot
from shipworthy.deliver.folds import ended
from shipworthy.deliver.owing import moments_of, owed
from shipworthy.deliver.rules import list_moments, run_name, tried, unbrought
from shipworthy.deliver.words import Score
from shipworthy.model.words import CandidateMade, TrainCandidate
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan
from shipworthy.prove.lasting import not_asked
from shipworthy.prove.words import ProveCandidate
from shipworthy.release.rules import names, next_step, paused, rehearsals_short, standing, trials_done
from shipworthy.release.signed import plan_in_use
from shipworthy.release.trials import not_shown, pays, to_take_back
from shipworthy.release.words import (
    FOR_PEOPLE,
    REHEARSAL,
    FallBack,
    PauseDeliveries,
    ReleaseCandidate,
    RollBack,
)
from shipworthy.respond.asked import Asked, fallback_due, pauses_due, retraining_due, rollbacks_due
from shipworthy.respond.attempts import resting, tried_again
from shipworthy.respond.challengers import asked_for
from shipworthy.respond.rules import answer_moments, following_moments, response_due
from shipworthy.respond.words import Respond
from shipworthy.sign.rules import gate_state, newest_proof
from shipworthy.watch.counted import counts_due
from shipworthy.watch.guards import guarded_off
from shipworthy.watch.rules import answered, matures, watch_due
from shipworthy.watch.trials import trials_due
from shipworthy.watch.words import JudgeTrials, Watch, WatchBeside


def due(plan: Plan, past: Past, now: datetime) -> Iterator[Command[Any]]:
    """What is due now, in order: going back, going on, lists, the look at the world, the answer to it.

    What has failed is left alone until its time comes again, and for good once it was given up.
    """
    for command in _wanted(plan, past, now):
        attempt = attempted(command, past)
        if attempt is None or not resting(plan, past, *attempt, now):
            yield command


def attempted(command: Command[Any], past: Past) -> tuple[str, str] | None:
    """What a command that follows from triggers tries, and what it concerns, see `AttemptFailed`; None of others."""
    if isinstance(command, RollBack):
        return "rollback", command.candidate
    if isinstance(command, FallBack):
        return "fallback", ""
    if isinstance(command, PauseDeliveries):
        return "pause", command.consumer
    if isinstance(command, TrainCandidate):
        return "retrain", ""
    if isinstance(command, ReleaseCandidate):
        return "release", " ".join(filter(None, [command.candidate, command.step, command.cohort]))
    if isinstance(command, Score) and command.trial == REHEARSAL:
        return "rehearse", f"{standing(past).challenger} {command.consumer}"
    return ("prove", command.candidate) if isinstance(command, ProveCandidate) else None


def _wanted(plan: Plan, past: Past, now: datetime) -> Iterator[Command[Any]]:
    for asked in rollbacks_due(past):
        yield RollBack(product=plan.product, reason=_reason(asked), candidate=asked.candidate)
    if harmful := to_take_back(past, standing(past)):
        yield RollBack(product=plan.product, reason=harmful.text, candidate=harmful.candidate)
    if wanted := fallback_due(past):
        yield FallBack(product=plan.product, reason=_reason(wanted))
    for consumer, asked in pauses_due(plan, past).items():
        yield PauseDeliveries(product=plan.product, reason=_reason(asked), consumer=consumer)
    yield from challengers_due(plan, past, now)
    if answers_exist(past):
        signed = plan_in_use(plan, past)
        yield from lists_due(signed, past, now)
        yield from features_due(signed, past, now)
    yield from looks_due(plan, past, now)
    if response_due(plan, past, now):
        yield Respond(product=plan.product)
    if retraining := retraining_due(past):
        yield TrainCandidate(product=plan.product, parent=newest_champion(past), cause=retraining.digest)


def _reason(asked: Asked) -> str:
    return f"the trigger {asked.trigger} asked for it"


def looks_due(plan: Plan, past: Past, now: datetime) -> Iterator[Command[Any]]:
    """The look at the world, or only at what lies beside the answers; and at the candidates under trial."""
    if watch_due(plan, past, now):
        yield Watch(product=plan.product)
    elif counts_due(plan, past, now):
        yield WatchBeside(product=plan.product)
    if trials_due(plan, past) or guarded_off(plan, past, now):
        yield JudgeTrials(product=plan.product)


def challengers_due(plan: Plan, past: Past, now: datetime) -> Iterator[Command[Any]]:
    """The next step of a challenger that a trigger asked for: its proof, and inside the signed envelope its release.

    A rehearsal that did not end well comes again first. What only waits for evidence is not due.
    """
    made = latest(past.of(CandidateMade), lambda what: what.role == "model")
    if made is None or not asked_for(past, made.what):
        return
    candidate = made.what.candidate
    proof = newest_proof(past, candidate)
    if proof is None or (proof.verdict in ("pass", "warn") and not_asked(past, made.what, proof)):
        yield ProveCandidate(product=plan.product, candidate=candidate)
        return
    step = next_step(plan, past, made.what)
    state = gate_state(plan, past, candidate, now)
    if not (step and state.open and state.by_envelope):
        return
    for consumer in rehearsals_short(plan, past, made.what):
        yield Score(product=plan.product, consumer=consumer, trial=REHEARSAL)
    if step in FOR_PEOPLE and (not pays(plan, past, candidate) or not_shown(plan, past, made.what, step)):
        return
    if trials_done(plan, past, made.what, step):
        cohort = next((name for name in names(plan) if standing(past).champion.get(name) != candidate), "")
        yield ReleaseCandidate(
            product=plan.product, candidate=candidate, step=step, cohort=cohort if step == "cohort" else ""
        )


def newest_champion(past: Past) -> str:
    """The model that answers most cohorts; empty while only a baseline or nobody answers."""
    roles = {fact.what.candidate: fact.what.role for fact in past.of(CandidateMade)}
    models = [name for name in standing(past).released.values() if roles.get(name) == "model"]
    return max(set(models), key=models.count) if models else ""


def is_open(command: Command[Any]) -> TypeGuard[TrainCandidate]:
    """Whether something of a command is left for us to find: which candidate a new model is to replace."""
    return isinstance(command, TrainCandidate) and command.role == "model" and not command.parent


def completed(command: TrainCandidate, past: Past) -> TrainCandidate:
    """A command to train, with the champion that the new model is to replace."""
    return replace(command, parent=newest_champion(past))


def answers_exist(past: Past) -> bool:
    """Whether anything answers for real yet; before the first cohort nothing is owed."""
    now = standing(past)
    return bool(now.champion or now.canary)


def lists_due(plan: Plan, past: Past, now: datetime) -> Iterator[Score]:
    """The lists that are owed and not made, or did not reach all their sinks."""
    made = ended(past)
    held = paused(past)
    all_owed = list(owed(plan, past, now))
    newest = dict(all_owed)  # consumer by consumer, oldest first
    for name, moment in all_owed:
        if name in held:
            continue
        run = run_name(plan.product, name, moment)
        if run not in made or (newest[name] == moment and _worth_another_try(past, run, now)):
            yield Score(product=plan.product, consumer=name, as_of=moment.isoformat())


def _worth_another_try(past: Past, run: str, now: datetime) -> bool:
    """Whether a list that did not reach a sink is to be brought there now; the newest is never given up."""
    tries, last = tried(past, run)
    return bool(tries) and not rests(tries, last, now) and bool(unbrought(past, run))


def _brought_again(plan: Plan, past: Past, now: datetime) -> Iterator[datetime]:
    """When the newest list of each consumer is brought again to the sinks that it did not reach."""
    for run in {name: run_name(plan.product, name, moment) for name, moment in owed(plan, past, now)}.values():
        tries, last = tried(past, run)
        if tries and unbrought(past, run):
            yield next_try(tries, last)


def features_due(plan: Plan, past: Past, now: datetime) -> Iterator[TakeSnapshot]:
    """The snapshot that a prediction server needs next, where no list takes one."""
    if any(consumer.mode == "list" for consumer in plan.consumers.values()):
        return
    moments = [moment for consumer in plan.consumers.values() for moment in list_moments(consumer, now)]
    if moments and max(moments).isoformat() not in past.fold(READ):
        yield TakeSnapshot(product=plan.product, as_of=max(moments).isoformat())


def next_moments(plan: Plan, past: Past, now: datetime, until: datetime) -> list[datetime]:
    """The moments after now, up to and with `until`, at which something may fall due."""
    moments = {until}
    for consumer in plan.consumers.values():
        for moment in moments_of(consumer, past, until):
            moments |= {moment, plan.need.horizon.after(moment)}
    # Lists that were asked for off the schedule, or made under an earlier one, have a truth to wait for as well.
    moments |= {matures(plan, window) for window in answered(past)}
    moments |= {*answer_moments(plan, past, now, until), *following(plan, past, now, until)}
    return sorted(moment for moment in moments if now < moment <= until)


def stops(past: Callable[[], Past], now: datetime, until: datetime) -> Iterator[datetime]:
    """The moments at which time stops on its way to a later one; whoever asks for the next has done what is due.

    What is done on the way leads to moments of its own: another try, a reminder, an escalation, the end of a cool-down.

    Args:
        past: gives everything that has happened by now.
    """
    ahead = next_moments(current_plan(past()), past(), now, until)[::-1]
    while ahead:
        moment = ahead.pop()
        yield moment
        soon = min(following(current_plan(past()), past(), moment, until), default=until)
        if ahead and soon < ahead[-1]:
            ahead.append(soon)


def following(plan: Plan, past: Past, now: datetime, until: datetime) -> Iterator[datetime]:
    """The next moments after now, up to and with `until`, to which what was done leads if nothing else happens."""
    yield from following_moments(plan, past, now, until)
    again = [*tried_again(plan, past), *_brought_again(plan_in_use(plan, past), past, now)]
    yield from (moment for moment in again if now < moment <= until)


def leads_on(command: Command[Any]) -> TypeGuard[ReleaseCandidate]:
    """Whether more belongs to a command: a rehearsal is run at once, and so is a first list in shadow."""
    return isinstance(command, ReleaseCandidate) and command.step in (REHEARSAL, "shadow")


def follow_ups(command: ReleaseCandidate, past: Past) -> list[Score]:
    """What belongs to a release: the rehearsal of each list and stream, or the newest list answered in shadow."""
    plan = current_plan(past)
    trial: Literal["rehearsal", "shadow"] = REHEARSAL if command.step == REHEARSAL else "shadow"
    return [
        Score(product=command.product, consumer=name, trial=trial)
        for name, consumer in plan.consumers.items()
        if consumer.mode == "list" or (consumer.mode, trial) == ("stream", REHEARSAL)
    ]
