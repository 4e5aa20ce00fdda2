"""Who answers whom, and which step a candidate may take next. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.errors import GateShut, Mistake, UserError, not_found
from shipworthy.base.fact import Past, Recorded, latest
from shipworthy.model.words import CandidateMade
from shipworthy.plan.schema import Plan
from shipworthy.release.words import ReleaseCandidate, ReleaseStepped, RolledBack, Standing, TrialFinished
from shipworthy.sign.approval import refusals

FOR_PEOPLE = ("cohort", "all")


def standing(past: Past) -> Standing:
    """Who answers whom after all that happened."""
    champion: dict[str, str] = {}
    challenger, challenger_step, baseline, since = "", "", "", ""
    history: list[str] = []
    for fact in past.of(ReleaseStepped, RolledBack):
        what = fact.what
        if isinstance(what, RolledBack):
            champion = {cohort: what.to if now == what.candidate else now for cohort, now in champion.items()}
            champion = {cohort: candidate for cohort, candidate in champion.items() if candidate}
            challenger, challenger_step = ("", "") if challenger == what.candidate else (challenger, challenger_step)
            history.append(
                f"{fact.at:%Y-%m-%d}: back from {what.candidate[:12]} to {what.to[:12] or 'nobody'}: {what.reason}"
            )
            continue
        if what.step in FOR_PEOPLE:
            champion |= dict.fromkeys(what.cohorts, what.candidate)
            since = since or fact.at.isoformat()
            baseline = what.candidate if what.role == "baseline" else baseline
            challenger, challenger_step = ("", "") if challenger == what.candidate else (challenger, challenger_step)
        else:
            challenger, challenger_step = what.candidate, what.step
        history.append(f"{fact.at:%Y-%m-%d}: {what.role} {what.candidate[:12]} to {_step_text(what)}")
    return Standing(champion, challenger, challenger_step, baseline, since, "", history)


def stand_in(past: Past) -> str:
    """The baseline that may stand in for a model now; empty where none is released, or an owner has said no since."""
    baseline = standing(past).baseline
    return baseline if baseline and not refusals(past, baseline) else ""


def steps_for(plan: Plan, role: str) -> list[str]:
    """The declared steps for a role; a baseline has nothing to be in the shadow of."""
    return [step for step in plan.release.steps if not (role == "baseline" and step == "shadow")]


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
    if command.step in FOR_PEOPLE:
        if all(now.champion.get(cohort) == made.candidate for cohort in cohorts):
            return []
    elif (now.challenger, now.challenger_step) == (made.candidate, command.step):
        return []
    _require_order(plan, past, made, command)
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
        )
    ]


def rollback_target(past: Past, candidate: str = "") -> tuple[str, str]:
    """The candidate to take back, and the one that then answers: the one it replaced, else the signed baseline.

    One about which an owner has said no since is passed over: nobody goes back to what is not signed for any more.

    Args:
        candidate: which one; the one that was released to people last if empty.

    Raises:
        UserError: it is not released, nobody is answered yet, or there is nothing to go back to.
    """
    now = standing(past)
    if candidate and candidate == now.challenger:
        return candidate, ""
    released = [fact.what for fact in past.of(ReleaseStepped) if fact.what.step in FOR_PEOPLE]
    in_use = [step for step in released if step.candidate in now.champion.values()]
    if not in_use or (candidate and candidate not in now.champion.values()):
        found = f"Candidate {candidate[:12]} is not released." if candidate else "Nobody is answered yet."
        fix = "See `shipworthy releases` for who answers whom."
        raise UserError(Mistake("release.nothing_live", "release", found, "There is nothing to roll back.", fix))
    current = candidate or in_use[-1].candidate
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


def _require_trials(plan: Plan, past: Past, made: CandidateMade, step: str) -> None:
    for name, ended, wanted in _short_trials(plan, past, made, step):
        raise GateShut(
            Mistake(
                "release.trial_missing",
                f"candidate {made.candidate[:12]}",
                f"Its {step} for {name} has ended well {ended} times; the plan asks for {wanted}.",
                fix=f"shipworthy score {name} --{step}",
            )
        )


def _short_trials(plan: Plan, past: Past, made: CandidateMade, step: str) -> list[tuple[str, int, int]]:
    """Consumers of lists for whom too few trials ended well: name, how many did, how many must."""
    if step not in ("rehearsal", "shadow"):
        return []
    wanted = 1 if step == "rehearsal" else plan.release.shadow_lists
    good = {(fact.what.consumer, fact.what.as_of) for fact in trials(past, made.candidate, step) if fact.what.ok}
    ended = {name: sum(who == name for who, _ in good) for name in plan.consumers}
    lists = [name for name, consumer in plan.consumers.items() if consumer.mode == "list"]
    return [(name, ended[name], wanted) for name in lists if ended[name] < wanted]


def _step_text(what: ReleaseStepped) -> str:
    return f"{what.step} {', '.join(what.cohorts)}" if what.step == "cohort" else what.step
