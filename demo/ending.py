"""The last page of the story: what came of it, in figures read back from the ledger."""

from __future__ import annotations

import sys

import pyarrow.compute as pc

from demo.cast import PRODUCT, Cast
from shipworthy.app.words import VerifyLedger
from shipworthy.data.words import Intake, Snapshots
from shipworthy.deliver.words import AnswersSealed, Runs, Trace
from shipworthy.watch.words import Monitors


def summary(cast: Cast) -> None:
    """One page: the accounts, the monitors' curve, one traced answer, the state of the ledger."""
    cast.chapter("Summary")
    newest = cast.ask("auditor", Snapshots(product=PRODUCT))[-1]
    for intake in newest.intakes:
        cast.say(f"{intake.source} as of {newest.as_of[:10]}: {account(intake)}; zero-value orders are gifts and stay")
    runs = cast.ask("auditor", Runs(product=PRODUCT))
    due, answered = sum(run.due for run in runs), sum(run.answered for run in runs)
    refused = sum(sum(run.refused.values()) for run in runs)
    cast.say(f"{len(runs)} lists: {due} entities due = {answered} answered + {refused} refused with a reason")
    cast.say(f"lists by the baseline because data was stopped: {sum(bool(run.stood_in) for run in runs)}")
    promised_and_real(cast)
    traced(cast)
    state = cast.ask("auditor", VerifyLedger())
    cast.say(f"ledger: {state.head} facts, {state.signed_heads} signed heads, the chain holds ({state.digest[:12]})")
    if sys.stdout.isatty():
        cast.say("The pages follow; log in with one of these:")
        for role in ("product-manager", "validation-owner", "sales-lead", "auditor"):
            cast.say(f"  {role}: {cast.tokens[role]}")


def promised_and_real(cast: Cast) -> None:
    """What each list promised, what came true, and what the first model would have promised in place of the second."""
    cast.say("list of      model     promised    real   doing nothing   calibration monitor")
    for card in cast.ask("auditor", Monitors(product=PRODUCT)).monitors:
        for point in card.points if card.monitor == "calibration" else []:
            if "promised" in point.numbers:
                shown = {name: f"{value:.1%}" for name, value in point.numbers.items()}
                cast.say(
                    f"{point.window[:10]}   {point.candidate[:8]}  {shown['promised']:>8} {shown['real']:>7} "
                    f"{shown.get('would_have_promised', ''):>12}     {point.level}"
                )


def account(intake: Intake) -> str:
    """Where every row of a source went."""
    gone = "".join(f" + {count:,} removed by rule ({rule})" for rule, count in intake.removed.items())
    aside = sum(intake.quarantined.values())
    return f"{intake.source_rows:,} rows = {intake.accepted:,} accepted{gone} + {aside} quarantined"


def traced(cast: Cast) -> None:
    """Everything behind one delivered row of the last list."""
    past = cast.desk.store.ledger.past(PRODUCT)
    last = [fact.what for fact in past.of(AnswersSealed) if "all" in fact.what.steps][-1]
    table = cast.desk.store.files.table(last.segment)
    answer = table.filter(pc.equal(table["decision"], "call"))["answer_id"][0].as_py()
    found = cast.ask("auditor", Trace(product=PRODUCT, answer=answer))
    cast.say(f"trace of {answer}: {found.decision}, score {found.score:.4f}; {'; '.join(found.reasons)}")
    for line in found.lines:
        cast.say(f"  {line.station:<10} {line.text}")
