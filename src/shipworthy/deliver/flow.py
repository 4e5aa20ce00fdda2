"""One list, from who answers to receipts, step by step on the durable road."""

from __future__ import annotations

import time as machine
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.check import CheckResult
from shipworthy.base.digest import digest_of, plain
from shipworthy.base.errors import Mistake, UserError, not_found
from shipworthy.base.fact import Past, What, latest, reader
from shipworthy.base.kinds import kind
from shipworthy.base.times import read_moment
from shipworthy.data.flow import snapshot
from shipworthy.data.reading import tables
from shipworthy.data.words import SnapshotOutcome, SnapshotTaken
from shipworthy.deliver.answering import Part, answers, parts
from shipworthy.deliver.check import Outgoing, on_the_way_out
from shipworthy.deliver.rules import (
    account,
    delivery_name,
    due_by,
    failed_checks,
    finished_run,
    output,
    refused_reasons,
    run_name,
)
from shipworthy.deliver.sink import SinkKind, Target
from shipworthy.deliver.words import AnswersSealed, DeliveryFailed, DeliveryMade, RunAccount, RunFinished, Score
from shipworthy.edges.road import Trip
from shipworthy.model.answering import load
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Consumer, Plan
from shipworthy.release.rules import standing
from shipworthy.release.words import TrialFinished
from shipworthy.sign.rules import candidate_made

PAUSES = (0.2, 1.0)  # seconds before the second and the third try of a delivery


@dataclass(frozen=True, slots=True)
class Run:
    """What is settled about a run before anything is read.

    Attributes:
        moment: the moment the list is for.
        read_as_of: the moment as of which data is read; an earlier one where a past snapshot stands in.
    """

    name: str
    plan: Plan
    consumer_name: str
    consumer: Consumer
    moment: datetime
    trial: str


def score(command: Score, trip: Trip) -> RunAccount:
    """Answer for every entity that is due and bring the answers to a consumer.

    Raises:
        UserError: nothing is released, the consumer is unknown, or a trial has no candidate.
    """
    run = _run(command, trip)
    done = trip.step("look whether it is done", lambda: plain(finished_run(trip.past, run.name)))
    if done:
        return reader(RunAccount).validate_python(done)
    taken = snapshot(trip, run.plan, run.moment)
    stopped = "" if taken.snapshot else _why_stopped(taken)
    if stopped and (run.trial or run.consumer.if_stopped == "nothing"):
        return _nothing(trip, run, stopped)
    used = trip.step("choose data and who answers", lambda: _choose(trip, run, taken))
    if not used["parts"] and not used.get("last"):
        return _nothing(trip, run, stopped or "nobody is released to answer")
    results = used.get("last") or [
        trip.step(f"answer with {part['candidate'][:12]}", partial(_answer, trip, run, part, used))
        for part in used["parts"]
    ]
    if not used.get("last"):
        trip.record(
            "seal the answers", lambda past: _unsealed(past, [_sealed(trip, run, used, result) for result in results])
        )
    notice = _notice(run, stopped, used)
    receipts = _deliver(trip, run, results, notice)
    trip.record("close the run", lambda past: _closing(trip, run, past, used, results, receipts, stopped))
    finished = _finished(trip, run, used, results, receipts, stopped)
    return account(finished, [delivery_name(run.name, receipt["sink"]) for receipt in receipts])


def _run(command: Score, trip: Trip) -> Run:
    settled = trip.step("read the plan", lambda: _settle(command, trip))
    plan = Plan.model_validate(settled["plan"])
    moment = read_moment(settled["moment"])
    name = run_name(command.product, command.consumer, moment, command.trial, settled["candidate"])
    return Run(name, plan, command.consumer, plan.consumers[command.consumer], moment, command.trial)


def _settle(command: Score, trip: Trip) -> dict[str, Any]:
    plan = current_plan(trip.past)
    if command.consumer not in plan.consumers:
        raise not_found("consumer", command.consumer, list(plan.consumers))
    where = f"consumers.{command.consumer}"
    if plan.consumers[command.consumer].mode != "list":
        fix = "It is answered by `shipworthy serve`."
        raise UserError(Mistake("deliver.not_a_list", where, f"{command.consumer} gets no lists.", fix=fix))
    now = standing(trip.past)
    if command.trial and now.challenger_step != command.trial:
        fix = f"shipworthy release CANDIDATE {command.trial}"
        raise UserError(Mistake("deliver.no_trial", where, f"No candidate is in {command.trial}.", fix=fix))
    if not command.trial and not now.champion:
        fix = "Release a candidate to a cohort first; `--rehearsal` tries the route without it."
        raise UserError(Mistake("deliver.nothing_released", where, "Nothing is released to answer.", fix=fix))
    moment = read_moment(command.as_of) if command.as_of else _newest_moment(command, trip)
    if moment > trip.at:
        found = f"{moment:%Y-%m-%d %H:%M} lies after now, {trip.at:%Y-%m-%d %H:%M}."
        raise UserError(Mistake("deliver.future", where, found, "No answer may rest on what has not happened."))
    return {"plan": plan.values(), "moment": moment.isoformat(), "candidate": now.challenger}


def _newest_moment(command: Score, trip: Trip) -> datetime:
    """A shadow answers beside the newest list, so that both can be compared; everything else is for now."""
    lists = [fact.what for fact in trip.past.of(RunFinished) if fact.what.consumer == command.consumer]
    if command.trial == "shadow" and lists:
        return read_moment(lists[-1].as_of)
    return trip.at


def _choose(trip: Trip, run: Run, taken: SnapshotOutcome) -> dict[str, Any]:
    stopped = not taken.snapshot
    name, as_of = taken.snapshot, run.moment.isoformat()
    if stopped and run.consumer.if_stopped == "last":
        return {"parts": [], "last": _last_list(trip, run), "as_of": as_of, "snapshot": ""}
    if stopped:
        good = latest(trip.past.of(SnapshotTaken))
        if good is None:
            return {"parts": []}
        name, as_of = good.what.snapshot, good.what.as_of
    chosen = parts(run.plan, standing(trip.past), run.trial, stopped)
    return {"snapshot": name, "as_of": as_of, "parts": [plain(part) for part in chosen], "stopped": stopped}


def _last_list(trip: Trip, run: Run) -> list[dict[str, Any]]:
    """The answers of the last list that came from fresh data, to be brought once more."""
    fresh = latest(
        trip.past.of(RunFinished),
        lambda what: what.consumer == run.consumer_name and not what.stood_in and what.answered > 0,
    )
    if fresh is None:
        return []
    sealed = [fact.what for fact in trip.past.of(AnswersSealed) if fact.what.run == fresh.what.run]
    return [
        {
            "segment": what.segment,
            "candidate": next(iter(what.candidates)),
            "rows": what.rows,
            "due": fresh.what.due,
            "unscored": 0,
            "mean": next(iter(what.mean_score.values()), 0.0),
            "real": set(what.steps) != {"shadow"},
        }
        for what in sealed
    ]


def _answer(trip: Trip, run: Run, part_: dict[str, Any], used: dict[str, Any]) -> dict[str, Any]:
    part = Part(part_["candidate"], tuple(part_["cohorts"]), part_["step"])
    files, past = trip.store.files, trip.past
    taken = past.of(SnapshotTaken, about=used["snapshot"])[-1].what
    as_of = read_moment(used["as_of"])
    answerer = load(files, candidate_made(past, part.candidate), run.plan)
    sources = tables(files, taken, run.plan, as_of)
    features = answerer.features(sources, as_of)
    features_ref = files.put_table(
        pa.Table.from_pandas(features.rename_axis("entity").reset_index(), preserve_index=False)
    )
    table, unscored = answers(
        answerer,
        run.plan,
        part,
        sources,
        run=run.name,
        consumer=run.consumer_name,
        time=trip.at,
        as_of=as_of,
        inputs_ref=features_ref,
        features=features,
    )
    due = _entities(sources, run.plan.need.entity, features.index)
    return {
        "segment": files.put_table(table),
        "candidate": part.candidate,
        "rows": len(table),
        "due": due,
        "unscored": unscored,
        "features": features_ref,
        "mean": pc.mean(table["score"]).as_py() if len(table) else 0.0,
        "steps": dict(Counter(table["step"].to_pylist())),
        "real": part.step != "shadow",
    }


def _entities(sources: dict[str, pa.Table], entity: str, answered: Any) -> int:
    """How many entities are due: everything a source names, and whatever the features name besides."""
    named = {str(name) for name in answered}
    for table in sources.values():
        if entity in table.column_names:
            named |= {str(name) for name in pc.unique(table[entity]).to_pylist() if name is not None}
    return len(named)


def _sealed(trip: Trip, run: Run, used: dict[str, Any], result: dict[str, Any]) -> AnswersSealed:
    return AnswersSealed(
        product=trip.product,
        segment=result["segment"],
        rows=result["rows"],
        run=run.name,
        as_of=used["as_of"],
        candidates={result["candidate"]: result["rows"]},
        steps=result["steps"],
        mean_score={result["candidate"]: result["mean"]},
        snapshot=used["snapshot"],
        features=result["features"],
    )


def _deliver(trip: Trip, run: Run, results: list[dict[str, Any]], notice: str) -> list[dict[str, Any]]:
    """One receipt per sink; a shadow reaches nobody."""
    if run.trial == "shadow":
        return []
    checks = trip.step("check what goes out", lambda: plain(_outgoing(trip, run, results)))
    return [
        trip.step(f"deliver to {sink}", partial(_bring, trip, run, sink, results, notice, checks))
        for sink in run.consumer.sinks
    ]


def _outgoing(trip: Trip, run: Run, results: list[dict[str, Any]]) -> list[CheckResult]:
    rows = _rows_for_people(trip, run, results)
    shape = output(rows, run.consumer, run.plan.need.entity, run.plan.decision.yes)
    return on_the_way_out(Outgoing(run.plan, run.consumer_name, run.consumer, rows, shape))


def _rows_for_people(trip: Trip, run: Run, results: list[dict[str, Any]]) -> pa.Table:
    segments = [trip.store.files.table(result["segment"]) for result in results if result["real"]]
    rows = pa.concat_tables(segments)
    return rows.filter(pc.not_equal(rows["step"], "shadow"))


def _bring(
    trip: Trip, run: Run, sink_name: str, results: list[dict[str, Any]], notice: str, checks: list[dict[str, Any]]
) -> dict[str, Any]:
    """Write to one sink, tried three times; a receipt, or the reason why not."""
    rows = output(_rows_for_people(trip, run, results), run.consumer, run.plan.need.entity, run.plan.decision.yes)
    receipt: dict[str, Any] = {"sink": sink_name, "rows": len(rows), "notice": notice, "checks": checks}
    receipt["content"] = digest_of({name: rows[name].to_pylist() for name in rows.column_names})
    failed = failed_checks(reader(list[CheckResult]).validate_python(checks))
    if failed:
        return receipt | {"failed": f"{failed[0].check}: {failed[0].found}"}
    sink = run.plan.sinks[sink_name]
    write = kind("deliver/sinks", sink.kind, SinkKind).write
    target = _target(trip, run, sink_name, notice)
    for pause in (*PAUSES, None):
        try:
            return receipt | {"where": write(target, rows)}
        except UserError as error:
            return receipt | {"failed": str(error.mistakes[0].found)}
        except OSError as error:
            if pause is None:
                return receipt | {"failed": f"{type(error).__name__}: {error.strerror or error}"}
            machine.sleep(pause)
    raise AssertionError("the last try either returns or gives the reason")


def _target(trip: Trip, run: Run, sink_name: str, notice: str) -> Target:
    sink = run.plan.sinks[sink_name]
    rehearsal = run.trial == "rehearsal"
    path = sink.rehearsal if rehearsal and sink.path else sink.path
    table = sink.rehearsal if rehearsal and sink.table else sink.table
    filled = path.replace("{as_of}", f"{run.moment:%Y-%m-%d}").replace("{run}", digest_of(run.name)[:12])
    return Target(trip.store.folder(trip.product), filled, sink.url, table, run.name, notice)


def _unsealed(past: Past, sealed: list[AnswersSealed]) -> list[AnswersSealed]:
    """Those not on record yet: a list that two commands asked for, or a crash made two of, is sealed once."""
    known = {(fact.what.run, name) for fact in past.of(AnswersSealed) for name in fact.what.candidates}
    return [what for what in sealed if not {(what.run, name) for name in what.candidates} <= known]


def _closed(past: Past, run: Run) -> bool:
    if not run.trial:
        return bool(past.of(RunFinished, about=run.name))
    moment = run.moment.isoformat()
    same = (run.trial, run.consumer_name, moment)
    trials = [fact.what for fact in past.of(TrialFinished) if fact.what.ok]
    return any(
        (what.step, what.consumer, what.as_of) == same and run.name.endswith(what.candidate[:12]) for what in trials
    )


def _closing(
    trip: Trip,
    run: Run,
    past: Past,
    used: dict[str, Any],
    results: list[dict[str, Any]],
    receipts: list[dict[str, Any]],
    stopped: str,
) -> Sequence[What]:
    if _closed(past, run):
        return []
    candidate = results[0]["candidate"]
    facts: list[What] = [_delivery(trip, run, candidate, receipt) for receipt in receipts]
    if run.trial:
        return [*facts, _trial(trip, run, results, receipts)]
    return [*facts, _finished(trip, run, used, results, receipts, stopped)]


def _finished(
    trip: Trip,
    run: Run,
    used: dict[str, Any],
    results: list[dict[str, Any]],
    receipts: list[dict[str, Any]],
    stopped: str,
) -> RunFinished:
    answered, due, unscored = results[0]["rows"], results[0]["due"], results[0]["unscored"]
    finished = RunFinished(
        product=trip.product,
        run=run.name,
        consumer=run.consumer_name,
        as_of=run.moment.isoformat(),
        due=due,
        answered=answered,
        refused=dict(refused_reasons(due, answered, unscored)),
        delivered={receipt["sink"]: receipt["rows"] for receipt in receipts if "where" in receipt},
        failed={receipt["sink"]: receipt["rows"] for receipt in receipts if "failed" in receipt},
        snapshot=used["snapshot"],
        stood_in=stopped,
    )
    account(finished, [])
    return finished


def _delivery(trip: Trip, run: Run, candidate: str, receipt: dict[str, Any]) -> What:
    name = delivery_name(run.name, receipt["sink"])
    if "failed" in receipt:
        return DeliveryFailed(
            product=trip.product,
            delivery=name,
            run=run.name,
            consumer=run.consumer_name,
            sink=receipt["sink"],
            rows=receipt["rows"],
            as_of=run.moment.isoformat(),
            reason=receipt["failed"],
        )
    limit = due_by(run.consumer, run.moment)
    return DeliveryMade(
        product=trip.product,
        delivery=name,
        run=run.name,
        consumer=run.consumer_name,
        sink=receipt["sink"],
        candidate=candidate,
        step=run.trial or "live",
        rows=receipt["rows"],
        content=receipt["content"],
        where=receipt["where"],
        as_of=run.moment.isoformat(),
        due_by=limit.isoformat(),
        late=trip.at > limit,
        checks=reader(list[CheckResult]).validate_python(receipt["checks"]),
        notice=receipt["notice"],
    )


def _trial(trip: Trip, run: Run, results: list[dict[str, Any]], receipts: list[dict[str, Any]]) -> TrialFinished:
    failed = [receipt for receipt in receipts if "failed" in receipt]
    rows, mean = results[0]["rows"], results[0]["mean"]
    text = f"{rows} entities answered, mean score {mean:.3f}"
    if failed:
        text = f"{failed[0]['sink']}: {failed[0]['failed']}"
    return TrialFinished(
        product=trip.product,
        candidate=results[0]["candidate"],
        step=run.trial,
        consumer=run.consumer_name,
        as_of=run.moment.isoformat(),
        ok=not failed and rows > 0,
        text=text,
        compared={"mean_score": mean, "rows": float(rows)},
    )


def _nothing(trip: Trip, run: Run, why: str) -> RunAccount:
    """A run that brings nothing, on record with its reason: the consumer is told by the trigger."""

    def close(past: object) -> Sequence[What]:
        if run.trial:
            candidate = standing(trip.past).challenger
            return [
                TrialFinished(
                    product=trip.product,
                    candidate=candidate,
                    step=run.trial,
                    consumer=run.consumer_name,
                    as_of=run.moment.isoformat(),
                    ok=False,
                    text=why,
                )
            ]
        return [
            RunFinished(
                product=trip.product,
                run=run.name,
                consumer=run.consumer_name,
                as_of=run.moment.isoformat(),
                due=0,
                answered=0,
                refused={},
                delivered={},
                failed={},
                snapshot="",
                stood_in=f"nothing delivered: {why}",
            )
        ]

    trip.record("close the run", close)
    return RunAccount(run.name, run.consumer_name, run.moment.isoformat(), 0, 0, {}, {}, {}, [], why)


def _why_stopped(taken: SnapshotOutcome) -> str:
    found = [check.found for check in taken.checks if check.verdict not in ("pass", "warn")]
    return "; ".join(found) or "the data was refused"


def _notice(run: Run, stopped: str, used: dict[str, Any]) -> str:
    simulated = "Replay of history with simulated time. " if run.plan.time.clock == "simulated" else ""
    rehearsal = "Rehearsal: do not act on it. " if run.trial == "rehearsal" else ""
    if not stopped:
        return (simulated + rehearsal).strip() if rehearsal else ""
    if used.get("last"):
        return f"{simulated}This is the last list once more. Data was stopped at the door: {stopped}"
    day = read_moment(used["as_of"])
    return (
        f"{simulated}This list does not come from the model. Data was stopped at the door: {stopped} "
        f"The simple baseline rule answers instead, on data as of {day:%Y-%m-%d}."
    )
