"""A process that takes the shop along the road; with `kill` it kills itself after each step that it newly finishes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from e2e.voyage.shop import OWNERS, PRODUCT, Shop, settings_of, someone

from shipworthy.app.wiring import close_desk
from shipworthy.base.fact import Command, Past, What
from shipworthy.deliver.words import Score
from shipworthy.edges.trip import Trip
from shipworthy.model.words import CandidateMade, TrainCandidate
from shipworthy.plan.words import AdoptPlan, AdvanceClock
from shipworthy.prove.words import ProveCandidate
from shipworthy.release.words import ReleaseCandidate
from shipworthy.sign.words import GiveSignOff


def kill_after_each_new_step() -> None:
    """Have this process die by SIGKILL as soon as a step that was not done before is done and remembered."""
    step, record = Trip.step, Trip.record

    def dying_step(self: Trip, name: str, work: Callable[[], Any]) -> Any:
        fresh: list[bool] = []

        def noted() -> Any:
            fresh.append(True)
            return work()

        result = step(self, name, noted)
        if fresh:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    def dying_record(self: Trip, name: str, decide: Callable[[Past], Sequence[What]]) -> Any:
        fresh: list[bool] = []

        def noted(past: Past) -> Sequence[What]:
            fresh.append(True)
            return decide(past)

        result = record(self, name, noted)
        if fresh:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    Trip.step, Trip.record = dying_step, dying_record  # type: ignore[method-assign]


def travel(root: Path) -> None:
    """The baseline from its making to the first live list, each command under a key, so that it can be given again."""
    desk = Shop(settings_of(root), root).desk()

    def do(who: str, command: Command[Any], key: str) -> Any:
        return desk.do(command, someone(who), key=key)

    do("administrator", AdoptPlan(product=PRODUCT, text=(root / "product.yaml").read_text()), "plan")
    do("data-scientist", TrainCandidate(product=PRODUCT, role="baseline"), "train")
    candidate = desk.store.ledger.past(PRODUCT).of(CandidateMade)[0].what.candidate
    do("data-scientist", ProveCandidate(product=PRODUCT, candidate=candidate), "prove")
    do("product-manager", ReleaseCandidate(product=PRODUCT, candidate=candidate, step="rehearsal"), "rehearse")
    for function in OWNERS[:2]:
        do(f"{function}-owner", GiveSignOff(product=PRODUCT, candidate=candidate, function=function), function)
    live = ReleaseCandidate(product=PRODUCT, candidate=candidate, step="cohort", cohort="north")
    do("product-manager", live, "live")
    do("night-operator", AdvanceClock(product=PRODUCT, to="1997-05-01"), "clock")
    do("night-operator", Score(product=PRODUCT, consumer="sales", as_of="1997-05-01"), "list")
    close_desk(desk)


if __name__ == "__main__":
    if sys.argv[2:] == ["kill"]:
        kill_after_each_new_step()
    travel(Path(sys.argv[1]))
