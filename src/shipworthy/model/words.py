"""What can be asked and what happens while a model is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from shipworthy.base.fact import Command, Question, What

Role = Literal["model", "baseline"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """How rows count that a candidate learnt from, where the truth is only known of those on whom the product acted.

    Attributes:
        how: each by one over its chance (`weights`), or rows are drawn so that each counts alike (`drawn`).
        segments: of the prediction log, whose chances were read; since: from when on it answered people, ISO 8601,
            empty where it had not.
        least: the least chance with which one of these truths was to become known.
        effective: how many rows that count alike are worth as much (Kish).
        before: those of the rows that are from before the product answered people, which count as they stand.
    """

    how: Literal["weights", "drawn"]
    segments: list[str]
    since: str
    least: float
    effective: float
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateMade(What):
    """One immutable tuple of what determines the answers came into being.

    Attributes:
        candidate: its digest, over all the digests below.
        role: a model, or the declared baseline.
        sections: digest of each answer-determining section of the plan.
        code: digest of the pipeline's files; empty without own code.
        snapshot: the data it was trained on.
        environment: digest of the locked environment.
        model: digest of the model files.
        format: the member of model/formats that reads them.
        files: digest of each file by name: model, code, environment, profile, terms.
        features: names of the inputs, in order.
        trained_on: dates (ISO) whose features and labels it learnt from.
        rows: rows it learnt from.
        author: who made it.
        parent: the candidate it is meant to replace, empty for none.
        made_with: our own version, recorded and not hashed.
        weighing: how its rows count where the truth is only known of those on whom the product acted; None elsewhere.
    """

    candidate: str
    role: Role
    plan_version: int
    sections: dict[str, str]
    code: str
    snapshot: str
    environment: str
    model: str
    format: str
    files: dict[str, str]
    features: list[str]
    trained_on: list[str]
    rows: int
    author: str
    parent: str = ""
    made_with: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    weighing: Weighing | None = None

    @property
    def about(self) -> str:
        return self.candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateMirrored(What):
    """A candidate was written to the registry mirror; nothing is ever read back for a decision.

    Attributes:
        warning: why the mirror does not show it; empty where it does.
    """

    candidate: str
    run: str
    version: str
    warning: str = ""

    @property
    def about(self) -> str:
        return self.candidate


@dataclass(frozen=True, slots=True)
class MadeCandidate:
    """What making a candidate gives."""

    candidate: str
    role: Role
    snapshot: str
    rows: int
    trained_on: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainCandidate(Command[MadeCandidate]):
    """Make a candidate from the team's pipeline, the declared baseline or a model file of others.

    Data comes from a fresh snapshot as of now; only labels that are already mature are learnt from. `parent` is the
    candidate it is meant to replace, `cause` the trigger that asked for it, kept as the note `cause`.
    """

    right: ClassVar[str] = "build"
    durable: ClassVar[bool] = True
    role: Role = "model"
    parent: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class CandidateCard:
    """One candidate for people to read."""

    candidate: str
    role: Role
    made_by: str
    at: str
    snapshot: str
    trained_on: list[str]
    rows: int
    format: str
    features: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates(Question[list[CandidateCard]]):
    """Every candidate of a product, oldest first."""
