"""Would every incident that was closed with a check be caught now?

Why: A bug that was mended once comes back with the next model, unless something asks for it each time.

What to do: Look at the incident that the check comes from; mend what brought the same bug back.
"""

from __future__ import annotations

from shipworthy.base.check import CheckResult, Verdict
from shipworthy.plan.schema import Plan
from shipworthy.prove.check import ProofCheck, Subject
from shipworthy.prove.lasting import asked_of
from shipworthy.prove.permanent import judged, read

_WHY = "It was asked for when an incident was closed, so that the same bug does not come again."


def _applies(plan: Plan, role: str) -> bool:
    return True


def _run(subject: Subject) -> list[CheckResult]:
    results = []
    for kept in subject.permanent:
        check = read(kept.text, subject.plan)
        if not asked_of(kept, subject.role):
            continue  # no floor is asked of a baseline
        found = judged(check, subject)
        verdict: Verdict = "not_run" if found.stands is None else "pass" if found.stands else "fail"
        results.append(
            CHECK.result(
                verdict,
                f"{found.text} It comes from incident {kept.incident}.",
                asked=f"Does it hold: {kept.text}?",
                part=kept.check,
                measured=found.measured,
                bound=found.bound,
                why=_WHY,
                advice="" if verdict == "pass" else f"Read incident {kept.incident}: the same bug may be back.",
            )
        )
    return results


CHECK = ProofCheck(
    name="permanent",
    title="Bugs that must not come back",
    asks="Would every incident that was closed with a check be caught now?",
    applies=_applies,
    run=_run,
)
