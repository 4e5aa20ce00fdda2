"""Whether the answers are as good as they were shown to be: the loss, for everybody and for each declared segment.

Of a probability the loss is its squared distance to the truth (Brier score); of a class half that of the probabilities
of all classes together. Of a number it is its absolute error, an
error above the 99% quantile of those of the proof counting as that one, and the share of large errors beside it. The
tolerance is a share of the proven loss: 0.2 tolerates a mean loss a fifth above what was proven.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from shipworthy.model.performance import HeldOut, Part
from shipworthy.watch.bounds import Dependence, levels_at_most, share_between
from shipworthy.watch.cause import cause_of
from shipworthy.watch.dependence import of_losses, of_segment
from shipworthy.watch.detector import promise
from shipworthy.watch.evidence import Floats, above, counted, mean_above
from shipworthy.watch.folds import UNSURE
from shipworthy.watch.monitor import Judgement, Monitor, Settings, Values, Window, not_run, percent
from shipworthy.watch.proof_rows import Question, rows_needed, said
from shipworthy.watch.side_by_side import (
    WHOLE,
    Answer,
    Asked,
    answered,
    errors,
    reference_error,
    still_needed,
)
from shipworthy.watch.words import Level

_Z = 1.96
# Of the proven rows a tenth had a large error, by the definition of large.
_LARGE = 0.1
_SHOWN = 3


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Alarm where the mean loss of everybody or of a segment lies beyond what was proven and the tolerance."""
    if window.labels is None:
        return not_run(state, window.unlabelled_because or "The truth about these answers is not known.")
    then = HeldOut.read(profile)
    if then is None:
        return not_run(state, "The candidate keeps no losses of held-out rows to compare with: train it anew.")
    if then.loss == "brier" and not window.promises:
        return not_run(state, f"The scores of {window.day} are no probabilities, so they have no loss.")
    usable = window.usable
    scores, labels = window.scores[usable], np.where(window.each > 0, window.labels[usable], 0.0)
    if why := _unusable(window, then, scores, labels):
        return not_run(state, why, answers=float(window.scores.size), n=float(scores.size))
    depends = of_losses(then, settings)
    phi = depends.of_window(scores.size)
    lost = then.losses(scores, labels) if window.of_classes is None else window.of_classes.losses[usable]
    lost = np.where(window.each > 0, lost, 0.0) * window.each
    names = {column: one.names(window.features[column])[usable] for column, one in _segments(then, window)}
    asked = _asked(then, lost, names, settings, phi, window)
    answers, kept = answered(state, asked, window.moment, settings, depends, phi)
    found = _Found(scores, lost / window.least, names, answers, kept)
    judged = _judgement(window, then, settings, depends, phi, found)
    return judged if judged.level != "quiet" else _told_if_blind(judged, window, then, settings, phi, profile)


def knowing_nothing(then: HeldOut, profile: Mapping[str, Any]) -> float:
    """The loss of whoever knows nothing but how common each answer is; 1, the largest, of a number."""
    if then.confusion is not None:
        shares = then.confusion.sum(axis=1) / max(1, then.confusion.sum())
        return float(1 - shares @ shares) / 2
    if then.loss != "brier" or not profile.get("labels"):
        return 1.0
    yes = float(profile["labels"]["mean"])
    return yes * (1 - yes)


def _told_if_blind(
    judged: Judgement,
    window: Window,
    then: HeldOut,
    settings: Settings,
    phi: float,
    profile: Mapping[str, Any],
) -> Judgement:
    """Not "quiet" where the rows of the proof leave so much to chance that who knows nothing would pass.

    What gathers evidence for an alarm goes on: a disaster is found all the same.
    """
    part, nothing, tolerance = then.whole, knowing_nothing(then, profile), settings.tolerance or 0.0
    error = reference_error(settings, _questions(then))
    limit = max(nothing, part.mean * (1 + tolerance))  # no proof tells more finely than the plan tolerates
    more = rows_needed(part.rows, lambda times: levels_at_most(part.levels * times, error, phi) < limit)
    if more == 0:
        return judged
    bound = levels_at_most(part.levels, error, phi)
    why = (
        f"Cannot tell whether the answers of {window.day} are as good as proven: {said(more)}. "
        f"With {then.whole.rows:,} of them, chance alone leaves room for a {unit(then)} of "
        f"{amount(bound * then.cap)}; whoever knows nothing but how common each answer is has "
        f"{amount(nothing * then.cap)}. "
    )
    numbers = judged.numbers | {UNSURE: float(more or 0)}
    return replace(judged, level="not_run", text=why + judged.text, numbers=numbers)


def rests_on(profile: Mapping[str, Any], settings: Settings, answers: int) -> list[Question]:
    """Everybody's loss and that of each segment, as the held-out rows bound it."""
    then = HeldOut.read(profile)
    if then is None:
        return []
    parts = {f"{column} = {name}": part for column, one in then.segments.items() for name, part in one.parts.items()}
    phi = of_losses(then, settings).of_window(answers)
    error, nothing = reference_error(settings, _questions(then)), knowing_nothing(then, profile)
    whole_error, parts_error = errors(settings, True, len(parts))

    def question(name: str, part: Part, yearly: float, phi: float, tests: int = 1) -> Question:
        return Question(
            part=name,
            rows=part.rows,
            proven=part.mean,
            tolerance=(settings.tolerance or 0.0) * part.mean,
            bound=lambda times: levels_at_most(part.levels * times, error, phi),
            nothing=nothing,
            share=part.rows / then.whole.rows,
            error=yearly,
            phi=phi,
            tests=tests,
            unit=then.cap,
        )

    found = [question(WHOLE, then.whole, whole_error, phi, 1 if then.large is None else 2)]
    for name, part in parts.items():
        rows = round(answers * part.rows / then.whole.rows)
        found.append(question(name, part, parts_error / len(parts), _phi_of(part, settings, phi, rows)))
    return found


class _Found:
    """What was found in a window: its usable rows, their losses and segments, and the answers to the questions."""

    def __init__(
        self,
        scores: Floats,
        lost: Floats,
        names: Mapping[str, Values],
        answers: Sequence[Answer],
        kept: dict[str, Any],
    ) -> None:
        self.scores = scores
        self.lost = lost
        self.names = names
        self.whole = next(one for one in answers if one.asked.name == WHOLE)
        self.parts = [one for one in answers if one.asked.name != WHOLE]
        self.kept = kept

    @property
    def harmed(self) -> list[Answer]:
        """The segments that are worse beyond chance, the surest first."""
        return sorted((one for one in self.parts if one.harms), key=lambda one: -one.reached)

    @property
    def since(self) -> str:
        """Since when what harms does so; since when the whole is beyond its tolerance, where nothing harms yet."""
        moments = [one.since for one in (self.whole, *self.harmed) if one.since and (one.harms or one is self.whole)]
        return min(moments) if moments else ""


def _unusable(window: Window, then: HeldOut, scores: Floats, labels: Floats) -> str:
    if not scores.size:
        return f"None of the {window.scores.size:,} answers of {window.day} has both a score and a known truth."
    if then.loss == "brier" and (scores.min() < 0 or scores.max() > 1):
        return f"Scores of {window.day} lie outside 0 to 1, so they promise no share."
    if then.loss == "brier" and not np.isin(labels, (0.0, 1.0)).all():
        return f"The truth of {window.day} is not yes or no."
    return ""


def _segments(then: HeldOut, window: Window) -> list[tuple[str, Any]]:
    """The declared columns that this window has; one that is not stored cannot be told apart."""
    return [(column, one) for column, one in then.segments.items() if column in window.features]


def _asked(
    then: HeldOut, lost: Floats, names: Mapping[str, Values], settings: Settings, phi: float, window: Window
) -> list[Asked]:
    error = reference_error(settings, _questions(then))
    found = [_question(WHOLE, then.whole, lost, settings, error, phi, window.least)]
    if then.large is not None:
        found[0] = _with_large(found[0], then, lost, settings, error, phi, window)
    for column, segment in names.items():
        for name, part in then.segments[column].parts.items():
            mine = lost[segment == name]
            if mine.size:
                here = _phi_of(part, settings, phi, mine.size)
                asked = _question(f"{column} = {name}", part, mine, settings, error, here, window.least)
                found.append(replace(asked, phi=here))
    return found


def _phi_of(part: Part, settings: Settings, phi: float, rows: int) -> float:
    """phi of so many rows of a segment: its own where it was measured, else that of everybody."""
    own = of_segment(part, settings)
    return own.of_window(rows) if own.measured else phi


def _questions(then: HeldOut) -> int:
    """How many bounds the proof gives: of everybody, of large errors, and of each segment."""
    return 2 + sum(len(one.parts) for one in then.segments.values())


def _question(
    name: str,
    part: Part,
    lost: Floats,
    settings: Settings,
    error: float,
    phi: float,
    least: float,
) -> Asked:
    """Whether the mean loss lies beyond tau = U + tolerance: U bounds the mean of the proof, as far as its rows tell.

    Source: Podkopaev and Ramdas, Tracking the risk of a deployed model (2022), for tau; `watch.evidence` for the bets.
    """
    tau = levels_at_most(part.levels, error, phi) + (settings.tolerance or 0.0) * part.mean
    factors = mean_above(lost, tau * least)[None]
    now = float(lost.mean()) / least
    return Asked(name, lost.size, now, part.mean, min(tau, 1.0), factors, now > tau)


def _with_large(
    whole: Asked,
    then: HeldOut,
    lost: Floats,
    settings: Settings,
    error: float,
    phi: float,
    window: Window,
) -> Asked:
    """The question about everybody, asked of the share of large errors too: a cap hides how the largest grow."""
    assert then.large is not None
    rows = then.whole.rows
    tau = share_between(then.large_rows / phi, rows / phi, error)[1] + (settings.tolerance or 0.0) * _LARGE
    if window.weights is None:
        large = counted(lost * then.cap > then.large)
        share, more = large.share, above(large, tau)
    else:
        each = window.each
        missed = each * (lost * then.cap > then.large * each)
        share, more = float(missed.mean()) / window.least, mean_above(missed, tau * window.least)
    factors = np.vstack([whole.factors, more])
    return Asked(WHOLE, whole.rows, whole.now, whole.then, whole.tolerated, factors, whole.beyond or share > tau)


def _judgement(
    window: Window, then: HeldOut, settings: Settings, depends: Dependence, phi: float, found: _Found
) -> Judgement:
    harmed, whole = found.harmed, found.whole
    halfway = [one for one in found.parts if one.may_harm]
    level: Level = "alarm" if whole.harms or harmed else "note" if whole.asked.beyond or halfway else "quiet"
    changed = level != "quiet"
    return Judgement(
        level=level,
        text=_text(window, then, settings.tolerance or 0.0, found, halfway),
        state=found.kept,
        numbers=_numbers(window, then, settings, phi, found),
        parts={one.asked.name: _in_units(one.row, then.cap) for one in found.parts},
        guarantee=promise(settings, depends, _condition(window, found)),
        cause=cause_of(then, found.scores, found.lost, found.names, unit(then)) if changed else "",
        advice=_advice(whole, harmed) if level == "alarm" else "",
        since=found.since if changed else "",
    )


def _condition(window: Window, found: _Found) -> str:
    if found.scores.size == window.scores.size:
        return ""
    return ", if the answers whose truth is unknown are like those whose truth is known"


def _in_units(row: dict[str, float], cap: float) -> dict[str, float]:
    return {name: value * cap if name in ("now", "then", "tolerated") else value for name, value in row.items()}


def _numbers(window: Window, then: HeldOut, settings: Settings, phi: float, found: _Found) -> dict[str, float]:
    """What was counted, with a descriptive interval of the loss, and its bounds whatever the missing truths are."""
    asked = found.whole.asked
    half = _Z * float(found.lost.std()) * float(np.sqrt(phi / asked.rows))
    coverage = asked.rows / window.scores.size
    numbers = {
        "answers": float(window.scores.size),
        "n": float(asked.rows),
        "coverage": coverage,
        "contradicting": float(window.contradicting),
        "loss": asked.now * then.cap,
        "low": max(0.0, asked.now - half) * then.cap,
        "high": (asked.now + half if window.weights else min(1.0, asked.now + half)) * then.cap,
        "loss_low": coverage * asked.now * then.cap,
        "loss_high": (coverage * asked.now + 1 - coverage) * then.cap,
        "proven": asked.then * then.cap,
        "tolerated": asked.tolerated * then.cap,
        "tolerance": settings.tolerance or 0.0,
        "phi": phi,
        "evidence": max(one.reached for one in (found.whole, *found.parts)),
    }
    if then.large is not None and window.weights is None:
        numbers |= {"large": counted(found.lost * then.cap > then.large).share, "large_then": _LARGE}
    return numbers


def unit(then: HeldOut) -> str:
    """What the loss is called."""
    return "Brier score" if then.loss == "brier" else "mean absolute error"


def _text(window: Window, then: HeldOut, tolerance: float, found: _Found, halfway: Sequence[Answer]) -> str:
    whole, cap = found.whole, then.cap
    asked = whole.asked
    told = (
        f"The {unit(then)} of {window.day} is {amount(asked.now * cap)}; {amount(asked.then * cap)} was proven, and up "
        f"to {amount(asked.tolerated * cap)} is tolerated: {tolerance * 100:g}% more, and what {then.whole.rows:,} "
        "rows of proof leave to chance."
    )
    if asked.rows < window.scores.size:
        told += f" The truth is known for {percent(asked.rows / window.scores.size)} of its answers."
    told += window.contradictions + window.weighing
    if (
        then.large is not None
        and window.weights is None
        and (share := counted(found.lost * cap > then.large).share) > 2 * _LARGE
    ):
        told += f" {percent(share)} of its answers miss by more than {amount(then.large)}; {percent(_LARGE)} did then."
    if whole.harms:
        told += f" It has been worse than tolerated since {_day(whole.since)}, and not by chance."
    elif asked.beyond:
        told += f" It has been beyond that since {_day(whole.since)}; {still_needed(whole)}."
    for one in found.harmed[:_SHOWN]:
        told += f" Worse than tolerated, and not by chance: {_part(one, cap)}, since {_day(one.since)}."
    for one in halfway[:_SHOWN]:
        told += f" Beyond its tolerance: {_part(one, cap)}; {still_needed(one)}."
    if missing := [column for column in then.segments if column not in window.features]:
        told += f" Not told apart by {', '.join(missing)}, which is not stored with these answers."
    return told


def _part(one: Answer, cap: float) -> str:
    asked = one.asked
    return f"{asked.name} with {amount(asked.now * cap)} ({amount(asked.then * cap)} proven, {asked.rows:,} answers)"


def amount(value: float) -> str:
    """A loss as people read it: three digits.

    >>> amount(0.12345), amount(1234.5)
    ('0.123', '1,234')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _day(moment: str) -> str:
    return Window(moment, np.zeros(0)).day


def _advice(whole: Answer, harmed: Sequence[Answer]) -> str:
    if whole.harms:
        return "Compare the newest inputs with the contract, then retrain on newer labels; roll back if it began there."
    names = ", ".join(one.asked.name for one in harmed[:_SHOWN])
    return f"Look at what changed for {names}; until then have a person decide there, or let the baseline answer."


MONITOR = Monitor(
    name="performance",
    asks="Are the answers still as good as they were shown to be?",
    needs="labels",
    judge=judge,
    tolerance=0.2,
    tolerates="{percent:g}% more than was proven",
    weighs=True,
    rests_on=rests_on,
)
