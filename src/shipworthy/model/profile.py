"""The reference profile: what inputs and scores looked like when the candidate was made, frozen with it.

A profile is strict JSON::

    {"rows": 4700, "rows_of": "held out", "moments": ["1997-10-01T00:00:00+00:00"],
     "features": {
        "recency": {"kind": "number", "n": 4700, "missing": 0.0, "mean": 81.2, "deciles": [9 numbers],
                    "at_or_below": [9 shares], "typical": 80.0},
        "channel": {"kind": "text", "n": 4700, "missing": 0.01, "shares": {"shop": 0.7, "web": 0.28}, "rest": 0.01,
                    "unseen": 0.001, "seen": "base64 …", "typical": "shop"}},
     "scores": {"n": 4700, "mean": 0.21, "deciles": [...], "at_or_below": [...]},
     "labels": {"n": 4700, "mean": 0.2},
     "form": "compiled"}

``missing`` and all shares are of `n` rows, so shares, rest and missing sum to 1. ``seen`` remembers the rarer texts of
training and of these rows, see `model.seen`, null where there are too many; ``unseen`` is the share of these rows
whose text stands in no other row, so about the share of new rows whose text was never seen. ``at_or_below`` is the
real share of the rows with a value, at or below each decile: with many equal values it differs from 0.1, 0.2, …
``labels`` is null where no truth was known. ``form`` says whether the model answers compiled or as it is; see
`model.compiled`. Under a plan with humility rules each feature also has ``learnt``, from the rows of training:
``{"low": 2.0, "high": 300.0}`` of a number, null where it was always missing, or ``{"seen": ["shop", "web"]}`` of a
text. Under a plan with ``proof.interval`` it has ``interval``, see `model.intervals`; null where too few truths were
known. What estimates without labels rest on is ``estimates``, see `model.estimates`, and what shows changes that no
column shows by itself ``projections``, see `model.projections`; either is null where there were too few rows.
``performance`` says how good its answers were, see `model.performance`; null where no truth was known. Where the rows
are of at least 20 moments and each entity comes once, features, scores, classes (``phi`` of those that are answered
beside ``answered``) and the distances of ``projections`` have ``phi`` (see `overdispersion`) and
``batches``, how many there were. ``still`` is the share of moments, of those with 20 values or more, at which a feature
had one value in all rows: such as the day of the week, of which a later window has one too; absent where there are
fewer than two such moments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from shipworthy.base.digest import canonical
from shipworthy.model.humility import SEEN_OFTEN
from shipworthy.model.seen import Seen
from shipworthy.model.spread import TENTHS, spread_of

COMMON = 0.01
"""Categories with at least this share of the rows are listed by name; the others are the rest."""

BATCHES_FOR_PHI = 20
"""With fewer batches nothing can be said of how much they differ beyond chance."""

LEAST = 20
"""In fewer rows much is alike by chance; a state of half the rows holds for so many by chance once in a million."""


def profile_of(
    reference: pd.DataFrame,
    typical: Mapping[str, float | str],
    scores: npt.NDArray[np.float64],
    labels: npt.NDArray[np.float64] | None,
    rows_of: str,
    moments: Sequence[str],
    learnt: Mapping[str, Mapping[str, Any]] | None = None,
    moment_of: Sequence[str] = (),
    training: pd.DataFrame | None = None,
    apart: bool = True,
) -> dict[str, Any]:
    """The profile of a candidate.

    Args:
        reference: features of the rows it is held against: those training never saw, where there are any.
        typical: the typical value of each feature in training (`typical_values`).
        scores, labels: of the same rows; labels None where unknown.
        rows_of: which rows these are, in plain words.
        moments: as of when they were taken, ISO 8601.
        learnt: what training saw of each feature (`learnt_ranges`), where the plan asks for it.
        moment_of: the moment of each row of the reference, where it is known.
        training: features of the rows it learnt from, where they are others than these.
        apart: each entity comes once. Moments that share their entities are more alike than new ones will be, and tell
            too little of their dependence.
    """
    moment = _numbered(moment_of)
    batches = batches_of(moment_of) if apart else None
    known = labels[~np.isnan(labels)] if labels is not None else np.zeros(0)
    return {
        "rows": len(reference),
        "rows_of": rows_of,
        "moments": list(moments),
        "features": {
            str(name): _feature(reference[name], typical[str(name)], None if training is None else training[name])
            | ({"learnt": dict(learnt[str(name)])} if learnt else {})
            | depending(reference[name], batches)
            | _still(reference[name], moment)
            for name in reference.columns
        },
        "scores": {"n": len(scores), **spread_of(scores), **depending(pd.Series(scores), batches)},
        "labels": {"n": len(known), "mean": float(known.mean())} if len(known) else None,
    }


def batches_of(moment_of: Sequence[str]) -> npt.NDArray[np.int64] | None:
    """The number of the moment of each row; None where there are too few moments to say how they differ."""
    moment = _numbered(moment_of)
    return moment if len(moment) and moment.max() + 1 >= BATCHES_FOR_PHI else None


def _numbered(moment_of: Sequence[str]) -> npt.NDArray[np.int64]:
    return np.unique(np.asarray(moment_of, dtype=str), return_inverse=True)[1].astype(np.int64)


def typical_values(features: pd.DataFrame) -> dict[str, float | str]:
    """The median of each number and the commonest text of each text (the first by name among equals).

    A feature that is missing everywhere is typically 0 or an empty text.
    """
    return {str(name): _typical(features[name]) for name in features.columns}


def learnt_ranges(features: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Lowest and highest value of each number, and the texts that came often enough, in the rows of training."""
    return {str(name): _learnt(features[name]) for name in features.columns}


def written(profile: Mapping[str, Any]) -> bytes:
    """The profile as it is stored: canonical JSON without NaN."""
    return canonical(profile)


def _typical(column: pd.Series[Any]) -> float | str:
    known = column.dropna()
    if column.dtype == np.float64:
        return float(known.median()) if len(known) else 0.0
    counts = known.value_counts()
    return min(counts[counts == counts.max()].index) if len(counts) else ""


def _learnt(column: pd.Series[Any]) -> dict[str, Any]:
    known = column.dropna()
    if column.dtype == np.float64:
        return {"low": float(known.min()), "high": float(known.max())} if len(known) else {"low": None, "high": None}
    counts = known.value_counts()
    return {"seen": sorted(str(text) for text in counts[counts >= SEEN_OFTEN].index)}


def _feature(column: pd.Series[Any], typical: float | str, learnt: pd.Series[Any] | None) -> dict[str, Any]:
    known = column.dropna()
    missing = float(1 - len(known) / len(column)) if len(column) else 0.0
    if column.dtype == np.float64:
        spread = spread_of(known.to_numpy(np.float64))
        return {"kind": "number", "n": len(column), "missing": missing, **spread, "typical": typical}
    shares = (known.value_counts() / len(column)).sort_index() if len(known) else pd.Series(dtype=np.float64)
    common = {str(name): float(share) for name, share in shares.items() if share >= COMMON}
    rest = float(shares[shares < COMMON].sum())
    return {
        "kind": "text",
        "n": len(column),
        "missing": missing,
        "shares": common,
        "rest": rest,
        **_rare(known, learnt, set(common), len(column)),
        "typical": typical,
    }


def _rare(known: pd.Series[Any], learnt: pd.Series[Any] | None, common: set[str], rows: int) -> dict[str, Any]:
    """Which rarer texts were seen, and the share of rows whose text stands in no other row."""
    here = known.astype(str).value_counts()
    others = set() if learnt is None else set(learnt.dropna().astype(str).unique())
    alone = sum(rows_of == 1 and text not in others for text, rows_of in here.items())
    seen = Seen.of((set(here.index) | others) - common)
    return {"unseen": alone / rows if rows else 0.0, "seen": seen.kept if seen else None}


def overdispersion(sizes: npt.NDArray[np.float64], ones: npt.NDArray[np.float64]) -> float:
    """How many times batches differ more than chance: the largest over the indicators, 1 or more.

    Args:
        sizes: rows of each batch, 20 batches or more.
        ones: how often each indicator was one, a row per batch.

    Source: the Pearson dispersion estimate of a binomial model.

    >>> overdispersion(np.full(20, 100.0), np.array([[20.0], [40.0]] * 10)).__round__(1)
    5.0
    """
    share = ones.sum(axis=0) / sizes.sum()
    varying = (share > 0) & (share < 1)
    if not varying.any():
        return 1.0
    share, ones = share[varying], ones[:, varying]
    squares = (sizes[:, None] * (ones / sizes[:, None] - share) ** 2).sum(axis=0)
    return float(max(1.0, (squares / (len(sizes) - 1) / (share * (1 - share))).max()))


def _still(column: pd.Series[Any], moment: npt.NDArray[np.int64]) -> dict[str, float]:
    """At which share of the moments all rows had one value; nothing where fewer than two moments had enough values."""
    if not len(moment):
        return {}
    values = column.groupby(moment).agg(["count", "nunique"])
    enough = values.loc[values["count"] >= LEAST, "nunique"]
    return {"still": float((enough == 1).mean())} if len(enough) > 1 else {}


def depending(column: pd.Series[Any], batches: npt.NDArray[np.int64] | None) -> dict[str, Any]:
    """How much a column's shares differ between batches, at its deciles or common texts and in what is missing.

    Args:
        batches: as `batches_of` numbers them; nothing is said without.
    """
    if batches is None:
        return {}
    missing = column.isna().to_numpy()
    if column.dtype == np.float64:
        values = column.to_numpy(np.float64)
        cuts = np.unique(np.quantile(values[~missing], TENTHS)) if (~missing).any() else np.zeros(0)
        marks = [values <= cut for cut in cuts]
    else:
        shares = column.value_counts() / max(1, len(column))
        marks = [(column == name).to_numpy() for name in shares[shares >= COMMON].index]
    sizes = np.bincount(batches).astype(np.float64)
    ones = np.array([np.bincount(batches, weights=mark, minlength=len(sizes)) for mark in [*marks, missing]]).T
    return {"phi": round(overdispersion(sizes, ones), 3), "batches": len(sizes)}
