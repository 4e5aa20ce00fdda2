"""Pure decisions about candidates: their name, whom they learn from, when, and how a score becomes an action."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.digest import digest_of, digest_of_parts
from shipworthy.base.times import Length, midnight
from shipworthy.data.engine import engine, literal
from shipworthy.model.terms import Declared
from shipworthy.plan.schema import Cohorts, Decision

Scores = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.bool_]

DIGITS = 12
"""Decimals that a score keeps: beyond them two machines may differ, and a decision must not hang on it."""

_CALENDAR = datetime(2001, 1, 1, tzinfo=UTC)  # a Monday, a first of a month and a first of a year
_CALENDAR_SLACK = 5.0  # days by which a stretch of calendar months can differ from its mean length
_HASH_DIGITS = 16
_LARGEST = 2**64 - 1
_MANY = 10_000  # from here on the engine's hashes are cheaper than its start


def candidate_digest(
    sections: Mapping[str, str],
    code: str,
    snapshot: str,
    environment: str,
    model: str,
    reading: Sequence[object],
) -> str:
    """The name of a candidate: one digest over everything that determines its answers.

    Args:
        sections: digest of each answer-determining section of the plan.
        code, snapshot, environment, model: digests of the pipeline, the data, the locked environment, the model files.
        role: a model or the declared baseline.

        reading: how the model files are read: role, format and the names of the features in order.

    Our own version is not part of it: a new release of Shipworthy makes no new candidates.
    """
    parts = {"code": code, "snapshot": snapshot, "environment": environment, "model": model}
    parts["reading"] = digest_of(list(reading))
    parts.update({f"section/{name}": digest for name, digest in sections.items()})
    return digest_of_parts(parts.items())


def decide(
    scores: Scores,
    entities: Sequence[str],
    rule: Decision,
    asked: Sequence[str] = (),
    named: Sequence[str] | None = None,
) -> list[str]:
    """What to do about each row, by the decision rule of the plan.

    The highest scores are chosen (`top` so many, `share` of all rows rounded down, or every score of at least
    `threshold`); equal scores are ordered by the entity's name. A score inside the `ask` band, both ends
    included, goes to a person whatever the rule says, and so does a row that breaks a humility rule. Either keeps its
    place: nobody moves up for it, since the person who is asked may still say yes.

    Args:
        scores: one finite number per row.
        entities: one name per row, in the same order.
        asked: why a person is asked about each row, empty where nobody need be (`model.humility`); none for no row.
        named: the class of each row, where an answer is one: it is the decision, unless a person is asked.

    Raises:
        ValueError: the rule names none of top, share and threshold.

    >>> decide(np.array([0.2, 0.9, 0.9]), ["a", "c", "b"], Decision(top=1))
    ['no', 'no', 'yes']
    """
    codes, words = decided(scores, entities, rule, asked, named)
    return [words[code] for code in codes.tolist()]


def decided(
    scores: Scores,
    entities: Sequence[str],
    rule: Decision,
    asked: Sequence[str] = (),
    named: Sequence[str] | None = None,
) -> tuple[npt.NDArray[np.int32], list[str]]:
    """The same as `decide` gives, as the place of each row's decision among the words there are."""
    words = list(dict.fromkeys([rule.no, rule.yes, rule.ask_name] if named is None else [*named, rule.ask_name]))
    ask = words.index(rule.ask_name)
    if named is None:
        no, yes = words.index(rule.no), words.index(rule.yes)
        codes = np.where(_chosen(scores, entities, rule), np.int32(yes), np.int32(no))
    else:
        places = {word: place for place, word in enumerate(words)}
        codes = np.fromiter((places[name] for name in named), dtype=np.int32, count=len(named))
    if rule.ask is not None:
        low, high = rule.ask
        codes[(scores >= low) & (scores <= high)] = ask
    if any(asked):
        codes[np.fromiter(map(bool, asked), dtype=bool, count=len(codes))] = ask
    return codes, words


def decision_at(score: float, rule: Decision, cut: float, asked: str = "", named: str = "") -> str:
    """What to do about one row by itself.

    Args:
        cut: the lowest score that a list would choose, for a rule that chooses so many; see `cut_of`.
        asked: why a person is asked whatever the score (`model.humility`); empty where nobody need be.
        named: the class of the answer; empty where an answer is none.

    >>> decision_at(0.4, Decision(top=1), 0.5), decision_at(0.6, Decision(threshold=0.5), 0.0)
    ('no', 'yes')
    """
    if asked or (rule.ask is not None and rule.ask[0] <= score <= rule.ask[1]):
        return rule.ask_name
    if named:
        return named
    return rule.yes if score >= (cut if rule.threshold is None else rule.threshold) else rule.no


def cut_of(scores: Scores, rule: Decision) -> float:
    """The lowest score among those that a rule chooses of a list; infinite where it chooses none.

    >>> cut_of(np.array([0.2, 0.9, 0.4]), Decision(top=2))
    0.4
    """
    if rule.threshold is not None:
        return rule.threshold
    if rule.top is None and rule.share is None:
        return 0.0  # of a class nothing hangs on the others
    count = rule.top if rule.top is not None else math.floor((rule.share or 0.0) * len(scores) + 1e-9)
    ordered = np.sort(scores)[::-1]
    return float(ordered[min(count, len(ordered)) - 1]) if count and len(ordered) else math.inf


def _chosen(scores: Scores, entities: Sequence[str], rule: Decision) -> Chosen:
    if rule.threshold is not None:
        return np.asarray(scores >= rule.threshold, dtype=bool)
    if rule.top is not None:
        count = rule.top
    elif rule.share is not None:
        count = math.floor(rule.share * len(scores) + 1e-9)
    else:
        raise ValueError("a decision rule needs one of top, share and threshold")
    return _best(scores, entities, min(count, len(scores)))


def _best(scores: Scores, entities: Sequence[str], count: int) -> Chosen:
    """The so many highest scores; only those that are equal to the lowest of them are ordered by name."""
    if not count:
        return np.zeros(len(scores), dtype=bool)
    lowest = np.partition(scores, len(scores) - count)[len(scores) - count]
    chosen = np.asarray(scores > lowest, dtype=bool)
    equal = np.flatnonzero(scores == lowest)
    if len(equal) < _MANY:
        order = np.argsort([str(entities[place]) for place in equal.tolist()], kind="stable")
    else:
        order = pc.sort_indices(pa.array(entities, pa.string()).take(pa.array(equal))).to_numpy()
    chosen[equal[order[: count - int(chosen.sum())]]] = True
    return chosen


def ranking(scores: Scores, entities: Sequence[str]) -> npt.NDArray[np.intp]:
    """Positions of the rows from the highest score to the lowest; equal scores by the entity's name."""
    return np.lexsort((np.asarray(entities, dtype=object).astype(str), -np.asarray(scores)))


def cohort_of(
    entities: Sequence[str], cohorts: Cohorts, product: str, column: Sequence[object] | None = None
) -> list[str]:
    """The cohort of each entity: by a declared hash of its name, or the value of a declared column.

    With `by: hash` the name's SHA-256 (`product/cohort/entity`) is spread evenly over the cohorts' names, so an
    entity keeps its cohort for good. With `by: column` the value itself is the cohort; a value that is no declared
    name gives an empty text, so that nobody is switched on by mistake.

    Args:
        column: the values of the cohort column, one per entity; only with `by: column`.

    Raises:
        ValueError: `by: column` without the column's values.
    """
    if cohorts.by == "column":
        if column is None:
            raise ValueError("cohorts by column need the values of that column")
        known = {name: name for name in cohorts.names}
        return [known.get(str(value), "") for value in column]
    names, count = cohorts.names, len(cohorts.names)
    if count == 1:
        return names * len(entities)
    places = hashed(f"{product}/cohort/", entities) % np.uint64(count)
    told: list[str] = np.asarray(names, dtype=object)[places.astype(np.intp)].tolist()
    return told


def held_out(entities: Sequence[str], product: str, share: float) -> Chosen:
    """Which entities training never sees: those whose hash falls into the first `share` of its range.

    The hash is that of `product:entity` (SHA-256, first 16 hex digits over 2**64), so the choice needs no record,
    is the same on every machine, and stays for the product's whole life.
    """
    return chosen_by_hash(f"{product}:", entities, share)


def chosen_by_hash(salt: str, entities: Sequence[str], share: float) -> Chosen:
    """Which entities lie in the first `share` of the range of a hash of salt and name (SHA-256, first 16 hex digits).

    An entity that is chosen for one share is chosen for every larger one; other salts choose independently.
    """
    # As Python compares a whole number with a decimal one: without rounding the former.
    bound = math.ceil(share * 2.0**64)
    if bound > _LARGEST:
        return np.ones(len(entities), dtype=bool)
    return np.asarray(hashed(salt, entities) < np.uint64(max(bound, 0)), dtype=bool)


def in_share(salt: str, entity: str, share: float) -> bool:
    """Whether one entity is chosen, see `chosen_by_hash`."""
    return int(hashlib.sha256(f"{salt}{entity}".encode()).hexdigest()[:_HASH_DIGITS], 16) < share * 2.0**64


def hashed(start: str, entities: Sequence[str]) -> npt.NDArray[np.uint64]:
    """For each name the first 16 hex digits of the SHA-256 of `start` and the name together, as a number."""
    given = pa.array(entities, pa.string())
    if len(entities) < _MANY:
        found = (hashlib.sha256(f"{start}{name}".encode()).hexdigest()[:_HASH_DIGITS] for name in given.to_pylist())
        return np.fromiter((int(digits, 16) for digits in found), dtype=np.uint64, count=len(entities))
    with engine() as duck:
        duck.register("names", pa.table({"n": given, "place": np.arange(len(entities))}))
        digits = f"left(sha256({literal(start)} || n), {_HASH_DIGITS})"
        numbers = duck.sql(
            f"SELECT CAST('0x' || {digits} AS UBIGINT) AS number FROM names ORDER BY place"
        ).to_arrow_table()
    counted: npt.NDArray[np.uint64] = numbers["number"].to_numpy()
    return counted


def mature_moments(plan: Declared, now: datetime, earliest: datetime | None = None) -> list[datetime]:
    """The newest moments whose truth is already known: s with s + horizon <= now, oldest first.

    They lie `training.every` apart, counted from `training.first` where it is declared, otherwise along the
    calendar (months from January, weeks from Monday). At most `training.snapshots` of them, none before
    `training.first`, and each after `earliest`, since features need rows that came before.

    Args:
        now: the product's time.
        earliest: the oldest time in the data; None where the data has no time.
    """
    training = plan.model.training
    first = midnight(training.first) if training.first else None
    anchor = first or _CALENDAR
    index = _last_before(anchor, training.every, plan.need.horizon, now)
    moments: list[datetime] = []
    while len(moments) < training.snapshots:
        moment = _at(anchor, training.every, index)
        if (first and moment < first) or (earliest and moment <= earliest) or (not earliest and not first and moments):
            break
        moments.append(moment)
        index -= 1
    return moments[::-1]


def _at(anchor: datetime, every: Length, index: int) -> datetime:
    return Length(months=every.months * index, seconds=every.seconds * index).after(anchor)


def _last_before(anchor: datetime, every: Length, horizon: Length, now: datetime) -> int:
    days = (now - anchor).total_seconds() / 86400 - horizon.days + _CALENDAR_SLACK
    index = math.floor(days / every.days) + 1
    while horizon.after(_at(anchor, every, index)) > now:
        index -= 1
    return index
