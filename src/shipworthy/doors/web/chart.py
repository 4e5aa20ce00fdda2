"""Charts as coordinates, worked out on the server: the template only writes them down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from math import ceil, floor, log10

from shipworthy.base.times import read_moment

PAD_LEFT, PAD_RIGHT, PAD_TOP, PAD_BOTTOM = 54.0, 84.0, 18.0, 30.0
# A wobble in the third decimal is not a change: no axis shows less than this part of its largest value.
LEAST_SPAN = 0.15
MOST_DAY_LABELS = 8
LEAST_APART = 78.0  # a day with its month and year, and a little room


@dataclass(frozen=True, slots=True)
class Point:
    """One moment of a series.

    Attributes:
        moment: ISO 8601.
        values: value by series name; a missing one leaves a gap.
        group: what the point belongs to, a candidate; lines do not join different groups.
        alarm: whether the moment is marked.
        text: said when the pointer rests on it.
    """

    moment: str
    values: dict[str, float]
    group: str = ""
    alarm: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A drawn line: its series, SVG path, dots, and where its name stands."""

    series: str
    path: str
    dots: list[tuple[float, float, str]]
    label_at: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything a template needs to write an SVG.

    Attributes:
        band: outline of the tolerance band, one per group.
        rules: y and text of each horizontal line.
        days: x and text of each moment on the lower edge.
        alarms: x and text of each alarm.
        changes: x and text of each change from one group to the next.
        releases: x and text of each release; incidents: of each incident.
    """

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    lines: list[Line]
    band: list[str]
    rules: list[tuple[float, str]]
    days: list[tuple[float, str]]
    alarms: list[tuple[float, str]]
    changes: list[tuple[float, str]]
    releases: list[tuple[float, str]]
    incidents: list[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class _Scale:
    first: datetime
    last: datetime
    low: float
    high: float
    left: float
    right: float
    top: float
    bottom: float

    def x(self, moment: str) -> float:
        whole = (self.last - self.first).total_seconds()
        share = (read_moment(moment) - self.first).total_seconds() / whole if whole else 0.5
        return round(self.left + share * (self.right - self.left), 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.bottom - share * (self.bottom - self.top), 1)


def chart(
    points: Sequence[Point],
    series: Sequence[str],
    *,
    width: float,
    height: float,
    band_of: str = "",
    tolerance: float | None = None,
    share: bool = False,
    releases: Sequence[tuple[str, str]] = (),
    incidents: Sequence[tuple[str, str]] = (),
) -> Chart | None:
    """Lines over time, with a band of what is tolerated and marks where an alarm was raised.

    Args:
        points: oldest first.
        series: names of the lines, in the order in which they are drawn.
        band_of: the series around which the tolerance lies.
        share: values are shares, written in per cent.
        releases, incidents: moment and text of each; those before the first point or after the last are left out.

    Returns:
        None where no point has a value.
    """
    seen = [point for point in points if any(name in point.values for name in series)]
    if not seen:
        return None
    scale = _scale(seen, series, width, height, tolerance if band_of else None, share)
    return Chart(
        width=width,
        height=height,
        left=scale.left,
        right=scale.right,
        top=scale.top,
        bottom=scale.bottom,
        lines=_apart([_line(seen, name, scale) for name in series], scale),
        band=_band(seen, band_of, tolerance, scale) if band_of and tolerance else [],
        rules=[(scale.y(value), _written(value, share)) for value in _steps(scale.low, scale.high)],
        days=_days(seen, scale, width),
        alarms=[(scale.x(point.moment), point.text) for point in seen if point.alarm],
        changes=_changes(seen, scale),
        releases=_within(releases, scale),
        incidents=_within(incidents, scale),
    )


def _within(marks: Sequence[tuple[str, str]], scale: _Scale) -> list[tuple[float, str]]:
    return [(scale.x(at), text) for at, text in marks if scale.first <= read_moment(at) <= scale.last]


def _scale(
    points: Sequence[Point], series: Sequence[str], width: float, height: float, tolerance: float | None, share: bool
) -> _Scale:
    values = [point.values[name] for point in points for name in series if name in point.values]
    low, high = min(values) - (tolerance or 0), max(values) + (tolerance or 0)
    low = 0.0 if 0 <= low <= 0.5 * high else low
    least = LEAST_SPAN * max(abs(low), abs(high)) or 1.0
    if high - low < least:
        low, high = (low + high - least) / 2, (low + high + least) / 2
    # Room around the lines never reaches past 0 or 1 where no value does: there is no share of 120 %.
    low = max(low, 0.0) if min(values) >= 0 else low
    high = min(high, 1.0) if max(values) <= 1 and (share or min(values) < 1) else high
    step = _step(low, high)
    moments = [read_moment(point.moment) for point in points]
    return _Scale(
        first=min(moments),
        last=max(moments),
        low=floor(low / step + 1e-9) * step,
        high=ceil(high / step - 1e-9) * step,
        left=PAD_LEFT,
        right=width - PAD_RIGHT,
        top=PAD_TOP,
        bottom=height - PAD_BOTTOM,
    )


def _step(low: float, high: float) -> float:
    """A round distance for four or five horizontal lines."""
    rough = (high - low) / 4
    size = 10.0 ** floor(log10(rough))
    return next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough * 0.999)


def _steps(low: float, high: float) -> list[float]:
    step = _step(low, high)
    first = ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, floor(high / step + 1e-9) + 1)]


def _line(points: Sequence[Point], name: str, scale: _Scale) -> Line:
    parts, dots = [], []
    for _, group in groupby(points, key=lambda point: point.group):
        found = [(scale.x(p.moment), scale.y(p.values[name]), p.text) for p in group if name in p.values]
        dots += found
        parts += [f"{'M' if index == 0 else 'L'}{x} {y}" for index, (x, y, _) in enumerate(found)]
    return Line(name, "".join(parts), dots, (dots[-1][0] + 8, dots[-1][1] + 4) if dots else None)


def _apart(lines: list[Line], scale: _Scale) -> list[Line]:
    """The same lines with names that do not lie on each other."""
    placed: list[Line] = []
    lowest = scale.top
    for line in sorted((one for one in lines if one.label_at), key=lambda one: one.label_at[1] if one.label_at else 0):
        assert line.label_at is not None
        y = max(line.label_at[1], lowest)
        lowest = y + 15
        placed.append(Line(line.series, line.path, line.dots, (line.label_at[0], round(y, 1))))
    return [next(one for one in placed if one.series == line.series) for line in lines if line.label_at]


def _band(points: Sequence[Point], name: str, tolerance: float | None, scale: _Scale) -> list[str]:
    outlines = []
    for _, group in groupby(points, key=lambda point: point.group):
        found = [(scale.x(p.moment), p.values[name]) for p in group if name in p.values]
        if not found:
            continue
        if len(found) == 1:
            # One moment alone still shows how far it may be missed.
            found = [(found[0][0] - 6, found[0][1]), (found[0][0] + 6, found[0][1])]
        upper = [(x, scale.y(min(scale.high, value + (tolerance or 0)))) for x, value in found]
        lower = [(x, scale.y(max(scale.low, value - (tolerance or 0)))) for x, value in reversed(found)]
        outlines.append("M" + "L".join(f"{x} {y}" for x, y in upper + lower) + "Z")
    return outlines


def _days(points: Sequence[Point], scale: _Scale, width: float) -> list[tuple[float, str]]:
    moments = sorted({point.moment for point in points})
    most = max(2, min(MOST_DAY_LABELS, int(width / 95)))
    apart: list[str] = []
    for moment in moments[:: ceil(len(moments) / most)]:
        if not apart or scale.x(moment) - scale.x(apart[-1]) >= LEAST_APART:
            apart.append(moment)
    return [(scale.x(moment), text) for moment, text in zip(apart, _told_apart(apart), strict=True)]


def _told_apart(moments: Sequence[str]) -> list[str]:
    """Each moment as coarsely as they can be told apart: month, day, or minute."""
    found = [read_moment(moment) for moment in moments]
    months = [f"{moment:%b %Y}" for moment in found]
    days = [f"{moment.day} {month}" for moment, month in zip(found, months, strict=True)]
    minutes = [f"{moment.day} {moment:%b, %H:%M}" for moment in found]
    return next((texts for texts in (months, days) if len(set(texts)) == len(texts)), minutes)


def _changes(points: Sequence[Point], scale: _Scale) -> list[tuple[float, str]]:
    return [(scale.x(after.moment), after.group) for before, after in pairwise(points) if before.group != after.group]


def _written(value: float, share: bool) -> str:
    if share:
        return f"{value * 100:g}%"
    return f"{value:g}"
