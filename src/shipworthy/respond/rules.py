"""Which actions triggers have to take now. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from shipworthy.base.actor import Actor
from shipworthy.base.errors import not_found
from shipworthy.base.fact import Decided, Past, What
from shipworthy.base.kinds import kind
from shipworthy.base.times import midnight
from shipworthy.deliver.limits import JUST, limits
from shipworthy.plan.schema import Plan, Trigger
from shipworthy.plan.schema_life import Escalation, QuietHours
from shipworthy.plan.schema_need import Owners
from shipworthy.plan.words import PlanAdopted
from shipworthy.release.rules import standing
from shipworthy.respond.action import ESCALATES, RESENDS, Action, Cause, Situation, in_circles
from shipworthy.respond.actions import notify
from shipworthy.respond.attempts import ATTEMPTS
from shipworthy.respond.causes import RETRAINING, causes, in_use, silent_limits
from shipworthy.respond.closing import retire_check
from shipworthy.respond.folds import ACTED, State, acting
from shipworthy.respond.incidents import open_now, overdue_moments
from shipworthy.respond.opening import change_incident, open_incident
from shipworthy.respond.words import (
    CauseTakenUp,
    TakeUp,
    TriggerFired,
)
from shipworthy.watch.folds import open_alarms
from shipworthy.watch.silence import compared_last
from shipworthy.watch.words import AlarmClosed, AlarmRaised

__all__ = [
    "change_incident",
    "open_incident",
    "retire_check",
    "situations",
    "take_up",
    "taken",
    "weighed",
]

ESCALATE = Action(ESCALATES, "tells those who come next, since nobody has answered", notify.act)
RESEND = Action(RESENDS, "tells those whom a message has not reached", notify.resend, notify.resting)
_EVER = datetime.min.replace(tzinfo=UTC)
_RANKS = ("low", "high", "critical")
_SAID = (
    Trigger(name="said-to-whoever-waits", on="paused", do=["notify"]),
    Trigger(name="said-of-the-baseline", on="fallback", do=["notify"]),
)
_ALWAYS = (
    *_SAID,
    Trigger(name="said-of-what-is-overdue", on="overdue", do=["notify"], to=sorted(Owners.model_fields)),
    Trigger(name="said-of-no-evaluation", on="silent", of=RETRAINING, do=["notify"], to=sorted(Owners.model_fields)),
)
SAID = tuple(trigger.name for trigger in _SAID)
"""The names of what is told to whoever waits in any case; nobody has to take it up."""


def situations(plan: Plan, past: Past, now: datetime) -> Iterator[tuple[Situation, Action]]:
    """Each action that a trigger has to take now, in the order of the plan."""
    return ((situation, action) for situation, action, why in weighed(plan, past, now) if not why)


def weighed(
    plan: Plan, past: Past, now: datetime, planned: Mapping[str, Since] | None = None
) -> Iterator[tuple[Situation, Action, str]]:
    """Each action that a trigger has not taken yet, with the reason why it is not taken now; empty where it is.

    Args:
        planned: since when each trigger is in the plan; as the past says if absent.
    """
    since = planned_since(past) if planned is None else planned
    acted = past.fold(ACTED)
    hearing: dict[str, list[tuple[Trigger, Since | None, list[_Rest]]]] = {}
    for one in (*plan.respond.triggers, *_always(plan)):
        hearing.setdefault(one.on, []).append((one, since.get(key_of(one)), _rests(one, acted)))
    for cause in causes(plan, past, now):
        for trigger, planned_at, rests in hearing.get(cause.on, []):
            if not _sets_off(cause, trigger) or not _counts(cause, planned_at):
                continue
            base = Situation(plan, past, now, trigger, cause)
            for name in trigger.do:
                if _to_take(base, acted, name):
                    action = kind("respond/actions", name.replace("-", "_"), Action)
                    why_not = in_circles(base, action.name) or _cooling(base, rests) or _quiet(base, action)
                    yield base, action, why_not or action.blocked(base)
            step = _escalation(base, acted)
            if step is not None:
                situation = replace(base, escalation=step)
                yield situation, ESCALATE, _quiet(situation, ESCALATE)
            if trigger.name in acted["unsent"].get(cause.name, {}) and notify.unsent(base):
                yield base, RESEND, _quiet(base, RESEND) or RESEND.blocked(base)


def taken(situation: Situation, action: Action) -> tuple[str, Sequence[What]]:
    """What comes of an action, and its facts; of a dry trigger only the words."""
    outcome, facts = action.act(situation)
    return (f"dry, nothing is done: {outcome}", []) if situation.trigger.dry else (outcome, facts)


Since = tuple[int, datetime]
"""The number of the fact by which a trigger came into the plan, and when."""


def key_of(trigger: Trigger) -> str:
    """What tells one trigger from another: a changed cause makes another one of it."""
    return f"{trigger.name} {trigger.on} {trigger.of} {trigger.dry}"


def planned_since(past: Past) -> dict[str, Since]:
    """Since when each trigger is in the plan without a break; those of the first plan for ever."""
    since: dict[str, Since] = {}
    first = True
    for fact in past.of(PlanAdopted):
        told = [
            f"{one['name']} {one['on']} {one.get('of')} {one.get('dry', False)}"
            for one in fact.what.plan.get("respond", {}).get("triggers", [])
        ]
        new = (0, _EVER) if first else (fact.seq, fact.at)
        since, first = {name: since.get(name, new) for name in told}, False
    return since


def _always(plan: Plan) -> list[Trigger]:
    """What is said to whoever waits, and to the owners, whether or not the plan has a trigger of its own for it."""
    declared: set[str | None] = {one.of if one.on == "silent" and one.of else one.on for one in plan.respond.triggers}
    heard = {one.of for one in plan.respond.triggers if one.on == "failed" and "notify" in one.do}
    failed = [
        Trigger(name="said-of-what-failed", on="failed", of=attempt, do=["notify"])
        for attempt in ATTEMPTS
        if not {None, attempt} & heard
    ]
    said = [one for one in _ALWAYS if not {one.on, one.of} & declared]
    return [*said, *failed] if plan.respond.routes else []


def _sets_off(cause: Cause, trigger: Trigger) -> bool:
    return trigger.of in (None, cause.of, cause.sink or None) and cause.trigger in ("", trigger.name)


def _counts(cause: Cause, since: Since | None) -> bool:
    """Whether a trigger is meant for a cause: what was over before it was planned is not.

    >>> _counts(Cause("late", "a", "", "", lasting=False, seq=3), (5, _EVER))
    False
    """
    if since is None or cause.lasting:
        return True
    seq, at = since
    return cause.seq > seq if cause.seq else cause.at is None or cause.at >= at


def _cooling(situation: Situation, rests: Sequence[_Rest]) -> str:
    """Why a trigger rests: it has just acted on something else."""
    cause = situation.cause
    for rest in rests:
        if rest.cause == cause.name:
            continue
        if rest.at <= situation.now < rest.until:
            return f"cool-down until {rest.until:%Y-%m-%d %H:%M}"
        if not cause.lasting and cause.at and rest.since <= cause.at < rest.until:
            return "passed over: it was over when the cool-down ended"
    return ""


@dataclass(frozen=True, slots=True)
class _Rest:
    """That a trigger acted on a cause, and how long it rests before and after."""

    cause: str
    since: datetime
    at: datetime
    until: datetime


def _rests(trigger: Trigger, acted: State) -> list[_Rest]:
    """Each time that a trigger acted after which it rests, oldest first; none where it never rests."""
    rest = trigger.cool_down
    if rest is None:
        return []
    found = [
        _Rest(cause, rest.before(at), at, rest.after(at))
        for causes_of in acted["fired"].get(acting(trigger.name, trigger.dry), {}).values()
        for cause, told in causes_of.items()
        for at in map(datetime.fromisoformat, told.split())
    ]
    return sorted(found, key=lambda one: one.at)


def _quiet(situation: Situation, action: Action) -> str:
    """Until when a message waits that may wait."""
    hours = situation.plan.respond.quiet
    if hours is None or action.name not in (ESCALATES, RESENDS, "notify"):
        return ""
    if _RANKS.index(situation.trigger.severity) >= _RANKS.index(hours.through):
        return ""
    end = quiet_until(hours, situation.plan.time.zone, situation.now)
    return f"quiet hours until {end}" if end else ""


def quiet_until(hours: QuietHours, zone: str, now: datetime) -> str:
    """The end of the quiet hours that are now, as the clock on the wall shows it; empty outside of them.

    >>> night = QuietHours(start="22:00", end="07:00")
    >>> quiet_until(night, "Europe/Berlin", datetime(2026, 1, 5, 22, 30, tzinfo=UTC))
    '07:00'
    >>> quiet_until(night, "Europe/Berlin", datetime(2026, 1, 5, 6, 30, tzinfo=UTC))
    ''
    """
    clock = f"{now.astimezone(ZoneInfo(zone)):%H:%M}"
    over_midnight = hours.start > hours.end
    within = (clock >= hours.start or clock < hours.end) if over_midnight else hours.start <= clock < hours.end
    return hours.end if within else ""


def _escalation(situation: Situation, acted: State) -> Escalation | None:
    """The next step of telling others, where it is due and nobody has answered."""
    steps = situation.trigger.escalate
    if not steps or situation.cause.name in acted["taken_up"]:
        return None
    told, gone = _fired(situation, acted, "notify"), len(_fired(situation, acted, ESCALATE.name))
    if not told or gone >= len(steps) or steps[gone].after.after(told[0]) > situation.now:
        return None
    return steps[gone]


def taken_up(past: Past, cause: str) -> bool:
    """Whether somebody looks after a cause: they said so, closed the incident about it, or the alarm was answered."""
    return cause in past.fold(ACTED)["taken_up"]


def answer_moments(plan: Plan, past: Past, now: datetime, until: datetime) -> Iterator[datetime]:
    """The moments in between at which a trigger may have something to do because of the hour alone.

    Those that follow from what triggers do are the next ones only: what is done then leads to others.
    """
    for trigger in plan.respond.triggers:
        if trigger.every and trigger.start:
            number = 0
            while (moment := trigger.every.times(number).after(midnight(trigger.start))) <= until:
                if moment > now:
                    yield moment
                number += 1
    yield from following_moments(plan, past, now, until)
    if plan.respond.quiet is not None:
        hour, minute = (int(part) for part in plan.respond.quiet.end.split(":"))
        day = now.astimezone(ZoneInfo(plan.time.zone)).replace(hour=hour, minute=minute, second=0, microsecond=0)
        while (moment := day.astimezone(UTC)) <= until:
            yield moment
            day += timedelta(days=1)


def following_moments(plan: Plan, past: Past, now: datetime, until: datetime) -> Iterator[datetime]:
    """The next moments in between at which something follows from what happened and was done, if nothing else happens.

    Reminders, escalation, the end of a cool-down, messages tried again, the silence of a monitor, what is overdue, and
    what consumers were promised, or promised, and does not come in time.
    """
    acted = past.fold(ACTED)
    mine = [one for by_trigger in acted["unsent"].values() for one in by_trigger.values()]
    known = [*limits(plan, past, until), *(moment for one in mine for moment in notify.tried_again(one))]
    yield from (moment for moment in known if now < moment <= until)
    for trigger in plan.respond.triggers:
        found = [rest.until for rest in _rests(trigger, acted)]
        found += [limit + JUST for _, _, limit in silent_limits(trigger, past)]
        if trigger.again_after or trigger.escalate:
            found += _next_to_tell(trigger, acted)
        yield from (moment for moment in found if now < moment <= until)
    yield from (moment for moment in _overdue_moments(plan, past, now, until) if now < moment <= until)


def _next_to_tell(trigger: Trigger, acted: State) -> Iterator[datetime]:
    """When a trigger acts again on each of its causes if it lasts, and takes the next step of escalation."""
    mine = acted["fired"].get(acting(trigger.name, trigger.dry), {})
    if trigger.again_after:
        for by_cause in mine.values():
            yield from (trigger.again_after.after(datetime.fromisoformat(one.split()[-1])) for one in by_cause.values())
    for cause, told in mine.get("notify", {}).items():
        gone = len(mine.get(ESCALATES, {}).get(cause, "").split())
        if gone < len(trigger.escalate) and cause not in acted["taken_up"]:
            yield trigger.escalate[gone].after.after(datetime.fromisoformat(told.split()[0]))


def _overdue_moments(plan: Plan, past: Past, now: datetime, until: datetime) -> Iterator[datetime]:
    """The moments from which an incident, or a comparison with a challenger, is overdue, once more."""
    for incident in open_now(past):
        yield from (one + JUST for one in overdue_moments(plan, past, incident, until) if one >= now)
    said, since, number = plan.respond.retraining, compared_last(past), 1
    within = said.evaluated_within if said else None
    if within is None or since is None:
        return
    while (one := within.times(number).after(since)) <= until:
        if one >= now:
            yield one + JUST
        number += 1


def take_up(command: TakeUp, past: Past, at: datetime, actor: Actor) -> Decided[str]:
    """That somebody looks after a cause, as a fact.

    Raises:
        NotFound: no trigger acted on such a cause.
    """
    names = list(dict.fromkeys(fact.what.cause for fact in past.of(TriggerFired)))
    names += [fact.what.alarm for fact in past.of(AlarmRaised) if fact.what.alarm not in names]
    found = [name for name in names if name == command.cause]
    found = found or [name for name in names if len(command.cause) >= 4 and name.startswith(command.cause)]
    if len(found) != 1:
        fix = "See `shipworthy responses`."
        raise not_found("cause that people were told about", command.cause, [name[:12] for name in names[-12:]], fix)
    cause = found[0]
    known = any(fact.who == actor.person for fact in past.of(CauseTakenUp, about=cause))
    fact = CauseTakenUp(product=command.product, cause=cause, remark=command.remark.strip())
    return Decided([] if known else [fact], lambda then: cause)


def response_due(plan: Plan, past: Past, now: datetime) -> bool:
    """Whether a trigger has something to do, or an alarm has been answered and can be closed."""
    return bool(answered_alarms(past)) or next(situations(plan, past, now), None) is not None


def answered_alarms(past: Past) -> list[AlarmClosed]:
    """Alarms about a candidate that answers nobody any more, closed by what replaced it."""
    using = in_use(past)
    by = ", ".join(sorted({name[:12] for name in standing(past).champion.values()}))
    return [
        AlarmClosed(product=one.product, alarm=one.alarm, by=f"replaced by {by}")
        for one in open_alarms(past)
        # What is about no candidate, such as a late source, no other candidate can answer.
        if one.candidate and one.candidate not in using and using
    ]


def _to_take(situation: Situation, acted: State, action: str) -> bool:
    fired = _fired(situation, acted, action)
    if not fired:
        return True
    again, cause = situation.trigger.again_after, situation.cause
    if action == "notify" and cause.name in acted["taken_up"]:
        return False
    return bool(again and cause.lasting and again.after(fired[-1]) <= situation.now)


def _fired(situation: Situation, acted: State, action: str) -> list[datetime]:
    """When a trigger took an action for this cause, in the same way, dry or not."""
    trigger = situation.trigger
    by_cause = acted["fired"].get(acting(trigger.name, trigger.dry), {}).get(action, {})
    return [datetime.fromisoformat(at) for at in by_cause.get(situation.cause.name, "").split()]
