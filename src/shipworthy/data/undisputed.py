"""Whether anybody objects to some rows at all: one question over all of them, which most pieces answer with no."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from shipworthy.data.judges import Judge, Layout, Span

NOBODY = "false"
"""The objection of nobody to any row."""
_PLAIN = {
    "text": (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
    "integer": (pa.types.is_integer,),
    "number": (pa.types.is_floating, pa.types.is_integer),
    "date": (pa.types.is_date32,),
    "moment": (pa.types.is_timestamp,),
    "flag": (pa.types.is_boolean,),
}


def as_they_stand(layout: Layout) -> bool:
    """Whether the values of all columns are those of the declared types as they stand, where nobody objects to them."""
    return all(name in layout.schema.names and _fits(layout, name) for name in layout.declared)


def objection(layout: Layout, judges: Sequence[Judge], raw: pa.Table) -> str:
    """SQL for whether a judge objects to a row, or its value is another one in the declared type.

    Args:
        raw: the rows, with numbered columns: judges to whom the ends of a column say enough are not asked.
    """
    cases = " ".join(f"WHEN {judge.where} THEN true" for judge in _left(layout, judges, raw))
    blank = [
        f"WHEN {layout.raw(name)} = '' THEN true"
        for name, column in layout.declared.items()
        if column.type == "text" and name not in layout.absent
    ]
    cases = " ".join([cases, *blank]).strip()
    return f"CASE {cases} ELSE false END" if cases else NOBODY


def _left(layout: Layout, judges: Sequence[Judge], raw: pa.Table) -> list[Judge]:
    """The judges for whom the spans of columns do not answer, so that they have to see the rows."""
    spans: dict[str, Span | None] = {}
    for name in {judge.column for judge in judges if judge.clear}:
        spans[name] = _span(raw[layout.raw(name)]) if name in layout.schema.names else None
    found = []
    for judge in judges:
        span = spans.get(judge.column)
        if judge.clear is None or span is None or not judge.clear(span):
            found.append(judge)
    return found


def _fits(layout: Layout, name: str) -> bool:
    """Whether a column's values are those of the declared type as they stand, where nobody objects to them."""
    arrow, declared = layout.schema.field(name).type, layout.declared[name]
    return declared.format is None and any(is_kind(arrow) for is_kind in _PLAIN[declared.type])


def _span(column: pa.ChunkedArray) -> Span | None:
    """The ends of a column of numbers; None where a value is absent, there are none, or they are no such numbers."""
    if not (pa.types.is_integer(column.type) or column.type in (pa.float32(), pa.float64())):
        return None
    if column.type == pa.uint64():  # the larger half of them is no whole number of ours
        return None
    if column.null_count or not len(column):
        return None
    values = column.to_numpy()
    return Span(float(values.min()), float(values.max()))
