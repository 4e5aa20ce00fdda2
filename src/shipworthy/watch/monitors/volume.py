"""Whether as many answers are given as before: counted, so nothing is left to chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from shipworthy.watch.monitor import Judgement, Monitor, Settings, Window, percent
from shipworthy.watch.words import Level

_REMEMBERED = 12
_ALIKE = 3
"""So many windows out of line, and like each other, are a new level: a product that found users."""

_NEW_LEVEL = " It is the third window like this in a row: from the next one on, as many are usual."


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Note, or alarm where the plan names a tolerance, when the number of answers lies too far from the usual one."""
    given = window.answers
    whole = given / window.share  # a canary that grows answers more, and is to
    earlier = [float(count) for count in state.get("counts", [])]
    after = {"counts": [*earlier, whole][-_REMEMBERED:]}
    usual = median(earlier) * window.share if earlier else 0
    if not usual:
        return Judgement(
            "not_run",
            f"{given:,} answers of {window.day}: no earlier window to compare with.",
            after,
            {"answers": float(given)},
        )
    tolerance = settings.tolerance or 0.0
    change = given / usual - 1
    outside = abs(change) > tolerance
    level: Level = ("alarm" if settings.declared else "note") if outside else "quiet"
    if outside:  # a window that fell out of line must not become what is usual; three that are alike do
        strange = [*(float(count) for count in state.get("strange", [])), whole][-_ALIKE:]
        after = {"counts": strange} if _alike(strange, tolerance) else {"counts": earlier, "strange": strange}
    return Judgement(
        level=level,
        text=f"{given:,} answers of {window.day}; {usual:,.0f} are usual"
        + (
            f". That is {percent(abs(change))} {'more' if change > 0 else 'fewer'}, {percent(tolerance)} tolerated."
            if outside
            else "."
        )
        + (_NEW_LEVEL if outside and "strange" not in after else ""),
        state=after,
        numbers={"answers": float(given), "usual": float(usual), "change": change, "tolerance": tolerance},
        kind="description",
        guarantee=f"Counted, not estimated; usual is the median of up to {_REMEMBERED} windows before, or of the first "
        f"{_ALIKE} alike at a new level.",
        cause="Entities appeared in or vanished from the sources." if outside else "",
        advice="Compare the source's rows with its vendor's own count." if outside else "",
        since=window.moment if outside else "",
    )


def _alike(counts: Sequence[float], tolerance: float) -> bool:
    """Whether the last windows are enough, and like each other; nobody at all is no new level."""
    middle = median(counts)
    return len(counts) == _ALIKE and min(counts) > 0 and all(abs(one / middle - 1) <= tolerance for one in counts)


MONITOR = Monitor(
    name="volume",
    asks="Are as many answers given as usual?",
    needs="answers",
    judge=judge,
    tolerance=0.5,
    tolerates="{percent:g}% more or fewer than usual",
    phi=1.0,
    spends=False,
)
