"""Which plan comes into force, which one is, and what time it is in its product. Pure: facts in, decision out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from shipworthy.base.actor import ADMINISTRATOR, Actor
from shipworthy.base.check import CheckResult
from shipworthy.base.digest import digest_of_parts
from shipworthy.base.errors import Mistake, NotAllowed, NotFound, UserError
from shipworthy.base.fact import Decided, Past, Recorded, latest
from shipworthy.base.kinds import kinds
from shipworthy.base.times import aware, given_moment, midnight, read_moment
from shipworthy.plan.check import fit
from shipworthy.plan.differences import answer_sections, changes, section_digests
from shipworthy.plan.reading import Marks, Members, marks, read_plan
from shipworthy.plan.schema import Plan, plan_of
from shipworthy.plan.words import AdoptedPlan, AdoptPlan, AdvanceClock, ClockAdvanced, PlanAdopted

__all__ = [
    "adopt_plan",
    "adoption",
    "advance_clock",
    "answer_sections",
    "changes",
    "current_plan",
    "current_version",
    "fit",
    "now_in",
    "plan_digest",
    "section_digests",
]


def plan_digest(plan: Plan) -> str:
    """The digest of a whole plan, over the digests of its sections."""
    return digest_of_parts(section_digests(plan).items())


def current_version(past: Past) -> PlanAdopted:
    """The plan version in force.

    Raises:
        NotFound: none was adopted yet.
    """
    found = _newest(past)
    if found is None:
        raise NotFound(
            Mistake(
                "plan.none_adopted",
                "plan",
                "This product has no plan in force.",
                "Everything else follows from the plan.",
                "Adopt product.yaml with `shipworthy plan`.",
            )
        )
    return found.what


def current_plan(past: Past) -> Plan:
    """The plan in force.

    Raises:
        NotFound: none was adopted yet.
    """
    return plan_of(current_version(past).plan)


def now_in(plan: Plan, past: Past, wall: datetime) -> datetime:
    """The product's time: the wall clock's, or that of its simulated clock.

    A simulated clock stands at its start until it is moved.
    """
    if plan.time.clock == "wall" or plan.time.start is None:
        return aware(wall)
    moved = latest(past.of(ClockAdvanced))
    return read_moment(moved.what.to) if moved else midnight(plan.time.start)


def adopt_plan(command: AdoptPlan, past: Past, at: datetime, who: Actor) -> Decided[AdoptedPlan]:
    """Put a plan into force, or refuse it with every mistake.

    Raises:
        UserError: the file is broken or does not fit.
        NotAllowed: it changes who does what, and the actor is no administrator.
    """
    facts, adopted = adoption(command, past, at, who.person, is_administrator=ADMINISTRATOR in who.roles)
    return Decided(facts, lambda _: adopted)


def adoption(
    command: AdoptPlan, past: Past, at: datetime, who: str, *, is_administrator: bool, members: Members = kinds
) -> tuple[list[PlanAdopted], AdoptedPlan]:
    """The facts that adopting a plan makes, none where it is in force already, and what the caller is told.

    Raises:
        UserError: the file is broken, a check fails, or it belongs to another product.
        NotAllowed: `people` changes and `who` is no administrator.
    """
    plan = read_plan(command.text, command.file, members)
    here = marks(command.text, command.file)
    before = _newest(past)
    old = plan_of(before.what.plan) if before else None
    results = fit(plan, here.at)
    mistakes = [*_other_product(command, plan, here), *_clock_back(old, plan, past, at, here), *_failures(results)]
    if mistakes:
        raise UserError(*mistakes)
    if old is not None and old.people != plan.people and not is_administrator:
        raise _not_yours(old, plan, who, here)
    warnings = [result for result in results if result.verdict == "warn"]
    digest = plan_digest(plan)
    if before is not None and old is not None and plan_digest(old) == digest:
        return [], AdoptedPlan(before.what.version, before.what.digest, [], warnings)
    version = before.what.version + 1 if before else 1
    fact = PlanAdopted(
        product=plan.product, version=version, plan=plan.values(), digest=digest, sections=section_digests(plan)
    )
    return [fact], AdoptedPlan(version, digest, changes(old, plan) if old else [], warnings)


def advance_clock(command: AdvanceClock, past: Past, at: datetime, who: Actor) -> Decided[str]:
    """Set a simulated clock forward.

    Raises:
        UserError: the product lives by the wall clock, or the moment is no moment or lies in its past.
    """
    plan = current_plan(past)
    if plan.time.clock != "simulated":
        found = "This product lives by the wall clock, which nobody moves."
        raise _no_move("plan.clock_not_simulated", found, "Only a plan with `clock: simulated` is moved.")
    to = given_moment(command.to, "to")
    now = now_in(plan, past, at)
    if to < now:
        found = f"{to.isoformat()} lies before the product's time, {now.isoformat()}."
        raise _no_move("plan.clock_back", found, "What has happened cannot be undone; name a later moment.")
    facts = [ClockAdvanced(product=plan.product, to=to.isoformat())] if to > now else []
    return Decided(facts, lambda _: to.isoformat())


def _newest(past: Past) -> Recorded[PlanAdopted] | None:
    return latest(past.of(PlanAdopted))


def _other_product(command: AdoptPlan, plan: Plan, here: Marks) -> list[Mistake]:
    if plan.product == command.product:
        return []
    return [
        Mistake(
            "plan.product_changed",
            here.at("product"),
            f"The file is the plan of {plan.product!r}, but it was handed in for {command.product!r}.",
            "A product keeps its name for good: facts, cohorts and held-out entities hang on it.",
            f"Write `product: {command.product}`, or begin a new product.",
        )
    ]


def _clock_back(old: Plan | None, plan: Plan, past: Past, at: datetime, here: Marks) -> list[Mistake]:
    if old is None or now_in(plan, past, at) >= now_in(old, past, at):
        return []
    return [
        Mistake(
            "plan.clock_back",
            here.at("time"),
            f"With this plan it would be {now_in(plan, past, at).isoformat()}; it is "
            f"{now_in(old, past, at).isoformat()} already.",
            "Facts would be recorded before those that led to them.",
            "Keep time.clock and time.start as they are, or begin a new product.",
        )
    ]


def _failures(results: Iterable[CheckResult]) -> list[Mistake]:
    failed = [result for result in results if result.verdict not in ("pass", "warn")]
    return [Mistake(result.check, result.where, result.found, result.why, result.advice) for result in failed]


def _not_yours(old: Plan, plan: Plan, who: str, here: Marks) -> NotAllowed:
    changed = [line for line in changes(old, plan) if line.startswith("people.")]
    return NotAllowed(
        Mistake(
            "plan.people_changed",
            here.at("people"),
            f"The plan changes who does what, and {who} is no administrator: {'; '.join(changed)}.",
            "Who could name the owners could sign for them.",
            "Let an administrator adopt this change, or leave people as it is.",
        )
    )


def _no_move(code: str, found: str, fix: str) -> UserError:
    return UserError(Mistake(code, "time", found, fix=fix))
