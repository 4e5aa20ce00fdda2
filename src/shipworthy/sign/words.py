"""What can be asked and what happens while people review and sign."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from shipworthy.base.fact import Command, Question, What

Decision = Literal["approve", "reject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewGiven(What):
    """A function owner answered the questions of a review and decided.

    Attributes:
        function: whose review: privacy, legal, compliance…
        answers: answer by question name.
        evidence: digest of the proof's evidence that was read.
        sections: digest of every section of the plan that was read.
    """

    candidate: str
    function: str
    answers: dict[str, str]
    decision: Decision
    evidence: str
    sections: dict[str, str]
    reason: str = ""

    @property
    def about(self) -> str:
        return self.candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOffGiven(What):
    """An owner approved (or rejected) one candidate's digest and evidence."""

    candidate: str
    function: str
    decision: Decision
    evidence: str
    sections: dict[str, str]
    reason: str = ""

    @property
    def about(self) -> str:
        return self.candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOffRevoked(What):
    """An owner took their sign-off or review back."""

    candidate: str
    function: str
    reason: str

    @property
    def about(self) -> str:
        return self.candidate


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing without which a gate stays shut, and who can give it.

    Attributes:
        signature: whether it is a review or sign-off; a rehearsal, which reaches nobody, may do without.
    """

    what: str
    who: str
    fix: str
    signature: bool = False


@dataclass(frozen=True, slots=True)
class GateState:
    """Whether a gate is open for a candidate, and what is missing.

    Attributes:
        given: plain sentences on what has been given.
        by_envelope: the signed envelope stands in for the signatures.
        outside: why it does not, of a retrained candidate under a plan that declares one.
        on_trial: why owners are not asked yet for what is missing, though they may give it; empty where they are asked.
    """

    candidate: str
    open: bool
    missing: list[Missing]
    given: list[str]
    by_envelope: bool = False
    outside: list[str] = field(default_factory=list)
    on_trial: str = ""

    @property
    def asked(self) -> list[Missing]:
        """What is missing and asked of people now."""
        return [item for item in self.missing if not (self.on_trial and item.signature)]


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveReview(Command[GateState]):
    """Answer the questions of your function's review of a candidate, and decide.

    With `evidence`, the digest that was read, it is refused where the candidate was proven anew since.
    """

    right: ClassVar[str] = "sign"
    candidate: str
    function: str
    answers: dict[str, str]
    decision: Decision = "approve"
    reason: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveSignOff(Command[GateState]):
    """Approve or reject one candidate: exactly its digest and the evidence of its newest proof.

    With `evidence`, the digest that was read, it is refused where the candidate was proven anew since.
    """

    right: ClassVar[str] = "sign"
    candidate: str
    function: str
    decision: Decision = "approve"
    reason: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeSignOff(Command[GateState]):
    """Take back your review and sign-off of a candidate; releases to more people stop at once."""

    right: ClassVar[str] = "sign"
    candidate: str
    function: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignEnvelope(Command[list[Missing]]):
    """Sign the bounds, declared in the plan, inside which a retrained candidate may go live.

    Gives the functions whose signature on the envelope is still missing.
    """

    right: ClassVar[str] = "sign"
    candidate: str
    function: str
    decision: Decision = "approve"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(Question[GateState]):
    """Whether a candidate may be released, and if not, what is missing and who can give it."""

    candidate: str


@dataclass(frozen=True, slots=True)
class ReviewQuestion:
    """One question of a review: free text, yes/no, or one of the choices; some answers forbid approval."""

    name: str
    text: str
    help: str = ""
    choices: list[str] | None = None
    forbids: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for a person: a review, a sign-off, an envelope, an incident."""

    product: str
    kind: str
    function: str
    candidate: str
    role: str
    title: str
    questions: list[ReviewQuestion]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingFor(Question[list[Task]]):
    """What waits for the person who asks; with `early` also what that person may give before it is asked for."""

    early: bool = False
