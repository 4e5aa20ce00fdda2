"""Does the source have the columns that its contract names, and no others where it refuses them?

Why: A column that is gone, or has a new name, is the commonest way in which a feed breaks; read as empty, it would
only make the answers worse.

What to do: Ask whoever sends the feed what changed; then correct the feed, or the contract and the pipeline together.
"""

from __future__ import annotations

from difflib import get_close_matches

from shipworthy.data.check import DataCheck, Finding, Sheet


def judge(sheet: Sheet) -> list[Finding]:
    """One finding for each column that is absent, in the source or in one of its files, or that is too many."""
    if not any(name in sheet.columns for name in sheet.contract.columns):
        return [_none(sheet)]
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


def _none(sheet: Sheet) -> Finding:
    """No column is as declared: the first line may be no header at all, but about a person, so it is not quoted."""
    wanted = ", ".join(sheet.contract.columns)
    found = f"The source has {len(sheet.columns)} columns, but none of those of the contract: {wanted}."
    plain = {_plain(name): name for name in sheet.contract.columns}
    alike = [f"{other!r} for {plain[_plain(other)]}" for other in sheet.columns if _plain(other) in plain]
    hint = f" There is {', '.join(alike)}: renamed?" if alike else ""
    advice = (
        "See whether the first line of the file is a header, whether its cells are divided by one sign throughout, "
    )
    return Finding("fail", found + hint, 0, len(sheet.contract.columns), advice=advice + "and what the vendor changed.")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


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
