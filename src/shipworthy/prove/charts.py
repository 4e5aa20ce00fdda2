"""Pictures of a proof as SVG text: no script, colours by class, so that one picture fits light, dark and paper."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from shipworthy.prove.intervals import Floats
from shipworthy.prove.rules import Bin

WIDTH, HEIGHT = 420.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 16.0, 14.0, 44.0
_MOST_POINTS = 300
_BARS = 24

Line = tuple[str, Sequence[tuple[float, float]]]


def reliability_chart(bins: Sequence[Bin]) -> str:
    """Promised against real share, a dot with its interval for each tenth of the rows; on the diagonal is perfect."""
    tops = [max(one.promised, one.real.known[2]) for one in bins]
    most = min(1.0, max([*tops, 0.05]) * 1.06)
    marks = [_line([(0, 0), (most, most)], most, most, "even")]
    for one in bins:
        share, low, high = one.real.known
        said = f"promised {one.promised:.1%}, came true {share:.1%} ({low:.1%} to {high:.1%}) of {one.real.rows:,}"
        x = _x(one.promised, most)
        marks.append(f'<line class="span" x1="{x}" x2="{x}" y1="{_y(low, most)}" y2="{_y(high, most)}"/>')
        marks.append(f'<circle class="dot" cx="{x}" cy="{_y(share, most)}" r="4.5"><title>{said}</title></circle>')
    marks.append(_label(_x(most * 0.97, most), _y(most * 0.97, most) + 16, "perfect", "end", "note"))
    return _chart("Promised against real share", marks, most, most, "promised", "came true")


def curve_chart(name: str, lines: Sequence[Line], across: str, up: str) -> str:
    """Lines from 0 to 1 both ways, above the diagonal of pure chance; the first line is the candidate's."""
    marks = [_line([(0, 0), (1, 1)], 1, 1, "even")]
    for number, (_, points) in enumerate(reversed(lines)):
        marks.append(_line(_thinned(points), 1, 1, "other" if number < len(lines) - 1 else "own"))
    for number, (title, _) in enumerate(lines):
        y = HEIGHT - _BOTTOM - 14 - 18 * (len(lines) - number)
        kind = "own" if number == 0 else "other"
        marks.append(f'<line class="{kind}" x1="{WIDTH - 172}" x2="{WIDTH - 146}" y1="{y - 4}" y2="{y - 4}"/>')
        marks.append(_label(WIDTH - 140, y, title, "start", "key"))
    y = HEIGHT - _BOTTOM - 14
    marks.append(f'<line class="even" x1="{WIDTH - 172}" x2="{WIDTH - 146}" y1="{y - 4}" y2="{y - 4}"/>')
    marks.append(_label(WIDTH - 140, y, "pure chance", "start", "key"))
    return _chart(name, marks, 1, 1, across, up)


def histogram_chart(scores: Floats, cut: float | None, share: bool) -> str:
    """How many entities have which score, with the lowest score that is chosen marked.

    Args:
        scores: one per entity.
        cut: the lowest chosen score; None where there is none.
        share: whether scores are probabilities, shown in per cent.
    """
    low, high = (float(scores.min()), float(scores.max())) if len(scores) else (0.0, 1.0)
    if share:
        low, high = 0.0, min(1.0, max(high, 0.05))
    if high <= low:
        high = low + 1.0
    counts, edges = np.histogram(scores, bins=_BARS, range=(low, high))
    most = float(max(counts.max(), 1)) * 1.08
    marks = []
    for count, left, right in zip(counts, edges[:-1], edges[1:], strict=True):
        x, top = _x(left - low, high - low), _y(float(count), most)
        kind = "bar chosen" if cut is not None and left >= cut else "bar"
        said = f"{count:,} entities from {_tick(left, share)} to {_tick(right, share)}"
        size = f'width="{max(_x(right - low, high - low) - x - 1.5, 0.5):.1f}" height="{HEIGHT - _BOTTOM - top:.1f}"'
        marks.append(f'<rect class="{kind}" x="{x + 0.75:.1f}" y="{top}" {size}><title>{said}</title></rect>')
    if cut is not None and low <= cut <= high:
        x = _x(cut - low, high - low)
        marks.append(f'<line class="cut" x1="{x}" x2="{x}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>')
        anchor, shift = ("end", -6) if x > WIDTH / 2 else ("start", 6)
        marks.append(_label(x + shift, _TOP + 12, f"chosen from {_tick(cut, share)}", anchor, "note"))
    return _chart("Scores of everybody due", marks, high - low, most, "score", "entities", low, share, counts=True)


def strip(low: float, value: float, high: float, bound: float | None) -> str:
    """One interval on a line, with the value and the bound it was held against."""
    ends = [low, high, *([bound] if bound is not None else [])]
    room = (max(ends) - min(ends)) * 0.12 or 0.05
    start, length = min(ends) - room, max(ends) - min(ends) + 2 * room

    def at(number: float) -> float:
        return round(4 + (number - start) / length * 232, 1)

    mark = ""
    if bound is not None:
        mark = f'<line class="cut" x1="{at(bound)}" x2="{at(bound)}" y1="3" y2="25"/>'
    said = f"{value:.3f}, from {low:.3f} to {high:.3f}" + (f"; bound {bound:.3f}" if bound is not None else "")
    return (
        f'<svg class="strip" viewBox="0 0 240 28" role="img" aria-label="{said}"><title>{said}</title>'
        f'<line class="axis" x1="2" x2="238" y1="14" y2="14"/>{mark}'
        f'<line class="span" x1="{at(low)}" x2="{at(high)}" y1="14" y2="14"/>'
        f'<circle class="dot" cx="{at(value)}" cy="14" r="5"/></svg>'
    )


def roc_points(labels: Floats, scores: Floats) -> list[tuple[float, float]]:
    """The ROC curve: share of no that is passed, share of yes that is found, going down from the highest score."""
    found, passed = _going_down(labels, scores)
    return [(0.0, 0.0), *zip((passed / max(passed[-1], 1)).tolist(), (found / max(found[-1], 1)).tolist(), strict=True)]


def gain_points(labels: Floats, scores: Floats) -> list[tuple[float, float]]:
    """The gains curve: share of everybody that is taken, share of yes that is found."""
    found, passed = _going_down(labels, scores)
    taken = (found + passed) / len(labels)
    return [(0.0, 0.0), *zip(taken.tolist(), (found / max(found[-1], 1)).tolist(), strict=True)]


def _going_down(labels: Floats, scores: Floats) -> tuple[Floats, Floats]:
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.diff(scores[order], append=np.nan) != 0)
    return np.cumsum(labels[order])[last], np.cumsum(1 - labels[order])[last]


def _chart(
    name: str,
    marks: Sequence[str],
    wide: float,
    tall: float,
    across: str,
    up: str,
    start: float = 0.0,
    share: bool = True,
    counts: bool = False,
) -> str:
    parts = [f'<svg class="chart" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{escape(name)}">']
    for tick in _ticks(tall):
        y = _y(tick, tall)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(_label(_LEFT - 8, y + 4, f"{tick:,.0f}" if counts else _tick(tick, True), "end", "tick"))
    for tick in _ticks(wide):
        parts.append(_label(_x(tick, wide), HEIGHT - _BOTTOM + 18, _tick(start + tick, share), "middle", "tick"))
    parts.append(
        f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{HEIGHT - _BOTTOM}" y2="{HEIGHT - _BOTTOM}"/>'
    )
    parts += marks
    parts.append(_label((WIDTH + _LEFT - _RIGHT) / 2, HEIGHT - 6, across, "middle", "name"))
    middle = (HEIGHT - _BOTTOM + _TOP) / 2
    turned = (
        f'<text class="name" text-anchor="middle" transform="translate(11 {middle}) rotate(-90)">{escape(up)}</text>'
    )
    return "".join([*parts, turned, "</svg>"])


def _line(points: Sequence[tuple[float, float]], wide: float, tall: float, kind: str) -> str:
    path = " ".join(f"{_x(x, wide)},{_y(y, tall)}" for x, y in points)
    return f'<polyline class="{kind}" points="{path}"/>'


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    if len(points) <= _MOST_POINTS:
        return points
    kept = np.linspace(0, len(points) - 1, _MOST_POINTS).round().astype(int)
    return [points[index] for index in kept]


def _label(x: float, y: float, text: str, anchor: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _ticks(most: float) -> list[float]:
    """Four to six round numbers from 0 up to the most."""
    rough = most / 5
    size = 10.0 ** np.floor(np.log10(rough))
    step = next(size * part for part in (1, 2, 2.5, 5, 10) if size * part >= rough)
    return [float(tick) for tick in np.arange(0, most * 1.0001, step)]


def _tick(value: float, share: bool) -> str:
    if share:
        return f"{value * 100:.3g}%"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _x(value: float, wide: float) -> float:
    return round(_LEFT + float(value) / wide * (WIDTH - _LEFT - _RIGHT), 1)


def _y(value: float, tall: float) -> float:
    return round(HEIGHT - _BOTTOM - float(value) / tall * (HEIGHT - _TOP - _BOTTOM), 1)
