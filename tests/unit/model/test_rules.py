"""Names, decisions, cohorts, hold-outs and moments: the pure rules of candidates."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipworthy.base.times import length
from shipworthy.model import rules
from shipworthy.model.rules import candidate_digest, cohort_of, decide, held_out, mature_moments, ranking
from shipworthy.model.terms import Terms
from shipworthy.plan.schema import Baseline, Cohorts, Data, Decision, Model, Need, Training

NAMES = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=40, unique=True)


def terms(horizon: str = "3mo", **training: Any) -> Terms:
    need = Need(question="Who will buy soon?", decision="Call them first.", entity="id", horizon=length(horizon))
    model = Model(baseline=Baseline(kind="constant"), training=Training(**training))
    return Terms("shop", need, {}, Data(), model)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def dates(moments: list[datetime]) -> list[str]:
    return [moment.date().isoformat() for moment in moments]


def test_a_candidate_is_named_by_each_of_its_parts() -> None:
    same = ({"need": "a", "data": "b"}, "code", "snapshot", "environment", "model", ("model", "skops", ["x", "y"]))
    first = candidate_digest(*same)
    assert candidate_digest({"data": "b", "need": "a"}, *same[1:]) == first
    for place, other in enumerate(({"need": "a"}, "x", "x", "x", "x", ("model", "skops", ["y", "x"]))):
        changed: list[Any] = list(same)
        changed[place] = other
        assert candidate_digest(*changed) != first


@given(NAMES, st.integers(1, 50), st.randoms(use_true_random=False))
def test_the_top_rows_are_those_with_the_highest_scores(names: list[str], top: int, chance: Any) -> None:
    scores = np.array([chance.choice([0.1, 0.2, 0.3]) for _ in names])
    words = decide(scores, names, Decision(top=top))
    chosen = {name for name, word in zip(names, words, strict=True) if word == "yes"}
    best_first = sorted(zip(-scores, names, strict=True))
    assert chosen == {name for _, name in best_first[:top]}


@given(NAMES, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_no_decision(names: list[str], chance: Any) -> None:
    scores = {name: chance.choice([0.1, 0.5]) for name in names}
    shuffled = list(names)
    chance.shuffle(shuffled)
    rule = Decision(share=0.3)
    one = dict(zip(names, decide(np.array([scores[n] for n in names]), names, rule), strict=True))
    two = dict(zip(shuffled, decide(np.array([scores[n] for n in shuffled]), shuffled, rule), strict=True))
    assert one == two


def test_a_share_is_rounded_down_and_a_threshold_includes_its_value() -> None:
    scores, names = np.linspace(0, 1, 10), [str(i) for i in range(10)]
    assert decide(scores, names, Decision(share=0.3)).count("yes") == 3
    assert decide(scores, names, Decision(share=0.39)).count("yes") == 3
    assert decide(np.array([0.5, 0.49]), ["a", "b"], Decision(threshold=0.5)) == ["yes", "no"]


def test_scores_in_the_band_go_to_a_person_whatever_the_rule_says() -> None:
    rule = Decision(threshold=0.5, ask=(0.4, 0.6), yes="approve", no="refuse", ask_name="underwriter")
    words = decide(np.array([0.3, 0.4, 0.55, 0.6, 0.7]), list("abcde"), rule)
    assert words == ["refuse", "underwriter", "underwriter", "underwriter", "approve"]


def test_no_rows_give_no_decisions() -> None:
    assert decide(np.zeros(0), [], Decision(top=3)) == []


def test_held_out_follows_the_declared_hash() -> None:
    names = [f"c{i}" for i in range(2000)]
    expected = [int(hashlib.sha256(f"shop:{n}".encode()).hexdigest()[:16], 16) / 2**64 < 0.2 for n in names]
    assert held_out(names, "shop", 0.2).tolist() == expected
    assert not held_out(names, "shop", 0.0).any()
    assert held_out(names, "shop", 1.0).all()


def test_cohorts_by_hash_are_even_and_stable() -> None:
    cohorts = Cohorts(names=["north", "south", "east", "west"])
    names = [f"c{i}" for i in range(4000)]
    parts = cohort_of(names, cohorts, "shop")
    assert all(800 < parts.count(name) < 1200 for name in cohorts.names)
    assert cohort_of(names[17:18], cohorts, "shop") == parts[17:18]


def test_cohorts_by_column_switch_on_nobody_by_mistake() -> None:
    cohorts = Cohorts(by="column", column="branch", names=["b1", "b2"])
    assert cohort_of(["x", "y", "z"], cohorts, "shop", ["b2", "b9", None]) == ["b2", "", ""]
    with pytest.raises(ValueError, match="column"):
        cohort_of(["x"], cohorts, "shop")


def test_moments_lie_along_the_declared_first_and_are_mature() -> None:
    plan = terms(snapshots=3, every=length("1mo"), first="1997-04-01")
    earliest = day("1997-01-01")
    assert dates(mature_moments(plan, day("1997-06-30"), earliest)) == []
    assert dates(mature_moments(plan, day("1997-07-01"), earliest)) == ["1997-04-01"]
    expected = ["1997-10-01", "1997-11-01", "1997-12-01"]
    assert dates(mature_moments(plan, day("1998-03-15"), earliest)) == expected


def test_moments_follow_the_calendar_where_no_first_is_declared() -> None:
    earliest = day("2020-01-01")
    monthly = terms("30d", snapshots=2, every=length("1mo"))
    assert dates(mature_moments(monthly, day("2024-03-05"), earliest)) == ["2024-01-01", "2024-02-01"]
    weekly = terms("7d", snapshots=2, every=length("1w"))
    moments = mature_moments(weekly, day("2024-03-05"), earliest)
    assert dates(moments) == ["2024-02-19", "2024-02-26"]
    assert {moment.weekday() for moment in moments} == {0}


def test_a_moment_needs_rows_before_it() -> None:
    plan = terms("30d", snapshots=5, every=length("1mo"))
    assert dates(mature_moments(plan, day("2024-06-05"), day("2024-02-01"))) == [
        "2024-03-01",
        "2024-04-01",
        "2024-05-01",
    ]


def test_data_without_time_gives_one_moment() -> None:
    assert dates(mature_moments(terms("30d", snapshots=5), day("2024-06-05"), None)) == ["2024-05-01"]


@given(
    st.datetimes(datetime(1999, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - made aware below
    st.sampled_from(["1d", "7d", "1mo", "3mo", "12h"]),
    st.sampled_from(["1d", "30d", "3mo", "1y"]),
    st.integers(1, 12),
)
def test_every_moment_is_mature_and_the_next_one_is_not(now: datetime, every: str, horizon: str, count: int) -> None:
    now = now.replace(tzinfo=UTC)
    plan = terms(horizon, snapshots=count, every=length(every))
    moments = mature_moments(plan, now, day("1990-01-01"))
    assert len(moments) == count
    assert moments == sorted(moments)
    assert length(horizon).after(moments[-1]) <= now
    assert length(horizon).after(length(every).after(moments[-1])) > now


def test_hashes_of_many_names_are_those_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"é '{number}" for number in range(300)]
    cohorts = Cohorts(names=["b1", "b2", "b3"])
    each = cohort_of(names, cohorts, "it's"), held_out(names, "it's", 0.2).tolist()
    monkeypatch.setattr(rules, "_MANY", 1)
    assert (cohort_of(names, cohorts, "it's"), held_out(names, "it's", 0.2).tolist()) == each


@given(st.lists(st.sampled_from([0.1, 0.5, 0.9]), max_size=30), st.integers(1, 12))
def test_the_best_are_the_first_of_the_ranking(scores: list[float], top: int) -> None:
    names = [f"n{len(scores) - number:02}" for number in range(len(scores))]
    words = decide(np.array(scores), names, Decision(top=top))
    first = ranking(np.array(scores), names)[:top].tolist()
    assert [number for number, word in enumerate(words) if word == "yes"] == sorted(first)
