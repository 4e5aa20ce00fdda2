"""The shop on its way: everybody's commands in short."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self, TypeVar

from e2e.voyage.shop import OWNERS, PRODUCT, Shop, good_answers, open_shop, settings_of, someone

from shipworthy.app.desk import Desk
from shipworthy.app.words import Advance
from shipworthy.base.fact import Command, Question
from shipworthy.model.words import CandidateMade, TrainCandidate
from shipworthy.plan.words import AdoptPlan
from shipworthy.prove.words import ProveCandidate
from shipworthy.release.words import ReleaseCandidate
from shipworthy.sign.words import GiveReview, GiveSignOff

R = TypeVar("R")
REVIEWED = ("privacy", "legal", "compliance", "validation")


class Voyage:
    """A shop with a plan in force."""

    product = PRODUCT

    def __init__(self, root: Path, **changes: str) -> None:
        """Open it; `changes` stand in its plan below the real-time consumer's latency."""
        self.shop: Shop = open_shop(root)
        if changes:
            file, latency = root / "product.yaml", "    latency: 100ms\n"
            text = file.read_text()
            lines = "".join(f"    {name}: {value}\n" for name, value in changes.items())
            assert latency in text
            file.write_text(text.replace(latency, latency + lines))
        self.desk: Desk = self.shop.desk()
        self.do("administrator", AdoptPlan(product=self.product, text=(root / "product.yaml").read_text()))

    @classmethod
    def left_in(cls, root: Path) -> Self:
        """The shop that was left in a folder, or copied there."""
        voyage = object.__new__(cls)
        voyage.shop = Shop(settings_of(root), root)
        voyage.desk = voyage.shop.desk()
        return voyage

    def do(self, who: str, command: Command[R]) -> R:
        return self.desk.do(command, someone(who))

    def ask(self, question: Question[R]) -> R:
        return self.desk.ask(question, someone("auditor"))

    def facts(self, kind: type[Any]) -> list[Any]:
        return [fact.what for fact in self.desk.store.ledger.past(self.product).of(kind)]

    def newest(self) -> str:
        """The candidate that was made last."""
        return str(self.facts(CandidateMade)[-1].candidate)

    def live_baseline(self, step: str = "cohort", cohort: str = "north") -> str:
        """The baseline, made, proven, signed and released."""
        baseline = self.made("baseline")
        self.release(baseline, "rehearsal")
        for function in OWNERS[:2]:
            self.sign(baseline, function)
        self.release(baseline, "cohort", cohort)
        if step == "all":
            self.release(baseline, "all")
        return baseline

    def live_model(self) -> str:
        """A model, made, proven, signed and released to everybody."""
        model = self.made("model")
        self.release(model, "rehearsal")
        for function in REVIEWED:
            self.review(model, function)
        for function in OWNERS:
            self.sign(model, function)
        for step, cohort in (("shadow", ""), ("cohort", "north"), ("all", "")):
            self.release(model, step, cohort)
        return model

    def advance(self, to: str) -> list[str]:
        return self.do("night-operator", Advance(product=self.product, to=to))

    def made(self, role: str) -> str:
        made = self.do("data-scientist", TrainCandidate(product=self.product, role=role))  # type: ignore[arg-type]
        self.do("data-scientist", ProveCandidate(product=self.product, candidate=made.candidate))
        return str(made.candidate)

    def sign(self, candidate: str, function: str) -> None:
        self.do(f"{function}-owner", GiveSignOff(product=self.product, candidate=candidate, function=function))

    def review(self, candidate: str, function: str) -> None:
        command = GiveReview(
            product=self.product, candidate=candidate, function=function, answers=good_answers(function)
        )
        self.do(f"{function}-owner", command)

    def release(self, candidate: str, step: str, cohort: str = "") -> None:
        command = ReleaseCandidate(product=self.product, candidate=candidate, step=step, cohort=cohort)
        self.do("product-manager", command)
