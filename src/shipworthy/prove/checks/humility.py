"""How many answers would go to a person because the model must not give them alone, and why.

Why: A rule that sends hardly anybody to a person protects nobody, and one that sends most of them is a model that
nobody needs, and more work than people can do.

What to do: Look at the commonest reason. A feature that grows with the calendar leaves the learnt range by itself:
spare it in `decision.humility.spared`, or learn from newer moments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shipworthy.base.check import CheckResult
from shipworthy.plan.schema import Plan
from shipworthy.prove.check import ProofCheck, Subject
from shipworthy.prove.phrases import counted, listed, percent

MOST = 0.5
"""Beyond this share of everybody due the model is looked at: a person would do most of its work."""


def _applies(plan: Plan, role: str) -> bool:
    return plan.decision.humility is not None


def _run(subject: Subject) -> CheckResult:
    now = subject.now
    asked = [why for why in now.asked if why]
    share = len(asked) / len(now.features) if len(now.features) else 0.0
    everybody = counted(len(now.features), "entity", "entities")
    found = f"Of {everybody} due as of {now.as_of:%Y-%m-%d} the model must not answer {len(asked):,} alone "
    found += f"({percent(share)})."
    if asked:
        commonest = Counter(_about(why, subject.made.features) for why in asked).most_common()
        found += f" First for {listed(f'{what} ({count:,})' for what, count in commonest)}."
    return CHECK.result(
        "warn" if share > MOST else "pass",
        found,
        measured=share,
        bound=MOST,
        bound_is="at most",
        why="A model that mostly asks a person is work for people, and not less of it.",
        advice="Look at the commonest reason; spare a feature that grows with the calendar, or learn from newer "
        "moments."
        if share > MOST
        else "",
        evidence=subject.table("humility.json", {"entities": len(now.features), "asked": len(asked)}),
    )


def _about(why: str, features: Sequence[str]) -> str:
    """What a reason speaks of, without the value, which could tell who somebody is."""
    named = [name for name in features if why.startswith(f"{name} ")]
    return max(named, key=len, default="missing inputs" if "inputs are missing" in why else "uncertainty")


CHECK = ProofCheck(
    name="humility",
    title="What a person is asked",
    asks="How many answers go to a person because the model must not give them alone?",
    applies=_applies,
    run=_run,
)
