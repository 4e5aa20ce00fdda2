"""Did as many rows come as the contract expects, in all or in each stretch of time?

Why: Half a file is a valid file. Only somebody who knows how many rows to expect notices.

What to do: See whether the feed is complete or came twice; change `volume` where there is truly more or less to come.
"""

from __future__ import annotations

from shipworthy.base.times import Length
from shipworthy.data.check import DataCheck, Finding, Sheet
from shipworthy.data.contract import NOT_COUNTED
from shipworthy.data.engine import identifier
from shipworthy.data.stretches import name_of, number_of, per_stretch, start_of

_ADVICE = (
    "Ask whether the file is whole, missing or sent twice; where the volume has changed for good, change the contract."
)
_SHOWN = 5


def judge(sheet: Sheet) -> list[Finding]:
    """One finding for the whole source, or one for each stretch with too few or too many rows.

    Rows count as they came, whatever became of them afterwards, as long as they lie before `as_of`. Too few is not
    said of a stretch that is not over at `as_of`, nor of the first when the source begins later in it.
    """
    rows = sheet.intake.source_rows - sum(sheet.intake.removed.get(name, 0) for name in NOT_COUNTED)
    if not sheet.intake.accepted:
        advice = "See whether the source is empty, or whether every row lies after the moment that was asked for."
        return [
            Finding("fail", f"No row was accepted; {rows} came before {sheet.as_of.isoformat()}.", 0, 1, advice=advice)
        ]
    volume = sheet.contract.volume
    if volume is None:
        return []
    if volume.each is not None:
        return _each(sheet, volume.each, *volume.rows)
    return [_finding("The source", rows, *volume.rows)]


def _each(sheet: Sheet, each: Length, low: int, high: int) -> list[Finding]:
    counted: dict[int, int] = dict(per_stretch(sheet, each, "count(*)", "__read"))
    if not counted:
        return []
    now = number_of(sheet.as_of, each)
    known = sorted(counted)
    findings = [
        _finding(name_of(n, each), counted[n], low if _is_over(sheet, n, each, known[0]) else 0, high) for n in known
    ]
    gaps = [
        (before + 1, after - 1) for before, after in zip(known, [*known[1:], now], strict=True) if after - before > 1
    ]
    if low > 0:
        findings += [_gap(first, last, each, low) for first, last in gaps]
    wrong = [finding for finding in findings if finding.verdict != "pass"]
    if not wrong:
        few, many = min(counted.values()), max(counted.values())
        text = f"Each of {len(known)} stretches of {each} has {few} to {many} rows, expected {low} to {high}."
        return [Finding("pass", text, few, low)]
    return wrong[:_SHOWN] + [Finding("fail", f"So have {len(wrong) - _SHOWN} more stretches.")] * (len(wrong) > _SHOWN)


def _is_over(sheet: Sheet, number: int, each: Length, first: int) -> bool:
    if start_of(number + 1, each) > sheet.as_of:
        return False
    if number > first:
        return True
    start, end = start_of(number, each), start_of(number + 1, each)
    time = identifier(sheet.contract.time or "")
    [(earliest,)] = sheet.ask(f"SELECT epoch(min(CAST({time} AS TIMESTAMP))) FROM rows WHERE __read")
    return bool(earliest - start.timestamp() <= (end - start).total_seconds() / 10)


def _gap(first: int, last: int, each: Length, low: int) -> Finding:
    where = name_of(first, each) if first == last else f"{name_of(first, each)} until {name_of(last, each)}"
    return Finding("fail", f"{where} has no rows, expected at least {low}.", 0, low, advice=_ADVICE)


def _finding(where: str, rows: int, low: int, high: int) -> Finding:
    text = f"{where} has {rows} rows, expected {f'{low} to' if low > 0 else 'at most'} {high}."
    if rows < low:
        return Finding("fail", text, rows, low, advice=_ADVICE)
    return Finding("fail" if rows > high else "pass", text, rows, high, advice=_ADVICE if rows > high else "")


CHECK = DataCheck(
    "Did as many rows come as expected?",
    "A file that was cut, lost or sent twice is complete in every row it has.",
    judge,
)
