"""What a monitor is: a check that runs for life on windows of answers, with a stated false-alarm bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from shipworthy.model.classes import chosen, losses
from shipworthy.model.projections import Projections
from shipworthy.watch.words import Kind, Level

if TYPE_CHECKING:
    from shipworthy.base.fact import Past
    from shipworthy.plan.schema import Plan, Worth
    from shipworthy.watch.proof_rows import Question

Needs = Literal["labels", "answers", "runs", "audit", "facts"]
NOBODY = ""
"""In place of a candidate: what is counted from facts is about none."""
Floats = npt.NDArray[np.float64]
Values = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the plan says about one monitor.

    Attributes:
        tolerance: what may change without harm; None where neither the plan nor the monitor names one.
        phi: the declared bound on overdispersion.
        alpha: the probability of a false alarm that is allowed per year.
        updates_per_year: how many windows a year brings.
        ages: features that grow by themselves.
        floor: the floor of the proof's performance, where it is an AUC.
        declared: the plan itself names the tolerance, so going beyond it is harm.
        disparity: by fairness column, how much worse the worst group may fare than the best: one minus the lowest
            over the highest share of yes.
        worth: what a decision is worth by how it came out; None where the plan does not say.
    """

    tolerance: float | None
    phi: float
    alpha: float
    updates_per_year: int
    ages: tuple[str, ...] = ()
    floor: float | None = None
    declared: bool = False
    disparity: Mapping[str, float] = field(default_factory=dict)
    worth: Worth | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of the reference, as they were kept with the candidate.

    Attributes:
        features: by name, one value per row.
        scores: one per row; labels: NaN where unknown.
        fits: rows of the half on which projections and classifiers may learn; the others only judge.
    """

    features: Mapping[str, Values]
    scores: Floats
    labels: Floats
    fits: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Beside:
    """What lies beside a window and its profile, read only where a monitor asks for it.

    Attributes:
        projections, sample: of the candidate; None where it was made without.
        earlier: inputs of some rows of each of the last windows before this one, oldest first.
    """

    projections: Callable[[], Projections | None]
    sample: Callable[[], Sample | None]
    earlier: Callable[[], Sequence[Mapping[str, Values]]]


@dataclass(frozen=True, slots=True)
class OfClasses:
    """What there is beside the scores of a window whose answers are classes.

    Attributes:
        names: the classes of the candidate, in order.
        likely: the probability of each class per answer.
        truths: the place of the true class per answer, NaN where it is unknown; None where no truth could be had.
    """

    names: tuple[str, ...]
    likely: Floats
    truths: Floats | None = None

    @property
    def answered(self) -> npt.NDArray[np.intp]:
        """The place of the class of each answer."""
        return chosen(self.likely)

    @property
    def losses(self) -> Floats:
        """The loss of each answer in [0, 1]; NaN where its truth is unknown."""
        known = np.full(len(self.likely), np.nan) if self.truths is None else self.truths
        return losses(self.likely, known)


@dataclass(frozen=True, slots=True)
class Since:
    """How far a monitor has counted: up to and with this fact, and up to this moment."""

    seq: int
    moment: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """Something that facts, or the clock, say about one part of what lies beside the answers.

    Attributes:
        at: when it was known; seq: the fact that says so, 0 where it is the clock that does.
        part: a source, a consumer, a promise to one.
        rows: how many it is about; ones: how many of them fell short.
        text: what fell short, in plain words; empty where nothing did.
        numbers: further counts, which add up.
    """

    at: datetime
    seq: int
    part: str
    rows: int
    ones: int
    text: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of one part in one window; the events of a window added up.

    Attributes:
        said: what fell short, in plain words, newest last, the newest few.
        first: when it fell short first in this window, ISO 8601; empty where it did not.
    """

    rows: int = 0
    ones: int = 0
    said: tuple[str, ...] = ()
    first: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """The share that fell short; 0 of nothing."""
        return self.ones / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class Counting:
    """How a monitor of facts counts.

    Attributes:
        events: (plan, past, how far was counted, now) -> what is known since.
        every: how long one window is; only a window in which something was counted is judged.
        updates: how many windows of one part a year brings at the most.
    """

    events: Callable[[Plan, Past, Since, datetime], Iterable[Event]]
    every: timedelta
    updates: Callable[[Plan], int]


@dataclass(frozen=True, slots=True)
class Weights:
    """What answers count for where the truth is only known of those on whom the product acted; see `watch.weighing`.

    Attributes:
        each: 0 to 1 per answer, 0 where nobody acted; NaN where a person decided.
        least: the least chance of being acted on; a mean of weighed values over it is that of everybody.
        draws: a number for each answer by a hash of its entity: who takes part in a mean, the lowest first, must hang
            neither on what an entity is called nor on the order of the answers.
    """

    each: Floats
    least: float
    draws: npt.NDArray[np.uint64]

    def counting(self, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which answers take part in a mean: those acted on whose truth is known, and as large a share of the others.

        Whoever was left out counts as nothing, so were all of them to take part while truths are missing, the mean
        would be too low by the share that is missing.
        """
        acted, left_out = self.each > 0, np.flatnonzero(self.each == 0)
        share = known[acted].mean() if acted.any() else 1.0
        lowest = np.argsort(self.draws[left_out], kind="stable")[: int(left_out.size * share + 1e-9)]
        found = known & acted
        found[left_out[lowest]] = True
        return found


@dataclass(frozen=True, slots=True)
class Window:
    """The answers of one candidate for one moment, each entity once.

    Attributes:
        moment: as of when they were given, ISO 8601.
        scores: one per answer; NaN where there was none.
        labels: the truth per answer, NaN where it is unknown; None where no truth could be had. Of a class it is
            whether the answer was right, which its score promises.
        unlabelled_because: why there is no truth at all; for_good: no later look will find one either; behind: the
            feed that says what is true has not come so far yet.
        promises: whether a score is meant as the probability of yes.
        contradicting: entities for which several truths were stated; they count as unknown.
        features: the inputs by name, one value per answer; empty where they could not be found.
        due: entities that were due in the runs of this moment; refused: those of them without an answer.
        stood_in: answers that the baseline gave in place of the candidate that was released.
        nothing_because: why the runs of this moment brought nothing at all.
        decisions: the word of the decision rule per answer; yes, no: the words that mean so.
        threshold: of a number, from where on the truth is a yes; None where the rule has none.
        groups: by declared fairness column the value of each answer's entity; without a column that could not be found.
        says_yes: whether each answer was decided as yes; None where decisions were not read.
        beside: what else there is to hold it against; None where nothing is.
        of_classes: the classes behind scores and labels; None where an answer is none.
        counted: by part what was counted from facts; only for a monitor that counts them.
        weights: what each answer counts for; None where each counts alike.
        share: of the entities that this candidate was declared to answer; 1 but for a canary.
        among: how many answers there are in a window that is too large to be held: the arrays then hold evenly spread
            ones of them; None where they hold all.
        tally: what a monitor counted of all answers of such a window; see `Monitor.count`.
    """

    moment: str
    scores: Floats
    labels: Floats | None = None
    unlabelled_because: str = ""
    for_good: bool = False
    behind: bool = False
    promises: bool = True
    contradicting: int = 0
    features: Mapping[str, Values] = field(default_factory=dict)
    due: int = 0
    refused: int = 0
    stood_in: int = 0
    nothing_because: str = ""
    decisions: Values = field(default_factory=lambda: np.zeros(0, dtype=object))
    yes: str = "yes"
    no: str = "no"
    threshold: float | None = None
    groups: Mapping[str, Values] = field(default_factory=dict)
    says_yes: npt.NDArray[np.bool_] | None = None
    beside: Beside | None = None
    of_classes: OfClasses | None = None
    counted: Mapping[str, Counted] = field(default_factory=dict)
    weights: Weights | None = None
    share: float = 1.0
    among: int | None = None
    tally: Any = None

    @property
    def answers(self) -> int:
        """How many answers there are."""
        return int(self.scores.size) if self.among is None else self.among

    @property
    def of_some(self) -> str:
        """What is said where only some of the answers are looked at; empty where all are."""
        if self.answers == self.scores.size:
            return ""
        return f" Judged by {self.scores.size:,} evenly spread ones of its {self.answers:,} answers."

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """The answers with a score whose truth is known, or counts for nothing; see `Weights.counting`."""
        assert self.labels is not None
        known = np.isfinite(self.labels)
        return (known if self.weights is None else self.weights.counting(known)) & np.isfinite(self.scores)

    @property
    def each(self) -> Floats:
        """What each usable answer counts for."""
        return np.ones(int(self.usable.sum())) if self.weights is None else self.weights.each[self.usable]

    @property
    def least(self) -> float:
        """What bounds and tolerances are multiplied by, as the values are."""
        return 1.0 if self.weights is None else self.weights.least

    @property
    def weighing(self) -> str:
        """What is said beside a mean of weighed truths; empty where each counts alike."""
        if self.weights is None:
            return ""
        drawn = int((self.each == 1).sum())
        return (
            f" The truth is known of those acted on only: each counts by one over its chance, so that {drawn:,} who "
            "were acted on at random stand for all whom the rule left out."
        )

    @property
    def contradictions(self) -> str:
        """What is said of entities whose truth was stated in several ways; empty where there are none."""
        if not self.contradicting:
            return ""
        return f" Contradicting truths were stated of {self.contradicting:,} of them, which count as unknown."

    @property
    def day(self) -> str:
        """The moment as people write it: the date, and the time where it is not midnight."""
        date, _, time = self.moment.partition("T")
        return date if not time or time.startswith("00:00:00") else f"{date} {time[:5]}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a monitor found in a window; see `WindowJudged`."""

    level: Level
    text: str
    state: dict[str, Any]
    numbers: dict[str, float] = field(default_factory=dict)
    parts: dict[str, dict[str, float]] = field(default_factory=dict)
    guarantee: str = ""
    cause: str = ""
    advice: str = ""
    since: str = ""
    kind: Kind = "guarantee"


def always(plan: Plan) -> bool:
    """Every product has something to judge."""
    return True


Judge = Callable[[Mapping[str, Any], Window, Settings, Mapping[str, Any]], Judgement]
Count = Callable[[Window, Mapping[str, Any]], Any]
RestsOn = Callable[[Mapping[str, Any], Settings, int], "Sequence[Question]"]


@dataclass(frozen=True, slots=True)
class Monitor:
    """One member of watch/monitors.

    Attributes:
        name: as the plan writes it.
        asks: its question, in plain words.
        needs: `answers` and the account of `runs` are judged at once, `labels` when the truth is known, an
            `audit` when people have said of each row of its sample what is true; `facts` are about no candidate.
        judge: (carried state, window, settings, reference profile of the candidate) -> judgement.
        tolerance: its default; None where it has none. What it `tolerates` in words: the tolerance stands in them as
            a `share` or in `percent`, with what it is reckoned from where that is not what is counted.
        phi: the default bound on overdispersion.
        spends: it takes a part of the false-alarm budget; not so one that only estimates, counts or describes.
        applies: whether a product with this plan has anything for it to judge.
        counting: how one of `facts` counts; one without is judged by whoever records what it sees.
        weighs: it counts truths by their weights; the others are not run where only some truths can be known.
        rests_on: (reference profile, settings, expected answers of a window) -> its questions, with what the held-out
            rows leave to chance, so that a proof can say what it will be able to tell; None where no proof can.
        count: (some answers, reference profile) -> what it needs to know of them, which adds up by `+`: a window that
            is too large to be held comes to `judge` with the sum over all of it. A monitor of answers without one
            judges by evenly spread answers.
    """

    name: str
    asks: str
    needs: Needs
    judge: Judge
    tolerance: float | None
    tolerates: str = "{percent:g}%"
    phi: float = 25.0
    spends: bool = True
    applies: Callable[[Plan], bool] = always
    counting: Counting | None = None
    weighs: bool = False
    rests_on: RestsOn | None = None
    count: Count | None = None


def not_run(state: Mapping[str, Any], why: str, **numbers: float) -> Judgement:
    """A window that could not be judged: the evidence so far is carried on as it was."""
    return Judgement("not_run", why, dict(state), numbers)


def percent(share: float) -> str:
    """A share as people read it.

    >>> percent(0.2786)
    '27.9%'
    """
    return f"{share * 100:.1f}%"
