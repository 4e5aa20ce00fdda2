"""What the plan declares about the answers of a window: the words of the decision, and the groups that are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from shipworthy.base.times import read_moment
from shipworthy.prove.groups import of_source
from shipworthy.release.words import CANARY, ReleaseStepped
from shipworthy.watch.folds import SEALED
from shipworthy.watch.monitor import Values, Window

if TYPE_CHECKING:
    import pyarrow as pa

    from shipworthy.base.fact import Past
    from shipworthy.plan.schema import Plan
    from shipworthy.watch.rules import Answered


def decided(window: Window, plan: Plan, answer: str, words: Values) -> Window:
    """A window with what was decided about its answers, and which words mean yes and no."""
    rule = plan.decision
    if answer == "class":  # every class but the one that counts as yes is a no, unless a person was asked
        no = f"not {rule.yes}"
        words = np.where((words == rule.yes) | (words == rule.ask_name), words, no)
        return replace(window, decisions=words, yes=rule.yes, no=no)
    cut = rule.threshold if answer == "number" else None
    return replace(window, decisions=words, yes=rule.yes, no=rule.no, threshold=cut)


def declared_share(past: Past, of: Answered) -> float:
    """The share of the entities that a candidate was declared to answer when it answered: 1 but for a canary."""
    known = past.fold(SEALED)["windows"].get(of.moment, {}).get(of.candidate)
    last = read_moment(known["last"]) if known else read_moment(of.moment)
    steps = [fact.what for fact in past.of(ReleaseStepped, about=of.candidate) if fact.at <= last]
    return steps[-1].share if steps and steps[-1].step == CANARY and steps[-1].share > 0 else 1.0


def segmented(profile: Mapping[str, Any]) -> list[str]:
    """The inputs by whose values the performance of a candidate is also watched."""
    return list((profile.get("performance") or {}).get("segments") or ())


def groups_of(
    plan: Plan, features: Mapping[str, Values], sources: Mapping[str, pa.Table], entities: Sequence[str]
) -> dict[str, Values]:
    """By fairness column the value of each entity, missing where it is not known; without a column nobody has.

    Args:
        features: the inputs behind the answers.
        sources: accepted rows as they were when the answers were given.
    """
    found: dict[str, Values] = {}
    for declared in plan.proof.fairness:
        if declared.source is None:
            if declared.column in features:
                found[declared.column] = features[declared.column]
            continue
        column = of_source(plan, declared, sources.get(declared.source))
        if column is not None:
            known: pd.Series[Any] = column[~column.index.duplicated(keep="first")]
            found[declared.column] = np.asarray(known.reindex(pd.Index(entities, dtype=object)))
    return found
