"""What can be asked and what happens while a candidate is proven."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from shipworthy.base.check import CheckResult, Verdict
from shipworthy.base.fact import Command, Question, What


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateProven(What):
    """All checks of the proof ran on a candidate.

    Attributes:
        evidence: digest of the evidence: the results and every file they leave behind.
        report: digest of the readable HTML report.
        verdict: the worst of all results.
        files: digest of each evidence file by name.
    """

    candidate: str
    verdict: Verdict
    checks: list[CheckResult]
    evidence: str
    report: str
    files: dict[str, str]
    snapshot: str

    @property
    def about(self) -> str:
        return self.candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeSigned(What):
    """An owner signed the bounds inside which a retrained candidate may go live without a new sign-off.

    It stands among the words of the proof, which measures how far later candidates have moved from this one.

    Attributes:
        envelope: digest of the plan's `respond.envelope` together with the answer-determining sections.
        candidate: the champion from which changes are measured.
    """

    envelope: str
    candidate: str
    function: str
    decision: Literal["approve", "reject"]
    reason: str = ""

    @property
    def about(self) -> str:
        return self.envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckMadePermanent(What):
    """An incident was closed with a check that every later proof asks.

    Attributes:
        check: its name.
        text: the line that declares it, see `prove.permanent`.
        incident: the incident that it would have caught.
    """

    check: str
    text: str
    incident: str

    @property
    def about(self) -> str:
        return self.check


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRetirementSigned(What):
    """The owner of a function signed (who) that a permanent check is not to be asked any more; it takes two of them."""

    check: str
    reason: str

    @property
    def about(self) -> str:
        return self.check


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof gives.

    Attributes:
        evidence: the digest over all of its files; report: of the report.
        files: digests of the files that it left behind, by name; `results.json` holds every check.
    """

    candidate: str
    verdict: Verdict
    checks: list[CheckResult]
    evidence: str
    report: str
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveCandidate(Command[Proof]):
    """Run every declared check on a candidate; evidence and an HTML report are stored."""

    right: ClassVar[str] = "build"
    durable: ClassVar[bool] = True
    candidate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofOf(Question[Proof]):
    """The newest proof of a candidate."""

    candidate: str
