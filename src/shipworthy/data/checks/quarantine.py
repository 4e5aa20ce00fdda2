"""Are there more bad rows than the contract allows, in all or in one stretch of time?

Why: A few bad rows are set aside and answered for; many are a broken feed, and what is left is a biased rest.

What to do: `shipworthy quarantine` shows the rows with their reasons. Correct the feed, or a rule of the contract
that is wrong.
"""

from __future__ import annotations

from shipworthy.data.check import DataCheck, Finding, Sheet
from shipworthy.data.contract import NOT_COUNTED
from shipworthy.data.stretches import beyond_chance, name_of, per_stretch, usual_stretch

_ADVICE = "Look at the quarantined rows and have the source corrected; then take the snapshot again."


def judge(sheet: Sheet) -> list[Finding]:
    """One finding for the whole source, and one for each stretch whose share of bad rows no chance explains."""
    bound = sheet.contract.quarantine_at_most
    bad = sum(sheet.intake.quarantined.values())
    rows = sheet.intake.source_rows - sum(sheet.intake.removed.get(name, 0) for name in NOT_COUNTED)
    share = bad / rows if rows else 0.0
    reasons = sorted(sheet.intake.quarantined.items(), key=lambda item: -item[1])
    most = "".join(f" Most often: {reason} ({count:,})." for reason, count in reasons[:1])
    found = f"{bad:,} of {rows:,} rows are bad, {share:.2%}; at most {bound:.2%} may be.{most}"
    if share > bound:
        return [Finding("fail", found, share, bound, advice=_ADVICE)]
    return _stretches(sheet, bound) or [Finding("pass", found, share, bound)]


def _stretches(sheet: Sheet, bound: float) -> list[Finding]:
    each = usual_stretch(sheet.contract)
    found = []
    for number, rows, bad in per_stretch(sheet, each, "count(*), count(*) FILTER (__quarantined)", "__read"):
        if beyond_chance(bad, rows, bound):
            share = bad / rows
            where = name_of(number, each)
            text = f"In {where}, {bad:,} of {rows:,} rows are bad, {share:.2%}; at most {bound:.2%} may be."
            found.append(Finding("fail", text, share, bound, advice=_ADVICE))
    return found


CHECK = DataCheck(
    "Are few enough rows bad?",
    "Some bad rows are set aside; many mean that the feed itself is broken, and what is left of it is no fair picture.",
    judge,
)
