"""The watch of a small product's life: lists are answered, the world changes, and it is noticed and said."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from integration.watch.visits import CUSTOMERS, PLAN, PRODUCT, World, judging, month

from shipworthy.base.errors import UserError
from shipworthy.edges import tables, view
from shipworthy.edges.outcome import Outcome
from shipworthy.release.words import ReleaseStepped
from shipworthy.watch.flow import label_audit, watch
from shipworthy.watch.rules import monitors as members
from shipworthy.watch.views import audit_tasks, promises
from shipworthy.watch.words import (
    AlarmClosed,
    AlarmRaised,
    AuditDrawn,
    AuditOutcome,
    AuditTask,
    AuditTasks,
    LabelAudit,
    LabelsSealed,
    Watch,
    WindowJudged,
)


def test_an_estimate_comes_with_the_answers_and_says_what_it_assumes(world: World) -> None:
    world.list_of(4)
    assert world.watch().windows >= 4
    found = world.judged("estimated-performance")["1997-04"]
    assert found.kind == "estimate"
    assert found.numbers["rests_on"] >= 50
    assert 0.3 < found.numbers["auc"] <= 1
    assert "valid only if" in found.guarantee
    assert world.judged("multivariate-drift")["1997-04"].level == "not_run", "800 customers hold out too few rows"


def test_a_baseline_is_not_held_to_a_floor_that_its_proof_is_not(world: World) -> None:
    world.adopt(PLAN.replace("proof:\n", "proof:\n  performance: {metric: auc, floor: 0.99}\n"))
    model = world.train()
    for role, candidate in (("model", model), ("baseline", world.train("baseline"))):
        world.release(candidate, role=role)
        world.list_of(4 if role == "model" else 5)
    world.now = month(6) + timedelta(days=2)
    world.watch()
    [held], [simple] = (
        [what for what in world.of(WindowJudged) if (what.monitor, what.window[:7]) == ("ranking", window)]
        for window in ("1997-04", "1997-05")
    )
    assert (held.level, held.numbers["bound"]) == ("note", 0.99)
    assert simple.level == "quiet"
    assert "bound" not in simple.numbers


def test_what_can_never_be_weighed_is_said_once_and_not_looked_at_each_day(world: World) -> None:
    text = PLAN.replace("respond:\n", "respond:\n  retraining: {labels_only_when_acted: true}\n")
    world.adopt(text.replace("do: [notify, retrain]", "do: [notify]"))
    world.list_of(4)
    world.now = month(5) + timedelta(days=2)
    world.watch()
    found = world.judged("calibration")["1997-04"]
    assert found.level == "not_run"
    assert "nobody is acted on at random" in found.text
    assert not world.of(LabelsSealed)
    world.now += timedelta(days=2)
    assert not world.is_due()


def labelled(world: World, say: Callable[[AuditTask], str]) -> AuditOutcome:
    """People fill in the sheet of what waits."""
    tasks = audit_tasks(AuditTasks(product=PRODUCT), world.store.ledger.past(PRODUCT), world.store.files)
    sheet = "\n".join(["answer_id,label", *(f"{task.answer_id},{say(task)}" for task in tasks)])
    kept = world.store.files.put(sheet.encode())
    return label_audit(LabelAudit(product=PRODUCT, labels=kept), world.trip())


def test_people_label_a_random_sample_and_it_is_judged_before_the_truth_is_known(world: World) -> None:
    world.adopt(PLAN.replace("watch:\n", "watch:\n  audit: {rows: 300}\n"))
    world.list_of(4)
    world.watch()
    (drawn,) = world.of(AuditDrawn)
    assert (drawn.rows, drawn.window[:7]) == (300, "1997-04")
    tasks = audit_tasks(AuditTasks(product=PRODUCT), world.store.ledger.past(PRODUCT), world.store.files)
    entities = [task.entity for task in tasks]
    assert len(set(entities)) == 300
    assert entities != sorted(f"c{number:04}" for number in range(300)), "drawn, not the first"

    half = set(entities[:150])
    some = labelled(world, lambda task: "no" if task.entity in half else "")
    assert (some.told, some.left) == (150, 150)
    assert not world.watch().alarms
    assert "audit" not in {what.monitor for what in world.of(WindowJudged)}, "a part people chose is not random"
    with pytest.raises(UserError, match="do not wait"):
        label_audit(
            LabelAudit(
                product=PRODUCT, labels=world.store.files.put(f"answer_id,label\n{tasks[0].answer_id},1".encode())
            ),
            world.trip(),
        )
    scores = {row["entity"]: row["score"] for row in world.store.files.table(drawn.sample).to_pylist()}
    rest = labelled(world, lambda task: "0" if scores[task.entity] >= 0.5 else "?" if task.entity[-1] == "7" else "1")
    assert (rest.told + rest.unsure, rest.left) == (150, 0)
    assert world.watch().windows == 1
    found = world.judged("audit")["1997-04"]
    assert found.kind == "guarantee"
    assert found.numbers["brier"] > found.numbers["first_brier"], "people say the opposite of what was answered"
    assert found.numbers["n"] + found.numbers["unsure"] == 300
    assert "drawn at random" in found.guarantee
    assert not world.is_due(), "a sample is judged once"
    assert len(world.of(AuditDrawn)) == 1
    # Labels of people are not the truth of the sources: they make no labels of answers.
    assert not world.of(LabelsSealed)


def test_a_world_that_changed_is_alarmed_once_with_its_values(world: World) -> None:
    for number in range(4, 8):
        world.list_of(number)
        world.watch()
    champion = world.of(ReleaseStepped)[0].candidate
    levels = {window: what.level for window, what in world.judged("calibration", champion).items()}
    assert levels == {"1997-04": "quiet", "1997-05": "quiet", "1997-06": "alarm"}
    (alarm,) = world.of(AlarmRaised)
    assert alarm.monitor == "calibration"
    assert alarm.since == month(6).isoformat()
    assert "The list of 1997-06-01 promised" in alarm.text
    assert "beyond the tolerated 5.0% since 1997-06-01" in alarm.text
    assert "guarantee conditional on phi <= 2" in alarm.guarantee
    world.list_of(8)
    assert [text for text in world.watch().alarms if text.startswith("calibration")]
    assert len(world.of(AlarmRaised)) == 1


def test_every_window_is_judged_once_and_labels_are_sealed_with_it(world: World) -> None:
    world.list_of(4)
    first = world.watch()
    assert first.windows > 0
    assert not world.is_due()
    assert world.watch().windows == 0
    world.now = month(5)
    assert world.is_due()
    before = world.about_answers()
    assert world.watch().windows >= judging("labels")
    assert world.about_answers() - before == judging("labels")
    (labels,) = world.of(LabelsSealed)
    assert (labels.matched, labels.unlabelled, labels.as_of) == (CUSTOMERS, 0, month(4).isoformat())
    table = world.store.files.table(labels.segment)
    assert table.column_names == ["answer_id", "entity", "label"]
    assert len(set(table["answer_id"].to_pylist())) == CUSTOMERS
    real = world.judged("calibration")["1997-04"].numbers["real"]
    assert real == pytest.approx(np.mean(table["label"].to_pylist()))
    ids = [(what.monitor, what.candidate, what.window) for what in world.of(WindowJudged) if what.level != "not_run"]
    assert len(ids) == len(set(ids))


def test_after_a_replacement_the_old_one_raises_no_alarm_and_doing_nothing_is_computed(world: World) -> None:
    for number in range(4, 9):
        world.list_of(number)
    old = world.of(ReleaseStepped)[0].candidate
    world.now = month(9)
    new = world.train()
    assert new != old
    world.release(new, replaces=old)
    world.list_of(9)
    world.now = month(10)
    looked = world.watch()
    assert not world.of(AlarmRaised)
    assert any("answers nobody any more" in text for text in looked.notes)
    point = world.judged("calibration", new)["1997-09"]
    assert point.level == "quiet"
    assert point.numbers["would_have_promised"] > point.numbers["promised"] + 0.05
    assert "would_have_promised" not in world.judged("calibration", old)["1997-08"].numbers
    series = promises(world.state)
    assert [(kept.window[:7], kept.candidate == new) for kept in series][-2:] == [("1997-08", False), ("1997-09", True)]


def test_where_the_data_is_refused_promises_wait_and_say_why(world: World) -> None:
    world.list_of(4)
    good = (world.root / "visits.csv").read_text()
    (world.root / "visits.csv").write_text(good.replace("date", "day"))
    world.now = month(5)
    world.watch()
    waiting = world.judged("calibration")["1997-04"]
    assert waiting.level == "not_run"
    assert waiting.text
    assert not world.is_due()
    world.now += timedelta(days=1)
    assert world.is_due()
    (world.root / "visits.csv").write_text(good)
    world.watch()
    assert world.judged("calibration")["1997-04"].level == "quiet"
    assert not world.is_due()


def test_a_feed_of_outcomes_that_ends_early_is_waited_for_and_never_read_as_no(world: World) -> None:
    for number in (4, 5):
        world.list_of(number)
    whole = pd.read_csv(world.root / "visits.csv")
    world.now = month(6)
    whole[whole["date"] < "1997-04-20"].to_csv(world.root / "visits.csv", index=False)
    world.watch()
    behind = world.judged("calibration")["1997-05"]
    assert world.judged("calibration")["1997-04"].level != "not_run", "the feed has come a usual gap further"
    assert (behind.level, behind.numbers["behind"], behind.numbers["waiting"]) == ("not_run", 1.0, 1.0)
    assert "The source visits, which says what is true, ends on 1997-04-10" in behind.text
    assert [sealed.as_of[:7] for sealed in world.of(LabelsSealed)] == ["1997-04"]
    whole.to_csv(world.root / "visits.csv", index=False)
    world.now += timedelta(days=1)
    world.watch()
    assert world.judged("calibration")["1997-05"].level == "quiet"


def test_a_closed_alarm_restarts_the_evidence(world: World) -> None:
    for number in range(4, 8):
        world.list_of(number)
    world.watch()
    (alarm,) = world.of(AlarmRaised)
    world.record(AlarmClosed(product=PRODUCT, alarm=alarm.alarm, by="operator"))
    before = world.judged("calibration")["1997-06"].state
    world.list_of(8)
    world.watch()
    after = world.judged("calibration")["1997-07"]
    assert after.since == month(7).isoformat()
    assert before["since"] == month(6).isoformat()
    assert len(world.of(AlarmRaised)) == 2
    assert [card.open for card in world.state.alarms] == [False, True]


def test_a_baseline_made_before_any_truth_promises_nothing(world: World) -> None:
    world.now = month(1) + timedelta(days=20)
    baseline = world.train("baseline")
    world.release(baseline, role="baseline")
    world.list_of(4)
    world.now = month(5)
    world.watch()
    found = world.judged("calibration", baseline)["1997-04"]
    assert found.level == "not_run"
    assert "promise no share" in found.text


@pytest.mark.parametrize("killed_at", range(1, 14))
def test_a_look_that_is_killed_anywhere_leaves_the_same_facts(world: World, killed_at: int) -> None:
    """The steps' results are remembered as the road remembers them; the process ends before or after any of them."""
    for number in (4, 5):
        world.list_of(number)
    world.now = month(6)
    remembered: list[Outcome] = []

    def once(_name: str, work: Callable[[], Outcome]) -> Outcome:
        position[0] += 1
        if position[0] <= len(remembered):
            return remembered[position[0] - 1]
        if position[0] == killed_at and not killed:
            work()  # the work was done and its result lost
            killed.append(True)
            raise KeyboardInterrupt
        remembered.append(work())
        return remembered[-1]

    killed: list[bool] = []
    position = [0]
    try:
        watch(Watch(product=PRODUCT), world.trip("look", once))
    except KeyboardInterrupt:
        position = [0]
        watch(Watch(product=PRODUCT), world.trip("look", once))
    assert bool(killed) == (killed_at <= len(remembered))
    counted = [(what.monitor, what.window) for what in world.of(WindowJudged) if not what.candidate]
    assert len(counted) == len(set(counted))
    judged = [(what.monitor, what.window) for what in world.of(WindowJudged) if what.candidate]
    assert len(judged) == len(set(judged)) == 2 * judging("labels", "answers", "runs")
    assert len(world.of(LabelsSealed)) == 2
    assert world.watch().windows == 0


def test_performance_is_told_by_segment_and_groups_are_looked_up_where_they_are_declared(world: World) -> None:
    for number in (4, 5, 6):
        world.list_of(number)
    world.now = month(7)
    world.watch()
    performance = world.judged("performance")["1997-04"]
    assert performance.numbers["held_out_needed"] > 0, "a fifth of 800 customers is few where 25 may count as one"
    assert set(performance.parts) == {"often = often", "often = seldom"}
    assert sum(part["rows"] for part in performance.parts.values()) == CUSTOMERS
    table = world.store.files.table(world.of(LabelsSealed)[0].segment)
    assert performance.numbers["n"] == table.num_rows == CUSTOMERS
    for name in ("selection", "fairness", "threshold"):
        assert world.judged(name)["1997-04"].level != "not_run", world.judged(name)["1997-04"].text
    selection = world.judged("selection")["1997-04"]
    rows = {name: part["rows"] for name, part in selection.parts.items()}
    assert rows == {"region = (unknown)": 1, "region = north": 400, "region = south": 399}


def test_an_input_may_be_a_segment_and_tell_the_groups_at_once(world: World) -> None:
    world.adopt(PLAN.replace("fairness: [{column: region, source: people}]", "fairness: [{column: often}]"))
    world.list_of(4)
    world.watch()
    world.now = month(5)
    world.watch()
    assert set(world.judged("performance")["1997-04"].parts) == {"often = often", "often = seldom"}
    assert world.judged("fairness")["1997-04"].level != "not_run"


def test_each_truth_counts_once_however_often_or_late_it_is_said(world: World) -> None:
    """Rows that came twice, came late, are about nobody who was answered, or came while the clock stood back."""
    world.list_of(4)
    rows = (world.root / "visits.csv").read_text()
    april = "".join(f"{line}\n" for line in rows.splitlines() if "1997-04-10" in line)
    (world.root / "visits.csv").write_text(f"{rows}{april}nobody,1997-04-12\n")
    world.now = month(5)
    world.watch()
    first = world.judged("performance")["1997-04"]
    came = len(april.splitlines()) / CUSTOMERS
    assert world.judged("calibration")["1997-04"].numbers["real"] == pytest.approx(came)
    assert (first.numbers["n"], first.numbers["answers"]) == (CUSTOMERS, CUSTOMERS)
    late = "".join(f"c{number:04},1997-04-11\n" for number in range(CUSTOMERS))
    (world.root / "visits.csv").write_text(f"{rows}{april}{late}")
    world.now = month(4)  # the clock went back
    assert not world.is_due()
    assert world.watch().windows == 0
    world.now = month(5) + timedelta(days=3)
    before = world.about_answers()
    world.watch()
    assert world.about_answers() == before, "what came after a window was judged changes no verdict"
    assert world.judged("performance")["1997-04"] == first
    assert len(world.of(LabelsSealed)) == 1


def verdicts(world: World) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What was found in each window of answers, and what it carries on."""
    of_answers = {name for name, monitor in members().items() if monitor.needs in ("answers", "labels")}
    return {
        (what.monitor, what.window): (what.level, what.numbers, what.state, what.parts)
        for what in world.of(WindowJudged)
        if what.level != "not_run" and what.monitor in of_answers
    }


def test_many_looks_find_what_one_look_finds_and_a_kept_state_is_only_a_cache(
    world: World, released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one copy of the product each list is looked at, and what was kept is thrown away in between; late and doubled
    truths come after they were counted. In the other copy one look comes at the end, before them.
    """
    monkeypatch.setattr(view, "_WORTH_KEEPING", 1)
    shutil.copytree(released, tmp_path / "once")
    once = World(tmp_path / "once")
    feed = once.root / "visits.csv"
    for number in (4, 5, 6):
        once.list_of(number)
    once.watch()
    for number in (4, 5, 6):
        world.list_of(number)
        world.watch()
        with world.engine.begin() as connection:
            kept = connection.execute(tables.view_cache.delete()).rowcount
        assert kept >= 2
    assert verdicts(world) == verdicts(once)
    assert len(verdicts(once)) > 15
    before = verdicts(world)
    late = feed.read_text().splitlines()
    (world.root / "visits.csv").write_text("\n".join([*late, *late[-50:], "c0001,1997-04-20"]) + "\n")
    world.watch()
    assert verdicts(world) == before, "a window is counted when its truth is due, once"
    once.engine.dispose()
