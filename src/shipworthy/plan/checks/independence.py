"""Nobody judges their own work.

What it asks: is the owner of validation someone else than the builders, the product manager, and the owners of
business and technology? Are owners and auditors no builders?

Why: who built a model sees what they meant, not what is there. A builder's sign-off on their own candidate is
refused, so an owner who is also a builder leaves the gate shut. An author who was also the validator let a risk
model that halved the true risk pass into a loss of billions.

Example: `builders: [ana]` with `validation: ana`.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.schema import Plan


def _dependent(plan: Plan) -> list[Finding]:
    return [*_owners_who_build(plan), *_validation(plan), *_auditors(plan)]


def _owners_who_build(plan: Plan) -> list[Finding]:
    builders = plan.people.builders
    findings = []
    for function, owner in plan.people.owners:
        if owner in builders:
            judge = function == "validation"
            findings.append(
                Finding(
                    path=f"people.owners.{function}",
                    found=f"people.owners.{function} is {owner}, who is also one of people.builders.",
                    why="Validation by a builder is no validation."
                    if judge
                    else f"{owner} cannot sign what {owner} built, so the gate stays shut for those candidates.",
                    advice=f"Name somebody else for {function}, or take {owner} out of builders.",
                    verdict="fail" if judge else "warn",
                )
            )
    return findings


def _validation(plan: Plan) -> list[Finding]:
    people, judge = plan.people, plan.people.owners.validation
    parts = {
        "the product manager, who wants it to pass": people.product_manager,
        "the owner of business, who wants it to pass": people.owners.business,
        "the owner of technology, who runs it": people.owners.technology,
    }
    return [
        Finding(
            path="people.owners.validation",
            found=f"people.owners.validation is {judge}, who is also {part}.",
            advice="Name somebody for validation who gains nothing when the model passes.",
            verdict="warn",
        )
        for part, person in parts.items()
        if person == judge
    ]


def _auditors(plan: Plan) -> list[Finding]:
    people = plan.people
    busy = {people.product_manager, people.operator, *people.builders, *(owner for _, owner in people.owners)}
    return [
        Finding(
            path=f"people.auditors[{number}]",
            found=f"people.auditors names {auditor}, who also has a part in building, running or signing.",
            why="An auditor reads the work of others.",
            advice="Name an auditor who has no other part.",
            verdict="warn",
        )
        for number, auditor in enumerate(people.auditors)
        if auditor in busy
    ]


CHECK = PlanCheck(
    name="independence",
    asks="Is the work judged by somebody who did not do it?",
    why="Who made or wants something overlooks what is wrong with it.",
    fine="Validation, owners and auditors are independent of the builders.",
    run=_dependent,
)
