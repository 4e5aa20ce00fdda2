"""What has happened that a trigger may act on, each thing once, with when it came to be. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from shipworthy.base.check import sentence_of
from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Past
from shipworthy.base.retries import MOST_TRIES
from shipworthy.base.times import midnight, read_moment
from shipworthy.deliver.folds import ended, troubled
from shipworthy.deliver.owing import missing_arrivals, moments_of, owed
from shipworthy.deliver.rules import due_by, run_name
from shipworthy.deliver.shortfall import shortfalls
from shipworthy.deliver.words import DeliveryFailed
from shipworthy.model.words import CandidateMade
from shipworthy.plan.check import spoken
from shipworthy.plan.schema import Plan, Trigger
from shipworthy.plan.words import PlanAdopted
from shipworthy.release.rules import paused, standing
from shipworthy.release.signed import plan_in_use
from shipworthy.release.trials import UNDER_TRIAL, harmful
from shipworthy.release.words import (
    CANARY,
    FOR_PEOPLE,
    CameBack,
    DeliveriesPaused,
    DeliveriesResumed,
    FellBack,
    ReleaseStepped,
    TrialFinished,
)
from shipworthy.respond.action import Cause
from shipworthy.respond.attempts import failed_attempts
from shipworthy.respond.folds import NEW, NOTED, REFUSED, WARNED
from shipworthy.respond.incidents import open_now, overdue_moments, severity_of
from shipworthy.sign.approval import refusals
from shipworthy.watch.folds import JUDGED, open_alarms
from shipworthy.watch.silence import compared_last

RETRAINING = "retraining"
"""What has gone silent where no challenger was compared for too long."""


def causes(plan: Plan, past: Past, now: datetime) -> Iterator[Cause]:
    """Everything that a trigger of the plan may act on, whether or not one has."""
    yield from _alarms(past)
    yield from _refusals(plan, past)
    yield from _deliveries(plan, past, now)
    yield from _missed(plan, past, now)
    yield from _overdue(plan, past, now)
    yield from _awaited(plan, past, now)
    yield from _broken(past)
    yield from _revoked(past)
    yield from _harmful(past)
    yield from failed_attempts(plan, past)
    heard = {trigger.on for trigger in plan.respond.triggers}
    if "note" in heard:
        yield from _notes(past)
    if "breach" in heard:
        yield from _breaches(plan, past)
    if "new-data" in heard:
        yield from _new_data(past)
    if heard & {"code", "plan"}:
        yield from _changes(past)
    yield from _overdue_incidents(plan, past, now)
    yield from _held_back(past)
    yield from _unevaluated(plan, past, now)
    for trigger in plan.respond.triggers:
        yield from _by_the_clock(trigger, past, now)


def _refusals(plan: Plan, past: Past) -> Iterator[Cause]:
    """Sources that broke their contract: one cause for each, which lasts until it is accepted again."""
    broken: set[str] = set()
    accepted, known = 0, past.fold(REFUSED)
    for one in known["refused"]:
        if one["accepted"] != accepted:
            broken, accepted = set(), one["accepted"]
        text = f"data as of {one['as_of'][:10]} refused: {sentence_of(found for _, found in one['bad'])}"
        for source in sorted({_source(where, plan) for where, _ in one["bad"]} or {""}):
            if source not in broken:
                yield Cause("refusal", one["refusal"], source, text, accepted == known["accepted"], **_when(one))
            broken.add(source)


def _alarms(past: Past) -> Iterator[Cause]:
    for one in open_alarms(past):
        yield Cause("alarm", one.alarm, one.monitor, one.text, candidate=one.candidate, at=one.at, seq=one.seq)


def _revoked(past: Past) -> Iterator[Cause]:
    """Candidates in use about which the last word of a function is a no; a new approval ends it."""
    for candidate in sorted(in_use(past)):
        for said in refusals(past, candidate):
            what = said.what
            text = f"{what.function} took back the sign-off of {candidate[:12]}: {what.reason}"
            yield Cause("revoked", said.digest, what.function, text, candidate=candidate, at=said.at, seq=said.seq)


def _deliveries(plan: Plan, past: Past, now: datetime) -> Iterator[Cause]:
    for short in shortfalls(plan, past, now):
        yield Cause(short.kind, short.name, short.consumer, short.text, short.lasting, at=short.at, seq=short.seq)
    for failed in past.of(DeliveryFailed):
        text = f"the list of {failed.what.as_of[:10]} did not reach {failed.what.consumer}: {failed.what.reason}"
        what, sink = failed.what, failed.what.sink
        yield Cause("failed", what.delivery, what.consumer, text, False, at=failed.at, seq=failed.seq, sink=sink)
    yield from _not_brought(past)


def _not_brought(past: Past) -> Iterator[Cause]:
    """Lists that did not reach a destination so often that people have to see to it."""
    tries: dict[str, set[datetime]] = {}
    for failed in past.of(DeliveryFailed):
        what, moments = failed.what, tries.setdefault(failed.what.delivery, set())
        moments.add(failed.at)
        if len(moments) == MOST_TRIES:
            text = (
                f"the list of {what.as_of[:10]} did not reach {what.consumer} at {what.sink} in {MOST_TRIES} tries: "
                f"{what.reason.rstrip('.')}. Mend that; it is tried once a day until the next list takes its place, "
                f"and at once by `shipworthy score {what.consumer} --as-of {what.as_of[:16]}`"
            )
            name = digest_of([what.delivery, "given up"])
            yield Cause("failed", name, what.consumer, text, False, at=failed.at, seq=failed.seq, sink=what.sink)


def _missed(plan: Plan, past: Past, now: datetime) -> Iterator[Cause]:
    """Lists that were due and of which nothing was brought to anybody, not even by the baseline."""
    for one in troubled(past):
        nothing = not one.delivered and not one.failed and not one.back_fill
        if one.consumer in plan.consumers and nothing and read_moment(one.as_of) <= now:
            text = f"{one.consumer} got no list for {one.as_of[:10]}: {one.stood_in}"
            yield Cause("late", one.run, one.consumer, text, False, at=one.at, seq=one.seq)


def _overdue(plan: Plan, past: Past, now: datetime) -> Iterator[Cause]:
    """Lists that should have arrived and were not even made."""
    made = ended(past)
    held = paused(past)
    for name, moment in owed(plan_in_use(plan, past), past, now):
        limit, run = due_by(plan.consumers[name], moment), run_name(plan.product, name, moment)
        if limit < now and run not in made:
            text = (
                f"{name} has no list for {moment:%Y-%m-%d}: it has not been made, and was due by {limit:%Y-%m-%d %H:%M}"
            )
            text += f"; deliveries are paused: {held[name]}" if name in held else ""
            yield Cause("late", run, name, text, at=limit)


def _awaited(plan: Plan, past: Past, now: datetime) -> Iterator[Cause]:
    """Lists by arrival that cannot be made, since their data has not come as often as the plan says it does."""
    signed = plan_in_use(plan, past)
    for name, last, expected in missing_arrivals(signed, past, now):
        of = " or ".join(signed.consumers[name].arrival_of) or "any source"
        text = (
            f"{name} has no list: no new data of {of} came by {expected:%Y-%m-%d %H:%M}, the last before that by "
            f"{last:%Y-%m-%d %H:%M}"
        )
        came = any(moment > last for moment in moments_of(signed.consumers[name], past, now))
        yield Cause("late", f"arrival for {name} by {expected.isoformat()}", name, text, not came, at=expected)


def _broken(past: Past) -> Iterator[Cause]:
    """Lists for which the released model, or a canary its share, could not answer."""
    for one in troubled(past):
        if one.broken:
            text = f"the list of {one.as_of[:10]} for {one.consumer} came without the model: {one.broken}"
            yield Cause("failed", one.run, one.consumer, text, False, at=one.at, seq=one.seq)
    for tried in past.of(TrialFinished):
        if tried.what.step == CANARY and not tried.what.ok and not tried.what.compared:
            part = tried.what
            name = f"{part.candidate}/{CANARY}/{part.consumer}/{part.as_of}"
            text = f"the list of {part.as_of[:10]} for {part.consumer} came without the canary: {part.text}"
            yield Cause("failed", name, part.consumer, text, False, part.candidate, tried.at, tried.seq)


def _harmful(past: Past) -> Iterator[Cause]:
    """Candidates that a trial has taken back because they do harm."""
    for judged in harmful(past):
        what = judged.what
        name = f"{what.candidate}/trial/{what.step}/{what.window}"
        text = f"candidate {what.candidate[:12]} {UNDER_TRIAL[what.step]}: {what.text}"
        yield Cause("failed", name, "", text, False, what.candidate, judged.at, judged.seq)


def _notes(past: Past) -> Iterator[Cause]:
    """Something that a monitor noted: one cause for each since when it goes on."""
    for name, one in sorted(past.fold(NOTED).items(), key=lambda pair: int(pair[1]["seq"])):
        yield Cause("note", name, one["monitor"], one["text"], False, one["candidate"], **_when(one))


def _breaches(plan: Plan, past: Past) -> Iterator[Cause]:
    """Sources that were accepted with a warning: one cause for each, until it comes without one."""
    warned: set[str] = set()
    accepted = 0
    for one in past.fold(WARNED)["warned"]:
        bad: dict[str, list[str]] = {}
        for where, found in one["bad"]:
            bad.setdefault(_source(where, plan), []).append(found)
        before = warned if one["accepted"] == accepted + 1 else set()
        for source in sorted(set(bad) - before):
            text = f"data as of {one['as_of'][:10]} accepted with a warning: {sentence_of(bad[source])}"
            yield Cause("breach", digest_of([one["digest"], source, "breach"]), source, text, False, **_when(one))
        warned, accepted = set(bad), one["accepted"]


def _new_data(past: Past) -> Iterator[Cause]:
    """Accepted data that was not there before."""
    for one in sorted(filter(None, past.fold(NEW)["known"].values()), key=lambda one: int(one["seq"])):
        text = f"new data as of {one['as_of'][:10]}: {one['rows']:,} rows accepted"
        yield Cause("new-data", one["name"], "", text, False, **_when(one))


def _when(kept: Mapping[str, Any]) -> dict[str, Any]:
    """When a cause came to be, and the fact that says so, as a fold keeps them."""
    return {"at": datetime.fromisoformat(kept["at"]), "seq": kept["seq"]}


def _changes(past: Past) -> Iterator[Cause]:
    """A model made from changed code, and a changed plan."""
    code = None
    for made in past.of(CandidateMade):
        if made.what.role != "model":
            continue
        if code not in (None, made.what.code):
            text = f"the model {made.what.candidate[:12]} by {made.what.author} is made from changed code"
            yield Cause(
                "code",
                digest_of([made.what.candidate, "code"]),
                "",
                text,
                False,
                made.what.candidate,
                made.at,
                made.seq,
            )
        code = made.what.code
    before: dict[str, str] = {}
    for adopted in past.of(PlanAdopted):
        what = adopted.what
        changed = sorted(name for name in {*before, *what.sections} if before.get(name) != what.sections.get(name))
        for section in changed if before else ():
            text = f"plan version {what.version}, adopted by {adopted.who}, changes {section}"
            name = digest_of([what.digest, what.version, section])
            yield Cause("plan", name, section, text, False, at=adopted.at, seq=adopted.seq)
        before = dict(what.sections)


def _overdue_incidents(plan: Plan, past: Past, now: datetime) -> Iterator[Cause]:
    """Incidents that are open for too long: raised anew each time that as long again has gone by."""
    for incident in open_now(past):
        limits = overdue_moments(plan, past, incident, now)
        if limits:
            severity, times = severity_of(past, incident.what), len(limits)
            text = f"incident {incident.what.incident} is overdue since {limits[0]:%Y-%m-%d}: {incident.what.title}"
            text += f" (raised {times} times)" if times > 1 else ""
            name = digest_of([incident.what.incident, "overdue", *([times] if times > 1 else [])])
            yield Cause("overdue", name, severity, text, at=limits[-1], seq=incident.seq)


def _held_back(past: Past) -> Iterator[Cause]:
    """Pauses and fall-backs, and that they are over: whoever waits is told of both."""
    held = paused(past)
    for fact in past.of(DeliveriesPaused, DeliveriesResumed):
        pausing = isinstance(fact.what, DeliveriesPaused)
        for name in fact.what.consumers:
            text = f"deliveries to {name} {'are paused' if pausing else 'go on again'}: {fact.what.reason}"
            lasting = pausing and name in held
            yield Cause("paused", digest_of([fact.digest, name]), name, text, lasting, at=fact.at, seq=fact.seq)
    fallen = bool(standing(past).held)
    for told in past.of(FellBack, CameBack):
        falling = isinstance(told.what, FellBack)
        text = "the simple baseline rule answers everybody" if falling else "the released candidates answer again"
        text = f"{text}: {told.what.reason}"
        yield Cause("fallback", told.digest, "", text, falling and fallen, at=told.at, seq=told.seq)


def _by_the_clock(trigger: Trigger, past: Past, now: datetime) -> Iterator[Cause]:
    if trigger.on == "schedule" and trigger.every and trigger.start:
        moment = scheduled(trigger, now)
        if moment is not None:
            name, text = f"{trigger.name}/{moment.isoformat()}", f"it is {moment:%Y-%m-%d %H:%M}, as the plan has it"
            yield Cause("schedule", name, "", text, False, at=moment, trigger=trigger.name)
    if trigger.on == "silent" and trigger.after and trigger.of != RETRAINING:
        yield from _silent(trigger, past, now)


def scheduled(trigger: Trigger, now: datetime) -> datetime | None:
    """The newest moment of a trigger's schedule that is not after now."""
    assert trigger.every
    assert trigger.start
    start, found, number = midnight(trigger.start), None, 0
    while (moment := trigger.every.times(number).after(start)) <= now:
        found, number = moment, number + 1
    return found


def _silent(trigger: Trigger, past: Past, now: datetime) -> Iterator[Cause]:
    """Monitors that have judged no window for too long, since they did or since people got answers first."""
    assert trigger.after
    for monitor, since, limit in silent_limits(trigger, past):
        if limit < now:
            text = f"the monitor {monitor} has judged no window for {spoken(trigger.after)}, since {since:%Y-%m-%d}"
            name = digest_of([monitor, since.isoformat(), "silent"])
            yield Cause("silent", name, monitor, text, at=limit, trigger=trigger.name)


def silent_limits(trigger: Trigger, past: Past) -> Iterator[tuple[str, datetime, datetime]]:
    """Each monitor a trigger on silence listens for, since when it judged no window, and until when it may be silent.

    Nothing for a trigger on something else.
    """
    if trigger.on != "silent" or trigger.after is None or trigger.of == RETRAINING:
        return
    released = next((fact for fact in past.of(ReleaseStepped) if fact.what.step in FOR_PEOPLE), None)
    if released is None:
        return
    judged: dict[str, list[str]] = {trigger.of: []} if trigger.of else {}
    for monitor, known in (pair for mine in past.fold(JUDGED).values() for pair in mine.items()):
        judged.setdefault(monitor, []).extend(known.get("moments", []))
    for monitor, moments in sorted(judged.items()):
        since = max(map(read_moment, moments), default=released.at)
        yield monitor, since, trigger.after.after(since)


def _unevaluated(plan: Plan, past: Past, now: datetime) -> Iterator[Cause]:
    """That no challenger was compared with what is in use for too long; raised anew after as long again."""
    said = plan.respond.retraining
    within, since, times = said.evaluated_within if said else None, compared_last(past), 0
    if within is None or since is None:
        return
    while within.times(times + 1).after(since) < now:
        times += 1
    if times:
        limit = within.times(times).after(since)
        text = f"no challenger has been compared with what is in use for {spoken(within.times(times))}, since "
        text += f"{since:%Y-%m-%d}: whether retraining would pay is not known"
        yield Cause("silent", digest_of([RETRAINING, since.isoformat(), times]), RETRAINING, text, at=limit)


def in_use(past: Past) -> set[str]:
    """Every candidate that answers, would answer again after a fall-back, or is on its way to people."""
    now = standing(past)
    return {*now.released.values(), *now.champion.values(), now.challenger, now.canary, now.waiting} - {""}


def _source(where: str, plan: Plan) -> str:
    # The source stands first; a column behind it may bear the name of another one.
    return next((part for part in where.removeprefix("sources.").replace(".", " ").split() if part in plan.sources), "")
