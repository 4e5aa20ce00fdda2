"""Enough people sign.

What it asks: does somebody sign for a candidate and for the baseline? Are business, technology and validation among
those who sign a candidate? Does privacy review and sign where data about persons is read? Does everybody who reviews
also sign?

Why: nothing reaches people that was not signed for. An unsigned baseline never answers, so nothing would stand in
when a model is stopped.

Example: a source with personal columns and `reviews: [legal]`.
"""

from shipworthy.plan.check import Finding, PlanCheck
from shipworthy.plan.checks.right_to_use import personal_columns
from shipworthy.plan.schema import Plan


def _unsigned(plan: Plan) -> list[Finding]:
    return [*_nobody(plan), *_privacy(plan), *_left_out(plan)]


def _nobody(plan: Plan) -> list[Finding]:
    lists = {"sign_offs": plan.proof.sign_offs, "baseline_sign_offs": plan.proof.baseline_sign_offs}
    return [
        Finding(
            path=f"proof.{key}",
            found=f"proof.{key} is empty.",
            advice="Name at least business and technology.",
        )
        for key, functions in lists.items()
        if not functions
    ]


def _privacy(plan: Plan) -> list[Finding]:
    sources = [name for name, source in plan.sources.items() if personal_columns(source, plan)]
    lists = {"reviews": plan.proof.reviews, "sign_offs": plan.proof.sign_offs}
    return [
        Finding(
            path=f"proof.{key}",
            found=f"proof.{key} leaves out privacy, but {', '.join(sources)} has personal columns.",
            why="Whether data about persons is used rightly is for the owner of privacy to say.",
            advice=f"Add privacy to proof.{key}.",
        )
        for key, functions in lists.items()
        if sources and functions and "privacy" not in functions
    ]


def _left_out(plan: Plan) -> list[Finding]:
    signing = plan.proof.sign_offs
    findings = [
        Finding(
            path="proof.sign_offs",
            found=f"proof.sign_offs leaves out {function}.",
            why="Business answers for the worth, technology for the running, validation for the truth of the claims.",
            advice=f"Add {function} to proof.sign_offs.",
            verdict="warn",
        )
        for function in ("business", "technology", "validation")
        if signing and function not in signing
    ]
    for function in plan.proof.reviews:
        if signing and function not in signing and function not in ("business", "technology", "validation", "privacy"):
            findings.append(
                Finding(
                    path="proof.sign_offs",
                    found=f"proof.reviews has {function}, but proof.sign_offs has not.",
                    why="A review without a signature binds nobody.",
                    advice=f"Add {function} to proof.sign_offs, or take it out of proof.reviews.",
                    verdict="warn",
                )
            )
    return findings


CHECK = PlanCheck(
    name="signatures",
    asks="Do the right people review and sign?",
    why="Nothing reaches people that was not signed for.",
    fine="Everybody who must answer for a candidate reviews or signs it.",
    run=_unsigned,
)
