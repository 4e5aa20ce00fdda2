"""Are values missing more often than the contract allows, in all or in one stretch of time?

Why: A column that suddenly stays empty for a week is a broken export, which the average over years hides.

What to do: Ask whoever sends the feed about the stretch that the finding names; raise `missing_at_most` where it is
normal.
"""

from __future__ import annotations

from shipworthy.data.check import DataCheck, Finding, Sheet
from shipworthy.data.engine import identifier
from shipworthy.data.stretches import beyond_chance, name_of, per_stretch, usual_stretch

_ADVICE = "Ask the vendor why; where so many may be missing, raise missing_at_most in the contract."


def judge(sheet: Sheet) -> list[Finding]:
    """Findings for each column that may be missing; those that must be there send their rows to quarantine."""
    return [
        finding
        for name, column in sheet.contract.columns.items()
        if not column.required and name in sheet.columns
        for finding in _column(sheet, name, column.missing_at_most)
    ]


def _column(sheet: Sheet, name: str, bound: float) -> list[Finding]:
    rows = sheet.intake.accepted
    [(absent,)] = sheet.ask(f"SELECT count(*) FROM rows WHERE __accepted AND {identifier(name)} IS NULL")
    share = absent / rows if rows else 0.0
    found = f"{name} is missing in {absent} of {rows} rows, {share:.2%}; at most {bound:.2%} may be."
    if share > bound:
        return [Finding("fail", found, share, bound, name, _ADVICE)]
    return _stretches(sheet, name, bound) or [Finding("pass", found, share, bound, name)]


def _stretches(sheet: Sheet, name: str, bound: float) -> list[Finding]:
    each = usual_stretch(sheet.contract)
    found = []
    counts = f"count(*), count(*) - count({identifier(name)})"
    for number, rows, absent in per_stretch(sheet, each, counts, "__accepted"):
        if beyond_chance(absent, rows, bound):
            share = absent / rows
            text = f"In {name_of(number, each)}, {name} is missing in {absent} of {rows} rows, {share:.2%}"
            found.append(Finding("fail", f"{text}; at most {bound:.2%} may be.", share, bound, name, _ADVICE))
    return found


CHECK = DataCheck(
    "Are few enough values missing?",
    "A feed that goes silent looks like customers who do nothing.",
    judge,
)
