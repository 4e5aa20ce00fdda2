"""One moment's windows, read and judged: the edge between sealed segments and pure monitors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

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
from shipworthy.watch.audit import is_drawn
from shipworthy.watch.auditing import labelled_sample, sampled
from shipworthy.watch.declared import decided, declared_share, groups_of, segmented
from shipworthy.watch.folds import BEHIND
from shipworthy.watch.labels import labels_table, truths
from shipworthy.watch.monitor import (
    Beside,
    Judgement,
    Monitor,
    OfClasses,
    Sample,
    Settings,
    Values,
    Window,
    not_run,
)
from shipworthy.watch.opened import Opened
from shipworthy.watch.reference import promises_shares
from shipworthy.watch.rules import (
    PARTS,
    WAITING,
    Answered,
    Due,
    answered,
    carried,
    first_model,
    matures,
    monitors,
    settings,
)
from shipworthy.watch.states import StoredStates
from shipworthy.watch.weighing import NotLogged, chances_of
from shipworthy.watch.windows import accounts, answers_of, features_of, sample_of, some_inputs
from shipworthy.watch.words import AuditDrawn, LabelsSealed, WindowJudged

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

    from shipworthy.edges.files import Files
    from shipworthy.edges.pseudonyms import Pseudonyms
    from shipworthy.model.pipeline import Pipeline


_WEIGHED = (
    "The truth is only known of those on whom the product acted; this monitor cannot count it by their chances. See "
    "performance and calibration, which do."
)
EARLIER, EARLIER_ROWS = 4, 1_000  # windows before this one that a classifier learns from, and rows of each


@dataclass(frozen=True)
class Look:
    """What is due about one moment, and what it takes to judge it.

    Attributes:
        snapshot: the data that holds the truth; empty where none is needed or none could be had.
        refused: why there is no such data.
        pseudonyms: opens inputs that are kept sealed.
        opened: what an earlier moment of the same look has read already.
    """

    files: Files
    plan: Plan
    moment: str
    due: Sequence[Due]
    snapshot: str
    refused: str
    pseudonyms: Pseudonyms | None = None
    opened: Opened = field(default_factory=Opened)

    @property
    def as_of(self) -> datetime:
        """The moment itself."""
        return read_moment(self.moment)

    def judge(self, past: Past) -> dict[str, Any]:
        """What every monitor found about this moment, and the labels that were matched, as facts to be."""
        windows: list[WindowJudged] = []
        matched: list[pd.DataFrame] = []
        for window in dict.fromkeys(item.answered for item in self.due):
            due = [item for item in self.due if item.answered == window]
            windows += self._judged(past, window, due, matched)
        return {"windows": windows, "labels": self._sealed(past, matched), "audits": self._drawn(past)}

    def _drawn(self, past: Past) -> list[AuditDrawn]:
        """A sample of each window that has come to be judged and has none yet, where the plan wants one."""
        if self.plan.watch.audit is None or self.pseudonyms is None:
            return []
        found = []
        for of in dict.fromkeys(item.answered for item in self.due if item.needs == "answers"):
            if not is_drawn(past, of.candidate, of.moment):
                rows = self.plan.watch.audit.rows
                try:
                    classes = bool(self._answerer(past, of.candidate).classes)
                    answers = answers_of(self.files, of, classes=classes)
                except UserError:
                    continue  # the monitors of this window say why
                found.append(sampled(self.files, self.pseudonyms, self.plan.product, of, answers, rows))
        return found

    def _judged(self, past: Past, of: Answered, due: Sequence[Due], matched: list[pd.DataFrame]) -> list[WindowJudged]:
        try:
            window, answerer, answers = self._read(past, of, due)
            found = [self._ask(past, item, window, answerer) for item in due]
        except UserError as error:
            why = f"These answers could not be read: {error.mistakes[0].found}"
            return [self._fact(past, item, not_run({}, why), waiting=True) for item in due]
        if window.labels is not None and not answers.empty:
            truths = window.of_classes.truths if window.of_classes else window.labels
            acted = True if window.weights is None else window.weights.each > 0
            matched.append(answers.assign(label=truths, acted=acted))
        return [self._compared(past, what, answers) for what in found]

    def _read(self, past: Past, of: Answered, due: Sequence[Due]) -> tuple[Window, Answerer | None, pd.DataFrame]:
        """The window with what its monitors need: inputs, truth, or the account of its runs."""
        needs = {item.needs for item in due}
        if "runs" in needs:
            return accounts(past, of), None, pd.DataFrame()
        if "audit" in needs:
            answerer = self._answerer(past, of.candidate)
            scores, labels = labelled_sample(self.files, past, of.parts[0], answerer.classes)
            return Window(self.moment, scores, labels=labels), answerer, pd.DataFrame()
        answerer = self._answerer(past, of.candidate)
        answers = answers_of(self.files, of, classes=bool(answerer.classes))
        promises = answerer.answer != "number" and promises_shares(answerer.made.role, answerer.profile)
        window = Window(self.moment, np.asarray(answers["score"], dtype=np.float64), promises=promises)
        if answerer.classes:
            window = replace(window, of_classes=_of_classes(answerer.classes, answers))
        window = decided(window, self.plan, answerer.answer, answers["decision"].to_numpy(dtype=object))
        if "answers" in needs or segmented(answerer.profile) or self.plan.proof.fairness:
            inputs = features_of(self.files, answers, self.pseudonyms, self.plan.need.entity)
            window = replace(window, features=watched(answerer.profile, inputs))
        if "answers" in needs:
            yes = np.asarray(answers["decision"] == self.plan.decision.yes, dtype=bool)
            if answerer.classes:  # each answer says that its class is right
                yes = np.ones(len(answers), dtype=bool)
            beside, share = self._beside(past, of, answerer), declared_share(past, of)
            window = replace(window, says_yes=yes, beside=beside, share=share)
        if self.plan.proof.fairness:
            sources = self._then(past, of)
            window = replace(window, groups=groups_of(self.plan, window.features, sources, list(answers["entity"])))
        if "labels" in needs:
            window = self._with_truth(past, of, window, answerer, list(answers["entity"]))
            window = self._weighed(window, of, answers)
        return window, answerer, answers

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
            entity = self.plan.need.entity
            return [some_inputs(self.files, one, EARLIER_ROWS, self.pseudonyms, entity) for one in before[-EARLIER:]]

        return Beside(projections, sample, earlier)

    def _with_truth(self, past: Past, of: Answered, window: Window, answerer: Answerer, entities: list[str]) -> Window:
        if not self.snapshot:
            return replace(window, unlabelled_because=self.refused)
        until = self.plan.need.horizon.after(self.as_of)
        # A declared label may come up to the last answer's horizon; a label function looks one horizon ahead.
        pipeline = answerer.pipeline
        seen = until if pipeline.writes_label else matures(self.plan, of)
        try:
            if behind := self._behind(past, of.candidate, pipeline, seen):
                return replace(window, unlabelled_because=behind, behind=True)
            truth = truths(pipeline, self._sources(past, seen), self.as_of, until, entities, answerer.only_yes)
        except UserError as error:
            return replace(window, unlabelled_because=f"The truth could not be read: {error.mistakes[0].found}")
        labels, classes = truth.labels, window.of_classes
        if classes is not None:
            classes, labels = replace(classes, truths=labels), right(classes.likely, labels)
        return replace(window, labels=labels, contradicting=truth.contradicting, of_classes=classes)

    def _behind(self, past: Past, candidate: str, pipeline: Pipeline, upto: datetime) -> str:
        """Why the truth up to a moment cannot be there yet, though the clock says so; empty where it can."""

        def read() -> Reach | None:
            return reach_of(pipeline.plan, pipeline.truth_sources, self._whole(past))

        reach = self.opened.once(("reach", self.snapshot, candidate), read)
        if reach is None or reach.until >= upto:
            return ""
        return f"{reach.text} The truth about {self.moment[:10]} takes what comes before {upto:%Y-%m-%d}."

    def _answerer(self, past: Past, candidate: str) -> Answerer:
        made = candidate_made(past, candidate)
        return self.opened.once(("candidate", candidate), lambda: load(self.files, made, self.plan))

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

    def _ask(self, past: Past, item: Due, window: Window, answerer: Answerer | None) -> WindowJudged:
        monitor = monitors()[item.monitor]
        state = self._state(carried(past, item.monitor, item.answered.candidate))
        profile = _readable(answerer.profile, self.plan) if answerer else {}
        if window.weights is not None and item.needs == "labels" and not monitor.weighs:
            found = not_run(state, _WEIGHED)
        else:
            found = monitor.judge(state, window, self._settings(monitor, answerer), profile)
        unknown = item.needs == "labels" and window.labels is None
        return self._fact(past, item, found, waiting=unknown and not window.for_good, behind=window.behind)

    def _settings(self, monitor: Monitor, answerer: Answerer | None) -> Settings:
        """What the plan says about a monitor; the proof holds no baseline to the floor, so neither is it held here."""
        given = settings(self.plan, monitor)
        return replace(given, floor=None) if answerer is not None and answerer.made.role == "baseline" else given

    def _fact(self, past: Past, item: Due, found: Judgement, waiting: bool, behind: bool = False) -> WindowJudged:
        numbers = {**found.numbers, PARTS: float(len(item.answered.parts))}
        if found.level == "not_run" and waiting:
            numbers[WAITING] = 1.0
        if found.level == "not_run" and behind:
            numbers[BEHIND] = 1.0
        values = asdict(found) | {"numbers": numbers, "state": self._kept(found.state)}
        if found.level == "not_run" and not found.state:
            values["state"] = carried(past, item.monitor, item.answered.candidate)
        return WindowJudged(
            product=self.plan.product,
            monitor=item.monitor,
            candidate=item.answered.candidate,
            window=self.moment,
            **values,
        )

    def _kept(self, state: dict[str, Any]) -> dict[str, Any]:
        return StoredStates(self.files).kept(state)

    def _state(self, kept: dict[str, Any]) -> dict[str, Any]:
        return StoredStates(self.files).opened(kept)

    def _compared(self, past: Past, what: WindowJudged, answers: pd.DataFrame) -> WindowJudged:
        """With what the first model would have promised, where another one answered in its place."""
        first = first_model(past)
        if "promised" not in what.numbers or not first or first == what.candidate or not self.snapshot:
            return what
        try:
            answerer = self._answerer(past, first)
            promised = doing_nothing(answerer, self._sources(past, self.as_of), self.as_of, list(answers["entity"]))
        except UserError:
            return what  # the comparison only describes; what was judged stands without it
        extra = {} if promised is None else {"would_have_promised": promised}
        return replace(what, numbers={**what.numbers, **extra})

    def _then(self, past: Past, answered: Answered) -> dict[str, pa.Table]:
        """The sources as they were when a moment was answered; nothing where no declared group is looked up there."""
        if all(one.source is None for one in self.plan.proof.fairness):
            return {}
        names = [fact.what.snapshot for part in answered.parts for fact in past.of(AnswersSealed, about=part)]
        taken = [fact.what for name in names if name for fact in past.of(SnapshotTaken, about=name)]
        return tables(self.files, taken[-1], self.plan, self.as_of) if taken else {}

    def _sources(self, past: Past, before: datetime) -> dict[str, pa.Table]:
        return {name: known(rows, name, self.plan, before) for name, rows in self._whole(past).items()}

    def _whole(self, past: Past) -> dict[str, pa.Table]:
        taken = past.of(SnapshotTaken, about=self.snapshot)[-1].what
        return self.opened.once(("snapshot", self.snapshot), lambda: tables(self.files, taken, self.plan))

    def _sealed(self, past: Past, matched: Sequence[pd.DataFrame]) -> list[LabelsSealed]:
        if not matched:
            return []
        # A label is the place of a class only in the list that its candidate was made with.
        lists = {self._answerer(past, name).classes for rows in matched for name in rows["candidate"].unique()}
        classes = lists.pop() if len(lists) == 1 else ()
        rows = pd.concat(matched, ignore_index=True).sort_values("answer_id", ignore_index=True)
        labels = rows["label"].to_numpy(dtype=np.float64)
        table = labels_table(list(rows["answer_id"]), list(rows["entity"]), labels, classes)
        known = int(np.isfinite(labels).sum())
        not_acted = int((~rows["acted"] & ~np.isfinite(labels)).sum())
        return [
            LabelsSealed(
                product=self.plan.product,
                segment=self.files.put_table(table),
                as_of=self.moment,
                matched=known,
                unlabelled=len(rows) - known,
                snapshot=self.snapshot,
                not_acted=not_acted,
            )
        ]


def _of_classes(names: tuple[str, ...], answers: pd.DataFrame) -> OfClasses:
    likely = np.array(answers["likely"].tolist(), dtype=np.float64).reshape(len(answers), len(names))
    return OfClasses(names, likely)


def _readable(profile: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """The profile without the inputs that the plan has nobody read again: nothing can be said of their drift."""
    hidden = unreadable(plan)
    features = {name: entry for name, entry in profile.get("features", {}).items() if name not in hidden}
    return {**profile, "features": features} if hidden else profile


def doing_nothing(
    answerer: Answerer, sources: dict[str, pa.Table], as_of: datetime, entities: Sequence[str]
) -> float | None:
    """The share that a replaced candidate would have promised for the same entities on the same data.

    Args:
        sources: accepted rows by source, cut off before `as_of`.

    Returns:
        Its mean score; None where it could score none of them.
    """
    features = answerer.features(sources, as_of)
    scores = answerer.scores(features[features.index.isin(entities)])
    known = scores[np.isfinite(scores)]
    return float(known.mean()) if known.size else None
