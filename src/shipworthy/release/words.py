"""What can be asked and what happens while a candidate goes to consumers step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from shipworthy.base.fact import Command, Question, What

REHEARSAL: Literal["rehearsal"] = "rehearsal"
CANARY = "canary"
FOR_COHORTS = ("cohort", "all")
FOR_PEOPLE = (CANARY, *FOR_COHORTS)
"""The steps at which somebody gets a candidate's answers for real."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseStepped(What):
    """A candidate moved to a step of its release.

    Attributes:
        step: rehearsal, shadow, canary, cohort or all.
        cohorts: the cohorts it answers for at this step; all of them at step `all`, none before a cohort.
        replaces: the candidate that answered these cohorts before, empty for none.
        gate: digest of the gate state that let it pass.
        roles: model or baseline, for readers.
        share: of the entities that it answers at step `canary`; 0 at any other.
    """

    candidate: str
    step: str
    cohorts: list[str]
    replaces: str
    gate: str
    role: str
    share: float = 0.0

    @property
    def about(self) -> str:
        return self.candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack(What):
    """A candidate was taken back: its consumers went back to the one before, or to the baseline.

    Attributes:
        to: the candidate that answers again; empty where the candidate answered nobody.
    """

    candidate: str
    to: str
    reason: str

    @property
    def about(self) -> str:
        return self.candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class FellBack(What):
    """The signed baseline answers everybody from now on, until the way back is taken.

    Attributes:
        to: the baseline.
    """

    to: str
    reason: str

    @property
    def about(self) -> str:
        return self.to


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack(What):
    """Whoever answered before the fall-back answers again.

    Attributes:
        to: the candidate of each cohort.
    """

    to: dict[str, str]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveriesPaused(What):
    """Nothing goes to these consumers until it is said that deliveries go on."""

    consumers: list[str]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveriesResumed(What):
    """Deliveries to these consumers go on; the lists that were held back are made."""

    consumers: list[str]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFinished(What):
    """A candidate was rehearsed, answered a list in shadow, or had its part in what went to people as a canary.

    Attributes:
        step: rehearsal, shadow or canary.
        ok: whether the output kept every declared contract on the real route.
        compared: numbers against the one in use, such as the mean score of both; empty without one.
    """

    candidate: str
    step: str
    consumer: str
    as_of: str
    ok: bool
    text: str
    compared: dict[str, float] = field(default_factory=dict)

    @property
    def about(self) -> str:
        return self.candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialJudged(What):
    """The losses of a candidate and of the one it stands beside, or replaced, were compared for one moment.

    Attributes:
        against: the other candidate.
        step: shadow (both answered the same entities), canary (they shared them) or in use (it has replaced the other).
        window: the moment whose answers were compared, ISO 8601; each is compared once.
        verdict: promote, hold or roll back, after this moment and those before.
        harm: whether it goes back because it does harm, or because the people were not divided as planned.
        numbers: rows and rise of the mean loss, of this moment and in all, and how far the evidence has come.
        state: the evidence that is carried on to the next moment.
    """

    candidate: str
    against: str
    step: str
    window: str
    verdict: Literal["promote", "hold", "roll back"]
    harm: bool
    text: str
    guarantee: str
    numbers: dict[str, float]
    state: dict[str, list[float]]

    @property
    def about(self) -> str:
        return self.candidate


@dataclass(frozen=True, slots=True)
class Standing:
    """Who answers whom.

    Attributes:
        champion: candidate that answers by cohort name.
        challenger: the candidate in rehearsal or shadow, empty for none.
        challenger_step: its step.
        baseline: the signed baseline that stands in, empty while none is signed.
        since: when somebody got answers for real for the first time, ISO 8601; empty before.
        pointer: digest of the signed pointer that the prediction server follows.
        canary: the candidate that answers `canary_share` of the entities in place of their champion; empty for none.
        canary_share: by a hash of the entity, see `release.rules.canary_share`.
        trials: what comparing losses says about those in shadow, canary or use, in plain words.
        held: who answers again after a fall-back, by cohort; empty while nobody fell back.
        paused: the consumers to whom nothing goes, each with the reason.
        waiting: the canary that goes on after the way back from a fall-back; empty for none.
        fell_back: why the baseline took over; empty while nobody fell back.
        instead: why the baseline answers in place of a model, by cohort: somebody fell back to it, or the model was
            taken back; empty where all is as released.
    """

    champion: dict[str, str]
    challenger: str = ""
    challenger_step: str = ""
    baseline: str = ""
    since: str = ""
    pointer: str = ""
    history: list[str] = field(default_factory=list)
    canary: str = ""
    canary_share: float = 0.0
    trials: list[str] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)
    paused: dict[str, str] = field(default_factory=dict)
    waiting: str = ""
    fell_back: str = ""
    instead: dict[str, str] = field(default_factory=dict)

    @property
    def released(self) -> dict[str, str]:
        """The released candidate of each cohort, whether or not the baseline answers in its place now."""
        return {**self.champion, **self.held}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCandidate(Command[Standing]):
    """Move a candidate to the next step of its release: rehearsal, shadow, canary, cohort NAME, all.

    Refused while the gate is shut, when a declared step would be jumped over, and, before anybody gets anything from
    it, when what would be gone back to does not open and answer as proven. A canary stays beside its cohorts until it
    answers everybody; taken again after `release.canary` has grown, it takes the larger share.
    """

    right: ClassVar[str] = "release"
    durable: ClassVar[bool] = True
    candidate: str
    step: str
    cohort: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBack(Command[Standing]):
    """Give the consumers back the candidate before, in one step; to the baseline where there is none.

    Without `candidate` it is the one that was released last. One in rehearsal, shadow or canary is taken out of it. A
    candidate that was taken back begins again at its first step.
    """

    right: ClassVar[str] = "release"
    durable: ClassVar[bool] = True
    reason: str
    candidate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FallBack(Command[Standing]):
    """Let the signed baseline answer everybody, in lists and in real time, until `ComeBack`; in one step."""

    right: ClassVar[str] = "release"
    durable: ClassVar[bool] = True
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComeBack(Command[Standing]):
    """Let those answer again who answered before the baseline took over.

    Refused where an owner has taken a signature on one of them back since.
    """

    right: ClassVar[str] = "release"
    durable: ClassVar[bool] = True
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseDeliveries(Command[Standing]):
    """Hold everything that goes to a consumer, or to all of them; everybody who waits is told.

    Lists that fall due meanwhile are made once deliveries are resumed; questions of a stream wait at the broker until
    then, and questions in real time are refused with the reason.
    """

    right: ClassVar[str] = "release"
    durable: ClassVar[bool] = True
    reason: str
    consumer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeDeliveries(Command[Standing]):
    """Let deliveries go on to a consumer, or to all that are paused; lists that were held back are made."""

    right: ClassVar[str] = "release"
    durable: ClassVar[bool] = True
    reason: str
    consumer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairPointer(Command[Standing]):
    """Write the signed release pointer anew from the ledger, after somebody edited or removed it."""

    right: ClassVar[str] = "release"
    durable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases(Question[Standing]):
    """Who answers whom now, and how it came to that."""
