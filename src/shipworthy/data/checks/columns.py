"""Does the source have the columns that its contract names, and no others where it refuses them?"""

from __future__ import annotations

from difflib import get_close_matches

from shipworthy.data.check import DataCheck, Finding, Sheet


def judge(sheet: Sheet) -> list[Finding]:
    """One finding for each column that is absent, in the source or in one of its files, or that is too many."""
    findings = [_absent(sheet, name) for name in sheet.contract.columns if name not in sheet.columns]
    findings += [
        Finding("fail", f"{part.name} has no column {name}, which other files have.", column=name, advice=_ADVICE)
        for part in sheet.parts
        for name in sheet.contract.columns
        if name in sheet.columns and name not in part.columns
    ]
    others = [name for name in sheet.columns if name not in sheet.contract.columns]
    if others and sheet.contract.other_columns == "refuse":
        listed = ", ".join(others)
        advice = "Declare them in the contract, have them taken out, or write `other_columns: ignore`."
        findings.append(Finding("fail", f"The source has columns that nobody declared: {listed}.", advice=advice))
    if findings:
        return findings
    count = len(sheet.contract.columns)
    ignored = f"; {len(others)} more are ignored" if others else ""
    return [Finding("pass", f"All {count} declared columns are there{ignored}.", measured=count)]


_ADVICE = "Ask the vendor what changed; where the change is meant, change the contract and with it the plan."


def _absent(sheet: Sheet, name: str) -> Finding:
    others = {other.strip().lower(): other for other in sheet.columns if other not in sheet.contract.columns}
    near = get_close_matches(name.lower(), list(others), n=1, cutoff=0.6)
    hint = f" There is {others[near[0]]!r}: renamed?" if near else ""
    has = ", ".join(sheet.columns) or "none"
    return Finding("fail", f"There is no column {name}.{hint} The source has: {has}.", column=name, advice=_ADVICE)


CHECK = DataCheck(
    "Does the source have the columns of its contract?",
    "A column that is gone or renamed would be read as missing in every row.",
    judge,
)
