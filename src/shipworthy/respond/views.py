"""Incidents, triggers and what they did, for people to read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from shipworthy.base.errors import not_found
from shipworthy.base.fact import Past, Recorded, latest
from shipworthy.base.retries import given_up
from shipworthy.base.times import given_moment
from shipworthy.plan.reading import read_plan
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan
from shipworthy.plan.words import PlanAdopted
from shipworthy.prove.lasting import in_force, made_permanent, retirement
from shipworthy.release.rules import paused, standing
from shipworthy.release.words import ReleaseStepped
from shipworthy.respond.attempts import failing
from shipworthy.respond.causes import causes
from shipworthy.respond.incidents import cause_of, deadline, opened, owner_of, reach, severity_of
from shipworthy.respond.reached import Log, counted, people
from shipworthy.respond.replaying import preview
from shipworthy.respond.rules import SAID, taken_up, weighed
from shipworthy.respond.telling import IN_BETWEEN, said_of
from shipworthy.respond.words import (
    AffectedPeople,
    AffectedPerson,
    CauseTakenUp,
    Happening,
    IncidentCard,
    IncidentChanged,
    IncidentClosed,
    Incidents,
    MessageCard,
    MessageFailed,
    Moment,
    PeopleTold,
    PermanentCheckCard,
    PermanentChecks,
    PostMortem,
    PostMortemTold,
    Preview,
    Responses,
    ResponseState,
    TriggerCard,
    TriggerFired,
    WhatIf,
)

MOST = 200
"""So many happenings and messages are shown, the newest."""


def incidents(question: Incidents, past: Past, now: datetime) -> list[IncidentCard]:
    """Every incident, oldest first."""
    plan, cards = current_plan(past), []
    asked = {one.text for one in in_force(past)}
    for fact in opened(past):
        reached, limit = reach(past, fact.what), deadline(plan, past, fact)
        closed = latest(past.of(IncidentClosed, about=fact.what.incident))
        cards.append(
            IncidentCard(
                incident=fact.what.incident,
                severity=severity_of(past, fact.what),
                title=fact.what.title,
                owner=owner_of(past, fact.what),
                opened_at=fact.at.isoformat(),
                cause=fact.what.cause,
                affected=reached.runs,
                closed_at=closed.at.isoformat() if closed else "",
                closed_by=closed.who if closed else "",
                root_cause=closed.what.root_cause if closed else "",
                fix=closed.what.fix if closed else "",
                check=closed.what.check if closed else "",
                answers=reached.answers,
                people_at_least=reached.people_at_least,
                due_by=limit.isoformat(),
                overdue=closed is None and limit < now,
                check_runs=closed is not None and " ".join(closed.what.check.split()) in asked,
                no_check_because=closed.what.no_check_because if closed else "",
                deliveries=reached.deliveries,
                people_at_most=reached.people_at_most,
                source=fact.what.source,
                wrong_from=closed.what.wrong_from if closed else "",
                wrong_until=closed.what.wrong_until if closed else "",
            )
        )
    return cards


def permanent_checks(question: PermanentChecks, past: Past) -> list[PermanentCheckCard]:
    """Every check that incidents left behind, oldest first."""
    asked = {one.check for one in in_force(past)}
    return [
        PermanentCheckCard(
            check=fact.what.check,
            text=fact.what.text,
            incident=fact.what.incident,
            since=fact.at.isoformat(),
            asked=fact.what.check in asked,
            signed=[f"{signed.who}, {signed.at:%Y-%m-%d}: {signed.what.reason}" for signed in retirement(past, fact)],
        )
        for fact in made_permanent(past)
    ]


def affected_people(question: AffectedPeople, past: Past, files: Log) -> list[AffectedPerson]:
    """Everybody whom an incident reached, whoever got most answers first.

    Raises:
        NotFound: there is no such incident.
    """
    known = {fact.what.incident: fact.what for fact in opened(past)}
    if question.incident not in known:
        raise not_found("incident", question.incident, list(known), "See `shipworthy incidents`.")
    return people(files, past, known[question.incident])


def post_mortem(question: PostMortem, past: Past, now: datetime, files: Log) -> PostMortemTold:
    """An incident as the facts tell it, and whom it reached as counted in the log.

    Raises:
        NotFound: there is no such incident.
    """
    cards = {card.incident: card for card in incidents(Incidents(product=question.product), past, now)}
    if question.incident not in cards:
        raise not_found("incident", question.incident, list(cards), "See `shipworthy incidents`.")
    began = next(fact for fact in opened(past) if fact.what.incident == question.incident)
    reached = counted(files, past, began.what)
    card = replace(
        cards[question.incident],
        answers=reached.answers,
        deliveries=reached.deliveries,
        people_at_least=reached.people_at_least,
        people_at_most=reached.people_at_most,
    )
    closed = latest(past.of(IncidentClosed, about=question.incident))
    cause = cause_of(past, card.cause)
    told: list[tuple[Recorded[Any], str]] = (
        [] if cause is None else [(cause, f"What set it off: {said_of(cause.what)}")]
    )
    told.append((began, f"Opened as {began.what.severity}, with {began.what.owner}: {began.what.title}"))
    for changed in past.of(IncidentChanged, about=question.incident):
        what = changed.what
        told.append((changed, f"Now {what.severity}, with {what.owner}. {what.remark}".rstrip()))
    for fact in past.of(*IN_BETWEEN):
        own = not isinstance(fact.what, TriggerFired | CauseTakenUp) or fact.what.cause == card.cause
        if own and fact.seq >= (cause or began).seq and (closed is None or fact.seq <= closed.seq):
            told.append((fact, said_of(fact.what)))
    if closed:
        told.append((closed, f"Closed and signed: {closed.what.fix}"))
    told.sort(key=lambda pair: pair[0].seq)
    moments = [Moment(fact.at.isoformat(), fact.who, text) for fact, text in told]
    return PostMortemTold(card, said_of(cause.what) if cause else "", moments)


def responses(question: Responses, past: Past, now: datetime) -> ResponseState:
    """What triggers did, who was told, and what waits, newest first."""
    plan = current_plan(past)
    texts = {cause.name: cause.text for cause in causes(plan, past, now)}
    held = list(dict.fromkeys(f"{s.trigger.name}: {a.name}: {why}" for s, a, why in weighed(plan, past, now) if why))
    return ResponseState(
        triggers=_triggers(plan, past),
        happenings=_happenings(past, texts)[:MOST],
        messages=_messages(past)[:MOST],
        held_back=held,
        paused=paused(past),
        fallen_back=standing(past).fell_back,
        failing=failing(plan, past),
    )


def what_if(question: WhatIf, past: Past, now: datetime) -> Preview:
    """What the triggers of a plan would have done; since people got answers first, where no day is named.

    Raises:
        UserError: the plan does not fit, or the day is none.
    """
    plan = read_plan(question.plan) if question.plan else current_plan(past)
    first = next((fact.at for fact in past.of(ReleaseStepped, PlanAdopted) if fact.at <= now), now)
    since = given_moment(question.since, "since") if question.since else first
    return preview(plan, past, min(since, now), now)


def _triggers(plan: Plan, past: Past) -> list[TriggerCard]:
    fired = past.of(TriggerFired)
    cards = []
    for one in plan.respond.triggers:
        mine = [fact for fact in fired if fact.what.trigger == one.name]
        when = f"{one.on} of {one.of}" if one.of else one.on
        last = mine[-1].at.isoformat() if mine else ""
        cards.append(TriggerCard(one.name, when, list(one.do), one.severity, one.dry, len(mine), last))
    return cards


def _happenings(past: Past, texts: dict[str, str]) -> list[Happening]:
    """One entry for each trigger and cause, the newest first."""
    found: dict[tuple[str, str], list[Recorded[TriggerFired]]] = {}
    for fact in past.of(TriggerFired):
        found.setdefault((fact.what.trigger, fact.what.cause), []).append(fact)
    to: dict[tuple[str, str], set[str]] = {}
    for message in past.of(PeopleTold):
        to.setdefault((message.what.trigger, message.what.cause), set()).add(message.what.to)
    told = []
    for (trigger, cause), facts in found.items():
        up = latest(past.of(CauseTakenUp, about=cause))
        asked = trigger not in SAID and any(
            fact.what.action in ("notify", "escalate") and not fact.what.dry for fact in facts
        )
        told.append(
            Happening(
                cause=cause,
                trigger=trigger,
                text=facts[-1].what.text or texts.get(cause, "it is over"),
                at=facts[-1].at.isoformat(),
                actions=[f"{fact.what.action}: {fact.what.outcome}" for fact in facts],
                dry=facts[-1].what.dry,
                taken_up_by=up.who if up else "",
                remark=up.what.remark if up else "",
                waits=asked and not taken_up(past, cause),
                told=sorted(to.get((trigger, cause), ())),
            )
        )
    return sorted(told, key=lambda one: one.at, reverse=True)


def _messages(past: Past) -> list[MessageCard]:
    """Every message that was tried; one that arrived after all counts its failures as tries.

    One that failed is left out once a newer one about the same has arrived in its place.
    """
    found: dict[str, list[Recorded[PeopleTold | MessageFailed]]] = {}
    for fact in past.of(PeopleTold, MessageFailed):
        found.setdefault(fact.what.message, []).append(fact)
    newest = {_thread(fact.what): fact.seq for fact in past.of(PeopleTold)}
    cards = []
    for facts in found.values():
        arrived = next((fact for fact in facts if isinstance(fact.what, PeopleTold)), None)
        last = arrived or facts[-1]
        if arrived is None and newest.get(_thread(last.what), 0) > last.seq:
            continue
        reason = last.what.reason if isinstance(last.what, MessageFailed) else ""
        if reason and given_up(len(facts)):
            reason = f"{reason.rstrip('.')}. It is not tried any more; the next one about this is."
        cards.append(
            MessageCard(last.what.to, last.what.subject, last.what.route, last.at.isoformat(), reason, len(facts))
        )
    return sorted(cards, key=lambda card: card.at, reverse=True)


def _thread(what: PeopleTold | MessageFailed) -> tuple[str, str, str]:
    """What a message is one of several about; facts of before this was kept are each about themselves."""
    return (what.trigger, what.cause, what.to) if what.trigger else (what.message, "", what.to)
