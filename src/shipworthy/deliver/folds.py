"""Runs and what they brought, as states that follow from facts one by one: who looks at them reads only new facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from shipworthy.base.digest import plain
from shipworthy.base.fact import Fold, Past, Recorded
from shipworthy.deliver.run import NOT_RELEASED
from shipworthy.deliver.words import DeliveryAcknowledged, DeliveryMade, RunFinished

State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Brought:
    """What is known of a `DeliveryMade`: `seq` is the number of that fact, `at` and `recorded_at` are its moments."""

    seq: int
    at: datetime
    recorded_at: datetime
    delivery: str
    run: str
    consumer: str
    sink: str
    step: str
    rows: int
    as_of: str
    due_by: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """When a delivery was confirmed, and how many of its rows were said to be used; None where nobody said."""

    at: datetime
    used: int | None


@dataclass(frozen=True, slots=True)
class Troubled:
    """What is known of a `RunFinished` that did not answer and bring everything; see there."""

    seq: int
    at: datetime
    run: str
    consumer: str
    as_of: str
    due: int
    answered: int
    refused: dict[str, int]
    delivered: dict[str, int]
    failed: dict[str, int]
    stood_in: str
    broken: str
    back_fill: str


def brought(past: Past) -> list[Brought]:
    """Everything that was brought, rehearsals too, oldest first."""
    made = [_read(Brought, one) for mine in past.fold(BROUGHT)["made"].values() for one in mine]
    return sorted(made, key=lambda one: one.seq)


def brought_by(past: Past, run: str) -> list[Brought]:
    """What one run has brought, oldest first."""
    return [_read(Brought, one) for one in past.fold(BROUGHT)["made"].get(run, [])]


def receipts(past: Past) -> dict[str, list[Receipt]]:
    """The confirmations of each delivery, by its name, oldest first."""
    told = past.fold(BROUGHT)["receipts"]
    return {name: [Receipt(datetime.fromisoformat(at), used) for at, used in mine] for name, mine in told.items()}


def ended(past: Past) -> Mapping[str, list[State]]:
    """The runs that came to their end, by name: each time ``seq`` and ``at`` of the fact, ``as_of``, ``back_fill``."""
    runs: Mapping[str, list[State]] = past.fold(RUNS)["runs"]
    return runs


def last_end(past: Past, run: str) -> tuple[datetime | None, int]:
    """When a run came to its end last, and the number of the fact that says so; None and 0 where none does."""
    known = ended(past).get(run)
    return (datetime.fromisoformat(known[-1]["at"]), known[-1]["seq"]) if known else (None, 0)


def troubled(past: Past) -> list[Troubled]:
    """The runs that brought nothing, or not everywhere, or left somebody without an answer or the model's answer."""
    return [_read(Troubled, one) for one in past.fold(RUNS)["troubled"]]


def _read(kind: Any, kept: State) -> Any:
    moments = {name: datetime.fromisoformat(kept[name]) for name in ("at", "recorded_at") if name in kept}
    return kind(**kept | moments)


def _brought(state: State, fact: Recorded[DeliveryMade | DeliveryAcknowledged]) -> State:
    what = fact.what
    if isinstance(what, DeliveryAcknowledged):
        state["receipts"].setdefault(what.delivery, []).append([fact.at.isoformat(), what.used])
        return state
    known = Brought(
        fact.seq,
        fact.at,
        fact.recorded_at,
        what.delivery,
        what.run,
        what.consumer,
        what.sink,
        what.step,
        what.rows,
        what.as_of,
        what.due_by,
    )
    state["made"].setdefault(what.run, []).append(plain(known))
    return state


def _finished(state: State, fact: Recorded[RunFinished]) -> State:
    what, at = fact.what, fact.at.isoformat()
    known = {"seq": fact.seq, "at": at, "as_of": what.as_of, "back_fill": bool(what.back_fill)}
    state["runs"].setdefault(what.run, []).append(known)
    missed = what.answered < what.due - what.refused.get(NOT_RELEASED, 0)
    if missed or what.stood_in or what.broken or what.failed or not what.delivered:
        told = {name: value for name, value in asdict(what).items() if name in Troubled.__slots__}
        state["troubled"].append({"seq": fact.seq, "at": at, **told})
    return state


BROUGHT: Fold[State] = Fold(
    "deliver.brought", 1, (DeliveryMade, DeliveryAcknowledged), lambda: {"made": {}, "receipts": {}}, _brought
)
"""By run what it ``made``, and the ``receipts`` by delivery."""

RUNS: Fold[State] = Fold("deliver.runs", 1, (RunFinished,), lambda: {"runs": {}, "troubled": []}, _finished)
"""Every time that a run came to its end, by its name, and those that were ``troubled``."""
