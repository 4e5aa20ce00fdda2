"""Does each stretch of time show the values that a column typically has? Finds a changed unit that no row shows.

Why: Amounts in cents instead of dollars pass every bound on single rows; only all of them together show it.

What to do: Ask whoever sends the feed about units from the named stretch on. Change `typical` only where the world
has changed.
"""

from __future__ import annotations

import math
import sys
from statistics import median

from shipworthy.data.check import DataCheck, Finding, Sheet
from shipworthy.data.engine import identifier
from shipworthy.data.stretches import ENOUGH_ROWS, name_of, per_stretch
from shipworthy.plan.schema import Typical

_SHOWN = 5
_LARGEST = sys.float_info.max / 2
_FARTHEST_RATIO = 1e12  # no two units are further apart
_ADVICE = (
    "Ask the vendor about the unit and the make-up of these rows; a change that is meant is a change of the contract."
)
_KNOWN = {
    1.609344: "kilometres and miles",
    2.20462262: "kilograms and pounds",
    2.54: "inches and centimetres",
    3.2808399: "metres and feet",
    3.6: "metres per second and kilometres per hour",
    3.78541178: "litres and gallons",
}


def judge(sheet: Sheet) -> list[Finding]:
    """Findings for each column with typical values: one for each stretch outside of them, at most five.

    Judged are all rows that were not removed, those in quarantine too: values that are too high for the contract
    would otherwise hide that all of them are. A stretch with fewer than 20 values is not judged.
    """
    return [
        finding
        for name, column in sheet.contract.columns.items()
        if column.typical is not None and name in sheet.columns
        for statistic, bounds in (("median", column.typical.median), ("mean", column.typical.mean))
        if bounds is not None
        for finding in _column(sheet, name, column.typical, statistic, bounds)
    ]


def _column(sheet: Sheet, name: str, typical: Typical, statistic: str, bounds: tuple[float, float]) -> list[Finding]:
    value = identifier(name)
    kept = f"(__accepted OR __quarantined) AND {value} IS NOT NULL"
    shown = [
        (number, _steady(float(seen)))
        for number, rows, seen in per_stretch(sheet, typical.each, f"count(*), {statistic}({value})", kept)
        if rows >= ENOUGH_ROWS
    ]
    low, high = bounds
    if not shown:
        return [
            Finding("pass", f"{name}: no stretch of {typical.each} has {ENOUGH_ROWS} values to judge by.", column=name)
        ]
    outside = [(number, seen) for number, seen in shown if not low <= seen <= high]
    if not outside:
        least, most = min(seen for _, seen in shown), max(seen for _, seen in shown)
        text = f"{name}: the {statistic} of each of {len(shown)} stretches lies between {least:.4g} and {most:.4g}"
        return [Finding("pass", f"{text}, expected {low:g} to {high:g}.", most, high, name)]
    usual = median(
        [seen for _, seen in shown if low <= seen <= high] or [math.sqrt(low * high) if low > 0 else (low + high) / 2]
    )
    found = []
    for number, seen in outside[:_SHOWN]:
        text = f"{name}: the {statistic} of {name_of(number, typical.each)} is {seen:.4g}, expected {low:g} to {high:g}"
        found.append(Finding("fail", text + _ratio(seen, usual), seen, high if seen > high else low, name, _ADVICE))
    if len(outside) > _SHOWN:
        found.append(Finding("fail", f"{name}: so is that of {len(outside) - _SHOWN} more stretches.", column=name))
    return found


def _steady(seen: float) -> float:
    """The same number each time: threads add values in any order, and the mean of huge ones overflows.

    >>> _steady(0.1 + 0.2), _steady(math.inf) < math.inf
    (0.3, True)
    """
    return float(f"{min(max(seen, -_LARGEST), _LARGEST):.12g}")


def _ratio(seen: float, usual: float) -> str:
    """How a value stands to the usual one, and whether that looks like another unit.

    >>> _ratio(2798, 27)
    '; that is about 100 times the usual 27: a change of unit?'
    """
    shown = f"{usual:.0f}" if abs(usual) >= 10 else f"{usual:.2g}"
    if usual == 0 or not _FARTHEST_RATIO**-1 < seen / usual < _FARTHEST_RATIO:
        return f"; usual is {shown}."
    ratio = seen / usual
    times = max(ratio, 1 / ratio)
    power = 10 ** round(math.log10(times))
    known = next((text for factor, text in _KNOWN.items() if abs(times / factor - 1) < 0.03), "")
    if power > 1 and abs(times / power - 1) < 0.2:
        times = power
    digits = f"{times:.0f}" if times >= 10 else f"{times:.2g}"
    said = f"about {digits} times the usual {shown}" if ratio > 1 else f"about 1/{digits} of the usual {shown}"
    if known:
        return f"; that is {said}, as between {known}: a change of unit?"
    return f"; that is {said}: a change of unit?" if times >= 5 else f"; that is {said}."


CHECK = DataCheck(
    "Does each stretch of time show typical values?",
    "A changed unit or another kind of customer leaves every single value possible and the whole of them wrong.",
    judge,
)
