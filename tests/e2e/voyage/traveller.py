"""Lives of one process that takes the shop along the road, each forked from here and killed, until one arrives.

Usage: traveller.py FOLDER calm | steps | moments SEED; prints how many lives it took.
`steps` kills each life as soon as it has finished a step that was not finished before; `moments` kills each of the
first lives at a moment of its own. Everything heavy is imported before the first fork, so that a life is short. A life
begins with the command that none before it has ended; who has arrived gives all of them once more, and none may change
anything.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import e2e.voyage.preloaded  # noqa: F401
from e2e.voyage.lives import killed
from e2e.voyage.shop import OWNERS, PRODUCT, Shop, good_answers, settings_of, someone

from shipworthy.app.desk import Desk
from shipworthy.app.wiring import close_desk
from shipworthy.base.fact import Command, Past, What
from shipworthy.data.words import ReplayQuarantine
from shipworthy.deliver.words import BackFill, Score
from shipworthy.edges.trip import Trip
from shipworthy.model.words import CandidateMade, TrainCandidate
from shipworthy.plan.words import AdoptPlan, AdvanceClock
from shipworthy.prove.words import ProveCandidate
from shipworthy.release.words import ReleaseCandidate
from shipworthy.sign.words import GiveReview, GiveSignOff
from shipworthy.watch.words import Watch

REVIEWED = ("privacy", "legal", "compliance", "validation")
MOST_LIVES = 400
KILLED_AT_MOMENTS = 16
ENDED = "ended.txt"
FILLED = {"start": "1997-05-15", "until": "1997-06-15"}


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


class Journey:
    """The whole road, each command under a key, so that it can be given again in the next life."""

    def __init__(self, desk: Desk, plan: str, ended: Path) -> None:
        """`ended` is the file in which stands, line by line, which commands came to their end."""
        self.desk, self.plan, self._file = desk, plan, ended
        self._ended = set(ended.read_text().splitlines()) if ended.exists() else set()

    def do(self, who: str, command: Command[Any], key: str) -> None:
        if key in self._ended:
            return
        self.desk.do(command, someone(who), key=key)
        with self._file.open("a") as file:
            file.write(f"{key}\n")

    def travel(self) -> None:
        self.do("administrator", AdoptPlan(product=PRODUCT, text=self.plan), "plan")
        baseline = self.made("baseline", OWNERS[:2], ())
        self.release(baseline, "cohort", "north")
        self.list_of("1997-07-01")
        model = self.made("model", OWNERS, REVIEWED)
        self.release(model, "shadow")
        self.release(model, "cohort", "north")
        self.release(model, "all")
        self.mend()
        self.list_of("1997-08-01")
        self.do("night-operator", BackFill(product=PRODUCT, consumer="crm", **FILLED, deliver=True), "back-fill")
        self.do("night-operator", Watch(product=PRODUCT), "watch")

    def mend(self) -> None:
        """Replay the row that was set aside, corrected."""
        command = ReplayQuarantine(product=PRODUCT, source="purchases", corrected="_row,n_cds\n1,2\n")
        self.do("data-scientist", command, "mend")

    def made(self, role: Any, owners: Sequence[str], reviewed: Sequence[str]) -> str:
        self.do("data-scientist", TrainCandidate(product=PRODUCT, role=role), f"train {role}")
        facts = self.desk.store.ledger.past(PRODUCT).of(CandidateMade)
        candidate = next(fact.what.candidate for fact in facts if fact.what.role == role)
        self.do("data-scientist", ProveCandidate(product=PRODUCT, candidate=candidate), f"prove {role}")
        self.release(candidate, "rehearsal")
        for name in reviewed:
            review = GiveReview(product=PRODUCT, candidate=candidate, function=name, answers=good_answers(name))
            self.do(f"{name}-owner", review, f"{name} reviews {role}")
        for name in owners:
            sign = GiveSignOff(product=PRODUCT, candidate=candidate, function=name)
            self.do(f"{name}-owner", sign, f"{name} signs {role}")
        return candidate

    def release(self, candidate: str, step: str, cohort: str = "") -> None:
        command = ReleaseCandidate(product=PRODUCT, candidate=candidate, step=step, cohort=cohort)
        self.do("product-manager", command, f"{candidate[:12]} to {step}")

    def list_of(self, day: str) -> None:
        self.do("night-operator", AdvanceClock(product=PRODUCT, to=day), f"clock {day}")
        for consumer in ("sales", "crm"):
            self.do("night-operator", Score(product=PRODUCT, consumer=consumer, as_of=day), f"{consumer} {day}")


def live(root: Path, dying: bool) -> None:
    """One life, from the beginning of the road to its end."""
    if dying:
        kill_after_each_new_step()
    desk = Shop(settings_of(root), root).desk()
    Journey(desk, (root / "product.yaml").read_text(), root / ENDED).travel()
    close_desk(desk)


def lives(root: Path, how: str, seed: int, live: Callable[[Path, bool], None]) -> int:
    """How many lives it took to arrive."""
    moment = random.Random(seed)
    for number in range(1, MOST_LIVES):
        after = moment.uniform(0.05, 2.5) if how == "moments" and number <= KILLED_AT_MOMENTS else None
        if not killed(partial(live, root, how == "steps"), after):
            (root / ENDED).unlink()
            if how != "calm" and killed(partial(live, root, False)):
                sys.exit("Giving all commands again did not end.")
            return number
    sys.exit("It never arrived.")


if __name__ == "__main__":
    print(lives(Path(sys.argv[1]), sys.argv[2], int((sys.argv[3:] or ["0"])[0]), live))
