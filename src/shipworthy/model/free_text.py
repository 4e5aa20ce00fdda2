"""Features that are free text: what is kept of their words, and the numbers by which they are watched.

A text that nobody wrote twice is no category. What can change about such texts is how long they are, and how many of
their words were never met in learning: both are numbers, cut and tested as those of any other feature. Kept in the
profile, beside what it says of the feature as a text::

    "words": {"known": ["leaks", "pump"], "length": {spread}, "unseen": {spread}}

``known`` are the words that at least five rows of training used, at most 5,000 of them, the commonest first to be kept;
a word that fewer used could tell who somebody is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shipworthy.model.humility import SEEN_OFTEN
from shipworthy.model.spread import spread_of

MOST_WORDS = 5_000
LENGTH, UNSEEN = "number of words", "share of unseen words"
_WORD = re.compile(r"\w\w+")

Floats = npt.NDArray[np.float64]


def words_of(text: str) -> list[str]:
    """The words of a text, in small letters; a single letter is none.

    >>> words_of("Pump 7 leaks, pump whistles")
    ['pump', 'leaks', 'pump', 'whistles']
    """
    return _WORD.findall(text.lower())


def known_words(texts: Sequence[Any]) -> list[str]:
    """The words that are used often enough to be kept, sorted."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(words_of(text)) if isinstance(text, str) else ())
    often = sorted(
        (word for word, rows in counts.items() if rows >= SEEN_OFTEN), key=lambda word: (-counts[word], word)
    )
    return sorted(often[:MOST_WORDS])


def measures(name: str, texts: Sequence[Any], known: Sequence[str]) -> dict[str, Floats]:
    """The numbers by which a free text is watched, by the name of a column; NaN where there is no text.

    >>> {key: value.tolist() for key, value in measures("t", ["pump leaks"], ["pump"]).items()}
    {'t: number of words': [2.0], 't: share of unseen words': [0.5]}
    """
    met = frozenset(known)
    length, unseen = np.full(len(texts), np.nan), np.full(len(texts), np.nan)
    for row, text in enumerate(texts):
        if isinstance(text, str):
            found = words_of(text)
            length[row] = len(found)
            unseen[row] = sum(word not in met for word in found) / len(found) if found else 0.0
    return {f"{name}: {LENGTH}": length, f"{name}: {UNSEEN}": unseen}


def profile_of(name: str, learnt: Sequence[Any], reference: Sequence[Any]) -> dict[str, Any]:
    """What the profile keeps of a free text.

    Args:
        learnt: the texts of training; reference: those of rows that training never saw.
    """
    known = known_words(learnt)
    length, unseen = measures(name, reference, known).values()
    return {"known": known, "length": _spread(length), "unseen": _spread(unseen)}


def watched(profile: Mapping[str, Any], features: Mapping[str, npt.NDArray[Any]]) -> Mapping[str, npt.NDArray[Any]]:
    """Inputs with the numbers of each free text beside it, as the profile of a candidate knows them."""
    free = {name: entry["words"] for name, entry in profile.get("features", {}).items() if "words" in entry}
    told = [measures(name, features[name].tolist(), words["known"]) for name, words in free.items() if name in features]
    return {**features, **{name: values for one in told for name, values in one.items()}} if told else features


def _spread(values: Floats) -> dict[str, Any]:
    known = values[~np.isnan(values)]
    missing = 1 - len(known) / len(values) if len(values) else 0.0
    return {"kind": "number", "n": len(values), "missing": missing, **spread_of(known)}
