"""One verified candidate ready to answer questions, with the features of the pinned snapshot in memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.inputs import Value
from shipworthy.model.answering import ROUNDING, Answerer
from shipworthy.model.classes import chosen, of_first, promised
from shipworthy.model.compiled import FAITHFUL, Compiled
from shipworthy.model.exploring import explored_one
from shipworthy.model.humility import Humility, told_first
from shipworthy.model.intervals import Intervals
from shipworthy.model.reasons import moves_of, told
from shipworthy.model.rules import DIGITS, decision_at
from shipworthy.plan.schema import Decision

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants to know.

    Attributes:
        entity: whom it is about.
        consumer: for whom it is asked.
        values: every input of the contract where they were given; None where the stored ones are meant.
        answer_id: the last 20 digits of the answer's name where the asker determines it, empty for a fresh one.
        trace: the asker's trace id, 32 digits; empty where none was given.
    """

    entity: str
    consumer: str
    values: Mapping[str, Value] | None = None
    answer_id: str = ""
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """What is said to some questions, each in its place.

    Attributes:
        why: why a person must be asked; empty where nobody need be.
        names, likely: of a class its name and the probability of each; empty where an answer is none.
    """

    scores: list[float]
    reasons: list[list[str]]
    why: list[str]
    names: Sequence[str] = ()
    likely: Sequence[list[float]] = ()


@dataclass(frozen=True)
class Ready:
    """One candidate ready to answer, with the features of the pinned snapshot.

    Attributes:
        features: one row per entity; features_ref is its digest in the store.
        decisions: the decision for each entity, taken over all of them as in a list.
        cohorts: the cohort of each entity.
        rule: the decision rule that it was signed with.
        cut: the lowest score that the newest list chose, for a rule that chooses so many.
        product: which people are drawn for, where the rule explores; chances: with which each was to be acted on.
    """

    answerer: Answerer
    features: pd.DataFrame
    features_ref: str
    as_of: datetime
    decisions: Mapping[str, str]
    cohorts: Mapping[str, str]
    rule: Decision
    cut: float
    product: str = ""
    chances: Mapping[str, float | None] = field(default_factory=dict)

    @cached_property
    def places(self) -> dict[str, int]:
        """The row of each entity."""
        return {str(entity): place for place, entity in enumerate(self.features.index)}

    @cached_property
    def names(self) -> list[str]:
        """The inputs, in order."""
        return list(self.answerer.made.features)

    @cached_property
    def matrix(self) -> Matrix:
        """The features as the compiled form reads them."""
        assert self.answerer.compiled is not None
        return np.array(self.answerer.compiled.matrix(self.features), order="C")  # a row is asked for at a time

    @cached_property
    def _typical(self) -> dict[str, float | str]:
        return {name: entry["typical"] for name, entry in self.answerer.profile["features"].items()}

    @cached_property
    def _humility(self) -> Humility:
        return self.answerer.humility(self.rule)

    @cached_property
    def _intervals(self) -> Intervals | None:
        return Intervals.read(self.answerer.profile)

    def ends(self, scores: Sequence[float]) -> list[tuple[float, float]] | None:
        """Low and high end of the interval of each score; None where the candidate was made without intervals."""
        if self._intervals is None:
            return None
        low, high = self._intervals.ends(np.asarray(scores, dtype=np.float64))
        return list(zip(low.tolist(), high.tolist(), strict=True))

    def warm(self) -> None:
        """Make ready what the first question would otherwise wait for."""
        _ = self.places, self._typical, self._humility, self._intervals
        if self.answerer.compiled is not None:
            _ = self.matrix

    def scored(self, asked: Sequence[Question], count: int) -> Scored:
        """A score, at most `count` reasons, and why a person must be asked, for each question.

        Raises:
            UserError: the model could not answer one of them.
        """
        compiled = self.answerer.compiled
        if compiled is not None:
            return self._quickly(compiled, asked, count)
        rows = self.answerer.fitting(self._frame(asked))
        said = self.answerer.likely(rows) if self.answerer.classes else self.answerer.scores(rows)
        reasons = self.answerer.reasons(rows, count) if count else [[]] * len(asked)
        return self._humbly(said, reasons, self._humility.asks_of(rows, self._widths(_scores(said))))

    def _humbly(self, said: Matrix, reasons: list[list[str]], why: list[str]) -> Scored:
        told = reasons if self._humility.idle else told_first(why, reasons)
        if said.ndim == 1:
            return Scored(said.tolist(), told, why)
        names = [self.answerer.classes[place] for place in chosen(said).tolist()]
        return Scored(_scores(said).tolist(), told, why, names, said.tolist())

    def _widths(self, scores: Matrix) -> Matrix | None:
        if self._humility.idle or self._intervals is None:
            return None
        low, high = self._intervals.ends(scores)
        return high - low

    def _quickly(self, compiled: Compiled, asked: Sequence[Question], count: int) -> Scored:
        rows = np.array([self._row(compiled, question) for question in asked], dtype=np.float64)
        said = self._checked(compiled.scores_of(rows))
        texts = {name: [self._text(one, name) for one in asked] for name in self.names if name in compiled.codes}
        why = [""] * len(asked)
        if not self._humility.idle:
            why = self._humility.asks(rows, texts, self._widths(_scores(said)))
        if not count:
            return self._humbly(said, [[]] * len(asked), why)
        typical = np.array(compiled.row([self._typical[name] for name in self.names]))
        moves = moves_of(rows, typical, lambda variants: self._of_answered(compiled.scores_of(variants)))
        columns: list[Sequence[Any]] = [rows[:, place].tolist() for place in range(len(self.names))]
        for name, column in texts.items():
            columns[self.names.index(name)] = [np.nan if text is None else text for text in column]
        return self._humbly(said, told(self.names, columns, self._typical, moves, count), why)

    def _of_answered(self, said: Matrix) -> Matrix:
        """The scores of variants of rows; of a class the probability of the one that was answered."""
        found = self._checked(said)
        return found if found.ndim == 1 else of_first(found, len(self.names) + 1)

    def _row(self, compiled: Compiled, question: Question) -> Sequence[Any]:
        values = question.values
        if values is None:
            row: Sequence[Any] = self.matrix[self.places[question.entity]]
            return row
        given = self._given(values)
        return compiled.row(given) if compiled.codes else given

    @cached_property
    def _given(self) -> Callable[[Mapping[str, Value]], tuple[Any, ...]]:
        """The inputs of a question, in order; a gap becomes NaN where it is made a number."""
        return itemgetter(*self.names) if len(self.names) > 1 else lambda values: (values[self.names[0]],)

    def value(self, entity: str, name: str) -> Value:
        """One stored input of an entity; None where it has none."""
        if name not in self.features.columns:
            return None
        value: Any = self.features[name].iat[self.places[entity]]
        return value if isinstance(value, str) else None if pd.isna(value) else float(value)

    def _text(self, question: Question, name: str) -> Any:
        if question.values is not None:
            return question.values[name]
        value = self.features[name].iat[self.places[question.entity]]
        return value if isinstance(value, str) else None

    def _checked(self, scores: Matrix) -> Matrix:
        least, most = self._span
        # One look at the extremes: a gap among the scores makes both of them no number, and the comparison false.
        if not (scores.min() >= least and scores.max() <= most):
            fix = "Try the model on these inputs in a notebook, then train it again."
            found = "The model gave no number, or no probability, for these inputs."
            where = f"candidate {self.answerer.made.candidate[:12]}"
            raise UserError(Mistake("model.cannot_score", where, found, "No answer is better than a wrong one.", fix))
        found_scores: Matrix = np.round(scores.clip(0.0, 1.0) if most <= 1 + ROUNDING else scores, DIGITS)
        return found_scores

    @cached_property
    def _span(self) -> tuple[float, float]:
        largest = sys.float_info.max
        return (-largest, largest) if self.answerer.answer == "number" else (-ROUNDING, 1 + ROUNDING)

    def _frame(self, asked: Sequence[Question]) -> pd.DataFrame:
        if all(question.values is None for question in asked):
            return self.features.loc[[question.entity for question in asked]]
        rows = [
            question.values if question.values is not None else self.features.loc[question.entity].to_dict()
            for question in asked
        ]
        return pd.DataFrame(rows, columns=self.names, index=[question.entity for question in asked])

    def disagreement(self, question: Question) -> str:
        """How far the compiled form lies from the original on one question; empty where both say the same."""
        if self.answerer.compiled is None:
            return ""
        rows = self.answerer.fitting(self._frame([question]))
        originals = np.asarray(self.answerer.original.scores(rows), dtype=np.float64).reshape(-1)
        ours = self.answerer.compiled.scores(rows).reshape(-1)
        farthest = int(np.abs(ours - originals).argmax())  # of a class the probability that lies farthest off
        original, compiled = float(originals[farthest]), float(ours[farthest])
        if abs(compiled - original) <= FAITHFUL:
            return ""
        return f"its compiled form gave {compiled:.6g} and the original {original:.6g} for the same inputs"

    def decision(
        self, question: Question, score: float, why: str, now: datetime, named: str = ""
    ) -> tuple[str, float | None, bool]:
        """The list's decision for stored features; by the same rule and the list's cut for given ones.

        Args:
            named: the class of the answer; empty where an answer is none.

        Returns:
            The decision, the chance with which it was to be acted on (None where nothing is explored, or a person
            decides), and whether it was drawn at random.
        """
        if question.values is None:
            decision, chance = self.decisions[question.entity], self.chances.get(question.entity)
        else:
            decision, chance = decision_at(score, self.rule, self.cut, why, named), None
            if self.rule.explore is not None:
                classes = self.answerer.classes
                decision, chance = explored_one(decision, question.entity, self.rule, self.product, now, classes)
        return decision, chance, chance is not None and chance < 1 and decision == self.rule.yes


def _scores(said: Matrix) -> Matrix:
    """The scores themselves; of a class the probability of the likeliest."""
    return said if said.ndim == 1 else promised(said)
