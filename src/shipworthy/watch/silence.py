"""Who should have reported and has not: monitors, looks, feeds, servers, workers of streams, whoever retrains.

Told from facts, beats and the clock alone, so that it is known also where nobody looks any more. Each period follows
from what is declared or from what was usual; nobody sets it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from shipworthy.base.check import sentence_of
from shipworthy.base.fact import Past
from shipworthy.base.times import read_moment
from shipworthy.deliver.folds import ended
from shipworthy.deliver.shortfall import Shortfall, unheard
from shipworthy.deliver.words import Beat
from shipworthy.plan.check import spoken
from shipworthy.plan.schema import Plan
from shipworthy.release.rules import paused
from shipworthy.release.trials import TRIED
from shipworthy.release.words import FOR_PEOPLE, ReleaseStepped
from shipworthy.watch.counted import counts_due
from shipworthy.watch.folds import AUDITED, FEEDS, JUDGED, REMEMBERED, SEALED
from shipworthy.watch.monitor import NOBODY
from shipworthy.watch.rules import PATIENCE, Due, answering, due, matures, monitors, updates_per_year
from shipworthy.watch.words import Silence

BEATEN = timedelta(minutes=1)
"""A server or worker leaves word every ten seconds; after six words that did not come it is silent."""
UNLOOKED = timedelta(hours=2)
"""How long a window may be due before somebody must have looked; the worker looks every few seconds."""
TIMES = 3
"""How many usual gaps may pass."""
SHORTEST = timedelta(days=1)
GAPS_TO_KNOW = 3
_YEAR = timedelta(days=365.25)


def silences(plan: Plan, past: Past, beats: Sequence[Beat], now: datetime, wall: datetime) -> list[Silence]:
    """Everybody who should have reported and has not, by name.

    Args:
        beats: the newest word of every server and worker.
        now: the product's time; wall: the wall clock, by which servers live.
    """
    found = [*_servers(beats, wall)]
    if answering(past) and not set(plan.consumers) <= paused(past).keys():
        found += [*_looks(plan, past, now), *_monitors(plan, past, now), *_never(plan, past, now)]
        found += [*_feeds(plan, past, now), *_labelling(plan, past, now), *_consumers(plan, past, now)]
        found += _comparison(plan, past, now)
    return sorted(found, key=lambda one: one.name)


def _silent(name: str, last: datetime, within: timedelta, now: datetime, advice: str) -> Iterator[Silence]:
    if last + within < now:
        yield Silence(name, last.isoformat(), _words(within), advice)


def _servers(beats: Sequence[Beat], wall: datetime) -> Iterator[Silence]:
    """Servers and workers that ended without saying so, and that no other has followed since."""
    for beat in beats:
        last = read_moment(beat.at)
        kind = f"worker of the stream {beat.consumer}" if beat.consumer else "prediction server"
        if not beat.stopped and not any(_follows(other, beat, wall) for other in beats):
            advice = f"Look whether its process still runs, and start it again; it was reached at {beat.address}."
            yield from _silent(f"{kind} {beat.server}", last, BEATEN, wall, advice)


def _follows(other: Beat, gone: Beat, wall: datetime) -> bool:
    """Whether another one of the same kind was started after the last word of one, and reports."""
    later = read_moment(other.started) > read_moment(gone.at)
    return other.consumer == gone.consumer and later and (other.stopped or read_moment(other.at) + BEATEN >= wall)


def _looks(plan: Plan, past: Past, now: datetime) -> Iterator[Silence]:
    """The look at the world itself, where windows have been due for hours and nobody has judged them."""
    waiting = [_due_since(plan, past, one, now) for one in due(plan, past, now)]
    since = min((one for one in waiting if one is not None), default=None)
    if since is None and counts_due(plan, past, now - UNLOOKED):
        since = now - UNLOOKED - timedelta(microseconds=1)
    if since is not None and since + UNLOOKED < now:
        advice = "Look whether `shipworthy work` still runs, or whether a look ends in an error: `shipworthy due`."
        last = max(_looked(past), default=since.isoformat())
        yield Silence("the look at the world", last, _words(UNLOOKED), advice)


def _looked(past: Past) -> Iterator[str]:
    """When each monitor was asked last, whether or not it could judge."""
    for mine in past.fold(JUDGED).values():
        yield from (known["at"] for known in mine.values())


def _due_since(plan: Plan, past: Past, one: Due, now: datetime) -> datetime | None:
    """Since when a window could have been judged, or tried again; None where nobody knows."""
    window = one.answered
    there = _there(past, one)
    if there is None or window.growing_since:
        return None
    known = past.fold(JUDGED).get(window.candidate, {}).get(one.monitor, {"windows": {}})
    tried = known["windows"].get(window.moment)
    if tried and not isinstance(tried, str) and read_moment(tried["at"]) <= now:
        there = max(there, read_moment(tried["at"]) + PATIENCE)
    return max(there, matures(plan, window)) if one.needs == "labels" else there


def _there(past: Past, one: Due) -> datetime | None:
    """When all of a window was there, as far as it shows; None of a sample that people have labelled.

    Of what servers answer that shows only when they answer again, which may be hours later.
    """
    window = one.answered
    if one.needs == "runs":
        ends = [end["at"] for run in window.parts for end in ended(past).get(run, [])]
        return max(map(read_moment, ends), default=None)
    sealed = past.fold(SEALED)["windows"].get(window.moment, {}).get(window.candidate)
    return read_moment(sealed["settled"] or sealed["last"]) if sealed and one.needs != "audit" else None


def _monitors(plan: Plan, past: Past, now: datetime) -> Iterator[Silence]:
    """Monitors that judged windows and have not for longer than is usual; one that could not judge has not."""
    judged: dict[str, list[datetime]] = {}
    for candidate, mine in past.fold(JUDGED).items():
        for name, known in mine.items() if candidate != NOBODY else ():
            moments = [read_moment(at) for at in known.get("moments", [])]
            # What was judged while the clock was ahead says nothing of who judges now.
            judged.setdefault(name, []).extend(moment for moment in moments if moment <= now)
    advice = "Read why its newest windows could not be judged, or whether there were none."
    for name, moments in judged.items():
        monitor = monitors().get(name)
        usual = _usual(plan, moments)
        if moments and monitor is not None and monitor.needs != "audit" and monitor.applies(plan) and usual is not None:
            yield from _silent(f"monitor {name}", max(moments), usual, now, advice)


def _never(plan: Plan, past: Past, now: datetime) -> Iterator[Silence]:
    """Monitors that have not judged once, though what they wait for should have come: since they looked first.

    One that has nothing to wait for, such as calibration of a baseline that promises nothing, is not expected to.
    """
    first: dict[str, datetime] = {}
    judged = set[str]()
    for candidate, mine in past.fold(JUDGED).items():
        for name, known in mine.items() if candidate != NOBODY else ():
            if known.get("moments"):
                judged.add(name)
            elif known["windows"][known["newest"]]["waiting"]:
                first[name] = min(read_moment(known["first"]), first.get(name, now))
    within = TIMES * max(_rhythm(plan) or timedelta(0), SHORTEST)
    advice = "It has never judged a window. Read why the newest one could not be judged, and mend that."
    for name, since in first.items():
        monitor = monitors().get(name)
        if name not in judged and monitor is not None and monitor.applies(plan):
            yield from _silent(f"monitor {name}", since, within, now, advice)


def _labelling(plan: Plan, past: Past, now: datetime) -> Iterator[Silence]:
    """Whoever labels audit samples, where one waits and nobody has labelled any for longer than thrice the rhythm."""
    known = past.fold(AUDITED)
    if known["waiting"]:
        first = min(read_moment(one["at"]) for one in known["waiting"].values())
        last = max(first, read_moment(known["told"])) if known["told"] else first
        within = TIMES * max(_rhythm(plan) or timedelta(0), SHORTEST)
        advice = "Label the samples that wait: `shipworthy label`, or the page of audit samples."
        yield from _silent("the labelling of audit samples", last, within, now, advice)


def _usual(plan: Plan, moments: Sequence[datetime]) -> timedelta | None:
    """How long may pass until the next: thrice the declared rhythm, or the longest of the last gaps if that is longer.

    None where neither is known.
    """
    gap = _longest_gap(moments)
    rhythm = _rhythm(plan)
    if rhythm is None and gap is None:
        return None
    return TIMES * max(rhythm or timedelta(0), gap or timedelta(0), SHORTEST)


def _rhythm(plan: Plan) -> timedelta | None:
    if plan.watch.updates_per_year is None and not any(one.every for one in plan.consumers.values()):
        return None
    return _YEAR / updates_per_year(plan)


def _longest_gap(moments: Sequence[datetime]) -> timedelta | None:
    """The longest of the last gaps; None where there are too few to know what is usual."""
    different = sorted(set(moments))[-REMEMBERED:]
    gaps = [after - before for before, after in pairwise(different)]
    return max(gaps) if len(gaps) >= GAPS_TO_KNOW else None


def _feeds(plan: Plan, past: Past, now: datetime) -> Iterator[Silence]:
    """Sources, those of the labels too, in which nothing new came for longer than is usual.

    One whose age is declared is left to the monitor of freshness.
    """
    label = plan.data.label.source if plan.data.label else ""
    for name, newest in past.fold(FEEDS).items():
        source, moments = plan.sources.get(name), [read_moment(moment) for moment in newest]
        gap = _longest_gap(moments)
        if source is None or source.contract.freshness is not None or gap is None:
            continue
        what = f"source of the labels {name}" if name == label else f"source {name}"
        advice = "Ask its vendor when it last sent something; look whether it is still read."
        yield from _silent(what, max(moments), TIMES * max(gap, SHORTEST), now, advice)


def compared_last(past: Past) -> datetime | None:
    """When a challenger was compared last with what is in use, or people got answers first; None before they did."""
    released = next((fact for fact in past.of(ReleaseStepped) if fact.what.step in FOR_PEOPLE), None)
    last = past.fold(TRIED)["proposed"]
    return read_moment(last) if last else released.at if released else None


def _comparison(plan: Plan, past: Past, now: datetime) -> Iterator[Silence]:
    """That no challenger was compared with what is in use for longer than the plan allows."""
    said, since = plan.respond.retraining, compared_last(past)
    within = said.evaluated_within if said else None
    if within is not None and since is not None and within.after(since) < now:
        advice = (
            "Whether retraining would pay is not known: let a challenger be trained and proven, and look why none was."
        )
        yield Silence("comparison of challengers", since.isoformat(), spoken(within), advice)


def _consumers(plan: Plan, past: Past, now: datetime) -> Iterator[Silence]:
    """Consumers who promised to confirm their lists, or to use so much of them, and did not with the newest one."""
    short: dict[str, list[Shortfall]] = {}
    for one in unheard(plan, past, now):
        short.setdefault(one.consumer, []).append(one)
    for name, mine in short.items():
        since = min(one.at for one in mine if one.at is not None)
        advice = f"Ask {plan.consumers[name].who} what keeps them from it; they confirm and say how much they used."
        told = [one.text for one in mine]
        yield Silence(f"consumer {name}", since.isoformat(), "", advice, f"Consumer {name}: {sentence_of(told)}")


def _words(length: timedelta) -> str:
    """A length as people say it.

    >>> _words(timedelta(minutes=1)), _words(timedelta(hours=2)), _words(timedelta(days=3.04))
    ('1 minute', '2 hours', '3 days')
    """
    for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = round(length.total_seconds() / seconds)
        if length.total_seconds() >= seconds:
            return f"{count:,} {unit}{'' if count == 1 else 's'}"
    return f"{length.total_seconds():g} seconds"
