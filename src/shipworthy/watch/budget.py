"""The false alarms that a product accepts in a year, shared among its monitors."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import floor

MOST_EACH = 0.05
# A monitor always keeps something to raise an alarm with, also under a plan that gave everything away.
_LEAST_EACH = 1e-3


@dataclass(frozen=True, slots=True)
class Part:
    """One monitor's part of the budget.

    Attributes:
        alpha: the chance of a false alarm in a year that it may spend.
        declared: the plan names it; otherwise it is an equal part of what is left.
    """

    alpha: float
    declared: bool


def parts(budget: float, declared: Mapping[str, float], spending: Collection[str]) -> dict[str, Part]:
    """The part of every monitor that can raise a false alarm: its own where declared, an equal part of the rest else.

    The sum bounds the expected number of false alarms and notes in a year, however the monitors depend on each other.
    What nobody was given stays in reserve for monitors to come, so that a new one weakens no other.

    Args:
        budget: false alarms a year of the whole product.
        declared: by name, where the plan says one; names that are no monitor are left out.
        spending: the names of the monitors whose verdicts can be false.

    >>> {name: part.alpha for name, part in parts(0.5, {"a": 0.46}, ["a", "b", "c"]).items()}
    {'a': 0.46, 'b': 0.02, 'c': 0.02}
    """
    own = {name: alpha for name, alpha in declared.items() if name in spending}
    others = [name for name in spending if name not in own]
    # Rounded down, so that the parts together never spend more than the plan accepts.
    each = floor((budget - sum(own.values())) / max(1, len(others)) * 1e6 + 1e-6) / 1e6
    rest = min(MOST_EACH, max(each, _LEAST_EACH))
    return {name: Part(own[name], True) if name in own else Part(rest, False) for name in spending}
