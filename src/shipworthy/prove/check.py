"""What a check of the proof is, and what it is given: values only, so that anybody can run one in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol

from shipworthy.base.check import CheckResult, Verdict
from shipworthy.base.digest import canonical
from shipworthy.base.errors import UserError
from shipworthy.model.classes import chosen
from shipworthy.model.rules import decide

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from shipworthy.model.words import CandidateMade, Role
    from shipworthy.plan.schema import Decision, Plan
    from shipworthy.prove.intervals import Floats
    from shipworthy.prove.words import CheckMadePermanent

FOLDER = "prove/checks"
_LONGEST = 600


class Answers(Protocol):
    """A loaded candidate: from accepted rows to features, scores and reasons."""

    def features(self, sources: Mapping[str, pa.Table], as_of: datetime, /) -> pd.DataFrame: ...
    def scores(self, features: pd.DataFrame, /) -> Floats: ...
    def likely(self, features: pd.DataFrame, /) -> Floats: ...
    def reasons(self, features: pd.DataFrame, count: int, /) -> list[list[str]]: ...


@dataclass(frozen=True, slots=True)
class Rows:
    """Entities with what went in and what came out as of one moment.

    Attributes:
        as_of: the moment; nothing that came later went in.
        features: one row per entity, whose name (text) is the index.
        scores: one per row.
        asked: why a person is asked about each row by the humility rules, empty where nobody is; none for no row.
        likely: of a class, the probability of each per row; scores are those of the likeliest.
        classes: their names, in order.
    """

    as_of: datetime
    features: pd.DataFrame
    scores: Floats
    asked: Sequence[str] = ()
    likely: Floats | None = None
    classes: tuple[str, ...] = ()

    @property
    def entities(self) -> list[str]:
        return [str(name) for name in self.features.index]

    def decided(self, rule: Decision) -> list[str]:
        """What would be done about each row, by the same rules as in use."""
        return decide(self.scores, self.entities, rule, self.asked, self.named)

    @property
    def named(self) -> list[str] | None:
        """The class of each row; None where an answer is none."""
        return None if self.likely is None else [self.classes[place] for place in chosen(self.likely).tolist()]


@dataclass(frozen=True, slots=True)
class Truth:
    """Entities that training never saw, each at the newest moment at which its truth is known.

    Attributes:
        rows: these entities; those whose truth is unknown are left out. Its `as_of` is the newest moment.
        labels: their truth, 0 or 1, or a number; of a class whether it was right.
        due: how many entities there were at the newest moment, held out or not.
        baseline: the baseline's scores on the same rows; None where there is none to compare with.
        baseline_is: what that baseline is, in plain words.
        since: the oldest moment of a row; None where all are of the newest.
        places: of a class, the place of the true one among the declared.
    """

    rows: Rows
    labels: Floats
    due: int
    baseline: Floats | None = None
    baseline_is: str = ""
    since: datetime | None = None
    places: Floats | None = None

    @property
    def judged(self) -> tuple[Floats, Floats]:
        """What a measure is of: truths and answers; of a class the true places, and the probability of each class."""
        if self.places is None or self.rows.likely is None:
            return self.labels, self.rows.scores
        return self.places, self.rows.likely

    @property
    def when(self) -> str:
        """As of when the rows are, in words."""
        newest = f"{self.rows.as_of:%Y-%m-%d}"
        if self.since is None or self.since == self.rows.as_of:
            return f"as of {newest}"
        return f"each as of its newest known moment from {self.since:%Y-%m-%d} to {newest}"


@dataclass(frozen=True, slots=True)
class Parent:
    """A candidate that this one comes from: its scores on the rows of now, and what it is made of.

    Attributes:
        what: what it is to this one, in words.
        family: the classes of the model, as `prove.family` reads them; empty where its file does not say.
        named: the class it gives each row; None where an answer is none.
    """

    candidate: str
    scores: Floats
    family: tuple[str, ...] = ()
    named: tuple[str, ...] | None = None
    what: str = "the candidate it replaces"


@dataclass(frozen=True, slots=True)
class Training:
    """How many rows there were to learn from, counted again by the proof.

    Attributes:
        outside: rows with a known truth at the moments of training, held-out entities left out.
        inside: rows of held-out entities at these moments.
    """

    outside: int
    inside: int


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One question of a monitor, and whether held-out rows and the answers of a year will let it be answered.

    Attributes:
        monitor: its name; part: whom or what the question is about.
        held_out: the rows it rests on; 0 for none.
        proven: the share or mean loss that was found on them; of promised less real 0.
        allowed: what the plan tolerates; tolerated: what will be in fact, since few rows leave more to chance.
        finds: how bad things must get to be found within a year: as with knowing nothing, or far beyond the tolerance.
        answers: how many answers with a known truth a year is expected to bring.
        more: about how many more held-out rows make it tell; 0 where it can, None where no number does.
        takes: how many answers it then takes to find that; where no number of rows is enough, at the least.
        to_keep: about how many more leave no more to chance than the tolerance; 0 where these do.
    """

    monitor: str
    part: str
    held_out: int
    proven: float
    allowed: float
    tolerated: float
    finds: float
    answers: int
    more: int | None
    takes: int | None
    to_keep: int | None

    @property
    def tells(self) -> bool:
        """Whether it can be answered within a year."""
        return self.more == 0

    @property
    def keeps(self) -> bool:
        """Whether it can, and within about the tolerance of the plan."""
        return self.tells and self.to_keep == 0

    @property
    def in_words(self) -> str:
        """Whether it will tell, and what that takes."""
        if self.more is None:
            return "no: a year brings too few answers" if self.takes is not None else "no, with any number of answers"
        if self.more:
            return f"no: about {self.more:,} more held-out rows needed"
        if self.keeps:
            return "yes"
        until = "" if self.to_keep is None else f": about {self.to_keep:,} more held-out rows to keep to the plan"
        return f"yes, but wider than the plan{until}"


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything that the checks of a proof may look at.

    Attributes:
        plan: what was promised.
        made: the candidate.
        answerer: the candidate, loaded and verified.
        sources: the accepted rows of its snapshot, by source.
        now: everybody who is due an answer at the moment of the snapshot.
        truth: the held-out entities with their truth; None while no truth is known.
        known_from: the day from which a first truth can be known, ISO 8601.
        groups: the group of each entity by column, for each declared fairness column; missing ones are absent.
        parents: those it comes from, on the rows of now: the one it replaces, and the one that an envelope starts from.
        training: rows to learn from, counted again; None where the model was made elsewhere.
        stored: content of each file of the candidate, by name.
        differences: how the software here differs from the locked environment.
        permanent: the checks that closed incidents left behind.
        foreseen: what the monitors will be able to tell; empty where none of them has held-out rows to hold it against.
        keep: takes the name and content of an evidence file and gives its digest.
    """

    plan: Plan
    made: CandidateMade
    answerer: Answers
    sources: Mapping[str, pa.Table]
    now: Rows
    truth: Truth | None
    known_from: str
    keep: Callable[[str, bytes], str]
    groups: Mapping[str, Mapping[str, str]]
    stored: Mapping[str, bytes]
    parents: tuple[Parent, ...] = ()
    training: Training | None = None
    differences: tuple[str, ...] = ()
    permanent: tuple[CheckMadePermanent, ...] = ()
    foreseen: Sequence[Foreseen] = ()

    @property
    def role(self) -> Role:
        return self.made.role

    @property
    def confidence(self) -> float:
        return self.plan.proof.performance.confidence

    @property
    def held_out(self) -> str:
        """What can be said of the entities it is judged on; of a model made elsewhere nobody knows what it saw."""
        if self.training is not None or self.role == "baseline":
            weighed = self.made.weighing is not None and self.made.weighing.segments
            return "that training never saw" + (", drawn to stand for everybody" if weighed else "")
        return "that are held out here; whether its training, which was elsewhere, saw them, nobody here can know"

    def known(self) -> Truth:
        """The truth, for checks that are only run where there is one.

        Raises:
            LookupError: no truth is known yet.
        """
        if self.truth is None:
            raise LookupError(f"No truth is known before {self.known_from}.")
        return self.truth

    def table(self, name: str, content: object) -> dict[str, str]:
        """Keep a value as a JSON evidence file; gives its digest by name."""
        return {name: self.keep(name, canonical(content))}


@dataclass(frozen=True, slots=True)
class ProofCheck:
    """One question that a proof asks about a candidate.

    Attributes:
        name: the file's name.
        title: a few words that head it in the report.
        asks: the question in plain words.
        applies: whether it is asked under a plan of a model or a baseline.
        run: the answer, or several.
        needs_truth: asked only once the truth about held-out entities is known.
    """

    name: str
    title: str
    asks: str
    applies: Callable[[Plan, Role], bool]
    run: Callable[[Subject], CheckResult | list[CheckResult]]
    needs_truth: bool = False

    def result(self, verdict: Verdict, found: str, asked: str = "", part: str = "", **rest: Any) -> CheckResult:
        """A result of this check.

        Args:
            verdict: the verdict.
            found: the finding in plain words, with its values.
            asked: the question, where a check asks more than one.
            part: names one of several results of a check.
            rest: further fields of the result.
        """
        name = f"prove.{self.name}.{part}" if part else f"prove.{self.name}"
        return CheckResult(name, asked or self.asks, verdict, found, **rest)


def run_checks(subject: Subject, checks: list[ProofCheck]) -> list[CheckResult]:
    """The results of all checks that apply, in order; one that breaks says so and stops no other."""
    results: list[CheckResult] = []
    for check in checks:
        if check.applies(subject.plan, subject.role):
            results += _results(check, subject)
    return results


def _results(check: ProofCheck, subject: Subject) -> list[CheckResult]:
    if check.needs_truth and subject.truth is None:
        return [_not_yet(check, subject)]
    try:
        found = check.run(subject)
    except Exception as error:
        return [_broken(check, _said(error))]
    results = found if isinstance(found, list) else [found]
    return [
        result if _is_finite(result) else _broken(check, f"{result.found} A value is no number.") for result in results
    ]


def _broken(check: ProofCheck, why: str) -> CheckResult:
    return check.result(
        "error",
        f"It could not be judged: {why}",
        why="What was not judged is not shown.",
        advice="Put right what the message names, then prove the candidate again.",
    )


def _is_finite(result: CheckResult) -> bool:
    values = (result.measured, result.low, result.high, result.bound)
    return all(value is None or isfinite(value) for value in values)


def _said(error: Exception) -> str:
    if isinstance(error, UserError):
        return " ".join(f"{mistake.found} {mistake.fix}".strip() for mistake in error.mistakes)[:_LONGEST]
    return f"{type(error).__name__}: {error}"[:_LONGEST]


def _not_yet(check: ProofCheck, subject: Subject) -> CheckResult:
    """A baseline may answer before any truth is known, that is what it is for; a model may not."""
    verdict: Verdict = "warn" if subject.role == "baseline" else "not_run"
    return check.result(
        verdict,
        f"No truth is known yet about the entities held out; the first is known from {subject.known_from[:10]}.",
        why="A promise can only be held against what came true.",
        advice=f"Prove the candidate again on {subject.known_from[:10]} or later.",
    )


def always(plan: Plan, role: Role) -> bool:
    """For checks that every candidate must pass."""
    return True


def of_a_model(plan: Plan, role: Role) -> bool:
    """For checks that only a model must pass."""
    return role == "model"


def of_a_class(plan: Plan, role: Role) -> bool:
    """For checks on answers that are one of several classes."""
    return plan.need.answer == "class"


def of_a_probability(plan: Plan, role: Role) -> bool:
    """For checks on probabilities of a model."""
    return role == "model" and plan.need.answer == "probability"
