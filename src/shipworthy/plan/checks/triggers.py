"""Somebody or something answers when it matters.

What it asks: is there a trigger for an alarm of the calibration monitor (of any, where the answer is a number), for
a refused source, for a late and for a failed delivery, and where a consumer declares it for a list that was not
confirmed (`acknowledge_within`) or too little used (`use_at_least`)? Does a trigger for missing acknowledgements or
unused lists have something to wait for? Does retraining leave time between two attempts? Is `again_after` asked of
what lasts?

Why: an alarm that nobody answers is a light in an empty room. Retraining without a pause repeats itself while the
cause lasts.

Example: `watch.monitors.calibration` is declared, and no trigger has `on: alarm`.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.references import ATTEMPTS
from shipworthy.plan.schema import Plan, Trigger

# What a trigger waits for, what never happens without the key of a consumer, and that key.
_WAITED_FOR = {
    "unacknowledged": (
        "missing acknowledgements", "no delivery is ever missing its acknowledgement", "acknowledge_within",
    ),
    "unused": ("lists that nobody uses", "no list is ever used too little", "use_at_least"),
}  # fmt: skip

_MOMENTARY = {
    "failed": "a failed delivery", "note": "a note", "breach": "a warning", "new-data": "new data", "code": "a change",
    "plan": "a change", "schedule": "a moment of a schedule",
}  # fmt: skip


def _unanswered(plan: Plan) -> list[Finding]:
    return [*_alarms(plan), *_events(plan), *_pointless(plan), *_restless(plan), *_momentary(plan)]


def _alarms(plan: Plan) -> list[Finding]:
    monitor = "" if plan.need.answer == "number" else "calibration"
    answering = [
        trigger for trigger in plan.respond.triggers if trigger.on == "alarm" and trigger.of in (None, monitor)
    ]
    if answering or (not monitor and any(trigger.on == "alarm" for trigger in plan.respond.triggers)):
        return []
    return [
        Finding(
            path="respond.triggers",
            found=f"No trigger answers an alarm{f' of {monitor}' if monitor else ''}.",
            advice="Add a trigger with `on: alarm`, for example `do: [notify]`.",
            verdict="warn",
        )
    ]


def _events(plan: Plan) -> list[Finding]:
    events = ["refusal"]
    if any(consumer.mode == "list" for consumer in plan.consumers.values()):
        events += ["late", "failed"]
    for event, (_, _, key) in _WAITED_FOR.items():
        if any(getattr(consumer, key) is not None for consumer in plan.consumers.values()):
            events.append(event)
    lacking = [event for event in events if all(trigger.on != event for trigger in plan.respond.triggers)]
    if not lacking:
        return []
    return [
        Finding(
            path="respond.triggers",
            found=f"No trigger has `on: {'`, `on: '.join(lacking)}`.",
            why="A refused source, a late, failed, unread or unused delivery happens to every product.",
            advice="Add a trigger for each, with `do: [notify]` at least.",
            verdict="warn",
        )
    ]


def _pointless(plan: Plan) -> list[Finding]:
    return [
        Finding(
            path=f"respond.triggers[{number}]",
            found=f"The trigger {trigger.name} waits for {_WAITED_FOR[trigger.on][0]}, but {_needed(trigger)} is not "
            "set.",
            why=f"Without it {_WAITED_FOR[trigger.on][1]}.",
            advice=f"Set {_needed(trigger)} for the consumer, or remove the trigger.",
            verdict="warn",
        )
        for number, trigger in enumerate(plan.respond.triggers)
        if trigger.on in _WAITED_FOR and not _can_happen(trigger, plan)
    ]


def _needed(trigger: Trigger) -> str:
    return _WAITED_FOR[trigger.on][2]


def _can_happen(trigger: Trigger, plan: Plan) -> bool:
    names = [trigger.of] if trigger.of else list(plan.consumers)
    return any(getattr(plan.consumers[name], _needed(trigger)) is not None for name in names)


def _restless(plan: Plan) -> list[Finding]:
    return [
        Finding(
            path=f"respond.triggers[{number}]",
            found=f"The trigger {trigger.name} retrains on an alarm, but has no again_after.",
            why="Whether it acts once only or is to try again while the cause lasts is not said.",
            advice=f"Set again_after, for example half the horizon or more ({plan.need.horizon}).",
            verdict="warn",
        )
        for number, trigger in enumerate(plan.respond.triggers)
        if trigger.on == "alarm" and "retrain" in trigger.do and trigger.again_after is None
    ]


def _momentary(plan: Plan) -> list[Finding]:
    return [
        Finding(
            path=f"respond.triggers[{number}].again_after",
            found=f"The trigger {trigger.name} is to act again while its cause lasts, but {_MOMENTARY[trigger.on]} is "
            "over once it has happened.",
            why="It would never act again, and whoever counts on a reminder waits for nothing.",
            advice="Remove again_after; `escalate` tells others while nobody has answered.",
            verdict="warn",
        )
        for number, trigger in enumerate(plan.respond.triggers)
        if trigger.again_after is not None and trigger.on in _MOMENTARY and trigger.of not in ATTEMPTS
    ]


CHECK = PlanCheck(
    name="triggers",
    asks="Does something happen when it matters?",
    why="An alarm that nobody answers is a light in an empty room.",
    fine="Alarms, refused sources, late and failed deliveries are answered.",
    run=_unanswered,
)
