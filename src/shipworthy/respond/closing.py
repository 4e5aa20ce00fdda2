"""How an incident ends: cause, fix, a check that lasts or the reason why none can, and the signature. Pure."""

from __future__ import annotations

from datetime import datetime

from shipworthy.base.actor import Actor
from shipworthy.base.digest import digest_of
from shipworthy.base.errors import Mistake, UserError, not_allowed, not_found
from shipworthy.base.fact import Decided, Past, What
from shipworthy.base.times import given_moment
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan
from shipworthy.prove.lasting import SIGNATURES, in_force, made_permanent, retirement
from shipworthy.prove.permanent import FORMS, is_permanent, read, require_fitting
from shipworthy.prove.words import CheckMadePermanent, CheckRetirementSigned
from shipworthy.respond.incidents import Reach, open_now
from shipworthy.respond.words import CloseIncident, IncidentClosed, RetireCheck

LEAST_SAID = 15
"""So many letters at least tell why no check is possible, or why one is retired: `n/a` is no reason."""


def owns_a_function(plan: Plan, person: str) -> bool:
    """Whether somebody may sign for the product."""
    return any(owner == person for _, owner in plan.people.owners)


def require_closable(command: CloseIncident, past: Past, who: str) -> None:
    """Nothing, where this may close the incident.

    Raises:
        NotAllowed: the person owns no function.
        NotFound: no such incident is open.
        UserError: cause, fix or check is missing, or the check is none that can be run.
    """
    plan = current_plan(past)
    if not owns_a_function(plan, who):
        raise not_allowed(
            f"{who} owns no function, and closing an incident is a signature.",
            "Ask the owner of technology, or of the function that it concerns.",
            command.incident,
            "respond.not_owner",
        )
    names = [fact.what.incident for fact in open_now(past)]
    if command.incident not in names:
        raise not_found("open incident", command.incident, names, "See `shipworthy incidents`.")
    said = {"root_cause": command.root_cause, "fix": command.fix}
    empty = [
        Mistake("respond.close", f"{command.incident}, {name}", f"No {name.replace('_', ' ')} is given.", fix="Say it.")
        for name, text in said.items()
        if len(text.strip()) < 3
    ]
    if wrong := [*empty, *_check_mistakes(command), *_time_mistakes(command)]:
        raise UserError(*wrong)
    if command.check.strip():
        require_fitting(read(_line(command), plan), plan)


def _check_mistakes(command: CloseIncident) -> list[Mistake]:
    where, why = f"{command.incident}, check", "A text that nothing runs lets the same bug come again."
    fix = f"Write one of: {'; '.join(FORMS)}. Where none can find it, say why with --no-check-because."
    given, without = _line(command), command.no_check_because.strip()
    if given and without:
        return [Mistake("respond.check", where, "A check is given, and also why there is none.", why, "Give one.")]
    if given and not is_permanent(given):
        return [Mistake("respond.check", where, f"{given[:80]!r} is no check that can be run.", why, fix)]
    if not given and len(without) < LEAST_SAID:
        found = "No check is given, and no reason why none is possible."
        return [Mistake("respond.check", where, found, why, fix)]
    return []


def _time_mistakes(command: CloseIncident) -> list[Mistake]:
    """What is wrong with the time of which data stays wrong."""
    if not command.wrong_from and not command.wrong_until:
        return []
    where = f"{command.incident}, wrong_from"
    fix = "Give the first day that is wrong, and the first that is right again, such as 1998-03-01 and 1998-03-08."
    if not command.wrong_from or not command.wrong_until:
        return [Mistake("respond.wrong_time", where, "Only one end of the time is given.", fix=fix)]
    first, last = given_moment(command.wrong_from, "wrong_from"), given_moment(command.wrong_until, "wrong_until")
    if first < last:
        return []
    return [Mistake("respond.wrong_time", where, f"{first:%Y-%m-%d} is not before {last:%Y-%m-%d}.", fix=fix)]


def closed(command: CloseIncident, past: Past, who: str, reached: Reach) -> list[What]:
    """The closing as facts, with the check that every later proof asks; whoever closes signs with their identity.

    Args:
        reached: whom the incident had to do with, as counted in the log.

    Raises:
        NotAllowed, NotFound, UserError: see `require_closable`.
    """
    require_closable(command, past, who)
    text = _line(command)
    fact = IncidentClosed(
        product=command.product,
        incident=command.incident,
        root_cause=command.root_cause,
        fix=command.fix,
        check=text,
        affected=reached.runs,
        answers=reached.answers,
        people_at_least=reached.people_at_least,
        no_check_because=command.no_check_because.strip(),
        deliveries=reached.deliveries,
        people_at_most=reached.people_at_most,
        wrong_from=_moment(command.wrong_from, "wrong_from"),
        wrong_until=_moment(command.wrong_until, "wrong_until"),
    )
    if not text:
        return [fact]
    name = f"c{digest_of([command.product, text])[:8]}"
    return [fact, CheckMadePermanent(product=command.product, check=name, text=text, incident=command.incident)]


def _moment(text: str, field: str) -> str:
    return given_moment(text, field).isoformat() if text else ""


def _line(command: CloseIncident) -> str:
    return " ".join(command.check.split())


def retire_check(command: RetireCheck, past: Past, at: datetime, actor: Actor) -> Decided[str]:
    """The signature as a fact; none where the same person has signed already.

    Raises:
        NotAllowed: the actor owns no function, or builds.
        NotFound: there is no such check, or it is not asked any more.
        UserError: there is no reason.
    """
    if not actor.functions or actor.person in current_plan(past).people.builders:
        raise not_allowed(
            f"{actor.person} owns no function, or builds what the check may stop.",
            "Ask the owners of two functions, who do not build.",
            command.check,
            "respond.not_owner",
        )
    names = [one.check for one in in_force(past)]
    if command.check not in names:
        raise not_found("permanent check", command.check, names, "See `shipworthy permanent-checks`.")
    if len(command.reason.strip()) < LEAST_SAID:
        why = "The next one who meets the same bug needs to know why nothing looked for it any more."
        mistake = Mistake("respond.retire", command.check, "The reason says nothing.", why, "Say why with --reason.")
        raise UserError(mistake)
    fact = CheckRetirementSigned(product=command.product, check=command.check, reason=command.reason.strip())
    made = next(one for one in made_permanent(past) if one.what.check == command.check)
    known = any(one.who == actor.person for one in retirement(past, made))

    def told(then: Past) -> str:
        again = next(one for one in made_permanent(then) if one.what.check == command.check)
        missing = SIGNATURES - len(retirement(then, again))
        if missing > 0:
            return f"{command.check} is asked as before: {missing} more owner has to sign that it is retired."
        return f"{command.check} is retired: no later proof asks it."

    return Decided([] if known else [fact], told)
