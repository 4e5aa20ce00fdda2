"""The slice of people who are acted on at random, so that the truth about those whom the rule leaves out is learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.model.rules import Chosen, chosen_by_hash, in_share

if TYPE_CHECKING:
    from shipworthy.plan.schema import Decision, Plan

PROPENSITY = pa.field("propensity", pa.float64())
"""The chance with which an answer was to be acted on: a column more where the plan explores; null if people decide."""

EXPLORED = "chosen at random, whatever the score, so that the truth about such cases becomes known"
"""The first reason of an answer that is explored, so that whoever acts on it knows why it is there."""


@dataclass(frozen=True, slots=True)
class Explored:
    """Decisions with those that were turned to yes at random.

    Attributes:
        codes: the place of each row's decision among the words; words: those that were given, and yes.
        chances: the chance with which each row was to be acted on, by the hash alone: 1 where the rule says yes, the
            declared share where it says no, NaN where a person decides.
        drawn: the rows that the rule says no to and that are acted on all the same.
    """

    codes: npt.NDArray[np.int32]
    words: list[str]
    chances: npt.NDArray[np.float64]
    drawn: Chosen


def left_alone(rule: Decision, classes: Sequence[str] = ()) -> frozenset[str]:
    """The decisions on which nobody acts: no; of classes every one but yes, or the one that is named as no.

    >>> from shipworthy.plan.schema import Decision
    >>> sorted(left_alone(Decision(yes="repair"), ["repair", "replace", "none"]))
    ['none', 'replace']
    >>> sorted(left_alone(Decision(yes="repair", no="none"), ["repair", "replace", "none"]))
    ['none']
    """
    if not classes or rule.no in classes:
        return frozenset({rule.no})
    return frozenset(classes) - {rule.yes}


def acted_on(plan: Plan, decisions: npt.ArrayLike) -> Chosen:
    """Whether somebody surely acts on each decision, so that its truth becomes known.

    A person who is asked may or may not; a word of an earlier plan counts as nothing, which loses rows and biases none.
    """
    words = set(plan.need.classes or [plan.decision.yes]) - left_alone(plan.decision, plan.need.classes)
    return np.asarray(np.isin(np.asarray(decisions, dtype=object), np.array(sorted(words), dtype=object)), dtype=bool)


def weighs(plan: Plan) -> bool:
    """Whether truths of this product are only known of those on whom it acted, so that they are weighed."""
    said = plan.respond.retraining
    return bool(said and said.labels_only_when_acted)


def salt_of(rule: Decision, product: str, as_of: datetime) -> str:
    """What names are hashed with: another draw each day, the same on every machine and in lists and real time."""
    assert rule.explore is not None
    return f"{product}/explore/{rule.explore.seed}/{as_of.astimezone(UTC):%Y-%m-%d}/"


def explored(
    codes: npt.NDArray[np.int32],
    words: Sequence[str],
    entities: Sequence[str],
    rule: Decision,
    product: str,
    as_of: datetime,
    classes: Sequence[str] = (),
) -> Explored:
    """Some of those whom the rule says no to, drawn by a hash of their name, get a yes; who asks a person, goes there.

    Args:
        codes, words: as `model.rules.decided` gives them.
        classes: those that the plan declares, where an answer is one; see `left_alone`.
    """
    assert rule.explore is not None
    share, every = rule.explore.share, list(dict.fromkeys([*words, rule.yes]))
    idle = left_alone(rule, classes)
    left = np.array([word in idle for word in every])[codes]
    drawn = chosen_by_hash(salt_of(rule, product, as_of), entities, share) & left
    chances = np.where(left, share, np.where(codes == every.index(rule.ask_name), np.nan, 1.0))
    return Explored(np.where(drawn, np.int32(every.index(rule.yes)), codes), every, chances, drawn)


def explored_one(
    decision: str, entity: str, rule: Decision, product: str, as_of: datetime, classes: Sequence[str] = ()
) -> tuple[str, float | None]:
    """The same for one answer at a time: its decision, and its chance; None where a person decides."""
    assert rule.explore is not None
    if decision == rule.ask_name:
        return decision, None
    if decision not in left_alone(rule, classes):
        return decision, 1.0
    drawn = in_share(salt_of(rule, product, as_of), entity, rule.explore.share)
    return rule.yes if drawn else decision, rule.explore.share


def headed(drawn: npt.NDArray[np.bool_], reasons: pa.ListArray) -> pa.ListArray:
    """The same as `told_explored` gives, for many rows at once.

    >>> headed(np.array([True, False]), pa.array([["a"], ["b"]])).to_pylist()[1]
    ['b']
    """
    counts = np.asarray(pc.list_value_length(reasons))
    ends = np.concatenate([[0], np.cumsum(counts + drawn)])
    first = np.zeros(ends[-1], dtype=bool)
    first[ends[:-1][drawn]] = True
    places = np.full(ends[-1], counts.sum(), dtype=np.int64)
    places[~first] = np.arange(counts.sum())
    texts = pa.concat_arrays([reasons.flatten(), pa.array([EXPLORED], pa.string())])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), texts.take(pa.array(places)))


def told_explored(drawn: Sequence[bool], reasons: Sequence[list[str]]) -> list[list[str]]:
    """The reasons of each row, headed by why it is there where the score is not why.

    >>> told_explored([False, True], [["a"], ["b"]])[1][1:]
    ['b']
    """
    return [[EXPLORED, *rest] if one else list(rest) for one, rest in zip(drawn, reasons, strict=True)]
