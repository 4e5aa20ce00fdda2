"""Truths that are only known of those on whom the product acted, each counted by one over its chance.

An answer that was to be acted on with chance p, and was, counts for value / p; one that was not counts for nothing.
The mean over all answers is then on average that of everybody, whatever the rule chose (inverse propensity; Horvitz and
Thompson, 1952). Times the least chance the values stay within [0, 1], so that a detector of bounded means keeps its
guarantee against bounds that are multiplied alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from shipworthy.deliver.log import PROPENSITY
from shipworthy.deliver.run import SHADOW
from shipworthy.model.exploring import acted_on, weighs
from shipworthy.model.rules import hashed
from shipworthy.model.weighing import with_chances
from shipworthy.watch.monitor import Floats, Weights

if TYPE_CHECKING:
    from shipworthy.edges.files import Files
    from shipworthy.plan.schema import Plan


@dataclass(frozen=True, slots=True)
class NotLogged:
    """Why answers cannot be weighed."""

    why: str


def weighed(acted: npt.ArrayLike, chances: Floats, least: float, draws: npt.NDArray[np.uint64]) -> Weights:
    """The weight of each answer: least / p where it was acted on, 0 where it was not.

    Args:
        acted: whether each answer was acted on.
        chances: with which it was to be; NaN where a person decided, whose choice has no chance that is known.
        least: the share that is explored, the lowest of all chances.
        draws: see `Weights`.

    >>> weighed([True, True, False], np.array([1.0, 0.1, 0.1]), 0.1, np.arange(3, dtype=np.uint64)).each.tolist()
    [0.1, 1.0, 0.0]
    """
    known = np.isfinite(chances) & (chances > 0)
    each = np.where(np.asarray(acted, dtype=bool) & known, least / np.where(known, chances, 1.0), 0.0)
    return Weights(np.where(known, each, np.nan), least, draws)


def chances_of(
    files: Files, segments: Sequence[str], plan: Plan, answers: pd.DataFrame, salt: str
) -> Weights | NotLogged:
    """The weights of some answers, as the log says with which chance each was to be acted on.

    Args:
        segments: where these answers are sealed.
        answers: with `answer_id`, `entity`, `decision` and `step`; nobody acts on what is said in shadow, so what is
            known of its truths hangs on what another candidate decided.
        salt: of the hash by which those take part who were left out.
    """
    explore = plan.decision.explore
    if explore is None:
        return NotLogged(
            "The truth is only known of those on whom the product acted, and nobody is acted on at random "
            "(decision.explore): nothing can be said of the others."
        )
    silent = np.asarray(answers["step"] == SHADOW)
    if len(answers) and silent.all():
        return NotLogged("Nobody acted on these answers in shadow, so they cannot be weighed; its trial compares them.")
    found = [with_chances(files, segment, ["answer_id"]) for segment in segments]
    logged = pa.concat_tables(found).to_pandas().drop_duplicates("answer_id").set_index("answer_id")[PROPENSITY.name]
    chances = np.where(silent, np.nan, np.asarray(logged.reindex(answers["answer_id"]), dtype=np.float64))
    if len(answers) and not np.isfinite(chances).any():
        return NotLogged("These answers were given before anybody was acted on at random, so they cannot be weighed.")
    if (chances < explore.share).any():
        return NotLogged("These answers were drawn with a smaller share than the plan names now: they are not weighed.")
    draws = hashed(f"{plan.product}/weighed/{salt}/", answers["entity"].tolist())
    return weighed(acted_on(plan, answers["decision"]), chances, explore.share, draws)


def least_of(plan: Plan) -> float:
    """What values and bounds are multiplied by: the explored share, 1 where nothing is weighed."""
    return plan.decision.explore.share if plan.decision.explore and weighs(plan) else 1.0
