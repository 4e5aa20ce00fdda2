"""A verified candidate at work: opened from its kept files, then from accepted rows to features, scores and reasons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from shipworthy.base.errors import Mistake, UserError
from shipworthy.model.candidate import verify
from shipworthy.model.classes import of_first, promised
from shipworthy.model.code import Code, code_of
from shipworthy.model.compiled import AS_IS, COMPILED, Compiled, compiled
from shipworthy.model.environment import differences, read_environment
from shipworthy.model.format import Opening, Scorer, opened
from shipworthy.model.humility import Humility
from shipworthy.model.intervals import Intervals, ends_of
from shipworthy.model.pipeline import Pipeline
from shipworthy.model.reasons import reasons
from shipworthy.model.results import TEXT, Answer, as_text
from shipworthy.model.rules import DIGITS
from shipworthy.model.terms import Declared, read_terms

if TYPE_CHECKING:
    import pyarrow as pa

    from shipworthy.edges.files import Files
    from shipworthy.model.words import CandidateMade
    from shipworthy.plan.schema import Decision

ROUNDING = 1e-6
"""How far a single-precision probability may lie outside 0 and 1."""
_TOGETHER = 1e-4  # how far single-precision probabilities of all classes may be from 1 together


@dataclass(frozen=True)
class Answerer:
    """A loaded candidate.

    Attributes:
        made: the fact that made it.
        profile: its frozen reference profile; see `model.profile` for the fields.
        pipeline: how sources become features and labels, from the candidate's own stored code and terms.
        scorer: what answers: the model's compiled form where it has a faithful one, else the original.
        original: the opened model.
    """

    made: CandidateMade
    profile: dict[str, Any]
    pipeline: Pipeline
    scorer: Scorer
    original: Scorer

    @property
    def compiled(self) -> Compiled | None:
        """The compiled form, where it is what answers."""
        return self.scorer if isinstance(self.scorer, Compiled) else None

    @property
    def form(self) -> str:
        """How it answers: compiled, or as it is."""
        return AS_IS if self.compiled is None else COMPILED

    @property
    def answer(self) -> Answer:
        """Whether it answers with a probability, a number or a class."""
        return self.pipeline.plan.need.answer

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that an answer can be, in order; none where it is no class."""
        return tuple(self.pipeline.plan.need.classes)

    def features(self, sources: Mapping[str, pa.Table], as_of: datetime) -> pd.DataFrame:
        """One row per entity, sorted by entity (text), which is the index; columns as the model was trained on.

        Args:
            sources: accepted rows by source, cut off before `as_of`.

        Raises:
            UserError: the team's code raised or gave something unusable, or gave other features than in training.
        """
        return self.fitting(self.pipeline.features(sources, as_of))

    def fitting(self, features: pd.DataFrame) -> pd.DataFrame:
        """The given rows with exactly the columns the model was trained on, in that order and of that kind.

        Raises:
            UserError: a column is missing, or is text where training saw numbers, or the other way round.
        """
        missing = [name for name in self.made.features if name not in features.columns]
        if missing:
            found = f"The inputs lack {', '.join(missing)}; they have {', '.join(map(str, features.columns))}."
            raise UserError(
                Mistake("model.missing_feature", self._where, found, fix="Give every feature it learnt from.")
            )
        table = features[self.made.features]
        other = [name for name in self.made.features if not self._of_kind(table[name])]
        return table if not other else self._turned(table, other)

    def scores(self, features: pd.DataFrame) -> npt.NDArray[np.float64]:
        """One score per row, rounded to 12 decimals; higher means a more likely yes, or a higher number.

        The score of a class is its probability.

        Raises:
            UserError: the model could not answer a row, or gave no number or no probability.
        """
        return checked_scores(self.scorer, features, self.answer, self._where)

    def likely(self, features: pd.DataFrame) -> npt.NDArray[np.float64]:
        """The probability of each class per row, in the order of `classes`, rounded to 12 decimals.

        Raises:
            UserError: the model could not answer a row, or gave no probabilities.
        """
        return checked_likely(self.scorer, features, len(self.classes), self._where)

    def reasons(self, features: pd.DataFrame, count: int) -> list[list[str]]:
        """For each row, at most `count` short texts such as `recency 12 (typical 80) raises the score`.

        Of a class the score is the probability of the class that was answered, wherever another one became likelier.
        """
        typical = {name: entry["typical"] for name, entry in self.profile["features"].items()}
        return reasons(features, typical, self._of_answered if self.classes else self.scores, count)

    def _of_answered(self, variants: pd.DataFrame) -> npt.NDArray[np.float64]:
        return of_first(self.likely(variants), variants.shape[1] + 1)

    def humility(self, decision: Decision) -> Humility:
        """The humility rules that a plan declares, ready to judge rows of this candidate."""
        return Humility.of(self.profile, decision, self.made.features)

    def asks(self, features: pd.DataFrame, scores: npt.NDArray[np.float64], decision: Decision) -> list[str]:
        """For each row why a person must be asked by the humility rules of a plan; empty where nobody need be."""
        low, high = self.ends(scores)
        return self.humility(decision).asks_of(features, high - low)

    def ends(self, scores: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Low and high end of the interval of each score; NaN where it was made without intervals."""
        return ends_of(Intervals.read(self.profile), scores)

    def labels(
        self, sources: Mapping[str, pa.Table], as_of: datetime, until: datetime, entities: Sequence[str]
    ) -> pd.Series[float]:
        """The truth about each entity, in the given order; NaN where it is not known.

        Args:
            sources: accepted rows by source, cut off before `until`.
        """
        return self.pipeline.label(sources, as_of, until, entities, self.only_yes)

    @property
    def only_yes(self) -> bool | None:
        """Whether its label() was seen to name only those of whom it is yes; None where nobody saw."""
        seen: bool | None = self.profile.get("label", {}).get("only_yes")
        return seen

    @property
    def _where(self) -> str:
        return f"candidate {self.made.candidate[:12]}"

    def _of_kind(self, column: pd.Series[Any]) -> bool:
        number = self.profile["features"][str(column.name)]["kind"] == "number"
        return bool(column.dtype == (np.float64 if number else TEXT))

    def _turned(self, table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
        """Columns that lost their kind on the way (all missing, whole numbers, a stored text) in their own kind."""
        turned = table.copy(deep=False)
        for name in names:
            kind = self.profile["features"][name]["kind"]
            try:
                turned[name] = _as_number(table[name]) if kind == "number" else _as_text(table[name])
            except (TypeError, ValueError) as error:
                found = f"{name} is no {kind} in these inputs, as it was in training: {error}"
                raise UserError(
                    Mistake("model.other_kind", self._where, found, fix=f"Give {name} as a {kind}.")
                ) from error
        return turned


def load(files: Files, made: CandidateMade, plan: Declared) -> Answerer:
    """A candidate, verified and opened.

    It answers by the terms it was made under, which are stored with it, also after the plan has moved on. The given
    plan can only narrow them: a type in its model file must be trusted by the plan of today as well.

    Args:
        plan: the plan in force.

    Raises:
        Tampered: a digest does not match.
        NotFound: a file of it is not in the store.
        UserError: the environment differs from the locked one, or the model file may not be opened.
    """
    verify(made)
    content = {name: files.get(digest) for name, digest in made.files.items()}
    differing = differences(read_environment(content["environment"]))
    if differing:
        raise UserError(_other_environment(made, differing))
    terms = read_terms(content["terms"])
    code: Code | None = code_of(content["code"]) if made.code else None
    opening = Opening(
        where=f"candidate {made.candidate[:12]}",
        answer=terms.need.answer,
        features=made.features,
        trusted=[name for name in terms.model.extra_trusted_types if name in plan.model.extra_trusted_types],
        yes=(terms.data.label.yes or "") if terms.data.label else "",
        classes=terms.need.classes,
    )
    original, profile = opened(made.format, content["model"], opening), json.loads(content["profile"])
    return Answerer(made, profile, Pipeline(terms, code), _answering(original, profile, made), original)


def _answering(original: Scorer, profile: Mapping[str, Any], made: CandidateMade) -> Scorer:
    """The form that the candidate was made, proven and signed with."""
    if profile.get("form", AS_IS) == AS_IS:
        return original
    texts = [name for name in made.features if profile["features"][name]["kind"] == "text"]
    form = compiled(original, made.features, texts)
    if form is None:
        found = "It was made and proven in its compiled form, which cannot be made here."
        fix = "Install the extra: pip install 'shipworthy[onnx]'."
        raise UserError(Mistake("model.no_form", f"candidate {made.candidate[:12]}", found, fix=fix))
    return form


def checked_scores(scorer: Scorer, features: pd.DataFrame, answer: Answer, where: str) -> npt.NDArray[np.float64]:
    """The scores of an opened model: one finite number per row, probabilities between 0 and 1, 12 decimals.

    Args:
        where: how messages name the model.

    Raises:
        UserError: the model could not answer a row, or gave no number or no probability.
    """
    if not len(features):
        return np.zeros(0)
    if answer == "class":
        return promised(checked_likely(scorer, features, 0, where))
    scores = _asked(scorer, features, where)
    if scores.shape != (len(features),):
        raise _cannot_score(features, f"It gave an array of shape {scores.shape} for {len(features)} rows.", where)
    strange = int((~np.isfinite(scores)).sum())
    if strange:
        raise _cannot_score(features, f"{strange} of {len(scores)} scores are no number.", where)
    if answer == "number":
        return np.asarray(np.round(scores, DIGITS), dtype=np.float64)
    if (scores < -ROUNDING).any() or (scores > 1 + ROUNDING).any():
        span = f"between {scores.min():g} and {scores.max():g}"
        raise _cannot_score(features, f"Its scores lie {span}, so they are no probabilities.", where)
    return np.asarray(np.round(np.clip(scores, 0.0, 1.0), DIGITS), dtype=np.float64)


def checked_likely(scorer: Scorer, features: pd.DataFrame, count: int, where: str) -> npt.NDArray[np.float64]:
    """What an opened model says of classes: a probability of each per row, together 1, 12 decimals.

    Args:
        count: how many classes there are; 0 where that was looked at before.
        where: how messages name the model.

    Raises:
        UserError: the model could not answer a row, or gave no probabilities.
    """
    if not len(features):
        return np.zeros((0, count))
    likely = _asked(scorer, features, where)
    if likely.ndim != 2 or len(likely) != len(features) or (count and likely.shape[1] != count):
        raise _cannot_score(features, f"It gave an array of shape {likely.shape} for {len(features)} rows.", where)
    if not np.isfinite(likely).all():
        strange = int((~np.isfinite(likely)).any(axis=1).sum())
        raise _cannot_score(features, f"{strange} of {len(likely)} rows have a probability that is no number.", where)
    if likely.min() < -ROUNDING or (np.abs(likely.sum(axis=1) - 1) > _TOGETHER).any():
        raise _cannot_score(features, "Its probabilities are below 0, or together not 1.", where)
    return np.asarray(np.round(np.clip(likely, 0.0, 1.0), DIGITS), dtype=np.float64)


def _asked(scorer: Scorer, features: pd.DataFrame, where: str) -> npt.NDArray[np.float64]:
    try:
        return np.asarray(scorer.scores(features), dtype=np.float64)
    except UserError:
        raise
    except Exception as error:
        raise _cannot_score(features, f"It raised {type(error).__name__}: {error}", where) from error


def _cannot_score(features: pd.DataFrame, found: str, where: str) -> UserError:
    gaps = features.isna().sum()
    missing = ", ".join(f"{name} in {count} rows" for name, count in gaps[gaps > 0].items())
    fix = "Try the model on these features in a notebook, then train it again."
    if missing:
        fix = f"Missing values: {missing}. Fill them in features(), or put a SimpleImputer before the model."
    return UserError(Mistake("model.cannot_score", where, found, "No answer is better than a wrong one.", fix))


def _as_number(column: pd.Series[Any]) -> pd.Series[float]:
    if column.dropna().map(lambda value: isinstance(value, str)).any():
        raise ValueError("it holds text")
    return column.astype(object).where(column.notna(), np.nan).astype(np.float64)


def _as_text(column: pd.Series[Any]) -> pd.Series[str]:
    if not column.dropna().map(lambda value: isinstance(value, str)).all():
        raise TypeError("it holds numbers")
    return as_text(column).set_axis(column.index)


def _other_environment(made: CandidateMade, differing: list[str]) -> Mistake:
    return Mistake(
        "model.other_environment",
        f"candidate {made.candidate[:12]}",
        f"The software here differs from what it was made and proven with: {'; '.join(differing)}.",
        "Another version can give other answers, and nobody signed for those.",
        "Install the locked versions, or make, prove and sign a new candidate with the present ones.",
    )
