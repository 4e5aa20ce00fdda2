"""A promised probability is kept, in proof and in life.

What it asks: where the answer is a probability, is there a tolerance for promised against real, in the proof or in
the calibration monitor? Is the monitor's tolerance no tighter than the proof's?

Why: a model can rank perfectly for years while it comes to promise twice as many yes as there are. A monitor that
is stricter than the proof raises an alarm about a model that just passed.

Example: `calibration_tolerance: null` and no `tolerance` under `watch.monitors.calibration`.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan


def _unkept(plan: Plan) -> list[Finding]:
    monitor = plan.watch.monitors.get("calibration")
    proven = plan.proof.calibration_tolerance
    watched = monitor.tolerance if monitor else None
    if plan.need.answer == "number":
        return _pointless(plan)
    if proven is None and watched is None:
        return [
            Finding(
                path="proof",
                found="need.answer is a probability, but nothing says how far promised and real share may lie apart.",
                advice="Set proof.calibration_tolerance, and tolerance under watch.monitors.calibration.",
            )
        ]
    if proven is None:
        return [
            Finding(
                path="proof.calibration_tolerance",
                found="proof.calibration_tolerance is null, so the proof does not hold promised against real.",
                advice="Set it, for example to 0.05.",
                verdict="warn",
            )
        ]
    if watched is not None and watched < proven:
        return [
            Finding(
                path="watch.monitors.calibration.tolerance",
                found=f"watch.monitors.calibration.tolerance is {watched:g}, "
                f"but proof.calibration_tolerance is {proven:g}.",
                why="A model that just passes the proof would raise the alarm as soon as it is watched.",
                advice=f"A tolerance of {proven:g} or more, or a stricter proof.",
                verdict="warn",
                measured=watched,
                bound=proven,
            )
        ]
    return []


def _pointless(plan: Plan) -> list[Finding]:
    if "calibration" not in plan.watch.monitors:
        return []
    return [
        Finding(
            path="watch.monitors.calibration",
            found="watch.monitors has calibration, but need.answer is a number.",
            why="Only a probability can be held against a share of yes.",
            advice="Remove it.",
            verdict="warn",
        )
    ]


CHECK = PlanCheck(
    name="calibration",
    asks="Is a promised probability held against what happens?",
    why="A model can rank perfectly while it promises twice as many yes as there are.",
    fine="Promised and real are held against each other, or the answer is no probability.",
    run=_unkept,
)
