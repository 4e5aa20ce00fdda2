"""Trials judged on the durable road: sealed answers and sealed truth of two candidates, read and compared."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from shipworthy.base.digest import plain
from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.fact import Past, reader
from shipworthy.base.times import read_moment
from shipworthy.deliver.answering import features_table, kept_features
from shipworthy.deliver.run import SHADOW
from shipworthy.deliver.words import AnswersSealed
from shipworthy.edges.pseudonyms import Pseudonyms
from shipworthy.edges.road import Trip
from shipworthy.model import classes
from shipworthy.model.answering import Answerer, load
from shipworthy.model.exploring import weighs
from shipworthy.model.rules import decide, hashed, held_out
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan
from shipworthy.release.beside import unlike
from shipworthy.release.signed import plan_as_signed
from shipworthy.release.trials import PROPOSED
from shipworthy.release.words import CANARY, ReleaseStepped, TrialJudged
from shipworthy.sign.rules import candidate_made
from shipworthy.watch.guards import guarded_off
from shipworthy.watch.monitor import Weights
from shipworthy.watch.reference import promises_shares
from shipworthy.watch.rules import Answered
from shipworthy.watch.trials import (
    IN_USE,
    Compared,
    DueTrial,
    judged,
    losses,
    of_same_rows,
    of_split,
    spread_of,
)
from shipworthy.watch.trials import trials_due as due
from shipworthy.watch.weighing import NotLogged, chances_of, least_of
from shipworthy.watch.windows import answers_of, belonging, features_of
from shipworthy.watch.words import JudgeTrials

if TYPE_CHECKING:
    from shipworthy.edges.files import Files

_COLUMNS = ["answer_id", "time", "as_of", "entity", "candidate", "inputs_ref", "score", "decision", "step", "cohort"]


def judge_trials(command: JudgeTrials, trip: Trip) -> list[str]:
    """Compare what can be compared, one moment after the other; each verdict is a fact."""
    plan = current_plan(trip.past)
    todo = reader(list[DueTrial]).validate_python(
        trip.step("find what can be compared", lambda: plain(due(plan, trip.past)))
    )
    said = []
    for number, one in enumerate(todo):
        found = trip.step(f"compare {one.mine.moment[:10]}", partial(_judge, trip, plan, one))
        facts = trip.record(f"record comparison {number + 1}", partial(_once, found))
        said += [fact.what.text for fact in facts if isinstance(fact.what, TrialJudged)]
    guarded = trip.step("look at latency and errors", lambda: plain(guarded_off(plan, trip.past, trip.at)))
    for number, found in enumerate(guarded):
        facts = trip.record(f"record guard {number + 1}", partial(_once, found))
        said += [fact.what.text for fact in facts if isinstance(fact.what, TrialJudged)]
    return said


def _judge(trip: Trip, plan: Plan, one: DueTrial) -> Any:
    try:
        found = _compared(trip, plan, one)
    except UserError as error:
        why = f"The answers of {one.mine.moment[:10]} could not be compared: {error.mistakes[0].found}"
        found = Compared(_step(one), np.zeros(0), unreadable=why, least=least_of(plan))
    return plain(judged(plan, trip.past, one, found))


def _once(found: Any, past: Past) -> Sequence[TrialJudged]:
    what = reader(TrialJudged).validate_python(found)
    same = (what.against, what.window, what.step == PROPOSED)
    known = [fact.what for fact in past.of(TrialJudged, about=what.candidate)]
    return [] if any((one.against, one.window, one.step == PROPOSED) == same for one in known) else [what]


def _compared(trip: Trip, plan: Plan, one: DueTrial) -> Compared:
    files, past = trip.store.files, trip.past
    mine_as, other_as = (plan_as_signed(plan, past, of.candidate) for of in (one.mine, one.other))
    if why := unlike(mine_as, other_as):
        raise UserError(Mistake("release.other_answer", f"candidate {one.mine.candidate[:12]}", why))
    truth = _truth(files, one.labels)
    named = plan.need.answer == "class"
    mine = _answers(files, one.mine, named) if one.mine.parts else _answers_now(trip, plan, one.mine, one.other)
    other = _answers(files, one.other, named) if one.other.parts else _answers_now(trip, plan, one.other, one.mine)
    made = [candidate_made(past, name) for name in (one.mine.candidate, one.other.candidate)]
    profiles = [load(files, what, plan).profile for what in made]
    promises = all(promises_shares(what.role, profile) for what, profile in zip(made, profiles, strict=True))
    spread = spread_of(profiles[1]) if plan.need.answer == "number" else None

    def loss(rows: pd.DataFrame, labels: pd.Series[float]) -> Any:
        if "likely" in rows:
            return losses_of_classes(rows["likely"], labels, len(plan.need.classes))
        decided = np.asarray(rows["decision"] == plan.decision.yes)
        known, scores = (np.asarray(column, dtype=np.float64) for column in (labels, rows["score"]))
        return losses(known, scores, decided, promises, spread)

    if not one.replaced and (mine["step"] == CANARY).any():
        real = other[other["step"] != SHADOW]
        served = mine[(mine["step"] == CANARY) & mine["cohort"].isin(set(real["cohort"]))]
        ours, theirs, least = _of_each(files, plan, one, (served, real), truth, loss)
        # Who was answered counts, whether or not the truth came: a side that lost rows is what is looked for.
        return of_split(ours, theirs, (len(served), len(real)), _share(past, one), least)
    weights = _weights(files, plan, one, mine if one.replaced else other)
    known_now = set(truth.index) if weights is None else _counting(weights, truth)
    entities = pd.Index(sorted(known_now & (set(mine["entity"]) | set(other["entity"]))))
    if one.proposed:  # neither of them ever learns from those who are held out
        entities = entities[held_out(list(entities), plan.product, plan.proof.holdout)]
    labels = truth.reindex(entities)
    both = [loss(rows.set_index("entity").reindex(entities), labels) for rows in (mine, other)]
    for side, rows in zip(both, (mine, other), strict=True):
        side[~entities.isin(rows["entity"])] = np.nan
    if weights is None:
        return of_same_rows(_step(one), *both)
    return of_same_rows(_step(one), both[0], both[1], np.asarray(weights["each"].reindex(entities)), least_of(plan))


def _weights(files: Files, plan: Plan, one: DueTrial, acting: pd.DataFrame) -> pd.DataFrame | None:
    """What each entity counts for (`each`), and the draw by which it takes part (`draw`); None where each counts alike.

    Raises:
        UserError: the answers cannot be weighed.
    """
    if not weighs(plan):
        return None
    found = chances_of(files, [*one.mine.parts, *one.other.parts], plan, acting, _salt(one))
    if isinstance(found, NotLogged):
        raise UserError(Mistake("watch.not_weighed", f"answers of {one.mine.moment[:10]}", found.why))
    weights = pd.DataFrame({"each": found.each, "draw": found.draws}, index=pd.Index(acting["entity"]))
    return weights[weights["each"].notna()]


def _salt(one: DueTrial) -> str:
    return f"{one.mine.candidate}/{one.other.candidate}/{one.mine.moment}"


def _counting(weights: pd.DataFrame, truth: pd.Series[float]) -> set[str]:
    """Whoever takes part in a weighed mean; see `Weights.counting`."""
    known = Weights(np.asarray(weights["each"]), 1.0, np.asarray(weights["draw"]))
    return set(weights.index[known.counting(np.asarray(weights.index.isin(truth.index)))])


def _of_each(
    files: Files, plan: Plan, one: DueTrial, sides: Sequence[pd.DataFrame], truth: pd.Series[float], loss: Any
) -> tuple[Any, Any, float]:
    """The losses of two sides that answered different people, weighed where only some truths can be known."""
    found = []
    for side in sides:
        # Blocks are formed in this order: what an entity is called may hang together with its loss.
        rows = side.iloc[np.argsort(hashed(f"{plan.product}/trial/{_salt(one)}/", side["entity"].tolist()))]
        weights = _weights(files, plan, one, rows)
        if weights is None:
            known = rows[rows["entity"].isin(truth.index)]
            found.append(loss(known, truth.reindex(known["entity"])))
            continue
        counts = rows[rows["entity"].isin(_counting(weights, truth))]
        lost = np.nan_to_num(loss(counts, truth.reindex(counts["entity"])), nan=1.0)
        found.append(lost * np.asarray(weights["each"].reindex(counts["entity"])))
    return found[0], found[1], least_of(plan)


def _step(one: DueTrial) -> str:
    if one.proposed:
        return PROPOSED
    return IN_USE if one.replaced else SHADOW


def _share(past: Past, one: DueTrial) -> float:
    """The share that the canary had when it answered at this moment."""
    steps = [fact for fact in past.of(ReleaseStepped, about=one.mine.candidate) if fact.what.step == CANARY]
    before = [fact for fact in steps if fact.at <= read_moment(one.mine.moment)] or steps
    return before[-1].what.share if before else 0.0


def _truth(files: Files, segments: Sequence[str]) -> pd.Series[float]:
    """What is known about each entity, the newest word; who is unknown is left out."""
    rows = pd.concat([files.table(segment, ["entity", "label"]).to_pandas() for segment in segments])
    known: pd.Series[float] = rows.dropna().drop_duplicates("entity", keep="last").set_index("entity")["label"]
    return known


def losses_of_classes(likely: pd.Series[Any], labels: pd.Series[float], count: int) -> Any:
    """The loss of each answer; NaN where there is no answer or no truth."""
    given = [list(one) if isinstance(one, np.ndarray | list) else [np.nan] * count for one in likely.tolist()]
    return classes.losses(np.array(given, dtype=np.float64).reshape(len(given), -1), np.asarray(labels, np.float64))


def _answers(files: Files, answered: Answered, classes: bool) -> pd.DataFrame:
    """The answers of a candidate at a moment, each entity once: for real before in shadow, then the first."""
    columns = [*_COLUMNS, "likely"] if classes else _COLUMNS
    found = [belonging(files.table(segment, columns), answered) for segment in answered.parts]
    frame: pd.DataFrame = pa.concat_tables(found).drop_columns(["as_of", "candidate", "inputs_ref"]).to_pandas()
    order = frame.assign(silent=frame["step"] == SHADOW).sort_values(["silent", "time", "answer_id"])
    return order.drop_duplicates("entity").sort_values("entity", ignore_index=True)


def _answers_now(trip: Trip, plan: Plan, absent: Answered, present: Answered) -> pd.DataFrame:
    """What a candidate would have answered, from the inputs that the one who did answer looked at."""
    files, past = trip.store.files, trip.past
    answerer = load(files, candidate_made(past, absent.candidate), plan)
    sealed = [fact.what for fact in past.of(AnswersSealed) if fact.what.segment in present.parts]
    frames = [
        kept_features(answerer, files.table(digest)) for digest in dict.fromkeys(s.features for s in sealed) if digest
    ]
    frames += _brought(trip, plan, answerer, present)
    frame = pd.concat(frames) if frames else pd.DataFrame()
    frame = frame[~frame.index.duplicated()]
    if answerer.classes:
        return classes_now(answerer, plan, frame)
    scores = answerer.scores(frame) if len(frame) else np.zeros(0)
    good = np.isfinite(scores)
    names = [str(name) for name in frame.index[good]]
    decisions = decide(scores[good], names, plan.decision)
    return pd.DataFrame({"entity": names, "score": scores[good], "decision": decisions, "step": SHADOW, "cohort": ""})


def _brought(trip: Trip, plan: Plan, answerer: Answerer, present: Answered) -> list[pd.DataFrame]:
    """The inputs of questions that brought them, as a candidate looks at them; none where they are stored."""
    if not present.until:
        return []
    answers = answers_of(trip.store.files, present)
    answers = answers[answers["inputs_ref"] == ""].reset_index(drop=True)
    if answers.empty:
        return []
    inputs = features_of(trip.store.files, answers, Pseudonyms(trip.store.keys.folder), plan.need.entity)
    rows = pd.DataFrame(inputs, index=pd.Index(answers["entity"]))
    return [kept_features(answerer, features_table(rows))]


def classes_now(answerer: Answerer, plan: Plan, frame: pd.DataFrame) -> pd.DataFrame:
    likely, names = answerer.likely(frame), [str(name) for name in frame.index]
    scores = classes.promised(likely)
    named = [answerer.classes[place] for place in classes.chosen(likely).tolist()]
    decisions = decide(scores, names, plan.decision, named=named)
    told = {"entity": names, "score": scores, "decision": decisions, "step": SHADOW, "cohort": ""}
    return pd.DataFrame({**told, "likely": likely.tolist()})
