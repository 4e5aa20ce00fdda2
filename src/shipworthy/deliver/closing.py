"""What a run leaves on record: its account, its deliveries, or why it brought nothing."""

from __future__ import annotations

from collections.abc import Sequence

from shipworthy.base.fact import Past, What
from shipworthy.deliver.rules import (
    account,
    account_of,
    delivery_name,
    due_by,
    newest_due,
    unbrought,
    unvisited,
)
from shipworthy.deliver.run import BACK_FILL, Account, Receipt, Result, Run, Used
from shipworthy.deliver.words import DeliveryFailed, DeliveryMade, RunFinished
from shipworthy.edges.road import Trip
from shipworthy.release.words import CANARY, TrialFinished


def closing(
    trip: Trip, run: Run, past: Past, used: Used, results: Sequence[Result], receipts: Sequence[Receipt]
) -> Sequence[What]:
    """The facts that end a run; none where somebody else has ended it meanwhile."""
    if _closed(past, run):
        return []
    facts = _deliveries(trip, run, results, receipts)
    if run.trial:
        return [*facts, _trial(trip, run, results, receipts)]
    shadows = [_broken_trial(trip, run, result) for result in results if result.broken]
    canaries = [_canary(trip, run, result, results, receipts) for result in results if result.steps.get(CANARY)]
    return [*facts, *shadows, *canaries, _finished(trip, run, used, results, receipts)]


def late_receipts(
    trip: Trip, run: Run, past: Past, results: Sequence[Result], receipts: Sequence[Receipt]
) -> Sequence[What]:
    """The facts that rows of a finished run were brought, or failed again, to sinks that had not got them."""
    still = unbrought(past, run.name)
    if run.back_fill:
        still = unvisited(past, run.name, run.consumer.sinks)
    return _deliveries(trip, run, results, [receipt for receipt in receipts if receipt.sink in still])


def nothing(trip: Trip, run: Run, past: Past, why: str, broken: str) -> Sequence[What]:
    """The facts of a run that brings nothing: every entity that was due the last time is refused with the reason."""
    if _closed(past, run):
        return []
    if run.trial:
        return [_broken_trial(trip, run, Result("", run.challenger, 0, 0, 0.0, broken=why))]
    due = newest_due(past, run.consumer_name)
    return [
        RunFinished(
            product=trip.product,
            run=run.name,
            consumer=run.consumer_name,
            as_of=run.moment.isoformat(),
            due=due,
            answered=0,
            refused={"nothing could answer": due} if due else {},
            delivered={},
            failed={},
            snapshot="",
            stood_in=f"nothing delivered: {why}",
            broken=broken,
        )
    ]


def _closed(past: Past, run: Run) -> bool:
    if not run.trial:
        return bool(past.of(RunFinished, about=run.name))
    same = (run.trial, run.consumer_name, run.moment.isoformat())
    trials = [fact.what for fact in past.of(TrialFinished, about=run.challenger) if fact.what.ok]
    return any((what.step, what.consumer, what.as_of) == same for what in trials)


def _deliveries(trip: Trip, run: Run, results: Sequence[Result], receipts: Sequence[Receipt]) -> list[What]:
    candidate = next((result.candidate for result in results if result.real), results[0].candidate)
    return [_delivery(trip, run, candidate, receipt) for receipt in receipts]


def _delivery(trip: Trip, run: Run, candidate: str, receipt: Receipt) -> What:
    name = delivery_name(run.name, receipt.sink)
    if receipt.failed:
        return DeliveryFailed(
            product=trip.product,
            delivery=name,
            run=run.name,
            consumer=run.consumer_name,
            sink=receipt.sink,
            rows=receipt.rows,
            as_of=run.moment.isoformat(),
            reason=receipt.failed,
        )
    limit = due_by(run.consumer, run.moment)
    return DeliveryMade(
        product=trip.product,
        delivery=name,
        run=run.name,
        consumer=run.consumer_name,
        sink=receipt.sink,
        candidate=candidate,
        step=run.trial or (BACK_FILL if run.back_fill else "live"),
        rows=receipt.rows,
        content=receipt.content,
        where=receipt.where,
        as_of=run.moment.isoformat(),
        due_by=limit.isoformat(),
        late=not run.back_fill and trip.at > limit,
        checks=list(receipt.checks),
        notice=receipt.notice,
    )


def _finished(trip: Trip, run: Run, used: Used, results: Sequence[Result], receipts: Sequence[Receipt]) -> RunFinished:
    told: Account = used.again or account_of(results)
    rows = receipts[0].rows if receipts else told.answered
    finished = RunFinished(
        product=trip.product,
        run=run.name,
        consumer=run.consumer_name,
        as_of=run.moment.isoformat(),
        due=told.due,
        answered=told.answered,
        refused=dict(told.refused),
        delivered={receipt.sink: receipt.rows for receipt in receipts if not receipt.failed},
        failed={receipt.sink: receipt.rows for receipt in receipts if receipt.failed},
        snapshot=used.snapshot,
        stood_in=used.stood_in,
        left_out=told.answered - rows,
        broken=used.broken,
        by_candidate={} if used.again else {result.candidate: result.real for result in results if result.real},
        back_fill=run.back_fill,
        fell_back=used.fell_back,
    )
    account(finished, [])
    return finished


def _trial(trip: Trip, run: Run, results: Sequence[Result], receipts: Sequence[Receipt]) -> TrialFinished:
    failed = [receipt for receipt in receipts if receipt.failed]
    rows, mean = results[0].rows, results[0].mean_score
    text = f"{rows} entities answered, mean score {mean:.3f}"
    if failed:
        text = f"{failed[0].sink}: {failed[0].failed}"
    return TrialFinished(
        product=trip.product,
        candidate=results[0].candidate,
        step=run.trial,
        consumer=run.consumer_name,
        as_of=run.moment.isoformat(),
        ok=not failed and rows > 0,
        text=text,
        compared={"mean_score": mean, "rows": float(rows)},
    )


def _canary(
    trip: Trip, run: Run, result: Result, results: Sequence[Result], receipts: Sequence[Receipt]
) -> TrialFinished:
    """What came of a canary's part in a list: it ended well where the list reached everybody."""
    failed = [receipt for receipt in receipts if receipt.failed]
    rows, others = result.steps[CANARY], [one.mean_score for one in results if one.real and one is not result]
    text = f"{rows} entities answered as a canary, mean score over everybody {result.mean_score:.3f}"
    return TrialFinished(
        product=trip.product,
        candidate=result.candidate,
        step=CANARY,
        consumer=run.consumer_name,
        as_of=run.moment.isoformat(),
        ok=not failed,
        text=f"{failed[0].sink}: {failed[0].failed}" if failed else text,
        compared={"mean_score": result.mean_score, "rows": float(rows)}
        | ({"mean_score_of_champion": others[0]} if others else {}),
    )


def _broken_trial(trip: Trip, run: Run, result: Result) -> TrialFinished:
    return TrialFinished(
        product=trip.product,
        candidate=result.candidate,
        step=run.trial or (CANARY if result.canary else "shadow"),
        consumer=run.consumer_name,
        as_of=run.moment.isoformat(),
        ok=False,
        text=result.broken,
    )
