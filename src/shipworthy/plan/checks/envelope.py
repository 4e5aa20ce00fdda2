"""An envelope bounds something, and is used.

What it asks: do the bounds inside which a retrained candidate may go live without a new sign-off exclude anything?
Does a trigger retrain at all? Does the envelope hold until the first labels are in?

Why: an envelope that excludes nothing is a blank cheque, signed by everybody.

Example: `rank_correlation_at_least: -1`, or `within: 1mo` with `horizon: 3mo`.
"""

from collections.abc import Iterator

from shipworthy.plan.check import Finding, PlanCheck, spoken
from shipworthy.plan.schema import Envelope, Plan

_LOW_CORRELATION = 0.5


def _blank(plan: Plan) -> list[Finding]:
    return list(_of(plan.respond.envelope, plan)) if plan.respond.envelope else []


def _of(envelope: Envelope, plan: Plan) -> Iterator[Finding]:
    path = "respond.envelope"
    if envelope.rank_correlation_at_least < _LOW_CORRELATION:
        yield Finding(
            path=f"{path}.rank_correlation_at_least",
            found=f"{path}.rank_correlation_at_least is {envelope.rank_correlation_at_least:g}.",
            advice="A bound of 0.8 or so; below 0.5 the candidate is another model.",
            verdict="warn",
            measured=envelope.rank_correlation_at_least,
            bound=_LOW_CORRELATION,
        )
    if plan.need.answer != "number" and envelope.mean_score_change_at_most >= 1:
        yield Finding(
            path=f"{path}.mean_score_change_at_most",
            found=f"{path}.mean_score_change_at_most is {envelope.mean_score_change_at_most:g}, "
            "which no probability can exceed.",
            advice="A bound such as 0.2.",
        )
    if envelope.within.days <= plan.need.horizon.days:
        yield Finding(
            path=f"{path}.within",
            found=f"{path}.within is {spoken(envelope.within)}, but need.horizon is {spoken(plan.need.horizon)}.",
            why="The envelope has expired before the first truth about the champion is known.",
            advice=f"Longer than {plan.need.horizon}.",
            verdict="warn",
        )
    if not any("retrain" in trigger.do for trigger in plan.respond.triggers):
        yield Finding(
            path=path,
            found=f"{path} is declared, but no trigger retrains.",
            why="It is asked of everybody to sign it, and it is not used.",
            advice="Add a trigger with `do: [retrain]`, or remove the envelope.",
            verdict="warn",
        )


CHECK = PlanCheck(
    name="envelope",
    asks="Does the envelope for retraining bound something, and is it used?",
    why="An envelope that excludes nothing is a blank cheque, signed by everybody.",
    fine="The envelope bounds what may go live, or there is none.",
    run=_blank,
)
