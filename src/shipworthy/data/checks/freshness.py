"""Is the newest row new enough?

Why: Answers from old data look exactly like answers from new data.

What to do: See whether the feed came and was read; wait for it. Lengthen `freshness` only where older data truly
does.
"""

from __future__ import annotations

from datetime import timedelta

from shipworthy.base.times import read_moment
from shipworthy.data.check import DataCheck, Finding, Sheet


def judge(sheet: Sheet) -> list[Finding]:
    """One finding: the age of the newest accepted row at `as_of`; a date counts from its first moment."""
    most = sheet.contract.freshness
    if most is None:
        return []
    at = sheet.as_of.isoformat()
    advice = "See whether the last delivery of the source came; then take the snapshot again."
    if not sheet.intake.newest:
        return [Finding("fail", f"No accepted row says how new the source is at {at}.", advice=advice)]
    newest = read_moment(sheet.intake.newest)
    days = (sheet.as_of - newest) / timedelta(days=1)
    text = f"The newest row is of {sheet.intake.newest}, {days:.1f} days before {at}; at most {most} is allowed."
    late = most.before(sheet.as_of) > newest
    return [
        Finding("fail" if late else "pass", text, days, most.days, sheet.contract.time or "", advice if late else "")
    ]


CHECK = DataCheck(
    "Is the newest row new enough?",
    "A feed that stopped leaves a table that is right in every row and wrong about today.",
    judge,
)
