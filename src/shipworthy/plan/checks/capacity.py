"""Nobody is asked to act on more than they can.

What it asks: does the decision rule say yes at most as often per list as each consumer's `capacity` allows?

Why: who gets 300 names and can call 200, calls some other 200 than the best; the rest was promised and is not done.
Alarms that nobody has time to read are the best-known way in which a good model does no good.

Example: `decision: {top: 300}` with `capacity: 200`. With `share` or `threshold` the number of yes depends on the
data: it is held against the largest number of rows that the contract allows where that is known, and warned of
where it is not.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan


def _beyond(plan: Plan) -> list[Finding]:
    findings = []
    for name, consumer in plan.consumers.items():
        if consumer.capacity is not None and consumer.mode == "list":
            finding = _of(plan, name, consumer.capacity)
            findings += [finding] if finding else []
    return findings


def _of(plan: Plan, name: str, capacity: int) -> Finding | None:
    rule, most = _most_yes(plan)
    path = f"consumers.{name}.capacity"
    if most is None:
        return Finding(
            path=path,
            found=f"{path} is {capacity}, but decision.{rule} may say yes any number of times.",
            why=f"When more are chosen than {name} can act on, others than the best are left out.",
            advice=f"{_bounded(rule, capacity)}watch the length of the lists in rehearsal.",
            verdict="warn",
            bound=capacity,
        )
    if most <= capacity:
        return None
    return Finding(
        path=path,
        found=f"{path} is {capacity}, but decision.{rule} says yes up to {most:,.0f} times per list.",
        why=f"{name} can act on {capacity} of them; which ones is then left to chance.",
        advice="A consumer who can act on more."
        if rule == "yes"
        else f"`top: {capacity}`, or a consumer who can act on more.",
        measured=most,
        bound=capacity,
    )


def _bounded(rule: str, capacity: int) -> str:
    """The rule that would bound it; of a class there is none."""
    return "A consumer for the rest, or " if rule == "yes" else f"`top: {capacity}` in place of {rule}, or "


def _most_yes(plan: Plan) -> tuple[str, float | None]:
    """The rule's name and the most yes in one list, None where the plan does not bound it."""
    decision, rows = plan.decision, _most_entities(plan)
    if decision.threshold is not None:
        return "threshold", rows
    if plan.need.answer == "class":
        return "yes", rows
    if decision.explore is not None:
        chosen = None if rows is None else decision.top or (decision.share or 0.0) * rows
        drawn = None if rows is None or chosen is None else decision.explore.share * (rows - chosen)
        return "explore", None if chosen is None or drawn is None else chosen + drawn
    if decision.top is not None:
        return "top", float(decision.top)
    return "share", None if rows is None or decision.share is None else decision.share * rows


def _most_entities(plan: Plan) -> int | None:
    """Entities at most, known where features are columns of a source whose row count is bounded."""
    if plan.data.features is None:
        return None
    volume = plan.sources[plan.data.features.source].contract.volume
    return volume.rows[1] if volume and volume.each is None else None


CHECK = PlanCheck(
    name="capacity",
    asks="Can every consumer act on as many positive decisions as they will get?",
    why="What nobody has time to act on was not worth answering.",
    fine="No consumer gets more positive decisions than they can act on, as far as capacities are declared.",
    run=_beyond,
)
