"""What data came in and was read, as states that follow from facts one by one."""

from __future__ import annotations

from typing import Any

from shipworthy.base.fact import Fold, Recorded
from shipworthy.data.words import DataArrived, SnapshotRefused, SnapshotTaken

State = dict[str, Any]


def _arrived(state: State, fact: Recorded[DataArrived]) -> State:
    state["noted"] |= fact.what.sources
    state["arrivals"].append([fact.at.isoformat(), sorted(fact.what.sources)])
    return state


def _read(state: State, fact: Recorded[SnapshotTaken | SnapshotRefused]) -> State:
    state[fact.what.as_of] = fact.seq
    return state


ARRIVED: Fold[State] = Fold("data.arrived", 1, (DataArrived,), lambda: {"noted": {}, "arrivals": []}, _arrived)
"""In which state each source was ``noted`` last, and the ``arrivals``: when each was noted, and of which sources."""

READ: Fold[State] = Fold("data.read", 1, (SnapshotTaken, SnapshotRefused), dict, _read)
"""The moments as of which the sources were read, accepted or not, with the number of the newest fact that says so."""
