"""What can be asked and what happens while a product is planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from shipworthy.base.check import CheckResult
from shipworthy.base.fact import Command, Question, What

VOIDS = "voids proof and signatures"
SPARES = "does not touch what was proven"
"""What a change of a plan does, as the end of each line of a difference says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAdopted(What):
    """A plan version came into force.

    Attributes:
        version: 1 for the first plan of the product.
        plan: the whole plan in JSON's types, as the schema reads it.
        digest: of the whole plan.
        sections: digest of each top-level section, by name.
    """

    version: int
    plan: dict[str, Any]
    digest: str
    sections: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRefused(What):
    """A plan was handed in that does not fit; nothing changed."""

    digest: str
    reasons: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockAdvanced(What):
    """A product that runs on simulated time was moved forward."""

    to: str


@dataclass(frozen=True, slots=True)
class AdoptedPlan:
    """What adopting a plan gives."""

    version: int
    digest: str
    changes: list[str]
    warnings: list[CheckResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptPlan(Command[AdoptedPlan]):
    """Put a product.yaml into force as the next plan version.

    Refused, with every mistake, where the file is broken or a need is not met.
    """

    right: ClassVar[str] = "plan"
    text: str
    file: str = "product.yaml"


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """One version of a plan, with what changed against the one before."""

    version: int
    digest: str
    sections: dict[str, str]
    adopted_by: str
    at: str
    changes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanHistory(Question[list[PlanVersion]]):
    """All versions of a product's plan, each with a readable difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceClock(Command[str]):
    """Set the clock of a product on simulated time forward; gives the new moment."""

    right: ClassVar[str] = "operate"
    to: str
