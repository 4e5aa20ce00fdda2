"""Truths of those acted on, each by one over its chance: right on average, bounded, and with the promised error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.watch.facts import plan
from unit.watch.monitors.test_performance import SETTINGS, profile

from shipworthy.deliver.log import PROPENSITY
from shipworthy.edges.files import Files
from shipworthy.model.classes import losses, right
from shipworthy.model.exploring import EXPLORED, explored, explored_one, told_explored
from shipworthy.model.rules import decided, hashed
from shipworthy.plan.schema import Decision
from shipworthy.plan.schema_model import Exploration
from shipworthy.watch.monitor import OfClasses, Weights, Window
from shipworthy.watch.monitors import calibration, performance
from shipworthy.watch.reading import Reading
from shipworthy.watch.rules import Answered
from shipworthy.watch.trials import DueTrial
from shipworthy.watch.trying import _of_each
from shipworthy.watch.weighing import NotLogged, chances_of, weighed

DAY = datetime(2026, 3, 2, tzinfo=UTC)
_NEED = {"question": "What does it need?", "decision": "It gets it.", "entity": "pump", "horizon": "1w"}
RULE = Decision(top=20, explore=Exploration(share=0.1, seed="spring"))


def numbered(count: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    return np.arange(count, dtype=np.uint64)


def drawn(count: int = 200, day: datetime = DAY, rule: Decision = RULE) -> Any:
    scores = np.linspace(0, 1, count)
    names = [f"{number:04}" for number in range(count)]
    codes, words = decided(scores, names, rule)
    return words, names, explored(codes, words, names, rule, "renewals", day)


def test_a_share_of_those_left_out_is_drawn_the_same_everywhere_and_others_the_next_day() -> None:
    words, names, today = drawn(2_000)
    assert drawn(2_000)[2].drawn.tolist() == today.drawn.tolist()
    assert drawn(2_000, DAY + timedelta(days=1))[2].drawn.tolist() != today.drawn.tolist()
    yes = today.codes == words.index(RULE.yes)
    assert today.chances[yes & ~today.drawn].tolist() == [1.0] * 20
    assert 130 < today.drawn.sum() < 270
    assert set(today.chances[~yes]) == {0.1}
    one_by_one = [
        explored_one("yes" if chance == 1 else "no", name, RULE, "renewals", DAY)
        for name, chance in zip(names, today.chances, strict=True)
    ]
    assert [words[code] for code in today.codes] == [decision for decision, _ in one_by_one]
    assert [chance for _, chance in one_by_one] == today.chances.tolist()
    assert told_explored([True], [["minutes"]]) == [[EXPLORED, "minutes"]]


def test_who_asks_a_person_is_never_drawn() -> None:
    rule = RULE.model_copy(update={"ask": (0.2, 0.6)})
    words, _, found = drawn(2_000, rule=rule)
    asked = found.codes == words.index(rule.ask_name)
    assert asked.sum() > 700
    assert not found.drawn[asked].any()
    assert np.isnan(found.chances[asked]).all()


@pytest.mark.parametrize("no", ["no", "none"])
def test_of_classes_whoever_is_left_alone_is_drawn_and_gets_the_one_that_counts_as_yes(no: str) -> None:
    classes = ("repair", "replace", "none")
    rule = Decision(yes="repair", no=no, ask=(0.9, 1), explore=Exploration(share=0.1, seed="spring"))
    names = [f"{number:04}" for number in range(3_000)]
    said = [("replace", "none")[number % 2] for number in range(3_000)]  # nobody gets the one that counts as yes
    codes, words = decided(np.linspace(0, 1, 3_000), names, rule, named=said)
    found = explored(codes, words, names, rule, "renewals", DAY, classes)
    decisions = np.array([found.words[code] for code in found.codes])
    left = np.array([word == "none" or (word == "replace" and no == "no") for word in said])
    asked = np.linspace(0, 1, 3_000) >= 0.9
    assert np.isnan(found.chances[asked]).all()
    assert set(found.chances[left & ~asked]) == {0.1}
    assert (found.chances[~left & ~asked] == 1).all()
    assert set(decisions[found.drawn]) == {"repair"}
    assert found.drawn[left & ~asked].mean() == pytest.approx(0.1, abs=0.03)
    assert (found.drawn == (decisions == "repair")).all()
    one_by_one = [
        explored_one("ask a person" if ask else word, name, rule, "renewals", DAY, classes)
        for word, name, ask in zip(said, names, asked, strict=True)
    ]
    assert [one for one, _ in one_by_one] == decisions.tolist()
    assert [chance for _, chance in one_by_one if chance] == found.chances[~asked].tolist()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([1.0, 0.1, float("nan")])), min_size=1), st.floats(0, 1))
def test_weights_lie_within_0_and_1_and_a_person_s_choice_counts_for_nobody(
    rows: list[tuple[bool, float]], loss: float
) -> None:
    acted, chances = [one for one, _ in rows], np.array([chance for _, chance in rows])
    each = weighed(acted, chances, 0.1, numbered(len(rows))).each
    assert (np.isnan(each) == np.isnan(chances)).all()
    assert ((each[~np.isnan(each)] >= 0) & (each[~np.isnan(each)] * loss <= 1)).all()


def worlds(seed: int, rows: int, real: float) -> tuple[Window, np.ndarray[Any, Any]]:
    """Answers of a rule that acts on high scores, with a truth for those acted on; and everybody's truth."""
    random = np.random.default_rng(seed)
    scores = random.beta(2, 6, rows)
    truth = (random.uniform(0, 1, rows) < np.clip(scores + real * (scores < 0.4), 0, 1)).astype(float)
    chances = np.where(scores >= 0.4, 1.0, 0.1)
    acted = random.uniform(0, 1, rows) < chances
    weights = weighed(acted, chances, 0.1, random.integers(0, 2**63, rows, dtype=np.uint64))
    labels = np.where(acted, truth, np.nan)
    return Window("2026-03-02T00:00:00+00:00", scores, labels=labels, weights=weights), truth


def test_the_weighed_mean_is_that_of_everybody_on_average() -> None:
    found, everybody = [], []
    for seed in range(60):
        window, truth = worlds(seed, 2_000, 0.1)
        told = calibration.judge({}, window, SETTINGS, {})
        found.append(told.numbers["gap"])
        everybody.append(float((window.scores - truth).mean()))
        assert "acted on at random stand for all" in told.text
    assert np.mean(found) == pytest.approx(np.mean(everybody), abs=0.01)
    plain, _ = worlds(1, 2_000, 0.1)
    assert plain.labels is not None
    seen = np.isfinite(plain.labels)
    assert abs(float((plain.scores - plain.labels)[seen].mean()) - everybody[1]) > 0.02, "those acted on are others"


def test_truths_that_are_missing_do_not_make_the_mean_of_everybody_smaller() -> None:
    found, everybody = [], []
    for seed in range(60):
        window, truth = worlds(seed, 2_000, 0.1)
        assert window.labels is not None
        lost = np.random.default_rng(seed).uniform(size=2_000) < 0.5
        told = calibration.judge({}, replace(window, labels=np.where(lost, np.nan, window.labels)), SETTINGS, {})
        found.append(told.numbers["gap"])
        everybody.append(float((window.scores - truth).mean()))
    assert np.mean(everybody) < -0.05
    assert np.mean(found) == pytest.approx(np.mean(everybody), rel=0.15)


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.1, 1.0, float("nan")]), st.booleans()), min_size=1),
)
def test_as_large_a_share_of_those_left_out_counts_as_of_those_acted_on(rows: list[tuple[float, bool]]) -> None:
    each, known = np.array([one for one, _ in rows]), np.array([one for _, one in rows])
    counts = Weights(each, 0.1, numbered(len(rows))).counting(known)
    acted, left_out = each > 0, each == 0
    assert (counts[acted] == known[acted]).all()
    assert not counts[np.isnan(each)].any()
    share = known[acted].mean() if acted.any() else 1.0
    assert abs(counts[left_out].sum() - share * left_out.sum()) < 1


@given(st.permutations(range(12)), st.integers(1, 11))
def test_who_of_those_left_out_takes_part_hangs_neither_on_order_nor_on_a_pattern(order: list[int], known: int) -> None:
    each, draws = np.array([0.1] * 12 + [0.0] * 12), hashed("salt", [f"p{number}" for number in range(24)])
    labels = np.arange(24) < known
    counts = Weights(each, 0.1, draws).counting(labels)
    moved = np.concatenate([np.arange(12), 12 + np.array(order)])
    again = Weights(each[moved], 0.1, draws[moved]).counting(labels[moved])
    assert set(moved[again]) == set(np.flatnonzero(counts))
    assert counts[12:].sum() == known


@pytest.mark.parametrize(
    "name", [lambda n: f"{n:06}", lambda n: f"{(n * 7919) % 20_000:06}", lambda n: f"x{n % 2}-{n}"]
)
def test_a_mean_over_those_left_out_is_the_same_whatever_they_are_called(name: Callable[[int], str]) -> None:
    """Every second one, in one order of names or another, would miss by as much as they differ in pairs."""
    each, odd = np.zeros(20_000), np.arange(20_000) % 2
    each[:2_000] = 0.1
    known = np.arange(20_000) < 1_000  # half of those acted on
    found = Weights(each, 0.1, hashed("salt", [name(number) for number in range(20_000)])).counting(known)
    assert found[2_000:].sum() == 9_000
    assert odd[2_000:][found[2_000:]].mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("name", [lambda n: f"{n:06}", lambda n: f"{(n * 7919) % 8_000:06}"])
def test_a_trial_is_the_same_in_any_order_and_right_whatever_its_people_are_called(
    tmp_path: Path, name: Callable[[int], str]
) -> None:
    """People stand by how much they lose, in one naming; half of the truths are missing."""
    count, random = 8_000, np.random.default_rng(4)
    names, lost = [name(number) for number in range(count)], np.linspace(0, 1, count)
    chances = np.where(random.random(count) < 0.2, 1.0, 0.1)
    acted = random.random(count) < chances
    files, moment = Files(tmp_path), "2026-03-02T00:00:00+00:00"
    segment = files.put_table(pa.table({"answer_id": names, PROPENSITY.name: chances}))
    told = np.where(acted, "yes", "no")
    rows = pd.DataFrame({"answer_id": names, "entity": names, "decision": told, "step": "all"})
    truth = pd.Series(lost, index=names)[acted & (random.random(count) < 0.5)]
    decision = {"top": 2, "explore": {"share": "10%", "seed": "a"}}
    plan_ = plan(decision=decision, respond={"retraining": {"labels_only_when_acted": True}})
    one = DueTrial(Answered("b", moment, (segment,)), Answered("a", moment, (segment,)), (), False)
    mine, other = rows[::4], rows.drop(rows.index[::4])

    def loss(_: pd.DataFrame, labels: pd.Series[float]) -> Any:
        return np.asarray(labels)

    found = _of_each(files, plan_, one, (mine, other), truth, loss)
    mixed = [side.sample(frac=1, random_state=1) for side in (mine, other)]
    again = _of_each(files, plan_, one, mixed, truth, loss)
    for side, same in zip(found[:2], again[:2], strict=True):
        assert side.tolist() == same.tolist()
        assert side.mean() / found[2] == pytest.approx(0.5, abs=0.12)
        assert abs(np.corrcoef(np.arange(side.size), side)[0, 1]) < 0.06, "blocks hang on no name"


def test_what_was_said_in_shadow_is_not_weighed_by_it(tmp_path: Path) -> None:
    table = pa.table({"answer_id": ["1", "2"], PROPENSITY.name: [1.0, 0.1]})
    files = Files(tmp_path)
    segment, plan_ = files.put_table(table), plan(decision={"top": 2, "explore": {"share": "10%", "seed": "a"}})
    answers = pd.DataFrame(
        {"answer_id": ["1", "2"], "entity": ["a", "b"], "decision": ["yes", "no"], "step": ["all", "shadow"]}
    )
    found = chances_of(files, [segment], plan_, answers, "")
    assert isinstance(found, Weights)
    assert found.each[0] == 0.1
    assert np.isnan(found.each[1])
    told = chances_of(files, [segment], plan_, answers.assign(step="shadow"), "")
    assert isinstance(told, NotLogged)
    assert "in shadow" in told.why


def test_of_a_class_only_truths_of_those_acted_on_are_kept_and_the_mean_loss_is_that_of_everybody(
    tmp_path: Path,
) -> None:
    classes, count = ("repair", "replace", "none"), 6_000
    random = np.random.default_rng(1)
    likely = random.dirichlet([1.0, 1.0, 1.0], count)
    truths = np.array([random.choice(3, p=row) for row in likely], dtype=np.float64)
    truths[(likely.argmax(axis=1) == 2) & (random.random(count) < 0.5)] = 0.0  # those left alone need it more often
    named = [classes[place] for place in likely.argmax(axis=1)]
    chances = np.where(np.array(named) == "repair", 1.0, 0.1)
    acted = random.random(count) < chances
    names = [f"{number:05}" for number in range(count)]
    files = Files(tmp_path)
    segment = files.put_table(pa.table({"answer_id": names, PROPENSITY.name: chances}))
    told = ["repair" if one else "none" for one in acted]
    answers = pd.DataFrame({"answer_id": names, "entity": names, "decision": told, "step": "all"})
    plan_ = plan(
        need=dict(_NEED, answer="class", classes=list(classes)),
        decision={"yes": "repair", "explore": {"share": "10%", "seed": "a"}},
        respond={"retraining": {"labels_only_when_acted": True}},
    )
    window = Window("2026-03-02", likely.max(axis=1), labels=right(likely, truths))
    window = replace(window, of_classes=OfClasses(classes, likely, truths))
    reading = Reading(files, plan_, "2026-03-02T00:00:00+00:00")
    found = reading._weighed(window, Answered("c", "2026-03-02T00:00:00+00:00", (segment,)), answers)
    assert found.of_classes is not None
    assert found.of_classes.truths is not None
    assert (np.isfinite(found.of_classes.truths) == acted).all()
    lost = np.where(found.each > 0, found.of_classes.losses[found.usable], 0.0) * found.each / found.least
    everybody = losses(likely, truths).mean()
    assert lost.mean() == pytest.approx(everybody, abs=0.03)
    assert losses(likely, truths)[acted].mean() < everybody - 0.03, "those acted on are others"


def test_harm_that_only_the_explored_show_is_found_and_no_harm_is_not() -> None:
    known = profile()

    def level(real: float) -> str:
        state: dict[str, Any] = {}
        for seed in range(12):
            told = performance.judge(state, worlds(seed, 4_000, real)[0], SETTINGS, known)
            state = told.state
        return told.level

    assert level(0.0) != "alarm"
    assert level(0.6) == "alarm"
