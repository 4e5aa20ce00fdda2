"""What has happened that a trigger must act on, and what its acting makes due. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from shipworthy.base.actor import Actor
from shipworthy.base.errors import Mistake, UserError, not_allowed, not_found
from shipworthy.base.fact import Decided, Past, Recorded, latest
from shipworthy.base.kinds import kind
from shipworthy.base.times import read_moment
from shipworthy.data.words import SnapshotRefused, SnapshotTaken
from shipworthy.deliver.owing import owed
from shipworthy.deliver.rules import due_by, run_name
from shipworthy.deliver.shortfall import shortfalls
from shipworthy.deliver.words import DeliveryFailed, RunFinished
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan
from shipworthy.release.rules import CANARY, standing
from shipworthy.release.signed import plan_in_use
from shipworthy.release.trials import UNDER_TRIAL
from shipworthy.release.words import RolledBack, TrialFinished, TrialJudged
from shipworthy.respond.action import Action, Cause, Situation
from shipworthy.respond.incidents import data_incidents_open, incident_for, open_now
from shipworthy.respond.words import CloseIncident, IncidentClosed, OpenIncident, TriggerFired
from shipworthy.sign.approval import refusals
from shipworthy.watch.words import AlarmClosed, AlarmRaised


def causes(plan: Plan, past: Past, now: datetime) -> Iterator[Cause]:
    """Everything that a trigger may act on, whether or not one has."""
    yield from _alarms(past)
    yield from _refusals(plan, past)
    yield from _deliveries(plan, past, now)
    yield from _missed(plan, past, now)
    yield from _overdue(plan, past, now)
    yield from _broken(past)
    yield from _revoked(past)
    yield from _harmful(past)


def _refusals(plan: Plan, past: Past) -> Iterator[Cause]:
    """Sources that broke their contract: one cause for each, however often it is read until it is accepted again."""
    broken: set[str] = set()
    newest = ""
    for fact in past.of(SnapshotRefused, SnapshotTaken):
        if isinstance(fact.what, SnapshotTaken):
            newest = max(newest, fact.what.as_of)
            broken.clear()
            continue
        if fact.what.as_of < newest:
            continue  # a look back at the data of a past moment
        bad = [check for check in fact.what.checks if check.verdict not in ("pass", "warn")]
        text = "; ".join(check.found for check in bad)
        for source in sorted({_source(check.where, plan) for check in bad} or {""}):
            if source not in broken:
                day = fact.what.as_of[:10]
                yield Cause("refusal", fact.what.refusal, source, f"data as of {day} refused: {text}", False)
            broken.add(source)


def situations(plan: Plan, past: Past, now: datetime) -> Iterator[tuple[Situation, Action]]:
    """Each action that a trigger has to take now, in the order of the plan."""
    for cause in causes(plan, past, now):
        for trigger in plan.respond.triggers:
            if trigger.on != cause.on or trigger.of not in (None, cause.of):
                continue
            for name in trigger.do:
                situation = Situation(plan, past, now, trigger, cause)
                action = kind("respond/actions", name.replace("-", "_"), Action)
                if _to_take(situation, name) and not action.blocked(situation):
                    yield situation, action


def response_due(plan: Plan, past: Past, now: datetime) -> bool:
    """Whether a trigger has something to do, or an alarm has been answered and can be closed."""
    return bool(answered_alarms(past)) or next(situations(plan, past, now), None) is not None


def answered_alarms(past: Past) -> list[AlarmClosed]:
    """Alarms about a candidate that answers nobody any more, closed by what replaced it."""
    in_use = _in_use(past)
    closed = {fact.what.alarm for fact in past.of(AlarmClosed)}
    by = ", ".join(sorted({name[:12] for name in standing(past).champion.values()}))
    return [
        AlarmClosed(product=fact.what.product, alarm=fact.what.alarm, by=f"replaced by {by}")
        for fact in past.of(AlarmRaised)
        if fact.what.alarm not in closed and fact.what.candidate not in in_use and in_use
    ]


def retraining_due(past: Past) -> Recorded[TriggerFired] | None:
    """The newest request for a challenger since which no model has been made, None where there is none."""
    asked = latest(past.of(TriggerFired), lambda what: what.action == "retrain")
    if asked is None or data_incidents_open(past):
        return None
    return None if any(fact.seq > asked.seq and fact.what.role == "model" for fact in past.of(CandidateMade)) else asked


def rollback_due(past: Past) -> TriggerFired | None:
    """The newest request to take a candidate back that is still in use, None where there is none."""
    asked = latest(past.of(TriggerFired), lambda what: what.action == "rollback")
    if asked is None or any(fact.seq > asked.seq for fact in past.of(RolledBack)):
        return None
    now = standing(past)
    in_use = {*now.champion.values(), now.challenger, now.canary}
    return asked.what if not asked.what.candidate or asked.what.candidate in in_use else None


def open_incident(command: OpenIncident, past: Past, at: datetime, actor: Actor) -> Decided[str]:
    """The incident as a fact.

    Raises:
        UserError: there is no title.
    """
    if len(command.title.strip()) < 8:
        fix = "Say in one sentence what is wrong for whom."
        raise UserError(Mistake("respond.title", "incident", "The title says nothing.", fix=fix))
    fact = incident_for(current_plan(past), past, command.title.strip(), command.cause, command.severity)
    known = fact.incident in {known.what.incident for known in open_now(past)}
    return Decided([] if known else [fact], lambda then: fact.incident)


def close_incident(command: CloseIncident, past: Past, at: datetime, actor: Actor) -> Decided[str]:
    """The closing as a fact; whoever closes signs with their identity.

    Raises:
        NotAllowed: the actor owns no function.
        NotFound: no such incident is open.
        UserError: cause, fix or check is missing.
    """
    if not actor.functions:
        raise not_allowed(
            f"{actor.person} owns no function, and closing an incident is a signature.",
            "Ask the owner of technology, or of the function that it concerns.",
            command.incident,
            "respond.not_owner",
        )
    names = [fact.what.incident for fact in open_now(past)]
    if command.incident not in names:
        raise not_found("open incident", command.incident, names, "See `shipworthy incidents`.")
    said = {"root_cause": command.root_cause, "fix": command.fix, "check": command.check}
    empty = [
        Mistake("respond.close", f"{command.incident}, {name}", f"No {name.replace('_', ' ')} is given.", fix="Say it.")
        for name, text in said.items()
        if len(text.strip()) < 3
    ]
    if empty:
        raise UserError(*empty)
    fact = IncidentClosed(product=command.product, incident=command.incident, **said)
    return Decided([fact], lambda then: command.incident)


def _to_take(situation: Situation, action: str) -> bool:
    fired = [
        fact
        for fact in situation.past.of(TriggerFired, about=situation.cause.name)
        if fact.what.trigger == situation.trigger.name and fact.what.action == action
    ]
    if not fired:
        return True
    again = situation.trigger.again_after
    return bool(again and situation.cause.lasting and again.after(fired[-1].at) <= situation.now)


def _alarms(past: Past) -> Iterator[Cause]:
    closed = {fact.what.alarm for fact in past.of(AlarmClosed)}
    for raised in past.of(AlarmRaised):
        if raised.what.alarm not in closed:
            what = raised.what
            yield Cause("alarm", what.alarm, what.monitor, what.text, candidate=what.candidate)


def _revoked(past: Past) -> Iterator[Cause]:
    """Candidates in use about which the last word of a function is a no; a new approval ends it."""
    for candidate in sorted(_in_use(past)):
        for said in refusals(past, candidate):
            what = said.what
            text = f"{what.function} took back the sign-off of {candidate[:12]}: {what.reason}"
            yield Cause("revoked", said.digest, what.function, text, candidate=candidate)


def _in_use(past: Past) -> set[str]:
    now = standing(past)
    return {*now.champion.values(), now.challenger, now.canary} - {""}


def _deliveries(plan: Plan, past: Past, now: datetime) -> Iterator[Cause]:
    for short in shortfalls(plan, past, now):
        yield Cause(short.kind, short.name, short.consumer, short.text, short.lasting)
    for failed in past.of(DeliveryFailed):
        text = f"the list of {failed.what.as_of[:10]} did not reach {failed.what.consumer}: {failed.what.reason}"
        yield Cause("failed", failed.what.delivery, failed.what.consumer, text, False)


def _missed(plan: Plan, past: Past, now: datetime) -> Iterator[Cause]:
    """Lists that were due and of which nothing was brought to anybody, not even by the baseline."""
    for finished in past.of(RunFinished):
        consumer = plan.consumers.get(finished.what.consumer)
        nothing = not finished.what.delivered and not finished.what.failed and not finished.what.back_fill
        if consumer and nothing and read_moment(finished.what.as_of) <= now:
            text = f"{finished.what.consumer} got no list for {finished.what.as_of[:10]}: {finished.what.stood_in}"
            yield Cause("late", finished.what.run, finished.what.consumer, text, False)


def _overdue(plan: Plan, past: Past, now: datetime) -> Iterator[Cause]:
    """Lists that should have arrived and were not even made."""
    made = {fact.what.run for fact in past.of(RunFinished)}
    for name, moment in owed(plan_in_use(plan, past), past, now):
        limit, run = due_by(plan.consumers[name], moment), run_name(plan.product, name, moment)
        if limit < now and run not in made:
            text = (
                f"{name} has no list for {moment:%Y-%m-%d}: it has not been made, and was due by {limit:%Y-%m-%d %H:%M}"
            )
            yield Cause("late", run, name, text, False)


def _broken(past: Past) -> Iterator[Cause]:
    """Lists for which the released model, or a canary its share, could not answer."""
    for finished in past.of(RunFinished):
        if finished.what.broken:
            what = finished.what
            text = f"the list of {what.as_of[:10]} for {what.consumer} came without the model: {what.broken}"
            yield Cause("failed", what.run, what.consumer, text, False)
    for tried in past.of(TrialFinished):
        if tried.what.step == CANARY and not tried.what.ok and not tried.what.compared:
            part = tried.what
            name = f"{part.candidate}/{CANARY}/{part.consumer}/{part.as_of}"
            text = f"the list of {part.as_of[:10]} for {part.consumer} came without the canary: {part.text}"
            yield Cause("failed", name, part.consumer, text, False, part.candidate)


def _harmful(past: Past) -> Iterator[Cause]:
    """Candidates that a trial has taken back because they do harm."""
    for judged in past.of(TrialJudged):
        if judged.what.harm and judged.what.verdict == "roll back":
            what = judged.what
            name = f"{what.candidate}/trial/{what.step}/{what.window}"
            text = f"candidate {what.candidate[:12]} {UNDER_TRIAL[what.step]}: {what.text}"
            yield Cause("failed", name, "", text, False, what.candidate)


def _source(where: str, plan: Plan) -> str:
    return next((name for name in plan.sources if name in where.replace(".", " ").split()), "")
