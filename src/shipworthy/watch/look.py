"""One moment's windows, judged: the edge between what was sealed and pure monitors."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from shipworthy.base.errors import UserError
from shipworthy.base.fact import Past
from shipworthy.model.answering import Answerer
from shipworthy.watch.audit import is_drawn
from shipworthy.watch.auditing import sampled
from shipworthy.watch.folds import BEHIND
from shipworthy.watch.gathered import SOME
from shipworthy.watch.labels import labels_table
from shipworthy.watch.monitor import (
    Judgement,
    Monitor,
    Settings,
    Window,
    not_run,
)
from shipworthy.watch.reading import Reading, readable
from shipworthy.watch.rules import (
    PARTS,
    WAITING,
    Answered,
    Due,
    carried,
    first_model,
    monitors,
    settings,
)
from shipworthy.watch.states import StoredStates
from shipworthy.watch.words import AuditDrawn, LabelsSealed, WindowJudged

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa


_WEIGHED = (
    "The truth is only known of those on whom the product acted; this monitor cannot count it by their chances. See "
    "performance and calibration, which do."
)


Matched: TypeAlias = "dict[Answered, pd.DataFrame]"


@dataclass(frozen=True)
class Look:
    """What is due about one moment, and what it takes to judge it."""

    reading: Reading
    due: Sequence[Due]

    def judge(self, past: Past) -> dict[str, Any]:
        """What every monitor found about this moment, and the labels that were matched, as facts to be."""
        windows: list[WindowJudged] = []
        matched: Matched = {}
        for window in dict.fromkeys(item.answered for item in self.due):
            due = [item for item in self.due if item.answered == window]
            many = [item for item in due if item.needs == "answers"] if self.reading.is_large(past, window) else []
            if many:
                windows += self._judged_large(past, window, many)
            if rest := [item for item in due if item not in many]:
                windows += self._judged(past, window, rest, matched)
        return {"windows": windows, "labels": self._sealed(past, matched), "audits": self._drawn(past)}

    def _drawn(self, past: Past) -> list[AuditDrawn]:
        """A sample of each window that has come to be judged and has none yet, where the plan wants one."""
        audit, pseudonyms = self.reading.plan.watch.audit, self.reading.pseudonyms
        if audit is None or pseudonyms is None:
            return []
        found = []
        for of in dict.fromkeys(item.answered for item in self.due if item.needs == "answers"):
            if not is_drawn(past, of.candidate, of.moment):
                draw = partial(sampled, self.reading.files, pseudonyms, self.reading.plan.product, of, audit.rows)
                with suppress(UserError):  # the monitors of this window say why
                    found.append(self.reading.answers(past, of, draw))
        return found

    def _judged(self, past: Past, of: Answered, due: Sequence[Due], matched: Matched) -> list[WindowJudged]:
        try:
            window, answerer, answers = self.reading.window(past, of, due)
            found = [self._ask(past, item, window, answerer) for item in due]
        except UserError as error:
            return self._unread(past, due, error)
        if window.labels is not None and not answers.empty:
            truths = window.of_classes.truths if window.of_classes else window.labels
            acted = True if window.weights is None else window.weights.each > 0
            matched[of] = answers[["answer_id", "entity"]].assign(label=truths, acted=acted)
        return [self._compared(past, what, answers) for what in found]

    def _judged_large(self, past: Past, of: Answered, due: Sequence[Due]) -> list[WindowJudged]:
        """What monitors of answers found in a window that is too large to be held."""
        try:
            answerer = self.reading.answerer(past, of.candidate)
            whole = self.reading.counted(past, of, [monitors()[item.monitor] for item in due], answerer, SOME)
            return [self._ask(past, item, whole.seen_by(item.monitor), answerer) for item in due]
        except UserError as error:
            return self._unread(past, due, error)

    def _unread(self, past: Past, due: Sequence[Due], error: UserError) -> list[WindowJudged]:
        why = f"These answers could not be read: {error.mistakes[0].found}"
        return [self._fact(past, item, not_run({}, why), waiting=True) for item in due]

    def _ask(self, past: Past, item: Due, window: Window, answerer: Answerer | None) -> WindowJudged:
        monitor = monitors()[item.monitor]
        state = self._state(carried(past, item.monitor, item.answered.candidate))
        profile = readable(answerer.profile, self.reading.plan) if answerer else {}
        if window.weights is not None and item.needs == "labels" and not monitor.weighs:
            found = not_run(state, _WEIGHED)
        else:
            found = monitor.judge(state, window, self._settings(monitor, answerer), profile)
        unknown = item.needs == "labels" and window.labels is None
        return self._fact(past, item, found, waiting=unknown and not window.for_good, behind=window.behind)

    def _settings(self, monitor: Monitor, answerer: Answerer | None) -> Settings:
        """What the plan says about a monitor; the proof holds no baseline to the floor, so neither is it held here."""
        given = settings(self.reading.plan, monitor)
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
            product=self.reading.plan.product,
            monitor=item.monitor,
            candidate=item.answered.candidate,
            window=self.reading.moment,
            **values,
        )

    def _kept(self, state: dict[str, Any]) -> dict[str, Any]:
        return StoredStates(self.reading.files).kept(state)

    def _state(self, kept: dict[str, Any]) -> dict[str, Any]:
        return StoredStates(self.reading.files).opened(kept)

    def _compared(self, past: Past, what: WindowJudged, answers: pd.DataFrame) -> WindowJudged:
        """With what the first model would have promised, where another one answered in its place."""
        first = first_model(past)
        if "promised" not in what.numbers or not first or first == what.candidate or not self.reading.snapshot:
            return what
        try:
            answerer = self.reading.answerer(past, first)
            promised = doing_nothing(
                answerer, self.reading.sources(past, self.reading.as_of), self.reading.as_of, list(answers["entity"])
            )
        except UserError:
            return what  # the comparison only describes; what was judged stands without it
        extra = {} if promised is None else {"would_have_promised": promised}
        return replace(what, numbers={**what.numbers, **extra})

    def _sealed(self, past: Past, matched: Matched) -> list[LabelsSealed]:
        if not matched:
            return []
        # A label is the place of a class only in the list that its candidate was made with.
        lists = {self.reading.answerer(past, of.candidate).classes for of in matched}
        classes = lists.pop() if len(lists) == 1 else ()
        rows = pd.concat(matched.values(), ignore_index=True).sort_values("answer_id", ignore_index=True)
        labels = rows["label"].to_numpy(dtype=np.float64)
        table = labels_table(rows["answer_id"], rows["entity"], labels, classes)
        known = int(np.isfinite(labels).sum())
        not_acted = int((~rows["acted"] & ~np.isfinite(labels)).sum())
        return [
            LabelsSealed(
                product=self.reading.plan.product,
                segment=self.reading.files.put_table(table),
                as_of=self.reading.moment,
                matched=known,
                unlabelled=len(rows) - known,
                snapshot=self.reading.snapshot,
                not_acted=not_acted,
            )
        ]


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
