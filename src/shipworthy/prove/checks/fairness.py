"""Are the declared groups of people treated alike by what is decided?

Why: A good average can hide that one group is treated otherwise; the law asks about groups, and small groups are
where nobody looks.

What to do: Find out which features carry the difference, and judge it with the legal and compliance owners: being
chosen may be the benefit or the harm. A group too small to judge is judged by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shipworthy.base.check import CheckResult, Verdict
from shipworthy.plan.schema import Fairness, Plan
from shipworthy.prove.check import ProofCheck, Subject
from shipworthy.prove.phrases import listed, number, percent, quoted, spoken
from shipworthy.prove.rules import GroupRates, group_rates, scaled

NO_GROUP = "(unknown)"
_WHY = "A good average can hide that one group is served badly; the law asks about groups."


def _applies(plan: Plan, role: str) -> bool:
    return bool(plan.proof.fairness)


def _run(subject: Subject) -> list[CheckResult]:
    results: list[CheckResult] = []
    for declared in subject.plan.proof.fairness:
        groups = subject.groups.get(declared.column)
        results += [_no_groups(declared)] if groups is None else _compared(subject, declared, groups)
    return results


def _compared(subject: Subject, declared: Fairness, groups: Mapping[str, str]) -> list[CheckResult]:
    rule = subject.plan.decision
    decided = subject.now.decided(rule)
    results = [
        _judged(
            subject,
            declared,
            _rates(groups, subject.now.entities, [word == rule.yes for word in decided], declared, subject),
            "chosen",
            f"Is “{rule.yes}” given about as often in every group of {declared.column}?",
            f"share with “{rule.yes}”",
        )
    ]
    if subject.truth is not None and subject.plan.need.answer != "number":
        truth = subject.truth
        small = scaled(rule, len(truth.labels), truth.due)
        words = truth.rows.decided(small)
        right = [(word == rule.yes) == (label == 1) for word, label in zip(words, truth.labels, strict=True)]
        if truth.places is not None:  # the truth of a class is whether it was right
            right = [label == 1 for label in truth.labels]
        rates = _rates(groups, truth.rows.entities, right, declared, subject)
        asked = f"Are decisions right about as often in every group of {declared.column}?"
        results.append(_judged(subject, declared, rates, "right", asked, "share decided rightly"))
    return results


def _rates(
    groups: Mapping[str, str], entities: Sequence[str], happened: Sequence[bool], declared: Fairness, subject: Subject
) -> GroupRates:
    of = [groups.get(name, NO_GROUP) for name in entities]
    return group_rates(of, happened, declared.group_at_least, subject.confidence)


def _judged(subject: Subject, declared: Fairness, rates: GroupRates, part: str, asked: str, what: str) -> CheckResult:
    """Beyond the bound and beyond chance fails; beyond the bound but maybe by chance warns.

    Source: 29 CFR 1607.4(D): greater differences in selection rate may not constitute adverse impact where they are
    based on small numbers and are not statistically significant.
    """
    name = f"{declared.column}.{part}"
    evidence = subject.table(f"fairness.{name}.json", rates)
    bound = declared.disparity_at_most
    told = "; ".join(f"{quoted(group)} {spoken(rate, percent)}" for group, rate in list(rates.groups.items())[:8])
    few = [quoted(group) for group, rate in rates.groups.items() if rate.cannot_tell]
    if rates.disparity.cannot_tell:
        return CHECK.result(
            "warn",
            f"Cannot tell: {rates.disparity.cannot_tell}. {what[0].upper() + what[1:]}: {told}.",
            asked=asked,
            part=name,
            bound=bound,
            bound_is="at most",
            why=_WHY,
            advice="Judge these groups by hand, or wait until they are larger; no number stands for fairness here.",
            evidence=evidence,
        )
    value, low, high = rates.disparity.known
    verdict: Verdict = "fail" if low > bound else "warn" if value > bound or few else "pass"
    found = (
        f"The {what} is lowest in {quoted(rates.worst)} and highest in {quoted(rates.best)}: a disparity of "
        f"{spoken(rates.disparity)}, where {number(bound)} is tolerated ({told})."
    )
    if value > bound >= low:
        found += " So few cases could show such a difference by chance."
    if few:
        found += f" Too small to judge: {listed(few)}."
    return CHECK.result(
        verdict,
        found,
        asked=asked,
        part=name,
        measured=value,
        low=low,
        high=high,
        bound=bound,
        bound_is="at most",
        why=_WHY,
        advice=""
        if verdict == "pass"
        else _advice(verdict, value > bound, f"{_less(subject, part)} in {quoted(rates.worst)}"),
        evidence=evidence,
    )


def _less(subject: Subject, part: str) -> str:
    """What happens less often; to be chosen may be the benefit or the harm, so it is not called worse."""
    return (
        f"“{subject.plan.decision.yes}” is given less often" if part == "chosen" else "decisions are right less often"
    )


def _advice(verdict: Verdict, beyond: bool, what: str) -> str:
    if verdict == "fail":
        return (
            f"Find out why {what}, and change features, data or the decision rule. Whether that is to a group's harm "
            "or benefit is for the legal and compliance owners to say."
        )
    if beyond:
        return "Ask the legal and compliance owners to judge it, and watch the groups from the first release on."
    return "Judge the small groups by hand."


def _no_groups(declared: Fairness) -> CheckResult:
    return CHECK.result(
        "fail",
        f"No column {declared.column} was found in {declared.source or 'the features'}, so no group is known.",
        part=declared.column,
        why=_WHY,
        advice="Correct proof.fairness in product.yaml, or give the column.",
    )


CHECK = ProofCheck(
    name="fairness",
    title="Groups treated alike",
    asks="Are the declared groups of people treated alike?",
    applies=_applies,
    run=_run,
)
