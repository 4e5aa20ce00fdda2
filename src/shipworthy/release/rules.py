"""Who answers whom, and which step a candidate may take next. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shipworthy.base.check import sentence_of
from shipworthy.base.errors import GateShut, Mistake, UserError, not_found
from shipworthy.base.fact import Past, Recorded, latest
from shipworthy.model.rules import chosen_by_hash, in_share
from shipworthy.model.words import CandidateMade
from shipworthy.plan.schema import Plan
from shipworthy.release.course import STEPS, Course
from shipworthy.release.trials import require_no_harm
from shipworthy.release.words import (
    CANARY,
    FOR_COHORTS,
    FOR_PEOPLE,
    REHEARSAL,
    DeliveriesPaused,
    DeliveriesResumed,
    ReleaseCandidate,
    ReleaseStepped,
    RollBack,
    RolledBack,
    Standing,
    TrialFinished,
)
from shipworthy.sign.approval import refusals


class Answering(Protocol):
    """Who answers whom: a `Standing`, or the signed pointer that tells it."""

    @property
    def champion(self) -> Mapping[str, str]: ...
    @property
    def canary(self) -> str: ...
    @property
    def canary_share(self) -> float: ...


def canary_share(entities: Sequence[str], product: str, share: float) -> NDArray[np.bool_]:
    """Which entities a canary of this share answers: those whose hash lies in the first `share` of its range.

    The hash is that of `product/canary/entity`, so it is the same in lists, in real time and on every machine, stays
    for good, and hangs neither on the cohort nor on who was held out. Whoever is in a small share is in every larger
    one.
    """
    return chosen_by_hash(f"{product}/canary/", entities, share)


def in_canary(entity: str, product: str, share: float) -> bool:
    """Whether a canary of this share answers one entity; the same as `canary_share`, for one question at a time."""
    return in_share(f"{product}/canary/", entity, share)


def who_answers(
    now: Answering, entities: Sequence[str], cohorts: Sequence[str], names: Sequence[str], product: str
) -> NDArray[np.object_]:
    """The candidate that answers each entity: the canary for its share, the champion of the cohort for the others.

    Args:
        cohorts: the cohort of each entity, in the same order (`model.rules.cohort_of`).
        names: the declared cohorts; whoever belongs to none of them is answered by nobody, the canary included.

    Returns:
        A digest for each entity, empty for nobody.
    """
    who = np.array([now.champion.get(cohort, "") for cohort in cohorts], dtype=object)
    if now.canary and now.canary_share > 0:
        known = np.isin(np.asarray(cohorts, dtype=object), list(names))
        who[known & canary_share(entities, product, now.canary_share)] = now.canary
    return who


def standing(past: Past) -> Standing:
    """Who answers whom after all that happened."""
    course = Course()
    for fact in past.of(*STEPS):
        course.take(fact)
    return course.standing(paused(past))


def in_place_of_the_model(now: Standing) -> str:
    """Why the baseline answers in place of the model, in one sentence for everybody; empty where it does not.

    Where it does so for some cohorts alone, they are named.
    """
    cohorts: dict[str, list[str]] = {}
    for cohort, why in now.instead.items():
        cohorts.setdefault(why, []).append(cohort)
    everybody = len(now.instead) == len(now.champion)
    return sentence_of(
        why if len(cohorts) == 1 and everybody else f"{why.strip().rstrip('.')} (for {', '.join(names)})"
        for why, names in cohorts.items()
    )


def said_instead(why: str) -> str:
    """What a receiver is told of such an answer."""
    return f"For now the simple baseline rule answers in place of the model: {sentence_of([why])}"


def answers_everybody(now: Standing, baseline: str) -> bool:
    """Whether a baseline answers everybody already, so that nothing can be fallen back from."""
    return set(now.champion.values()) == {baseline} and not now.canary


def paused(past: Past) -> dict[str, str]:
    """The consumers to whom nothing goes now, each with the reason."""
    found: dict[str, str] = {}
    for fact in past.of(DeliveriesPaused, DeliveriesResumed):
        if isinstance(fact.what, DeliveriesPaused):
            found |= dict.fromkeys(fact.what.consumers, fact.what.reason)
        else:
            found = {name: reason for name, reason in found.items() if name not in fact.what.consumers}
    return found


def stand_in(past: Past) -> str:
    """The baseline that may stand in for a model now; empty where none is released, or an owner has said no since."""
    baseline = standing(past).baseline
    return baseline if baseline and not refusals(past, baseline) else ""


def steps_for(plan: Plan, role: str) -> list[str]:
    """The declared steps for a role; a baseline has nobody to be in the shadow of, nor to be a canary beside."""
    return [step for step in plan.release.steps if not (role == "baseline" and step in ("shadow", CANARY))]


def next_step(plan: Plan, past: Past, made: CandidateMade) -> str:
    """The step a candidate may take next, empty when it answers everybody."""
    taken = steps_taken(past, made.candidate)
    steps = steps_for(plan, made.role)
    furthest = max((steps.index(step) for step in taken if step in steps), default=-1)
    if furthest >= 0 and steps[furthest] == "cohort" and set(cohorts_of(past, made.candidate)) < set(names(plan)):
        return "cohort" if "all" not in steps else "all"
    return steps[furthest + 1] if furthest + 1 < len(steps) else ""


def steps_taken(past: Past, candidate: str) -> set[str]:
    """The steps a candidate has taken since it was last taken back, if it ever was."""
    since = _taken_back(past, candidate)
    return {fact.what.step for fact in past.of(ReleaseStepped, about=candidate) if fact.seq > since}


def names(plan: Plan) -> list[str]:
    """The names of all cohorts."""
    return list(plan.release.cohorts.names)


def cohorts_of(past: Past, candidate: str) -> list[str]:
    """The cohorts for which a candidate answers now."""
    return sorted(cohort for cohort, champion in standing(past).champion.items() if champion == candidate)


def stepped(plan: Plan, past: Past, made: CandidateMade, command: ReleaseCandidate, gate: str) -> list[ReleaseStepped]:
    """The step as a fact; none where the candidate is there already.

    Raises:
        UserError: the step or cohort is unknown.
        GateShut: a declared step would be jumped over, or has not ended well.
    """
    cohorts = _cohorts(plan, command)
    now = standing(past)
    if _is_there(plan, now, made.candidate, command.step, cohorts):
        return []
    _require_order(plan, past, made, command)
    if command.step in FOR_PEOPLE:
        require_no_harm(plan, past, made, command.step)
    replaced = sorted({now.champion[cohort] for cohort in cohorts if cohort in now.champion} - {made.candidate})
    return [
        ReleaseStepped(
            product=command.product,
            candidate=made.candidate,
            step=command.step,
            cohorts=cohorts,
            replaces=replaced[0] if replaced else "",
            gate=gate,
            role=made.role,
            share=plan.release.canary if command.step == CANARY else 0.0,
        )
    ]


def _is_there(plan: Plan, now: Standing, candidate: str, step: str, cohorts: Sequence[str]) -> bool:
    """Whether a candidate answers already what a step would have it answer."""
    if step == CANARY:
        everybody = all(now.champion.get(cohort) == candidate for cohort in names(plan))
        return everybody or (now.canary, now.canary_share) == (candidate, plan.release.canary)
    if step in FOR_COHORTS:
        return all(now.champion.get(cohort) == candidate for cohort in cohorts) and (
            step != "all" or now.canary != candidate
        )
    return (now.challenger, now.challenger_step) == (candidate, step)


def rollback_target(past: Past, candidate: str = "") -> tuple[str, str]:
    """The candidate to take back, and the one that then answers: the one it replaced, else the signed baseline.

    Where one is taken out of rehearsal, shadow or canary nobody new answers: the second is empty.

    One about which an owner has said no since is passed over: nobody goes back to what is not signed for any more.

    Args:
        candidate: which one; the one that was released to people last if empty.

    Raises:
        UserError: it is not released, nobody is answered yet, or there is nothing to go back to.
    """
    now = standing(past)
    champions = now.released.values()
    if candidate and candidate in (now.challenger, now.canary) and candidate not in champions:
        return candidate, ""
    released = [fact.what for fact in past.of(ReleaseStepped) if fact.what.step in FOR_PEOPLE]
    in_use = [step for step in released if step.candidate in (*champions, now.canary)]
    if not in_use or (candidate and candidate not in champions):
        found = f"Candidate {candidate[:12]} is not released." if candidate else "Nobody is answered yet."
        fix = "See `shipworthy releases` for who answers whom."
        raise UserError(Mistake("release.nothing_live", "release", found, "There is nothing to roll back.", fix))
    current = candidate or in_use[-1].candidate
    if current not in champions:
        return current, ""  # a canary: the champions answer everybody again
    replaced = [step.replaces for step in in_use if step.candidate == current and step.replaces]
    taken_back = {fact.what.candidate for fact in past.of(RolledBack)}
    earlier = [name for name in reversed(replaced) if name not in taken_back]
    target = next((name for name in [*earlier, now.baseline] if name and not refusals(past, name)), "")
    if not target or target == current:
        raise UserError(
            Mistake(
                "release.no_target",
                f"candidate {current[:12]}",
                "There is no candidate before it and no baseline to go back to whose signatures stand.",
                fix="Release a signed baseline first; until then `shipworthy release` is the only way on.",
            )
        )
    return current, target


def rolled_back(command: RollBack, past: Past, candidate: str, to: str) -> list[RolledBack]:
    """The way back as a fact; none where somebody else has taken the candidate back meanwhile."""
    now = standing(past)
    if candidate not in (*now.released.values(), *now.champion.values(), now.challenger, now.canary):
        return []
    return [RolledBack(product=command.product, candidate=candidate, to=to, reason=command.reason)]


def trials(past: Past, candidate: str, step: str) -> Sequence[Recorded[TrialFinished]]:
    """The finished trials of a candidate at one step since it was last taken back, oldest first."""
    since = _taken_back(past, candidate)
    return [fact for fact in past.of(TrialFinished, about=candidate) if fact.what.step == step and fact.seq > since]


def _taken_back(past: Past, candidate: str) -> int:
    """The number of the fact by which a candidate was last taken back; 0 where it never was."""
    found = latest(past.of(RolledBack, about=candidate))
    return found.seq if found else 0


def _cohorts(plan: Plan, command: ReleaseCandidate) -> list[str]:
    if command.step not in plan.release.steps:
        raise not_found("release step", command.step, list(plan.release.steps), "Steps stand in release.steps.")
    if command.step == "all":
        return names(plan)
    if command.step != "cohort":
        return []
    if command.cohort not in names(plan):
        raise not_found(
            "cohort", command.cohort, names(plan), "Name one of them with --cohort; they stand in release.cohorts."
        )
    return [command.cohort]


def _require_order(plan: Plan, past: Past, made: CandidateMade, command: ReleaseCandidate) -> None:
    steps = steps_for(plan, made.role)
    where = f"candidate {made.candidate[:12]}"
    if command.step not in steps:
        raise UserError(Mistake("release.no_such_step", where, f"A {made.role} has no step {command.step}."))
    taken = steps_taken(past, made.candidate)
    for step in steps[: steps.index(command.step)]:
        if step not in taken:
            raise GateShut(
                Mistake(
                    "release.step_order",
                    where,
                    f"Step {command.step} comes after {step}, which has not been taken.",
                    f"The plan declares: {', '.join(steps)}.",
                    f"shipworthy release {made.candidate[:12]} {step}",
                )
            )
        _require_trials(plan, past, made, step)


def trials_done(plan: Plan, past: Past, made: CandidateMade, step: str) -> bool:
    """Whether everything before a step has ended well, so that the step may be taken."""
    steps = steps_for(plan, made.role)
    return not any(short for before in steps[: steps.index(step)] for short in _short_trials(plan, past, made, before))


def rehearsals_short(plan: Plan, past: Past, made: CandidateMade) -> dict[str, str]:
    """The consumers for whom a candidate in rehearsal has not been rehearsed well yet, each with the newest reason."""
    now = standing(past)
    if (now.challenger, now.challenger_step) != (made.candidate, REHEARSAL):
        return {}
    said = {fact.what.consumer: fact.what.text for fact in trials(past, made.candidate, REHEARSAL) if not fact.what.ok}
    return {name: said.get(name, "") for name, _, _ in _short_trials(plan, past, made, REHEARSAL)}


def _require_trials(plan: Plan, past: Past, made: CandidateMade, step: str) -> None:
    for name, ended, wanted in _short_trials(plan, past, made, step):
        found = f"Its {step} for {name} has ended well {ended} times; the plan asks for {wanted}."
        fix = f"shipworthy score {name} --{step}"
        if step == CANARY:
            fix = f"Wait for the next list for {name}: the canary has its part in it."
            if plan.consumers[name].mode == "realtime":
                found = f"As a canary it has given {name} {ended} answers; the plan asks for {wanted}."
                fix = f"Wait until {name} has asked so often."
        raise GateShut(Mistake("release.trial_missing", f"candidate {made.candidate[:12]}", found, fix=fix))


def _short_trials(plan: Plan, past: Past, made: CandidateMade, step: str) -> list[tuple[str, int, int]]:
    """Consumers for whom too few trials ended well: name, how many did, how many must."""
    wanted = {"rehearsal": 1, "shadow": plan.release.shadow_lists, CANARY: plan.release.canary_lists}.get(step)
    if wanted is None:
        return []
    ended = [fact.what for fact in trials(past, made.candidate, step) if fact.what.ok]
    good = {(what.consumer, what.as_of) for what in ended}
    tried = ("list", "stream") if step == "rehearsal" else ("list",)
    lists = [name for name, consumer in plan.consumers.items() if consumer.mode in tried]
    counts = [(name, sum(who == name for who, _ in good), wanted) for name in lists]
    if step == CANARY:
        asked = [name for name, consumer in plan.consumers.items() if consumer.mode == "realtime"]
        counts += [(name, _answers(ended, name), plan.release.canary_answers) for name in asked]
    return [(name, count, least) for name, count, least in counts if count < least]


def _answers(ended: Sequence[TrialFinished], consumer: str) -> int:
    return int(sum(what.compared.get("rows", 0.0) for what in ended if what.consumer == consumer))
