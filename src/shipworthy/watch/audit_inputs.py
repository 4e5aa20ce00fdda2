"""The inputs behind sampled answers, as far as whoever labels them may see them: nothing personal, no answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.fact import Past
from shipworthy.plan.personal import treatments
from shipworthy.plan.schema import Plan
from shipworthy.watch.audit_words import AuditDrawn
from shipworthy.watch.rules import answered

_COLUMNS = ["answer_id", "entity", "inputs", "inputs_ref"]


class Tables(Protocol):
    """Where tables lie."""

    def current(self, digest: str) -> str: ...
    def table(self, digest: str, columns: list[str] | None = None) -> pa.Table: ...


def shown_inputs(
    files: Tables, past: Past, plan: Plan, drawn: AuditDrawn, ids: Sequence[str]
) -> dict[str, dict[str, str]]:
    """By answer id the inputs that are not personal, as texts; an answer whose inputs are gone has none."""
    parts = [
        part for one in answered(past) if (one.candidate, one.moment) == (drawn.candidate, drawn.window)
        for part in one.parts
    ]  # fmt: skip
    hidden = {*treatments(plan), plan.need.entity, "entity"}
    found: dict[str, dict[str, str]] = {}
    for part in parts:
        rows = files.table(files.current(part), _COLUMNS)
        rows = rows.filter(pc.is_in(rows["answer_id"], pa.array(ids, pa.string())))
        stored = {
            ref: _stored(files, ref, rows, plan.need.entity) for ref in set(rows["inputs_ref"].to_pylist()) if ref
        }
        for row in rows.to_pylist():
            given = stored[row["inputs_ref"]].get(row["entity"], {}) if row["inputs_ref"] else json.loads(row["inputs"])
            found[row["answer_id"]] = {name: _text(one) for name, one in given.items() if name not in hidden}
    return found


def _stored(files: Tables, ref: str, rows: pa.Table, entity: str) -> dict[str, dict[str, Any]]:
    table = files.table(files.current(ref))
    name = entity if entity in table.column_names else "entity"
    wanted = table.filter(pc.is_in(table[name].cast(pa.string()), rows["entity"].combine_chunks().cast(pa.string())))
    return {str(row[name]): row for row in wanted.to_pylist()}


def _text(value: object) -> str:
    if value is None or value != value:
        return "missing"
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
