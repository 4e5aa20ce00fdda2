"""Lives of one process that answers trouble in the shop, each forked and killed after every new step, until it is done.

Usage: responder.py FOLDER calm | steps; the folder is that of a shop whose baseline and model answer. Prints how many
lives it took.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from e2e.voyage.shop import PRODUCT, Shop, settings_of
from e2e.voyage.traveller import ENDED, Journey, kill_after_each_new_step, lives

import shipworthy.respond.flow  # noqa: F401
from shipworthy.app.wiring import close_desk
from shipworthy.base.fact import Past, What
from shipworthy.edges.ledger import Ledger
from shipworthy.model.words import TrainCandidate
from shipworthy.prove.words import CheckMadePermanent, CheckRetirementSigned
from shipworthy.release.rules import standing
from shipworthy.release.words import ComeBack, FallBack, PauseDeliveries, ResumeDeliveries
from shipworthy.respond.words import (
    CloseIncident,
    IncidentOpened,
    OpenIncident,
    Respond,
    RetireCheck,
    TriggerFired,
)

MANAGER = "product-manager"
RETIRED_BY = ("legal-owner", "technology-owner")


def kill_around_each_signature(root: Path) -> None:
    """Have this process die by SIGKILL when a retirement is decided but not written, and when it is written.

    A file for each who signed remembers in the next life that the first has happened.
    """
    append = Ledger.append

    def dying(self: Ledger, decide: Callable[[Past], Sequence[What]], **given: Any) -> Any:
        signed: list[What] = []

        def noted(past: Past) -> Sequence[What]:
            facts = decide(past)
            signed.extend(what for what in facts if isinstance(what, CheckRetirementSigned))
            decided = root / f"decided-{given['who']}"
            if signed and not decided.exists():
                decided.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return facts

        facts = append(self, noted, **given)
        if signed:
            os.kill(os.getpid(), signal.SIGKILL)
        return facts

    Ledger.append = dying  # type: ignore[method-assign]


class Answering(Journey):
    """What people and triggers do about trouble, each command under a key."""

    def travel(self) -> None:
        """Pause and resume, fall back and come back, close an incident with a check, retire that, and retrain."""
        self.do("night-operator", Respond(product=PRODUCT), "respond")
        about = {"product": PRODUCT, "reason": "We look at it."}
        self.do(MANAGER, PauseDeliveries(**about), "pause")
        self.do(MANAGER, ResumeDeliveries(**about), "resume")
        self.do(MANAGER, FallBack(**about), "fall back")
        self.do(MANAGER, ComeBack(**about), "come back")
        self.do("night-operator", OpenIncident(product=PRODUCT, title="The order is wrong"), "open")
        past = self.desk.store.ledger.past(PRODUCT)
        [incident] = [fact.what.incident for fact in past.of(IncidentOpened)]
        close = CloseIncident(
            product=PRODUCT, incident=incident, root_cause="cents", fix="sent again",
            check="column purchases.n_cds min between 0 9",
        )  # fmt: skip
        self.do("technology-owner", close, "close")
        [made] = self.desk.store.ledger.past(PRODUCT).of(CheckMadePermanent)
        retire = RetireCheck(product=PRODUCT, check=made.what.check, reason="The order system counts in euros now.")
        for owner in RETIRED_BY:
            self.do(owner, retire, f"{owner} retires")
        self.retrain()

    def retrain(self) -> None:
        """Train the challenger that a trigger asked for."""
        past = self.desk.store.ledger.past(PRODUCT)
        asked = next(fact for fact in past.of(TriggerFired) if fact.what.action == "retrain")
        parent = next(iter(standing(past).champion.values()))
        command = TrainCandidate(product=PRODUCT, parent=parent, cause=asked.digest)
        self.do("night-operator", command, "retrain")


def live(root: Path, dying: bool) -> None:
    """One life, from the first trouble to the last answer."""
    if dying:
        kill_after_each_new_step()
        kill_around_each_signature(root)
    desk = Shop(settings_of(root), root).desk()
    Answering(desk, "", root / ENDED).travel()
    close_desk(desk)


if __name__ == "__main__":
    print(lives(Path(sys.argv[1]), sys.argv[2], 0, live))
