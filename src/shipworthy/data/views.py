"""Snapshots and quarantine, for people to read."""

from __future__ import annotations

from shipworthy.base.errors import UserError
from shipworthy.base.fact import Past
from shipworthy.data.reading import Tables
from shipworthy.data.words import (
    Quarantine,
    QuarantinedRow,
    SnapshotOutcome,
    SnapshotRefused,
    Snapshots,
    SnapshotTaken,
)

MOST_ROWS = 1_000


def snapshots(question: Snapshots, past: Past) -> list[SnapshotOutcome]:
    """Every snapshot and every refusal, oldest first, with the account of their rows."""
    return [
        SnapshotOutcome(
            fact.what.snapshot if isinstance(fact.what, SnapshotTaken) else "",
            fact.what.as_of,
            fact.what.intakes,
            fact.what.checks,
        )
        for fact in past.of(SnapshotTaken, SnapshotRefused)
    ]


def quarantine(question: Quarantine, past: Past, files: Tables) -> list[QuarantinedRow]:
    """The rows set aside in the newest snapshot or refusal, with their reasons; no value of a row is shown."""
    newest = past.of(SnapshotTaken, SnapshotRefused)[-1:]
    rows: list[QuarantinedRow] = []
    for fact in newest:
        name = fact.what.about
        for intake in fact.what.intakes:
            if not intake.quarantine:
                continue
            try:
                table = files.table(intake.quarantine, columns=["_row", "_reason"])
            except UserError:
                continue
            for row in table.slice(0, MOST_ROWS).to_pylist():
                rows.append(QuarantinedRow(source=intake.source, row=row["_row"], reason=row["_reason"], snapshot=name))
    return rows
