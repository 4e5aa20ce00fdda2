"""Two candidates side by side: losses are compared where the truth is known, and harm goes back by itself."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from integration.watch.visits import PIPELINE, PRODUCT, World, month

from shipworthy.app.due import due
from shipworthy.base.errors import GateShut
from shipworthy.base.fact import reader
from shipworthy.data.reading import tables
from shipworthy.data.words import SnapshotTaken
from shipworthy.deliver.journal import Journal
from shipworthy.deliver.words import RunFinished
from shipworthy.model.answering import load
from shipworthy.model.flow import train_candidate
from shipworthy.model.words import TrainCandidate
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Evidence, Plan, Retraining
from shipworthy.release.beside import require_alike
from shipworthy.release.flow import roll_back
from shipworthy.release.rules import stepped
from shipworthy.release.trials import pays
from shipworthy.release.views import releases
from shipworthy.release.words import (
    ReleaseCandidate,
    Releases,
    ReleaseStepped,
    RollBack,
    TrialFinished,
    TrialJudged,
)
from shipworthy.sign.rules import candidate_made
from shipworthy.watch.flow import judge_trials
from shipworthy.watch.rules import Answered, answered
from shipworthy.watch.trials import DueTrial, trials_due
from shipworthy.watch.trying import _judge as judge_one
from shipworthy.watch.words import JudgeTrials, LabelsSealed

HARMFUL = PIPELINE.replace(".fit(features, label)", ".fit(features, np.arange(len(label)) % 20 > 0)")


def step(world: World, candidate: str, to: str, share: float = 0.0, replaces: str = "") -> None:
    cohorts = ["everyone"] if to == "all" else []
    world.record(
        ReleaseStepped(
            product=PRODUCT, candidate=candidate, step=to, cohorts=cohorts, replaces=replaces, gate="", role="model",
            share=share,
        )
    )  # fmt: skip


def another(world: World, code: str) -> str:
    (world.root / "pipeline.py").write_text(code)
    return world.train()


def live_through(world: World, *months: int) -> list[TrialJudged]:
    """The list of each month and a look at the world; what was compared."""
    for number in months:
        world.list_of(number)
        world.watch()
    return [what for what in world.of(TrialJudged) if isinstance(what, TrialJudged)]


def champion(world: World) -> str:
    return str(world.of(ReleaseStepped)[0].candidate)


def what_is_due(world: World) -> list[str]:
    past = world.store.ledger.past(PRODUCT)
    return [type(command).__name__ for command in due(current_plan(past), past, world.now)]


def test_harm_in_shadow_takes_a_candidate_back_and_shuts_its_gate(world: World) -> None:
    mine = another(world, HARMFUL)
    step(world, mine, "shadow")
    found = live_through(world, 4, 5)
    assert [(what.candidate, what.against, what.step, what.window[:7]) for what in found] == [
        (mine, champion(world), "shadow", "1997-04")
    ]
    assert found[0].numbers["rows"] == 800
    assert found[0].verdict == "roll back"
    assert found[0].harm
    assert "shown to do harm" in found[0].text
    assert what_is_due(world)[0] == "RollBack"
    assert "shown to do harm" in releases(Releases(product=PRODUCT), world.store.ledger.past(PRODUCT)).trials[0]
    roll_back(RollBack(product=PRODUCT, reason=found[0].text, candidate=mine), world.trip())
    assert "RollBack" not in what_is_due(world)
    step(world, mine, "rehearsal")
    step(world, mine, "shadow")
    past = world.store.ledger.past(PRODUCT)
    command = ReleaseCandidate(product=PRODUCT, candidate=mine, step="all")
    with pytest.raises(GateShut, match="shown to do harm"):
        stepped(plan_of_two_steps(world), past, candidate_made(past, mine), command, "")


def plan_of_two_steps(world: World):  # type: ignore[no-untyped-def]
    """The plan without trials in between, so that only the evidence stands in the way."""
    plan = current_plan(world.store.ledger.past(PRODUCT))
    return plan.model_copy(update={"release": plan.release.model_copy(update={"steps": ["all"]})})


def test_each_row_is_counted_once_and_evidence_adds_up_over_lists(world: World) -> None:
    mine = another(world, PIPELINE.replace("days=60", "days=59"))
    step(world, mine, "shadow")
    found = live_through(world, 4, 5, 6)
    assert [what.window[:7] for what in found] == ["1997-04", "1997-05"]
    assert [what.numbers["rows_in_all"] for what in found] == [800, 1_600]
    assert {what.verdict for what in found} <= {"hold", "promote"}
    assert judge_trials(JudgeTrials(product=PRODUCT), world.trip()) == []
    assert "JudgeTrials" not in what_is_due(world)


def test_a_canary_is_compared_with_those_who_kept_their_champion(world: World) -> None:
    mine = another(world, HARMFUL)
    step(world, mine, "canary", share=0.3)
    (found,) = live_through(world, 4, 5)
    assert found.step == "canary"
    assert 180 < found.numbers["rows"] < 300
    assert found.numbers["divided_otherwise"] < 0
    assert found.numbers["rise_in_all"] > 0.1


def test_harm_in_full_use_brings_the_replaced_candidate_back(world: World) -> None:
    before, mine = champion(world), another(world, HARMFUL)
    step(world, mine, "all", replaces=before)
    (found,) = live_through(world, 4, 5)
    assert (found.step, found.against, found.verdict) == ("in use", before, "roll back")
    assert what_is_due(world)[0] == "RollBack"
    now = roll_back(RollBack(product=PRODUCT, reason=found.text, candidate=mine), world.trip())
    assert now.champion == {"everyone": before}


def challenger(world: World, code: str) -> str:
    """One that is made after the world has changed, to replace the one in use."""
    live_through(world, 4, 5, 6, 7)
    (world.root / "pipeline.py").write_text(code)
    return train_candidate(TrainCandidate(product=PRODUCT, parent=champion(world)), world.trip()).candidate


def comparing(world: World, asked: dict[str, float]) -> Plan:
    """The plan with challengers that have to pay, most people held out."""
    plan = current_plan(world.store.ledger.past(PRODUCT))
    respond = plan.respond.model_copy(update={"retraining": Retraining(**asked)})
    release = plan.release.model_copy(update={"evidence": Evidence(phi=4.0)})
    proof = plan.proof.model_copy(update={"holdout": 0.9})
    return plan.model_copy(update={"respond": respond, "release": release, "proof": proof})


def proposed(world: World, code: str, asked: dict[str, float]) -> tuple[TrialJudged, bool]:
    """A challenger made after the world has changed: what comparing it says, and whether it pays."""
    made = challenger(world, code)
    plan = comparing(world, asked)
    (one,) = trials_due(plan, world.store.ledger.past(PRODUCT))
    assert (one.mine.candidate, one.other.candidate, one.proposed) == (made, champion(world), True)
    found = reader(TrialJudged).validate_python(judge_one(world.trip(), plan, one))
    world.record(found)
    return found, pays(plan, world.store.ledger.past(PRODUCT), made)


OF_CLASSES = (
    ("  horizon: 1mo\n", "  horizon: 1mo\n  answer: class\n  classes: [comes, stays away]\n"),
    ("decision: {top: 50}", "decision: {yes: comes}"),
    ("  reasons: 0\n", "  reasons: 0\n  performance: {metric: accuracy, floor: 0.3}\n"),
)
LABELLED = PIPELINE.replace(
    'return pd.DataFrame({"customer_id": came, "label": 1})',
    """names = visits["customer_id"].unique()
    return pd.DataFrame({"customer_id": names, "label": np.where(np.isin(names, came), "comes", "stays away")})""",
)


@pytest.mark.parametrize("to", ["shadow", "canary", "all"])
def test_candidates_that_answer_otherwise_are_never_mixed_nor_compared(world: World, to: str) -> None:
    before, text = champion(world), (world.root / "product.yaml").read_text()
    for old, new in OF_CLASSES:
        text = text.replace(old, new)
    world.adopt(text)
    mine = another(world, LABELLED)
    step(world, mine, to, share=0.3 if to == "canary" else 0.0, replaces=before if to == "all" else "")
    found = live_through(world, 4, 5)
    says = "It answers with one class of comes, stays away, and what it stands beside with a probability."
    [*_, newest] = world.of(RunFinished)
    assert (newest.answered, newest.delivered, newest.stood_in) == (800, {"list": 800}, "")
    assert list(newest.by_candidate) == [mine if to == "all" else before]
    if to == "all":
        assert [what.text for what in found] == [f"The answers of 1997-04-01 could not be compared: {says}"]
        assert (found[0].verdict, found[0].harm) == ("hold", False)
        assert stepping(world, mine, to) is None
        return
    assert not found
    assert {(what.ok, what.text) for what in world.of(TrialFinished)} == {
        (False, f"The candidate {mine[:12]} could not answer: {says}")
    }
    assert says in str(stepping(world, mine, to))


def stepping(world: World, candidate: str, to: str) -> GateShut | None:
    """Why a step would be refused because of who answers beside; None where it would not."""
    taken = next(what for what in world.of(ReleaseStepped) if (what.candidate, what.step) == (candidate, to))
    past = world.store.ledger.past(PRODUCT)
    try:
        require_alike(current_plan(past), past, taken)
    except GateShut as shut:
        return shut
    return None


def test_a_challenger_replaces_where_it_pays_and_not_where_it_costs_more_than_it_gains(world: World) -> None:
    found, goes_on = proposed(world, PIPELINE, {})
    assert found.step == "proposed"
    assert found.numbers["rise_in_all"] < -0.04, "what it learnt in June is right for June"
    assert found.verdict == "promote", found.text
    assert goes_on


def test_doing_nothing_wins_where_a_replacement_does_not_pay_or_does_harm(world: World) -> None:
    found, goes_on = proposed(world, PIPELINE, {"cost": 300.0, "value": 1.0, "decisions": 800})
    assert found.verdict == "hold"
    assert "not shown, so what is in use stays" in found.text
    assert not goes_on


def test_what_a_challenger_said_in_shadow_counts_for_whether_it_pays(world: World) -> None:
    made = challenger(world, PIPELINE)
    step(world, made, "shadow")
    live_through(world, 8, 9)
    plan, asked = comparing(world, {}), []
    while todo := trials_due(plan, world.store.ledger.past(PRODUCT)):
        for one in todo:
            found = reader(TrialJudged).validate_python(judge_one(world.trip(), plan, one))
            world.record(found)
            asked.append((one.mine.moment[:7], found.step, bool(one.mine.parts), found.numbers["rows"]))
    told = {(moment, step) for moment, step, _, _ in asked}
    assert ("1997-08", "proposed") in told
    assert len(told) == len(asked), "each moment is judged once for each question"
    said = {moment: parts for moment, step, parts, _ in asked if step == "proposed"}
    assert said["1997-08"], "as it was said in shadow"
    assert not said["1997-06"], "asked now, since it was not there then"
    assert all(rows < 800 for _, step, _, rows in asked if step == "proposed"), "only those whom it never learns from"
    newest = [what for what in world.of(TrialJudged) if what.step == "proposed"][-1]
    assert newest.numbers["rows_in_all"] == sum(rows for _, step, _, rows in asked if step == "proposed")


def test_answers_to_questions_that_brought_their_inputs_are_compared_by_the_day(world: World) -> None:
    """In shadow by what was said, and as proposed by what is said now of the inputs that the questions brought."""
    mine = another(world, HARMFUL)
    step(world, mine, "shadow")
    asked = {day: served(world, mine, day) for day in range(3)}
    world.now = month(5) + timedelta(days=3)
    world.watch()
    found = [what for what in world.of(TrialJudged) if what.step == "shadow"]
    assert [what.numbers["rows"] for what in found] == [asked[0], asked[1]], "a server may still add to the last day"
    assert found[-1].harm, found[-1].text
    known = {one.candidate: one for one in answered(world.store.ledger.past(PRODUCT)) if one.moment == found[0].window}
    labels = tuple(what.segment for what in world.of(LabelsSealed) if what.as_of == found[0].window)
    anew = DueTrial(Answered(mine, found[0].window, ()), known[champion(world)], labels, False, True)
    again = reader(TrialJudged).validate_python(judge_one(world.trip(), comparing(world, {}), anew))
    assert 0 < again.numbers["rows"] < asked[0], "only those whom it never learns from"
    assert again.numbers["loss"] == pytest.approx(found[0].numbers["loss"], rel=0.2)


def served(world: World, shadow: str, days: int) -> int:
    """Questions that brought their inputs, answered by the one in use and in shadow on a day of April; how many."""
    files, past, at = world.store.files, world.store.ledger.past(PRODUCT), month(4) + timedelta(days=days, hours=2)
    plan, journal = current_plan(past), Journal(world.store, PRODUCT)
    sources = tables(files, past.of(SnapshotTaken)[-1].what, plan, month(4))
    for name in (champion(world), shadow):
        answerer = load(files, candidate_made(past, name), plan)
        asked = answerer.features(sources, month(4)).iloc[::2]
        told = {"time": at.isoformat(), "as_of": at.isoformat(), "candidate": name, "inputs_ref": "", "decision": "no"}
        told |= {"consumer": "desk", "step": "shadow" if name == shadow else "all", "cohort": "everyone"}
        given = zip(asked.index, asked.to_dict("records"), answerer.scores(asked).tolist(), strict=True)
        rows = [
            {"answer_id": f"{name[:8]}{days}{entity}", "entity": entity, "inputs": json.dumps(inputs), "score": score,
             "reasons": [], **told}
            for entity, inputs, score in given
        ]  # fmt: skip
        journal.write(rows, sync=False)
    journal.close(f"server {days}", at + timedelta(hours=1))
    return len(asked)
