"""The windows of one moment, read from sealed segments: held whole, or counted piece by piece where they are large."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from shipworthy.base.errors import UserError
from shipworthy.base.fact import Past
from shipworthy.base.times import read_moment
from shipworthy.data.reading import known, tables
from shipworthy.data.words import SnapshotTaken
from shipworthy.deliver.privacy import unreadable
from shipworthy.deliver.words import AnswersSealed
from shipworthy.model.answering import Answerer, load
from shipworthy.model.classes import right
from shipworthy.model.exploring import weighs
from shipworthy.model.free_text import watched
from shipworthy.model.maturity import Reach, reach_of
from shipworthy.model.projections import Projections, read_projections
from shipworthy.plan.schema import Plan
from shipworthy.sign.rules import candidate_made
from shipworthy.watch.auditing import labelled_sample
from shipworthy.watch.declared import decided, declared_share, groups_of, segmented
from shipworthy.watch.gathered import Gathered, gathered
from shipworthy.watch.labels import truths
from shipworthy.watch.monitor import (
    Beside,
    Monitor,
    OfClasses,
    Sample,
    Values,
    Window,
)
from shipworthy.watch.opened import Opened
from shipworthy.watch.pieces import HELD, Large, Piece
from shipworthy.watch.reference import promises_shares
from shipworthy.watch.rules import (
    Answered,
    Due,
    answered,
    answers_at_most,
    matures,
)
from shipworthy.watch.weighing import NotLogged, chances_of
from shipworthy.watch.windows import accounts, answers_of, features_of, sample_of, some_inputs

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

    from shipworthy.edges.files import Files
    from shipworthy.edges.pseudonyms import Pseudonyms
    from shipworthy.model.pipeline import Pipeline


T = TypeVar("T")
EARLIER, EARLIER_ROWS = 4, 1_000  # windows before this one that a classifier learns from, and rows of each


@dataclass(frozen=True)
class Reading:
    """What it takes to read the windows of a moment.

    Attributes:
        snapshot: the data that holds the truth; empty where none is needed or none could be had.
        refused: why there is no such data.
        pseudonyms: opens inputs that are kept sealed.
        opened: what an earlier moment of the same look has read already.
    """

    files: Files
    plan: Plan
    moment: str
    snapshot: str = ""
    refused: str = ""
    pseudonyms: Pseudonyms | None = None
    opened: Opened = field(default_factory=Opened)

    @property
    def as_of(self) -> datetime:
        """The moment itself."""
        return read_moment(self.moment)

    def answerer(self, past: Past, candidate: str) -> Answerer:
        made = candidate_made(past, candidate)
        return self.opened.once(("candidate", candidate), lambda: load(self.files, made, self.plan))

    def window(self, past: Past, of: Answered, due: Sequence[Due]) -> tuple[Window, Answerer | None, pd.DataFrame]:
        """The window with what its monitors need: inputs, truth, or the account of its runs."""
        needs = {item.needs for item in due}
        if "runs" in needs:
            return accounts(past, of), None, pd.DataFrame()
        if "audit" in needs:
            answerer = self.answerer(past, of.candidate)
            scores, labels = labelled_sample(self.files, past, of.parts[0], answerer.classes)
            return Window(self.moment, scores, labels=labels), answerer, pd.DataFrame()
        answerer = self.answerer(past, of.candidate)
        answers, inputs = self._held(past, of, answerer, "answers" in needs)
        window = self._window(answerer, answers, inputs, self._then(past, of))
        if "answers" in needs:
            window = replace(window, beside=self._beside(past, of, answerer), share=declared_share(past, of))
        if "labels" in needs:
            window = self._with_truth(past, of, window, answerer, answers)
            window = self._weighed(window, of, answers)
        return window, answerer, answers

    def _held(self, past: Past, of: Answered, answerer: Answerer, inputs: bool) -> Piece:
        """The answers of a window, and all their inputs or those by which performance and groups are looked at."""
        columns = list(dict.fromkeys([*segmented(answerer.profile), *self._compared]))
        if self.is_large(past, of):
            return replace(self._large(past, of, answerer), columns=columns, names=True).held()
        answers = answers_of(self.files, of, classes=bool(answerer.classes))
        if not inputs and not columns:
            return answers, {}
        wanted = None if inputs else columns
        return answers, features_of(self.files, answers, self.pseudonyms, self.plan.need.entity, wanted)

    def _window(
        self, answerer: Answerer, answers: pd.DataFrame, inputs: Mapping[str, Values], sources: Mapping[str, pa.Table]
    ) -> Window:
        """Some answers with their inputs, what was decided about them, and the groups that the plan compares."""
        promises = answerer.answer != "number" and promises_shares(answerer.made.role, answerer.profile)
        window = Window(self.moment, np.asarray(answers["score"], dtype=np.float64), promises=promises)
        if answerer.classes:
            window = replace(window, of_classes=_of_classes(answerer.classes, answers))
        window = decided(window, self.plan, answerer.answer, _words(answers["decision"]))
        yes = np.asarray(answers["decision"] == self.plan.decision.yes, dtype=bool)
        if answerer.classes:  # each answer says that its class is right
            yes = np.ones(len(answers), dtype=bool)
        window = replace(window, features=watched(answerer.profile, inputs), says_yes=yes)
        if self.plan.proof.fairness:
            entities = list(answers["entity"]) if self._sourced else []
            window = replace(window, groups=groups_of(self.plan, window.features, sources, entities))
        return window

    def counted(self, past: Past, of: Answered, asked: Sequence[Monitor], answerer: Answerer, some: int) -> Gathered:
        """What monitors count of a window that is too large to be held, some answers at a time."""
        sources, profile = self._then(past, of), readable(answerer.profile, self.plan)
        large = self._large(past, of, answerer)

        def of_pieces(pieces: Iterable[Piece]) -> Gathered:
            windows = (self._window(answerer, answers, inputs, sources) for answers, inputs in pieces)
            return gathered(windows, asked, profile, large.rows, some) or Gathered(Window(self.moment, np.zeros(0)))

        found = large.read(of_pieces)
        beside, share = self._beside(past, of, answerer), declared_share(past, of)
        return replace(found, some=replace(found.some, beside=beside, share=share))

    def is_large(self, past: Past, of: Answered) -> bool:
        """Whether a window has more answers than are held at once."""
        return answers_at_most(past, of) > HELD

    def answers(self, past: Past, of: Answered, take: Callable[[Iterable[Piece]], T]) -> T:
        """What `take` makes of the answers of a window, without their inputs; it may be asked anew."""
        answerer = self.answerer(past, of.candidate)
        if self.is_large(past, of):
            return replace(self._large(past, of, answerer), columns=(), names=True).read(take)
        return take([(answers_of(self.files, of, classes=bool(answerer.classes)), {})])

    def _large(self, past: Past, of: Answered, answerer: Answerer) -> Large:
        features = answerer.profile.get("features", {})
        return Large(
            self.files,
            of,
            rows=answers_at_most(past, of),
            entity=self.plan.need.entity,
            pseudonyms=self.pseudonyms,
            columns=list(dict.fromkeys([*features, *self._compared])),
            texts=[name for name, entry in features.items() if "shares" in entry],
            classes=bool(answerer.classes),
            names=self._sourced,
        )

    @property
    def _compared(self) -> list[str]:
        """The columns by which groups of entities are compared; some may be inputs."""
        return [one.column for one in self.plan.proof.fairness]

    @property
    def _sourced(self) -> bool:
        """Whether groups of entities that the plan compares are looked up in a source."""
        return any(one.source is not None for one in self.plan.proof.fairness)

    def _beside(self, past: Past, of: Answered, answerer: Answerer) -> Beside:
        """What lies beside the profile; read once, and only if a monitor asks for it."""
        kept = answerer.profile.get("projections")

        @cache
        def projections() -> Projections | None:
            return read_projections(kept, self.files.table(kept["forest"])) if kept else None

        @cache
        def sample() -> Sample | None:
            return sample_of(self.files, kept["sample"]) if kept else None

        def earlier() -> list[Mapping[str, Values]]:
            before = [one for one in answered(past) if one.candidate == of.candidate and one.moment < of.moment]
            return [self._some_inputs(past, one, answerer) for one in before[-EARLIER:]]

        return Beside(projections, sample, earlier)

    def _some_inputs(self, past: Past, of: Answered, answerer: Answerer) -> Mapping[str, Values]:
        if self.is_large(past, of):
            return self.counted(past, of, [], answerer, EARLIER_ROWS).some.features
        return some_inputs(self.files, of, EARLIER_ROWS, self.pseudonyms, self.plan.need.entity)

    def _with_truth(
        self, past: Past, of: Answered, window: Window, answerer: Answerer, answers: pd.DataFrame
    ) -> Window:
        if not self.snapshot:
            return replace(window, unlabelled_because=self.refused)
        until = self.plan.need.horizon.after(self.as_of)
        # A declared label may come up to the last answer's horizon; a label function looks one horizon ahead.
        pipeline = answerer.pipeline
        seen = until if pipeline.writes_label else matures(self.plan, of)
        try:
            if behind := self._behind(past, of.candidate, pipeline, seen):
                return replace(window, unlabelled_because=behind, behind=True)
            sources = self.sources(past, seen, pipeline.label_sources)
            truth = truths(pipeline, sources, self.as_of, until, answers["entity"], answerer.only_yes)
        except UserError as error:
            return replace(window, unlabelled_because=f"The truth could not be read: {error.mistakes[0].found}")
        labels, classes = truth.labels, window.of_classes
        if classes is not None:
            classes, labels = replace(classes, truths=labels), right(classes.likely, labels)
        return replace(window, labels=labels, contradicting=truth.contradicting, of_classes=classes)

    def _behind(self, past: Past, candidate: str, pipeline: Pipeline, upto: datetime) -> str:
        """Why the truth up to a moment cannot be there yet, though the clock says so; empty where it can."""

        def read() -> Reach | None:
            return reach_of(pipeline.plan, pipeline.truth_sources, self._whole(past, pipeline.truth_sources))

        reach = self.opened.once(("reach", self.snapshot, candidate), read)
        if reach is None or reach.until >= upto:
            return ""
        return f"{reach.text} The truth about {self.moment[:10]} takes what comes before {upto:%Y-%m-%d}."

    def _weighed(self, window: Window, of: Answered, answers: pd.DataFrame) -> Window:
        """With what each truth counts for, where only those on whom the product acted have one."""
        if window.labels is None or not weighs(self.plan):
            return window
        found = chances_of(self.files, of.parts, self.plan, answers, self.moment)
        if isinstance(found, NotLogged):
            return replace(window, labels=None, unlabelled_because=found.why, for_good=True)
        acted, classes = found.each > 0, window.of_classes
        if classes is not None and classes.truths is not None:
            classes = replace(classes, truths=np.where(acted, classes.truths, np.nan))
        labels = np.where(acted, window.labels, np.nan)
        return replace(window, labels=labels, weights=found, of_classes=classes)

    def _then(self, past: Past, answered: Answered) -> dict[str, pa.Table]:
        """The sources as they were when a moment was answered; nothing where no declared group is looked up there."""
        if not self._sourced:
            return {}
        names = [fact.what.snapshot for part in answered.parts for fact in past.of(AnswersSealed, about=part)]
        taken = [fact.what for name in names if name for fact in past.of(SnapshotTaken, about=name)]
        return tables(self.files, taken[-1], self.plan, self.as_of) if taken else {}

    def sources(self, past: Past, before: datetime, names: Collection[str] | None = None) -> dict[str, pa.Table]:
        """The accepted rows of sources, all of them if absent, as they were known before a moment."""
        return {name: known(rows, name, self.plan, before) for name, rows in self._whole(past, names).items()}

    def _whole(self, past: Past, names: Collection[str] | None) -> dict[str, pa.Table]:
        taken = past.of(SnapshotTaken, about=self.snapshot)[-1].what
        return {
            one.source: self.opened.once(("source", one.content), partial(self.files.table, one.content))
            for one in taken.intakes
            if names is None or one.source in names
        }


def _of_classes(names: tuple[str, ...], answers: pd.DataFrame) -> OfClasses:
    likely = np.array(answers["likely"].tolist(), dtype=np.float64).reshape(len(answers), len(names))
    return OfClasses(names, likely)


def _words(decisions: pd.Series[Any]) -> Values:
    """The word of each decision, as objects; of categories each once."""
    if not isinstance(decisions.dtype, pd.CategoricalDtype):
        return decisions.to_numpy(dtype=object)
    return np.asarray(decisions.cat.categories, dtype=object)[decisions.cat.codes.to_numpy()]


def readable(profile: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """The profile without the inputs that the plan has nobody read again: nothing can be said of their drift."""
    hidden = unreadable(plan)
    features = {name: entry for name, entry in profile.get("features", {}).items() if name not in hidden}
    return {**profile, "features": features} if hidden else profile
