"""Lists and deliveries as cards: state, account, receipt and use of each, folded from the facts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from shipworthy.base.fact import Past, Recorded
from shipworthy.base.times import read_moment
from shipworthy.deliver.owing import owed
from shipworthy.deliver.rules import arrived, due_by, finished_run, in_words, is_late, run_name
from shipworthy.deliver.run import BACK_FILL
from shipworthy.deliver.shortfall import receipts_of, shortfalls, told_by
from shipworthy.deliver.words import (
    DeliveryAcknowledged,
    DeliveryCard,
    DeliveryFailed,
    DeliveryMade,
    ListCard,
    ListState,
    RunAccount,
    RunFinished,
)
from shipworthy.plan.schema import Plan
from shipworthy.release.signed import plan_in_use

Receipts = Mapping[str, Recorded[DeliveryAcknowledged]]


def delivery_cards(plan: Plan, past: Past) -> list[DeliveryCard]:
    """Every try to bring something to a consumer, oldest first."""
    receipts = receipts_of(past)
    tries: dict[str, int] = {}
    cards = []
    for fact in past.of(DeliveryMade, DeliveryFailed):
        name = fact.what.delivery
        tries[name] = tries.get(name, 0) + 1
        cards.append(_delivery(plan, fact, receipts.get(name), tries[name]))
    return cards


def list_cards(plan: Plan, past: Past, now: datetime) -> list[ListCard]:
    """Every list that was made or is owed, newest first."""
    by_run: dict[str, dict[str, DeliveryCard]] = {}
    for card in delivery_cards(plan, past):
        by_run.setdefault(card.run, {})[card.sink] = card
    troubles: dict[str, list[str]] = {}
    for short in shortfalls(plan, past, now):
        troubles.setdefault(short.run, []).append(short.text)
    finished = {fact.what.run: fact.what for fact in past.of(RunFinished)}
    names = list(dict.fromkeys([*finished, *by_run]))
    cards = [
        _list(plan, past, name, finished.get(name), list(by_run.get(name, {}).values()), troubles.get(name, []))
        for name in names
    ]
    cards += _not_made(plan, past, now, set(finished))
    return sorted(cards, key=lambda card: (read_moment(card.as_of), card.consumer, card.run), reverse=True)


def _delivery(
    plan: Plan,
    fact: Recorded[DeliveryMade | DeliveryFailed],
    receipt: Recorded[DeliveryAcknowledged] | None,
    tries: int,
) -> DeliveryCard:
    what = fact.what
    if isinstance(what, DeliveryFailed):
        return DeliveryCard(
            delivery=what.delivery, run=what.run, consumer=what.consumer, sink=what.sink, candidate="", step="",
            rows=what.rows, where="", as_of=what.as_of, at=fact.at.isoformat(), due_by="", state="failed",
            acknowledged="", used=None, notice=what.reason, tries=tries, fact=fact.seq,
        )  # fmt: skip
    made: Recorded[DeliveryMade] = fact  # type: ignore[assignment]  # what it holds was asked just now
    late = is_late(plan, made)
    state = what.step if what.step in ("rehearsal", BACK_FILL) else "late" if late else "on time"
    return DeliveryCard(
        delivery=what.delivery, run=what.run, consumer=what.consumer, sink=what.sink, candidate=what.candidate,
        step=what.step, rows=what.rows, where=what.where, as_of=what.as_of, at=fact.at.isoformat(),
        due_by=what.due_by, state=state, acknowledged=receipt.at.isoformat() if receipt else "",
        used=receipt.what.used if receipt else None, notice=what.notice,
        acknowledged_by=told_by(receipt) if receipt else "", remark=receipt.what.remark if receipt else "",
        late_by=in_words(arrived(plan, made) - read_moment(what.due_by)) if late else "", tries=tries,
        content=what.content, checks=list(what.checks), fact=fact.seq,
    )  # fmt: skip


def _list(
    plan: Plan,
    past: Past,
    run: str,
    finished: RunFinished | None,
    deliveries: Sequence[DeliveryCard],
    troubles: Sequence[str],
) -> ListCard:
    account = finished_run(past, run) if finished else None
    first = deliveries[0] if deliveries else None
    consumer = finished.consumer if finished else first.consumer if first else ""
    as_of = finished.as_of if finished else first.as_of if first else ""
    confirmed = sorted((card for card in deliveries if card.acknowledged), key=lambda card: card.acknowledged)
    said = [card.used for card in deliveries if card.used is not None]
    due = next((card.due_by for card in deliveries if card.due_by), "")
    if not due and consumer in plan.consumers:
        due = due_by(plan.consumers[consumer], read_moment(as_of)).isoformat()
    return ListCard(
        run=run,
        consumer=consumer,
        as_of=as_of,
        due_by=due,
        state=_state(finished, deliveries),
        late_by=next((card.late_by for card in deliveries if card.late_by), ""),
        account=account,
        deliveries=list(deliveries),
        received=confirmed[0].acknowledged if confirmed else "",
        by=confirmed[0].acknowledged_by if confirmed else "",
        used=max(said) if said else None,
        of=max((card.rows for card in deliveries if card.state != "failed"), default=0),
        notice=_notice(account, deliveries),
        troubles=list(troubles),
    )


def _state(finished: RunFinished | None, deliveries: Sequence[DeliveryCard]) -> ListState:
    states = {card.state for card in deliveries}
    if finished and finished.back_fill:
        return "back-fill"
    if states == {"rehearsal"}:
        return "rehearsal"
    if not states:
        return "nothing"
    if "failed" in states:
        return "failed" if states == {"failed"} else "partial"
    return "late" if "late" in states else "on time"


def _notice(account: RunAccount | None, deliveries: Sequence[DeliveryCard]) -> str:
    told = next((card.notice for card in deliveries if card.notice and card.state != "failed"), "")
    return told or (account.stood_in if account else "")


def _not_made(plan: Plan, past: Past, now: datetime, made: set[str]) -> Iterator[ListCard]:
    """Lists that are owed and have not come to their end."""
    for name, moment in owed(plan_in_use(plan, past), past, now):
        run = run_name(plan.product, name, moment)
        if run in made or name not in plan.consumers:
            continue
        limit = due_by(plan.consumers[name], moment)
        late = in_words(now - limit) if limit < now else ""
        yield ListCard(
            run=run, consumer=name, as_of=moment.isoformat(), due_by=limit.isoformat(),
            state="overdue" if late else "due", late_by=late, account=None, deliveries=[], received="", by="",
            used=None, of=0, notice="", troubles=[],
        )  # fmt: skip
