"""Let every declared trigger act on what it has not yet acted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from shipworthy.base.digest import digest_of, plain
from shipworthy.base.errors import UserError
from shipworthy.base.fact import Past, What, reader
from shipworthy.edges.road import Trip
from shipworthy.plan.rules import current_plan
from shipworthy.respond.action import Action, Situation
from shipworthy.respond.closing import closed, require_closable
from shipworthy.respond.incidents import Reach, open_now
from shipworthy.respond.messages import send
from shipworthy.respond.reached import counted
from shipworthy.respond.rules import RESEND, answered_alarms, situations, taken
from shipworthy.respond.words import CloseIncident, MessageFailed, PeopleTold, Respond, Responded, TriggerFired


def respond(command: Respond, trip: Trip) -> Responded:
    """Close answered alarms, then take each action that is due; messages go out before their fact is recorded."""
    trip.record("close answered alarms", lambda past: answered_alarms(past))
    actions = trip.step("see what is to be done", lambda: _to_do(trip))
    done = []
    for number, action in enumerate(actions):
        if not trip.step(f"weigh action {number + 1} again", partial(_still, trip, action)):
            continue  # one before it has begun a cool-down, or somebody else has done it
        failed = trip.step(f"{action['action']} for {action['trigger']}", partial(_send, trip, action))
        trip.record(f"record action {number + 1}", partial(_facts, trip, action, failed))
        done.append(f"{action['trigger']}: {action['action']}: {_outcome(action, failed)}")
    return Responded(done)


def close_incident(command: CloseIncident, trip: Trip) -> str:
    """Count whom it reached in the log, then close it with the signature of whoever asks.

    Raises:
        NotAllowed, NotFound, UserError: see `closing.require_closable`.
    """
    reached = Reach(**trip.step("count whom it reached", lambda: _counted(command, trip)))
    trip.record("close and sign", lambda past: closed(command, past, trip.who, reached))
    return command.incident


def _counted(command: CloseIncident, trip: Trip) -> dict[str, Any]:
    require_closable(command, trip.past, trip.who)
    found = next(fact.what for fact in open_now(trip.past) if fact.what.incident == command.incident)
    return asdict(counted(trip.store.files, trip.past, found))


def _to_do(trip: Trip) -> list[dict[str, Any]]:
    found = []
    for situation, action in situations(current_plan(trip.past), trip.past, trip.at):
        outcome, facts = taken(situation, action)
        told = [plain(fact) for fact in facts if isinstance(fact, PeopleTold)]
        found.append(
            {
                "trigger": situation.trigger.name,
                "cause": situation.cause.name,
                "action": action.name,
                "outcome": outcome,
                "told": told,
            }
        )
    return found


def _still(trip: Trip, action: dict[str, Any]) -> bool:
    return _again(trip, action, trip.past) is not None


def _again(trip: Trip, wanted: dict[str, Any], past: Past) -> tuple[Situation, Action] | None:
    """An action that is still to be done on a past; None where it is not."""
    names = (wanted["trigger"], wanted["cause"], wanted["action"])
    for situation, action in situations(current_plan(past), past, trip.at):
        if (situation.trigger.name, situation.cause.name, action.name) == names:
            return situation, action
    return None


def _send(trip: Trip, action: dict[str, Any]) -> dict[str, str]:
    """Send the messages of an action; gives the receivers who could not be reached, with the reason."""
    failed = {}
    for told in action["told"]:
        try:
            send(trip.store, current_plan(trip.past), reader(PeopleTold).validate_python(told))
        except UserError as error:
            failed[told["to"]] = error.mistakes[0].found
        except OSError as error:
            failed[told["to"]] = str(error)
    return failed


def _facts(trip: Trip, wanted: dict[str, Any], failed: dict[str, str], past: Past) -> Sequence[What]:
    """The action's facts, decided anew on the present past: somebody else may have acted meanwhile.

    What was sent is on record in any case. The trigger has acted also where a message has not arrived: that one is
    owed, and sent again by itself.
    """
    sent = [reader(PeopleTold).validate_python(told) for told in wanted["told"]]
    known = {fact.what.message for one in sent for fact in past.of(PeopleTold, about=one.message)}
    told = [_failed(one, failed) for one in sent if one.message not in known]
    found = _again(trip, wanted, past)
    if found is None or found[1] is RESEND:
        return told
    situation, action = found
    outcome, facts = taken(situation, action)
    done: list[What] = [*(fact for fact in facts if not isinstance(fact, PeopleTold)), *told]
    fired = TriggerFired(
        product=trip.product,
        trigger=situation.trigger.name,
        cause=situation.cause.name,
        action=action.name,
        outcome=_outcome(wanted, failed) if failed else outcome,
        made=digest_of([fact.about for fact in done]) if done else "",
        candidate=situation.cause.candidate,
        of=situation.cause.of,
        text=situation.cause.text,
        dry=situation.trigger.dry,
    )
    return [*done, fired]


def _outcome(action: dict[str, Any], failed: dict[str, str]) -> str:
    """What came of an action, with whom its messages reached and whom they did not."""
    if not failed:
        return str(action["outcome"])
    reached = ", ".join(told["to"] for told in action["told"] if told["to"] not in failed) or "nobody yet"
    return "; ".join([f"told {reached}", *(f"not sent to {to}: {why}" for to, why in failed.items())])


def _failed(fact: PeopleTold, failed: dict[str, str]) -> PeopleTold | MessageFailed:
    if fact.to not in failed:
        return fact
    return MessageFailed(
        product=fact.product,
        message=fact.message,
        to=fact.to,
        subject=fact.subject,
        route=fact.route,
        reason=failed[fact.to],
        trigger=fact.trigger,
        cause=fact.cause,
        action=fact.action,
    )
