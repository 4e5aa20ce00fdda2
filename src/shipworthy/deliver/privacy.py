"""What is kept of personal values beside answers, as the plan declares: nothing, a hash, a seal, or the value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from shipworthy.edges.pseudonyms import Pseudonyms
from shipworthy.edges.sealing import hashed_value, kept_column, sealed_value
from shipworthy.plan.personal import treatments
from shipworthy.plan.schema import Plan

_HOW: dict[str, Callable[[Pseudonyms, str, object], object]] = {"hash": hashed_value, "encrypt": sealed_value}


@dataclass(frozen=True)
class Keeping:
    """How the inputs of answers are kept.

    Attributes:
        treated: drop, hash or encrypt, by the name of each personal column that is not kept as it is.
    """

    treated: Mapping[str, str]
    pseudonyms: Pseudonyms

    def kept(self, values: Mapping[str, object]) -> Mapping[str, object]:
        """Some inputs by name as they are kept; the same mapping where nothing of it is personal."""
        if self.treated.keys().isdisjoint(values):
            return values
        found: dict[str, object] = {}
        for name, value in values.items():
            how = self.treated.get(name, "plain")
            if how == "plain":
                found[name] = value
            elif how != "drop":
                found[name] = _HOW[how](self.pseudonyms, name, value)
        return found

    def table(self, features: pa.Table) -> pa.Table:
        """A feature table as it is kept."""
        for name in features.column_names:
            how = self.treated.get(name, "plain")
            if how == "drop":
                features = features.drop_columns([name])
            elif how != "plain":
                features = kept_column(features, name, _HOW[how], self.pseudonyms)
        return features


def keeping(plan: Plan, keys: Path) -> Keeping:
    """How a plan wants personal inputs kept; sealed where it does not say.

    The entity's own name is kept as it is: labels, traces and erasure find a person's rows by it.

    Args:
        keys: the folder of the store's keys.
    """
    return Keeping({name: how for name, how in treatments(plan).items() if how != "plain"}, Pseudonyms(keys))


def unreadable(plan: Plan) -> frozenset[str]:
    """Inputs that nobody can read again, so that nothing can be said of how they change."""
    return frozenset(name for name, how in treatments(plan).items() if how in ("drop", "hash"))
