"""Audit samples: which answers people are asked about, which still wait, and what a file of labels says. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence

from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.fact import Past
from shipworthy.watch.audit_words import AuditDrawn, AuditLabelled
from shipworthy.watch.folds import AUDITED

UNSURE = float("nan")
_WORDS = {"1": 1.0, "1.0": 1.0, "yes": 1.0, "0": 0.0, "0.0": 0.0, "no": 0.0, "?": UNSURE}
_SHOWN = 3


def drawn(answer_ids: Sequence[str], rows: int, mark: Callable[[str], str]) -> list[int]:
    """The places of so many answers, chosen as at random by whoever does not hold the key.

    Args:
        mark: the keyed hash of a name: without the key nobody can foresee the choice, with it anybody can repeat it.

    >>> drawn(["a", "b", "c"], 2, lambda name: {"a": "2", "b": "3", "c": "1"}[name])
    [0, 2]
    """
    order = sorted(range(len(answer_ids)), key=lambda place: mark(answer_ids[place]))
    return sorted(order[:rows])


def is_drawn(past: Past, candidate: str, window: str) -> bool:
    """Whether a window has its sample already: once is for good, so that nobody draws until the sample pleases."""
    return window in past.fold(AUDITED)["drawn"].get(candidate, {})


def waiting(past: Past) -> list[AuditDrawn]:
    """The samples of which rows still wait for a label, oldest first."""
    known = past.fold(AUDITED)["waiting"]
    return [
        past.of(AuditDrawn, about=sample)[-1].what for sample in sorted(known, key=lambda name: int(known[name]["seq"]))
    ]


def segments(past: Past, sample: str) -> list[str]:
    """The tables of labels that were given for a sample, oldest first."""
    return [fact.what.segment for fact in past.of(AuditLabelled, about=sample)]


def labels_of(text: str, known: Mapping[str, str], classes: Sequence[str] = ()) -> dict[str, float]:
    """What a file says of answers that wait: their label by id, NaN where nobody can tell.

    Args:
        known: sample by answer id, of the answers that wait.
        classes: where an answer is a class, their names: a label then is one of them, and its place is given.

    Raises:
        UserError: every mistake found: no such columns, an answer that does not wait, a label that is none, or two of
            them for one answer.
    """
    rows = list(csv.DictReader(io.StringIO(text)))
    columns = set(rows[0]) if rows else set()
    if not {"answer_id", "label"} <= columns:
        found = f"The file has the columns {', '.join(sorted(filter(None, columns))) or 'none'} and no row to read."
        raise UserError(_mistake("file", found, "Save the tasks with `shipworthy label --save`, and fill in label."))
    given = [(str(row["answer_id"]).strip(), str(row["label"] or "").strip().lower()) for row in rows]
    given = [(name, word) for name, word in given if word]
    strange = [name for name, _ in given if name not in known]
    words = {name.lower(): float(place) for place, name in enumerate(classes)} | {"?": UNSURE} if classes else _WORDS
    odd = sorted({word for _, word in given if word not in words})
    said: dict[str, set[str]] = {}
    for name, word in given:
        said.setdefault(name, set()).add(word)
    twice = [name for name, told in said.items() if len({str(words.get(word)) for word in told}) > 1]
    mistakes = []
    if strange:
        found = f"{len(strange)} answers do not wait for a label: {', '.join(strange[:_SHOWN])}."
        mistakes.append(_mistake("unknown", found, "`shipworthy label` lists those that do; a label is given once."))
    if odd:
        found = f"Some labels are neither yes nor no: {', '.join(odd[:_SHOWN])}."
        fix = "Write 1 or yes, 0 or no, and ? where nobody can tell."
        if classes:
            found = f"Some labels are no class: {', '.join(odd[:_SHOWN])}."
            fix = f"Write one of {', '.join(classes)}, and ? where nobody can tell."
        mistakes.append(_mistake("label", found, fix))
    if twice:
        found = f"{len(twice)} answers have two labels that contradict each other: {', '.join(twice[:_SHOWN])}."
        mistakes.append(_mistake("twice", found, "Keep the one that is true."))
    if mistakes:
        raise UserError(*mistakes)
    return {name: words[word] for name, word in given}


def _mistake(code: str, found: str, fix: str) -> Mistake:
    return Mistake(f"audit.{code}", "labels", found, "A guarantee rests on these labels.", fix)
