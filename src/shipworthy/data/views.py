"""Snapshots and quarantine, for people to read."""

from __future__ import annotations

from typing import Any

from shipworthy.base.errors import not_found
from shipworthy.base.fact import Past, Recorded
from shipworthy.data.reading import Tables
from shipworthy.data.words import (
    MASK,
    Intake,
    Quarantine,
    QuarantinedRow,
    ReplayCard,
    RowsAside,
    RowsReplayed,
    SetAside,
    SnapshotOutcome,
    SnapshotRefused,
    Snapshots,
    SnapshotTaken,
)
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan


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
    """The rows set aside in one snapshot or refusal, with their reasons; what is personal is masked.

    Raises:
        NotFound: there is no such snapshot.
    """
    taken = _asked_for(question, past)
    if taken is None:
        return []
    plan = current_plan(past)
    intakes = [one for one in taken.what.intakes if one.quarantine and question.source in ("", one.source)]
    rows = [row for intake in intakes for row in _rows(intake, plan, taken.what.about, files)]
    return rows[question.skip : question.skip + question.limit]


def rows_aside(question: RowsAside, past: Past) -> list[SetAside]:
    """What of each source is set aside, as of the newest look at it; a source of which nothing was is there too."""
    looks = past.of(SnapshotTaken, SnapshotRefused)
    found: dict[str, list[tuple[Recorded[SnapshotTaken | SnapshotRefused], Intake]]] = {}
    for fact in looks:
        for intake in fact.what.intakes:
            found.setdefault(intake.source, []).append((fact, intake))
    return [_aside(source, seen, past) for source, seen in sorted(found.items())]


def _aside(source: str, seen: list[tuple[Recorded[SnapshotTaken | SnapshotRefused], Intake]], past: Past) -> SetAside:
    newest, intake = seen[-1]
    replayed = [fact for fact in past.of(RowsReplayed) if fact.what.source == source]
    cards = []
    for fact in replayed:
        after = next((look for look, _ in seen if look.seq > fact.seq and isinstance(look.what, SnapshotTaken)), None)
        what, came_in = fact.what, after.at.isoformat() if after else ""
        cards.append(
            ReplayCard(
                what.replay, fact.at.isoformat(), fact.who, what.snapshot, what.taken, what.passed,
                dict(what.refused), what.mended, came_in,
            )
        )  # fmt: skip
    waiting = sum(fact.what.passed for fact in replayed if fact.seq > newest.seq)
    history = [(fact.what.as_of, one.source_rows, sum(one.quarantined.values())) for fact, one in seen]
    return SetAside(
        source, newest.what.about, newest.what.as_of, isinstance(newest.what, SnapshotRefused), intake.source_rows,
        dict(sorted(intake.quarantined.items(), key=lambda item: -item[1])), waiting, cards[::-1], history,
    )  # fmt: skip


def _asked_for(question: Quarantine, past: Past) -> Recorded[SnapshotTaken | SnapshotRefused] | None:
    known = past.of(SnapshotTaken, SnapshotRefused)
    if not question.snapshot:
        return known[-1] if known else None
    named = [fact for fact in known if fact.what.about.startswith(question.snapshot)]
    if not named:
        names = [fact.what.about[:12] for fact in known]
        raise not_found("snapshot", question.snapshot, names, "See `shipworthy snapshots`.")
    return named[-1]


def _rows(intake: Intake, plan: Plan, snapshot: str, files: Tables) -> list[QuarantinedRow]:
    columns = plan.sources[intake.source].contract.columns if intake.source in plan.sources else {}
    personal = {name for name, column in columns.items() if column.personal} | set(plan.data.personal)
    return [
        QuarantinedRow(
            source=intake.source,
            row=int(row["_row"]),
            place=str(row["_place"]),
            reason=str(row["_reason"]),
            snapshot=snapshot,
            values=_shown(row, personal, set(columns)),
        )
        for row in files.table(intake.quarantine).to_pylist()
    ]


def _shown(row: dict[str, Any], personal: set[str], declared: set[str]) -> dict[str, str]:
    # A column that nobody declared, or a row without columns, may hold anything about anybody.
    return {
        name: (MASK if name in personal or name not in declared else "" if value is None else str(value))
        for name, value in row.items()
        if not name.startswith("_")
    }
