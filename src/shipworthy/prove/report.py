"""The proof as one page for people: self-contained HTML that a lawyer and a data scientist can both read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from shipworthy.base.check import CheckResult, Verdict, stands, worst
from shipworthy.base.kinds import kind
from shipworthy.data.words import SnapshotTaken
from shipworthy.plan.check import spoken
from shipworthy.prove.charts import (
    curve_chart,
    gain_points,
    histogram_chart,
    reliability_chart,
    roc_points,
    strip,
)
from shipworthy.prove.check import FOLDER, ProofCheck, Subject, Truth
from shipworthy.prove.measures import are_probabilities, why_not
from shipworthy.prove.phrases import counted, listed, number
from shipworthy.prove.rules import reliability

WORDS: dict[Verdict, str] = {
    "pass": "Shown",
    "warn": "To look at",
    "fail": "Not met",
    "error": "Could not be judged",
    "not_run": "Not run",
}
_GLYPHS: dict[Verdict, str] = {"pass": "✓", "warn": "!", "fail": "✕", "error": "?", "not_run": "–"}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When, by whom and on what a proof was made.

    Attributes:
        at: the moment on the clock of the machine.
        who: the identity that asked for it.
        evidence: digest of the evidence.
        taken: the snapshot it was made on.
        files: digest of each evidence file by name.
    """

    at: datetime
    who: str
    evidence: str
    taken: SnapshotTaken
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """One result as the page shows it."""

    title: str
    word: str
    glyph: str
    strip: Markup
    result: CheckResult


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with what it says in one sentence."""

    title: str
    says: str
    svg: Markup


def report(subject: Subject, results: Sequence[CheckResult], about: Circumstances) -> str:
    """The whole page.

    Args:
        subject: what was proven.
        results: what the checks found, in the order in which they are shown.
        about: the circumstances of the proof.
    """
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page.filters["short"] = lambda digest: digest[:12]
    page.filters["length_in_words"] = spoken
    page.filters["number"] = number
    page.filters["day"] = lambda moment: str(moment)[:10]
    template = page.from_string(Path(__file__).with_name("report.html").read_text(encoding="utf-8"))
    return template.render(
        subject=subject,
        plan=subject.plan,
        made=subject.made,
        about=about,
        stands=stands(results),
        verdict=worst(results),
        headline=headline(results),
        shown=[_shown(result) for result in results],
        words=WORDS,
        pictures=pictures(subject),
        open=[result for result in results if result.verdict in ("not_run", "error")],
        limits=limits(subject),
        environment=_environment(subject),
        chosen=_chosen_count(subject),
    )


def headline(results: Sequence[CheckResult]) -> str:
    """What came out, in one sentence.

    >>> headline([CheckResult("a", "?", "pass", ""), CheckResult("b", "?", "warn", "")])
    '1 shown, 1 to look at.'
    """
    counts = {verdict: sum(result.verdict == verdict for result in results) for verdict in WORDS}
    return ", ".join(f"{count} {WORDS[verdict].lower()}" for verdict, count in counts.items() if count) + "."


def pictures(subject: Subject) -> list[Picture]:
    """The charts that the data allows."""
    found = _of_truth(subject, subject.truth) if subject.truth and subject.plan.need.answer == "probability" else []
    if subject.truth and subject.truth.places is not None:
        found = _promises(subject, subject.truth)
    share = subject.plan.need.answer != "number"
    picture = histogram_chart(subject.now.scores, _cut(subject), share)
    says = (
        f"The scores of all {counted(len(subject.now.scores), 'entity', 'entities')} due as of "
        f"{subject.now.as_of:%Y-%m-%d}, "
        + (
            "which are the probabilities of the classes that were answered."
            if subject.now.classes
            else f"and from where on the decision is “{subject.plan.decision.yes}”."
        )
    )
    return [*found, Picture("Everybody's scores", says, Markup(picture))]


def _of_truth(subject: Subject, truth: Truth) -> list[Picture]:
    labels, scores = truth.labels, truth.rows.scores
    if why_not("auc", labels, scores):
        return []
    own = "the baseline" if subject.role == "baseline" else "this candidate"
    curves = [(own, scores), *([("the simple rule", truth.baseline)] if truth.baseline is not None else [])]
    gains = curve_chart(
        "Gains", [(name, gain_points(labels, one)) for name, one in curves], "share of entities taken", "real yes found"
    )
    roc = curve_chart(
        "ROC curve", [(name, roc_points(labels, one)) for name, one in curves], "real no taken by mistake", "yes found"
    )
    found = [
        Picture(
            "What going down the list finds",
            "Taking the highest scores first: how much of every real yes is found (up) when so many entities are taken "
            "(across).",
            Markup(gains),
        )
    ]
    if are_probabilities(scores):
        found += _promises(subject, truth)
    says = "For specialists: the trade between finding a yes and taking a no, at every possible cut."
    return [*found, Picture("ROC curve", says, Markup(roc))]


def _promises(subject: Subject, truth: Truth) -> list[Picture]:
    table = reliability(truth.labels, truth.rows.scores, subject.confidence)
    says = "Each dot is a tenth of the held-out entities. On the line, as many came true as were promised."
    return [Picture("Promises and what came true", says, Markup(reliability_chart(table)))]


def limits(subject: Subject) -> list[str]:
    """What no check here can show, in plain words."""
    plan, found = subject.plan, []
    if subject.truth is not None:
        day = f"{subject.truth.rows.as_of:%Y-%m-%d}"
        found.append(
            "That it holds for the time to come. The newest truth it was held against is that of the "
            f"{spoken(plan.need.horizon)} from {day}; what changed later is for the monitors to notice."
        )
        found.append(
            "That it holds at another time than the ones it learnt from: the entities held out were strangers to it, "
            "but they lived through the same months."
        )
    else:
        found.append(f"How good the answers are: no truth is known before {subject.known_from[:10]}.")
    found.append(
        f"That acting on it helps. The decision is: {plan.need.decision} Whether this changes what happens, only a "
        "comparison of those acted on with those left alone can show."
    )
    if not plan.proof.fairness:
        found.append("Whether groups of people are treated alike: the plan declares no group to compare.")
    timeless = [name for name, source in plan.sources.items() if not source.contract.time]
    if timeless:
        found.append(
            f"That everything was known in time: {listed(timeless)} has no time column, so nobody can see when its "
            "rows became true."
        )
    if any(consumer.mode == "realtime" for consumer in plan.consumers.values()):
        found.append("How fast it answers: that is measured at the server, before and during a release.")
    return found


def _shown(result: CheckResult) -> Shown:
    check = kind(FOLDER, result.check.split(".")[1], ProofCheck)
    line = ""
    if result.low is not None and result.high is not None and result.measured is not None:
        line = strip(result.low, result.measured, result.high, result.bound)
    return Shown(check.title, WORDS[result.verdict], _GLYPHS[result.verdict], Markup(line), result)


def _chosen(subject: Subject) -> list[float]:
    decided = subject.now.decided(subject.plan.decision)
    yes = subject.plan.decision.yes
    return [float(score) for score, word in zip(subject.now.scores, decided, strict=True) if word == yes]


def _chosen_count(subject: Subject) -> int:
    return len(_chosen(subject))


def _cut(subject: Subject) -> float | None:
    return None if subject.now.classes else min(_chosen(subject), default=None)


def _environment(subject: Subject) -> list[tuple[str, str]]:
    content: dict[str, Any] = json.loads(subject.stored.get("environment", b"{}"))
    return [(name, str(entry.get("version", ""))) for name, entry in content.items()]
