"""Will the monitors be able to tell, on the answers that a year is expected to bring, that the answers got worse?

Why: A monitor holds answers against the held-out rows of the proof. Few of them leave so much to chance that it can
only say "cannot tell", or tolerates far more than the plan says; whoever relies on it learns that after the release.

What to do: Raise proof.holdout, or prove on more moments, so that dependence is measured. Declare a smaller
watch.monitors.<name>.phi if you know why it holds, or a larger tolerance. Where no number of held-out rows is enough,
a year brings too few answers: let a person look at a sample (watch.audit).
"""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.check import CheckResult, Verdict
from shipworthy.prove.check import Foreseen, ProofCheck, Subject, of_a_model
from shipworthy.prove.phrases import counted, listed, number

_WHY = "Whoever relies on a monitor that cannot tell learns it months after the release."
_MORE = "Raise proof.holdout or prove on more moments; declare a smaller phi only if you know why it holds."
_NOTHING = "Of no monitor of this plan can be said what it will be able to tell."
_NEVER = "A year brings too few answers for that: tolerate more, or have people label a sample (watch.audit)."


def _run(subject: Subject) -> list[CheckResult]:
    names = list(dict.fromkeys(one.monitor for one in subject.foreseen))
    evidence = subject.table("monitors.json", list(subject.foreseen))
    found = [_of_monitor(subject, name, evidence) for name in names]
    found += [_silent(name) for name in subject.plan.proof.must_tell if name not in names]
    return found or [CHECK.result("warn", _NOTHING, why=_WHY, advice=_MORE)]


def _of_monitor(subject: Subject, name: str, evidence: dict[str, str]) -> CheckResult:
    mine = [one for one in subject.foreseen if one.monitor == name]
    silent = [one for one in mine if not one.tells]
    wide = [one for one in mine if one.tells and not one.keeps]
    required = name in subject.plan.proof.must_tell
    verdict: Verdict = "pass" if not silent and not wide else "warn"
    if required and len(silent) == len(mine):
        verdict = "fail"
    told = [_able(mine, silent)]
    if silent:
        told.append(f"Cannot tell of {listed(map(_needs, silent))}.")
    if wide:
        told.append(
            f"Tolerates more than the plan says, since few rows leave more to chance: {listed(map(_room, wide))}."
        )
    return CHECK.result(
        verdict,
        " ".join(told),
        asked=f"Will the monitor {name} be able to tell that the answers got worse?",
        part=name,
        measured=float(len(mine) - len(silent)),
        bound=float(len(mine)),
        why="" if verdict == "pass" else _WHY,
        advice=_advice(silent, wide),
        evidence=evidence,
    )


def _able(mine: Sequence[Foreseen], silent: Sequence[Foreseen]) -> str:
    """Of how many parts it will be able to tell, and on what that rests."""
    if len(silent) == len(mine):
        return (
            f"Within a year it will not find {_rise(mine[0])}, which is as bad as knowing nothing, or far beyond what "
            "is tolerated."
        )
    able = next(one for one in mine if one.tells)
    what = able.part if len(mine) == 1 else f"{len(mine) - len(silent)} of {len(mine)} parts"
    return (
        f"It will be able to tell of {what}. About {counted(able.takes or 0, 'answer')} with a known truth find "
        f"{_rise(able)}, and a year is expected to bring {able.answers:,}."
    )


def _rise(one: Foreseen) -> str:
    return f"a rise from {number(one.proven)} to {number(one.finds)} ({one.part})"


def _needs(one: Foreseen) -> str:
    if one.more is None:
        if one.takes is None:
            return f"{one.part} (no number of answers finds it)"
        return f"{one.part} (too few answers: it takes {one.takes:,}, and a year brings {one.answers:,})"
    return f"{one.part} (about {one.more:,} more held-out rows needed)"


def _room(one: Foreseen) -> str:
    until = "" if one.to_keep is None else f", about {one.to_keep:,} more held-out rows until it is about that"
    return f"{one.part} (up to {number(one.tolerated)}, {number(one.allowed)} by the plan{until})"


def _advice(silent: Sequence[Foreseen], wide: Sequence[Foreseen]) -> str:
    said = [_NEVER] if any(one.more is None for one in silent) else []
    return " ".join([_MORE, *said] if wide or len(silent) > sum(one.more is None for one in silent) else said)


def _silent(name: str) -> CheckResult:
    return CHECK.result(
        "fail",
        "Nothing says what it will be able to tell: it has no held-out rows, or needs none.",
        asked=f"Will the monitor {name} be able to tell that the answers got worse?",
        part=name,
        why=_WHY,
        advice="Name in proof.must_tell only monitors that a proof can speak of; see the guide to monitors.",
    )


CHECK = ProofCheck(
    name="monitors",
    title="What monitors will be able to tell",
    asks="Will the monitors be able to tell that the answers got worse?",
    applies=of_a_model,
    run=_run,
)
