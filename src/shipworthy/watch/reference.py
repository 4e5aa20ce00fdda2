"""The frozen reference profile of a candidate, as the monitors read it: the one place that knows its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shipworthy.model.free_text import LENGTH, UNSEEN
from shipworthy.model.seen import Seen


@dataclass(frozen=True, slots=True)
class Known:
    """What one column looked like when the candidate was made.

    Attributes:
        rows: how many rows were seen; missing: those of them without a value.
        cuts: rising values of a numeric column, each with the share of present rows at or below it; the first is the
            lowest decile.
        shares: share of all rows by common value, of a column of texts; None for a numeric one.
        rest: share of all rows with a rarer value.
        unseen: share of them whose value stood in no other row; seen: the rarer values that were seen, None where they
            were not kept, so that a rare value and one never seen before are not told apart.
        phi: how much its shares differed between reference batches beyond chance; None where it was not measured.
        batch: rows of such a batch, on average.
        still: the share of reference moments at which all rows had one value; 0 where it was not measured.
    """

    name: str
    rows: int
    missing: int = 0
    cuts: tuple[tuple[float, float], ...] = ()
    shares: Mapping[str, float] | None = None
    rest: float = 0.0
    unseen: float = 0.0
    seen: Seen | None = None
    phi: float | None = None
    batch: float = 0.0
    still: float = 0.0

    @property
    def present(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing


@dataclass(frozen=True, slots=True)
class Reference:
    """What a candidate looked like when it was made.

    Attributes:
        score: the column of its scores; None where the profile has none.
        mean_score: on the reference rows.
        batches: (rows, mean label) of reference batches, for measuring dependence; most products have none yet.
    """

    features: tuple[Known, ...] = ()
    score: Known | None = None
    mean_score: float | None = None
    batches: tuple[tuple[int, float], ...] = ()


def reference(profile: Mapping[str, Any]) -> Reference:
    """A profile as `model.profile` writes it, as typed values."""
    scores = profile.get("scores") or {}
    labels = profile.get("labels") or {}
    seen = bool(scores.get("n"))
    return Reference(
        features=tuple(
            known
            for name, entry in profile.get("features", {}).items()
            if entry["n"]
            for known in _watched(name, entry)
        ),
        score=_known("score", scores) if seen else None,
        mean_score=float(scores["mean"]) if seen else None,
        batches=tuple((int(rows), float(mean)) for rows, mean in labels.get("batches", ())),
    )


def known(name: str, entry: Mapping[str, Any]) -> Known:
    """One spread of a profile as a column to hold others against."""
    return _known(name, entry)


def promises_shares(role: str, profile: Mapping[str, Any]) -> bool:
    """Whether a score is meant as a probability: a baseline made before any truth was known only ranks."""
    return role != "baseline" or profile.get("labels") is not None


def _watched(name: str, entry: Mapping[str, Any]) -> list[Known]:
    """A feature as it is watched: a free text by two numbers in its place."""
    if "words" not in entry:
        return [_known(name, entry)]
    words = entry["words"]
    return [_known(f"{name}: {LENGTH}", words["length"]), _known(f"{name}: {UNSEEN}", words["unseen"])]


def _known(name: str, entry: Mapping[str, Any]) -> Known:
    rows = int(entry["n"])
    missing = round(entry.get("missing", 0.0) * rows)
    phi = float(entry["phi"]) if "phi" in entry else None
    batch = rows / entry["batches"] if entry.get("batches") else 0.0
    still = float(entry.get("still", 0.0))
    if "shares" in entry:
        seen, unseen = Seen.read(entry.get("seen")), float(entry.get("unseen", 0.0))
        rest = float(entry["rest"])
        return Known(name, rows, missing, (), dict(entry["shares"]), rest, unseen, seen, phi, batch, still)
    # Deciles of a column with many equal values repeat; each value is one cut.
    cuts = dict(zip(entry["deciles"], entry["at_or_below"], strict=True))
    at = tuple((float(value), float(share)) for value, share in sorted(cuts.items()))
    return Known(name, rows, missing, at, phi=phi, batch=batch, still=still)
