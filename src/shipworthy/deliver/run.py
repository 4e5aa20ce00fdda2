"""What travels between the steps of a run: plain values that JSON can hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shipworthy.base.check import CheckResult
from shipworthy.plan.schema import Consumer, Plan

SHADOW = "shadow"
WAY = "stream "
"""How the name of a way over a broker begins, where it stands beside the names of sinks: `stream bus`."""
BACK_FILL = "back-fill"
"""The step of answers that were given long after the moment they are for; nobody is judged by them."""
NOT_RELEASED = "cohort not released"
"""Why an entity got no answer that nobody was released to give."""


@dataclass(frozen=True, slots=True)
class Part:
    """One candidate's part in a run.

    Attributes:
        cohorts: the cohorts it answers for real; everything else it answers in shadow.
        step: the release step of its real answers, or of all of them in a trial.
        canary: the candidate, itself or another, that answers a share of the entities whatever their cohort.
        canary_share: that share.
    """

    candidate: str
    cohorts: tuple[str, ...]
    step: str
    canary: str = ""
    canary_share: float = 0.0

    @property
    def champion(self) -> dict[str, str]:
        """Who answers whom, as far as this part goes."""
        return dict.fromkeys(self.cohorts, self.candidate)


@dataclass(frozen=True, slots=True)
class Run:
    """What is settled about a run before anything is read.

    Attributes:
        moment: the moment the list is for.
        trial: rehearsal, shadow, or empty for a list for people.
        challenger: the candidate that a trial is of.
        back_fill: whether a list is made long after its moment, for the log alone or for its destinations too.
    """

    name: str
    plan: Plan
    consumer_name: str
    consumer: Consumer
    moment: datetime
    trial: str
    challenger: str
    back_fill: Literal["", "log", "deliver"] = ""


@dataclass(frozen=True, slots=True)
class Account:
    """Where every entity went: due = answered + refused."""

    due: int
    answered: int
    refused: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Used:
    """What answers, and from which data.

    Attributes:
        as_of: the moment as of which data is read; an earlier one where a past snapshot stands in.
        parts: who answers; none where a list that was made before is brought again.
        again: the account of that list.
        stood_in: why something else than fresh answers of what is released goes out, in plain words.
        broken: why the released model could not answer.
        fell_back: why the baseline answers in place of the model on purpose; empty where it does not.
    """

    snapshot: str
    as_of: str
    parts: list[Part] = field(default_factory=list)
    again: Account | None = None
    stood_in: str = ""
    broken: str = ""
    fell_back: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The answers of one candidate, sealed or about to be.

    Attributes:
        rows: all its answers; real: those for people, or for the rehearsal of it.
        due: entities that the sources name; known: those that have features.
        unscored: entities of its own cohorts to which it gives no score.
        broken: why it could not answer at all.
        shadow: it was to answer nobody but the log; canary: only a share, which its champion then answers too.
    """

    segment: str
    candidate: str
    rows: int
    real: int
    mean_score: float
    due: int = 0
    known: int = 0
    unscored: int = 0
    features: str = ""
    steps: dict[str, int] = field(default_factory=dict)
    broken: str = ""
    shadow: bool = False
    canary: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of bringing rows to one sink: `where` they lie, or why it `failed`."""

    sink: str
    rows: int
    content: str
    notice: str
    checks: list[CheckResult]
    where: str = ""
    failed: str = ""
