"""Answers that several verbs print, in plain lines."""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.check import CheckResult, sentence_of
from shipworthy.data.words import Intake, SnapshotOutcome
from shipworthy.deliver.words import BackFilled, ListCard, ServerCard, TracedAnswer
from shipworthy.doors.cli.screen import checks, moment
from shipworthy.release.words import Standing
from shipworthy.sign.words import GateState

_MOST_HISTORY = 20


def intakes(taken: Sequence[SnapshotOutcome]) -> list[str]:
    """Where every row of every snapshot went."""
    lines = []
    for one in taken:
        lines.append(f"as of {moment(one.as_of)} UTC  {'snapshot ' + one.snapshot[:12] if one.snapshot else 'REFUSED'}")
        lines += [f"  {_account(intake)}" for intake in one.intakes]
        lines += checks([check for check in one.checks if check.verdict != "pass"])
    return lines or ["nothing yet"]


def plan_findings(results: Sequence[CheckResult]) -> list[str]:
    """What is to be said of a plan: where it stands, what was found, why it matters and what to do."""
    lines = []
    for result in results:
        lines.append(f"{result.where}  {result.check}  {'warning' if result.verdict == 'warn' else 'FAILS'}")
        lines += [f"  {text}" for text in (result.found, result.why) if text]
        lines += [f"  Fix: {result.advice}"] if result.advice else []
    return lines


def gate_lines(state: GateState) -> list[str]:
    """Whether the gate is open, what has been given and what is missing."""
    lines = [f"candidate {state.candidate[:12]}: the gate is {'open' if state.open else 'SHUT'}"]
    lines += [f"  ok    {text}" for text in state.given]
    lines += [f"  miss  {item.what}  ({item.who})  {item.fix}" for item in state.missing]
    if state.on_trial:
        lines.append(f"  Owners are not asked yet, but may sign. {state.on_trial}")
    elif state.outside:
        lines.append(f"  The envelope does not stand in for signatures: {sentence_of(state.outside)}")
    return lines


def standing_lines(state: Standing) -> list[str]:
    """Who answers whom, and how it came to that: the newest first, and of the oldest only how many there are."""
    lines = [f"{cohort:<20} {candidate[:12]}" for cohort, candidate in state.champion.items()]
    lines = lines or ["Nobody is answered yet."]
    lines += [f"{f'canary of {state.canary_share * 100:g}%':<20} {state.canary[:12]}"] if state.canary else []
    lines += [f"in {state.challenger_step:<17} {state.challenger[:12]}"] if state.challenger else []
    lines += [f"standing in          {state.baseline[:12]}"] if state.baseline else []
    for why in dict.fromkeys(state.instead.values()):
        cohorts = [cohort for cohort, one in state.instead.items() if one == why]
        lines.append(f"in place of a model  {', '.join(cohorts)}: {why}")
    lines += [f"for real since       {moment(state.since)} UTC"] if state.since else []
    lines += [f"trial of {text}" for text in state.trials]
    lines += [f"  {text}" for text in reversed(state.history[-_MOST_HISTORY:])]
    older = len(state.history) - _MOST_HISTORY
    return [*lines, f"  … and {older} earlier; --json shows all"] if older > 0 else lines


def stretch(moments: Sequence[str]) -> str:
    """Moments by the first, the last and their number.

    >>> stretch(["1997-04-01T00:00:00+00:00", "1997-05-01T00:00:00+00:00", "1997-06-01T00:00:00+00:00"])
    '1997-04-01 … 1997-06-01, 3 moments'
    """
    days = [one[:10] if one[10:16] in ("", "T00:00") else moment(one) for one in sorted(moments)]
    return f"{days[0]} … {days[-1]}, {len(days)} moments" if len(days) > 2 else ", ".join(days)


def trace_lines(answer: TracedAnswer) -> list[str]:
    """Everything behind one answer."""
    score = "no score" if answer.score is None else f"score {answer.score:.6f}"
    lines = [f"{answer.entity}: {answer.decision}, {score}", *(f"  because {text}" for text in answer.reasons)]
    lines += [f"  {line.station:<10} {line.text}  [{line.digest[:12]}, fact {line.fact}]" for line in answer.lines]
    lines += [f"  {'trace':<10} {answer.trace}, as its caller names it"] if answer.trace else []
    return lines + [f"  {'also':<10} {other} in the same trace" for other in answer.others]


def filled(answer: BackFilled) -> list[str]:
    """The account of every list that a back-fill made, and why others could not be made."""
    lines = [f"{len(answer.made)} made, {answer.there} there already, {len(answer.not_made)} not made; moments in UTC"]
    for run in answer.made:
        refused = "".join(f" + {count:,} refused: {reason}" for reason, count in run.refused.items())
        where = ", ".join([*run.delivered, *(f"NOT {sink}" for sink in run.failed)]) or "the log alone"
        lines.append(f"  {moment(run.as_of)}  {run.due:,} due = {run.answered:,} answered{refused}; to {where}")
    return [*lines, *(f"  {moment(as_of)}  not made: {why}" for as_of, why in answer.not_made.items())]


def lists(found: Sequence[ListCard]) -> list[str]:
    """Every list in one line, and what fell short below it."""
    lines = [f"{'as of (UTC)':<16}  {'consumer':<16} state"]
    for one in found:
        state = f"{one.state} by {one.late_by}" if one.late_by else one.state
        receipt = f"received {one.received[:10]} by {one.by}" if one.received else ""
        used = f"used {one.used:,} of {one.of:,}" if one.used is not None else ""
        account = f"{one.account.due:,} due, {one.account.answered:,} answered" if one.account else ""
        told = "; ".join(filter(None, [account, receipt, used]))
        lines.append(f"{moment(one.as_of):<16}  {one.consumer:<16} {state:<20} {told}".rstrip())
        lines += [f"    {text}" for text in (*one.troubles, one.notice) if text]
    return lines if found else ["nothing yet"]


def servers(found: Sequence[ServerCard]) -> list[str]:
    """What each prediction server and worker of a stream says of itself."""
    lines = []
    for one in found:
        said = one.said
        if said.consumer:
            lines += _worker(one)
            continue
        slow = f", half within {said.p50_ms:.1f} ms and 99 % within {said.p99_ms:.1f} ms" if said.p99_ms else ""
        lines.append(f"{said.address}  {one.state}; said so {one.silent_for} ago")
        lines.append(
            f"    {said.answered:,} answered ({said.per_second:,.0f} a second{slow}), {said.stood_in:,} by the "
            f"baseline, {said.refused:,} refused, {said.shed:,} turned away"
        )
        lines += [f"    {name[:12]} runs {form}" for name, form in said.candidates.items()]
        lines += [f"    {said.problem}"] if said.problem else []
    return lines or ["No prediction server has said anything for a day: start one with `shipworthy serve`."]


def _worker(one: ServerCard) -> list[str]:
    said = one.said
    waiting = "unknown" if said.lag is None else f"{said.lag:,}"
    return [
        f"stream {said.consumer}, {said.address}  {one.state}; said so {one.silent_for} ago",
        f"    {said.answered:,} answered ({said.per_second:,.0f} a second), {said.refused:,} to the dead letters, "
        f"waiting {waiting}, last message {_last(said.last_message)}",
        *(f"    {name[:12]} runs {form}" for name, form in said.candidates.items()),
        *([f"    {said.problem}"] if said.problem else []),
    ]


def _last(message: str) -> str:
    return f"{moment(message)} UTC" if message else "none yet"


def _account(intake: Intake) -> str:
    gone = [f"{count} removed by {rule}" for rule, count in intake.removed.items() if count]
    aside = [f"{count} quarantined: {reason}" for reason, count in intake.quarantined.items() if count]
    return f"{intake.source}: {intake.source_rows} rows = {intake.accepted} accepted" + "".join(
        f" + {text}" for text in [*gone, *aside]
    )
