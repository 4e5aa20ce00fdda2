"""One list, from who answers to receipts, step by step on the durable road."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from shipworthy.base.check import sentence_of
from shipworthy.base.digest import plain
from shipworthy.base.errors import GateShut, Mistake, UserError, not_found
from shipworthy.base.fact import Past, latest, reader
from shipworthy.base.times import given_moment, read_moment
from shipworthy.data.flow import snapshot
from shipworthy.data.words import SnapshotOutcome, SnapshotTaken
from shipworthy.deliver.answering import parts
from shipworthy.deliver.bringing import brought
from shipworthy.deliver.closing import closing, late_receipts, nothing
from shipworthy.deliver.dead import replay
from shipworthy.deliver.engine import engine_of
from shipworthy.deliver.erasing import erase_marked as erase_marked
from shipworthy.deliver.filling import to_fill
from shipworthy.deliver.part_taken import part_taken
from shipworthy.deliver.rules import finished_run, notice, run_name, unbrought, unvisited
from shipworthy.deliver.run import SHADOW, Account, Receipt, Result, Run, Used
from shipworthy.deliver.stream_rehearsal import rehearsed
from shipworthy.deliver.words import (
    AnswersSealed,
    BackFill,
    BackFilled,
    DeadLettersReplayed,
    LettersSentAgain,
    ReplayDeadLetters,
    RunAccount,
    RunFinished,
    Score,
)
from shipworthy.edges.road import Trip
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan
from shipworthy.release.rules import in_place_of_the_model, stand_in, standing
from shipworthy.release.signed import plan_as_signed, plan_in_use
from shipworthy.release.words import Standing


def score(command: Score, trip: Trip) -> RunAccount:
    """Answer for every entity that is due and bring the answers to a consumer.

    Raises:
        UserError: nothing is released, the consumer is unknown, or a trial has no candidate.
        Tampered: the ledger that says who answers does not hold.
    """
    run = _run(command, trip)
    missing = trip.step("look what is to be done", lambda: _to_bring(trip, run))
    if missing is not None:
        return _brought_again(trip, run, missing)
    taken = snapshot(trip, run.plan, run.moment)
    used = _used(trip.step("choose data and who answers", lambda: plain(_choose(trip, run, taken))))
    results = _answered(trip, run, used)
    if (broken := _broken(results)) and not run.trial:
        used = _used(trip.step("choose what stands in", lambda: plain(_stand_in(trip, run, used, broken, broken))))
        results = _answered(trip, run, used)
    fallen = [result for result in results if result.canary and result.broken]
    if fallen and not run.trial:
        used = _used(trip.step("let champions answer for the canary", lambda: plain(_without(used, fallen))))
        results = [*_answered(trip, run, used), *fallen]
    told = any(not result.broken for result in results)
    why = _broken(results) or ("" if told else used.stood_in or "nobody is released to answer")
    if why:
        trip.record("close the run", lambda past: nothing(trip, run, past, why, used.broken))
        return _closed(trip, run)
    if used.again is None:
        trip.record("seal the answers", lambda past: _unsealed(past, _sealed(trip, run, used, results)))
    receipts = _brought(trip, run, results, notice(run, used))
    trip.record("close the run", lambda past: closing(trip, run, past, used, results, receipts))
    return _closed(trip, run)


def _brought(trip: Trip, run: Run, results: list[Result], told: str) -> list[Receipt]:
    """What was brought to whom: a list to its sinks, the rehearsal of a stream to its own topic."""
    if run.consumer.mode != "stream":
        return brought(trip, run, results, run.consumer.sinks, told)
    sent = trip.step("publish to the rehearsal topic", lambda: plain(rehearsed(trip, run, results, told)))
    return [reader(Receipt).validate_python(sent)]


def back_fill(command: BackFill, trip: Trip) -> BackFilled:
    """Make the lists of a past time that were never made, one after the other, each on what was known then.

    Raises:
        NotFound: there is no such consumer.
        UserError: it gets no lists, nothing is released, the time is none, or a destination would be overwritten.
    """
    settled = trip.step("see which lists are missing", lambda: _to_fill(command, trip))
    plan = Plan.model_validate(settled["plan"])
    made: list[RunAccount] = []
    not_made: dict[str, str] = {}
    for text in settled["moments"]:
        moment = read_moment(text)
        name, consumer = run_name(command.product, command.consumer, moment), plan.consumers[command.consumer]
        how: Literal["log", "deliver"] = "deliver" if command.deliver else "log"
        run = Run(name, plan, command.consumer, consumer, moment, "", "", how)
        why = _filled(trip, run)
        if why:
            not_made[text] = why
        else:
            made.append(_closed(trip, run))
    return BackFilled(command.consumer, made, settled["there"], not_made)


def _to_fill(command: BackFill, trip: Trip) -> dict[str, Any]:
    latest_list = Score(product=command.product, consumer=command.consumer, as_of=command.until)
    return to_fill(command, trip.past, _settle(latest_list, trip))


def _filled(trip: Trip, run: Run) -> str:
    """Make one list of the past; gives the reason where it could not be made. Nothing stands in for it."""
    if trip.step("look what is to be done", lambda: _is_made(trip, run)):
        _brought_again(trip, run, trip.step("see who has not got it", lambda: _unvisited(trip, run)))
        return ""
    taken = snapshot(trip, run.plan, run.moment)
    used = _used(trip.step("choose data and who answers", lambda: plain(_choose(trip, run, taken))))
    results = _answered(trip, run, used)
    if why := used.stood_in or _broken(results) or ("" if results else "nobody is released to answer"):
        return why
    trip.record("seal the answers", lambda past: _unsealed(past, _sealed(trip, run, used, results)))
    sinks = run.consumer.sinks if run.back_fill == "deliver" else []
    receipts = brought(trip, run, results, sinks, notice(run, used)) if sinks else []
    trip.record("close the run", lambda past: closing(trip, run, past, used, results, receipts))
    return ""


def _is_made(trip: Trip, run: Run) -> bool:
    return finished_run(trip.past, run.name) is not None


def _unvisited(trip: Trip, run: Run) -> list[str]:
    return unvisited(trip.past, run.name, run.consumer.sinks)


def _run(command: Score, trip: Trip) -> Run:
    settled = trip.step("read the plan", lambda: _settle(command, trip))
    plan = Plan.model_validate(settled["plan"])
    moment = read_moment(settled["moment"])
    challenger = settled["challenger"]
    name = run_name(command.product, command.consumer, moment, command.trial, challenger)
    return Run(name, plan, command.consumer, plan.consumers[command.consumer], moment, command.trial, challenger)


def _settle(command: Score, trip: Trip) -> dict[str, Any]:
    now, today = standing(trip.past), current_plan(trip.past)
    if command.consumer not in today.consumers:
        raise not_found("consumer", command.consumer, list(today.consumers))
    where = f"consumers.{command.consumer}"
    plan = plan_as_signed(today, trip.past, now.challenger) if _tried(command, now) else plan_in_use(today, trip.past)
    if plan.data.by_row:
        engine_of(trip.store.environ)  # a wrong setting is refused at once, and no reason for a stand-in
    if command.consumer not in plan.consumers:
        found = f"{command.consumer} came into the plan after what answers now was proven and signed."
        fix = "Make, prove and sign a new candidate under the plan in force."
        raise GateShut(Mistake("deliver.not_signed_for", where, found, "Nobody signed that it may get anything.", fix))
    mode = plan.consumers[command.consumer].mode
    if mode != "list" and (mode, command.trial) != ("stream", "rehearsal"):
        fix = f"It is answered by `shipworthy {'stream' if mode == 'stream' else 'serve'}`."
        raise UserError(Mistake("deliver.not_a_list", where, f"{command.consumer} gets no lists.", fix=fix))
    if command.trial and now.challenger_step != command.trial:
        fix = f"shipworthy release CANDIDATE {command.trial}"
        raise UserError(Mistake("deliver.no_trial", where, f"No candidate is in {command.trial}.", fix=fix))
    if not command.trial and not now.champion and not now.canary:
        fix = "Release a candidate to a cohort first; `--rehearsal` tries the route without it."
        raise UserError(Mistake("deliver.nothing_released", where, "Nothing is released to answer.", fix=fix))
    if not command.trial and command.consumer in now.paused:
        found = f"Deliveries to {command.consumer} are paused: {now.paused[command.consumer]}"
        fix = f"shipworthy resume --consumer {command.consumer}, by whoever may release."
        raise UserError(Mistake("deliver.paused", where, found, "They were held back on purpose.", fix))
    moment = given_moment(command.as_of, "as_of") if command.as_of else _newest_moment(command, trip)
    if moment > trip.at:
        found = f"{moment:%Y-%m-%d %H:%M} lies after now, {trip.at:%Y-%m-%d %H:%M}."
        raise UserError(Mistake("deliver.future", where, found, "No answer may rest on what has not happened."))
    return {"plan": plan.values(), "moment": moment.isoformat(), "challenger": now.challenger if command.trial else ""}


def _tried(command: Score, now: Standing) -> bool:
    return bool(command.trial and now.challenger_step == command.trial)


def _newest_moment(command: Score, trip: Trip) -> Any:
    """A shadow answers beside the newest list, so that both can be compared; everything else is for now."""
    made = [fact.what for fact in trip.past.of(RunFinished) if fact.what.consumer == command.consumer]
    lists = [what for what in made if not what.back_fill]
    if command.trial == "shadow" and lists:
        return read_moment(lists[-1].as_of)
    return trip.at


def _to_bring(trip: Trip, run: Run) -> list[str] | None:
    """The sinks that a finished run did not reach; None for a run that has not come to its end."""
    return None if finished_run(trip.past, run.name) is None else unbrought(trip.past, run.name)


def _brought_again(trip: Trip, run: Run, sinks: list[str]) -> RunAccount:
    """The same rows once more, to the sinks that did not get them."""
    still = [sink for sink in run.consumer.sinks if sink in sinks]
    if still:
        results = [Result(**one) for one in trip.step("find the answers", lambda: plain(_made_before(trip, run.name)))]
        told = trip.step("find what was told", lambda: notice(run, _told(trip, run)))
        receipts = brought(trip, run, results, still, told)
        trip.record("record what was brought", lambda past: late_receipts(trip, run, past, results, receipts))
    return _closed(trip, run)


def _told(trip: Trip, run: Run) -> Used:
    finished = trip.past.of(RunFinished, about=run.name)[-1].what
    return Used(
        finished.snapshot,
        finished.as_of,
        stood_in=finished.stood_in,
        broken=finished.broken,
        fell_back=finished.fell_back,
    )


def _choose(trip: Trip, run: Run, taken: SnapshotOutcome) -> Used:
    # The whole chain is verified first: nobody gets answers from a release that was written past the gate.
    trip.store.ledger.verify()
    now = standing(trip.past)
    if taken.snapshot:
        answering = parts(run.plan, now, run.trial, False, bool(run.back_fill))
        fell_back = "" if run.trial or run.back_fill else in_place_of_the_model(now)
        return Used(taken.snapshot, run.moment.isoformat(), answering, fell_back=fell_back)
    found = [check.found for check in taken.checks if check.verdict not in ("pass", "warn")]
    stopped = f"Data was stopped at the door: {sentence_of(found) or 'it was refused.'}"
    # The newest by what it knows: one of a past moment may have been taken since.
    good = max(trip.past.of(SnapshotTaken), key=lambda fact: read_moment(fact.what.as_of), default=None)
    if run.trial or run.back_fill or good is None:
        return Used("", run.moment.isoformat(), stood_in=stopped)
    return _stand_in(trip, run, Used(good.what.snapshot, good.what.as_of), stopped, "")


def _stand_in(trip: Trip, run: Run, used: Used, why: str, broken: str) -> Used:
    """What the consumer's plan declares for the case that data or model are stopped."""
    chosen = Used(used.snapshot, used.as_of, stood_in=why, broken=broken)
    if run.consumer.if_stopped == "last":
        fresh = _last_fresh(trip, run)
        account = Account(fresh.due, fresh.answered, dict(fresh.refused)) if fresh else None
        return replace(chosen, again=account, as_of=fresh.as_of if fresh else chosen.as_of)
    if run.consumer.if_stopped == "nothing":
        return chosen
    now = replace(standing(trip.past), baseline=stand_in(trip.past))
    return replace(chosen, parts=parts(run.plan, now, "", True))


def _used(values: dict[str, Any]) -> Used:
    return reader(Used).validate_python(values)


def _last_fresh(trip: Trip, run: Run) -> RunFinished | None:
    """The last list of this consumer that came from fresh data, while its answers have not expired."""
    horizon = run.plan.need.horizon
    fresh = latest(
        trip.past.of(RunFinished),
        lambda what: (
            what.consumer == run.consumer_name and not what.stood_in and not what.back_fill and what.answered > 0
        ),
    )
    return fresh.what if fresh and horizon.after(read_moment(fresh.what.as_of)) > run.moment else None


def _made_before(trip: Trip, run: str) -> list[Result]:
    """The answers of a run, as they were sealed."""
    return [
        Result(
            segment=what.segment,
            candidate=next(iter(what.candidates)),
            rows=what.rows,
            real=what.rows - what.steps.get(SHADOW, 0),
            mean_score=next(iter(what.mean_score.values()), 0.0),
            features=what.features,
        )
        for what in (fact.what for fact in trip.past.of(AnswersSealed))
        if what.run == run
    ]


def _answered(trip: Trip, run: Run, used: Used) -> list[Result]:
    """The answers of everybody who takes part."""
    if used.again is not None:
        again = trip.step("find the last list", lambda: plain(_made_before(trip, _last_name(trip, run))))
        return [Result(**one) for one in again]
    return [
        Result(**trip.step(f"answer with {part.candidate[:12]}", partial(part_taken, trip, run, part, used)))
        for part in used.parts
    ]


def _broken(results: Sequence[Result]) -> str:
    """Why somebody who was to answer people could not; a challenger in shadow takes nothing from them, and a canary
    nothing that its champions could not answer.
    """
    mine = (result.broken for result in results if not (result.shadow or result.canary))
    return next((broken for broken in mine if broken), "")


def _without(used: Used, fallen: Sequence[Result]) -> Used:
    """The same run without the canary that could not answer."""
    names = {result.candidate for result in fallen}
    left = [part for part in used.parts if part.candidate not in names]
    return replace(used, parts=[replace(part, canary="", canary_share=0.0) for part in left])


def _last_name(trip: Trip, run: Run) -> str:
    fresh = _last_fresh(trip, run)
    return fresh.run if fresh else ""


def _sealed(trip: Trip, run: Run, used: Used, results: Sequence[Result]) -> list[AnswersSealed]:
    return [
        AnswersSealed(
            product=trip.product,
            segment=result.segment,
            rows=result.rows,
            run=run.name,
            as_of=used.as_of,
            candidates={result.candidate: result.rows},
            steps=dict(result.steps),
            mean_score={result.candidate: result.mean_score},
            snapshot=used.snapshot,
            features=result.features,
        )
        for result in results
        if not result.broken
    ]


def _unsealed(past: Past, sealed: list[AnswersSealed]) -> list[AnswersSealed]:
    """Those not on record yet: a list that two commands asked for, or a crash made two of, is sealed once."""
    known = {(fact.what.run, name) for fact in past.of(AnswersSealed) for name in fact.what.candidates}
    return [what for what in sealed if not {(what.run, name) for name in what.candidates} <= known]


def _closed(trip: Trip, run: Run) -> RunAccount:
    """The account of a run as it stands now; that of a trial stands in its own fact alone."""
    told = trip.step("see the account", lambda: plain(_account(trip, run)))
    return reader(RunAccount).validate_python(told)


def _account(trip: Trip, run: Run) -> RunAccount:
    found = finished_run(trip.past, run.name)
    if found is not None:
        return found
    made = [result.rows for result in _made_before(trip, run.name)]
    rows = made[0] if made else 0
    return RunAccount(run.name, run.consumer_name, run.moment.isoformat(), rows, rows, {}, {}, {})


def replay_dead_letters(command: ReplayDeadLetters, trip: Trip) -> LettersSentAgain:
    """Send the dead letters of a stream again as questions, and put on record how many.

    Raises:
        UserError: there is no such stream, or its broker cannot be reached.
    """
    plan = current_plan(trip.past)
    store, name = trip.store, command.consumer
    sent, left = trip.step("send the dead letters again", lambda: plain(replay(store, plan, name, command.most)))
    if sent:
        fact = DeadLettersReplayed(product=command.product, consumer=name, sent=sent)
        trip.record("count what was sent again", lambda past: [fact])
    return LettersSentAgain(name, sent, left)
