"""A look at the world, step by step on the durable road: labels that became known, and every window that is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any

from shipworthy.base.check import sentence_of
from shipworthy.base.digest import plain
from shipworthy.base.errors import UserError
from shipworthy.base.fact import Past, What, latest, reader
from shipworthy.base.times import read_moment
from shipworthy.data.flow import snapshot
from shipworthy.data.words import SnapshotRefused, SnapshotTaken
from shipworthy.edges.pseudonyms import Pseudonyms
from shipworthy.edges.road import Trip
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan, plan_of
from shipworthy.watch.audit import is_drawn
from shipworthy.watch.auditing import label_audit as label_audit
from shipworthy.watch.counted import judged_counts
from shipworthy.watch.look import Look
from shipworthy.watch.opened import Opened
from shipworthy.watch.reading import Reading
from shipworthy.watch.rules import Due, alarm_of, answering, due, is_judged, matures, open_alarm, settled
from shipworthy.watch.states import StoredStates
from shipworthy.watch.trying import judge_trials as judge_trials
from shipworthy.watch.words import AuditDrawn, JudgeTrials, LabelsSealed, Watch, WatchBeside, Watched, WindowJudged

_RECENT = timedelta(hours=1)


def watch(command: Watch, trip: Trip) -> Watched:
    """Collect the labels that became known and let every monitor judge every window that is new to it.

    What they say of candidates in shadow, as canaries or in place of others is compared at once. Where the data is
    refused at the door, monitors of labels do not run and say why; they are tried again later.
    """
    plan = plan_of(trip.step("read the plan", lambda: current_plan(trip.past).values()))
    todo = reader(list[Due]).validate_python(
        trip.step("find what is due", lambda: plain(due(plan, trip.past, trip.at, patient=False)))
    )
    taken, refused = _fresh_data(trip, plan, todo)
    found: list[WindowJudged] = []
    opened, pseudonyms = Opened(), Pseudonyms(trip.store.keys.folder)
    for moment, windows in groupby(todo, key=lambda item: item.answered.moment):
        with trip.store.files.borrowed() as files:
            look = Look(Reading(files, plan, moment, taken, refused, pseudonyms, opened), list(windows))
            judged = trip.step(f"judge {moment[:10]}", partial(_judge, trip, look))
        facts = trip.record(f"record {moment[:10]}", partial(_facts, judged, trip.at))
        found += [fact.what for fact in facts if isinstance(fact.what, WindowJudged)]
    watched = _watched([*found, *_beside(trip, plan)])
    return replace(watched, trials=judge_trials(JudgeTrials(product=plan.product), trip))


def watch_beside(command: WatchBeside, trip: Trip) -> Watched:
    """Let every monitor that counts facts judge every window that is over; no source and no answer is read for it."""
    return _watched(_beside(trip, plan_of(trip.step("read the plan", lambda: current_plan(trip.past).values()))))


def _beside(trip: Trip, plan: Plan) -> list[WindowJudged]:
    counts = trip.step("count what lies beside", partial(_counted, trip, plan))
    facts = trip.record("record what was counted", partial(_facts, counts, trip.at))
    return [fact.what for fact in facts if isinstance(fact.what, WindowJudged)]


def _watched(found: Sequence[WindowJudged]) -> Watched:
    return Watched(
        windows=sum(what.level != "not_run" for what in found),
        notes=[f"{what.monitor}: {what.text}" for what in found if what.level == "note"],
        alarms=[f"{what.monitor}: {what.text}" for what in found if what.level == "alarm"],
    )


def _fresh_data(trip: Trip, plan: Plan, todo: Sequence[Due]) -> tuple[str, str]:
    """The snapshot as of now that holds the truth, or why there is none; read only where somebody needs it.

    One that was taken within the last hour, for the list of today, serves as well.
    """
    mature = [matures(plan, item.answered) for item in todo if item.needs == "labels"]
    if not mature:
        return "", ""
    if recent := trip.step("find the data of today", lambda: _taken(trip.past, max(mature), trip.at)):
        return recent, ""
    try:
        taken = snapshot(trip, plan, trip.at)
    except UserError as error:
        return "", f"The sources could not be read: {error.mistakes[0].found}"
    if taken.snapshot:
        return taken.snapshot, ""
    failed = [check.found for check in taken.checks if check.verdict not in ("pass", "warn")]
    return "", f"The data was refused at the door: {sentence_of(failed) or 'see the refusal.'}"


def _taken(past: Past, upto: datetime, now: datetime) -> str:
    """The newest snapshot, if it was taken lately and reaches up to a moment; empty where it does not."""
    newest = latest(past.of(SnapshotTaken, SnapshotRefused))
    if newest is None or isinstance(newest.what, SnapshotRefused) or not now - _RECENT <= newest.at <= now:
        return ""
    return newest.what.snapshot if read_moment(newest.what.as_of) >= upto else ""


def _judge(trip: Trip, look: Look) -> Any:
    return plain(look.judge(trip.past))


def _counted(trip: Trip, plan: Plan) -> Any:
    windows = judged_counts(plan, trip.past, trip.at, StoredStates(trip.store.files))
    return {"windows": plain(windows), "labels": [], "audits": []}


def _facts(judged: dict[str, Any], now: datetime, past: Past) -> Sequence[What]:
    """What was found, less what somebody else recorded meanwhile; an alarm where none is open about the same."""
    able = answering(past)
    facts: list[What] = []
    for labels in reader(list[LabelsSealed]).validate_python(judged["labels"]):
        if not past.of(LabelsSealed, about=labels.segment):
            facts.append(labels)
    for sample in reader(list[AuditDrawn]).validate_python(judged["audits"]):
        if not is_drawn(past, sample.candidate, sample.window):
            facts.append(sample)
    for found in reader(list[WindowJudged]).validate_python(judged["windows"]):
        if not is_judged(past, found, now):
            window = settled(found, not found.candidate or found.candidate in able)
            facts.append(window)
            if window.level == "alarm" and open_alarm(past, window.monitor, window.candidate) is None:
                facts.append(alarm_of(window))
    return facts
