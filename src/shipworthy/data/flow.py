"""Taking a snapshot: each source read and judged under its contract, accepted and quarantined rows stored."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import partial
from typing import Any

from shipworthy.base.check import CheckResult, stands
from shipworthy.base.digest import digest_of, digest_of_parts, plain
from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.fact import Past, What, reader
from shipworthy.base.kinds import kind
from shipworthy.base.times import given_moment
from shipworthy.data.erased import erased_people
from shipworthy.data.mended import mended_rows, with_mended
from shipworthy.data.parts import of_reading
from shipworthy.data.piecewise import judge_pieces
from shipworthy.data.replay import replay_quarantine as replay_quarantine
from shipworthy.data.source import FOLDER, Pieces, Place, SourceKind
from shipworthy.data.words import Intake, SnapshotOutcome, SnapshotRefused, SnapshotTaken, TakeSnapshot
from shipworthy.edges.pseudonyms import Pseudonyms
from shipworthy.edges.road import Trip
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan, Source, plan_of


def take_snapshot(command: TakeSnapshot, trip: Trip) -> SnapshotOutcome:
    """Read every declared source under its contract and pin the accepted rows."""
    plan = plan_of(trip.step("read the plan", lambda: current_plan(trip.past).values()))
    return snapshot(trip, plan, given_moment(command.as_of, "as_of") if command.as_of else trip.at)


def snapshot(trip: Trip, plan: Plan, as_of: datetime) -> SnapshotOutcome:
    """The snapshot as of a moment: taken, or refused with the checks that say why. Part of other flows."""
    judged = [trip.step(f"read {name}", partial(_judged, trip, plan, name, as_of)) for name in plan.sources]
    intakes = [reader(Intake).validate_python(one["intake"]) for one in judged if one["intake"]]
    checks = [reader(CheckResult).validate_python(check) for one in judged for check in one["checks"]]
    moment = as_of.isoformat()
    if not stands(checks) or len(intakes) < len(plan.sources):
        refusal = digest_of(["refused", moment, plain(intakes), plain(checks)])
        refused = SnapshotRefused(product=plan.product, refusal=refusal, as_of=moment, intakes=intakes, checks=checks)
        trip.record("refuse the data", lambda past: _once(past, refused))
        return SnapshotOutcome("", moment, intakes, checks)
    parts = [(f"source {intake.source}", intake.content) for intake in intakes]
    name = digest_of_parts([*parts, ("as_of", moment)])
    taken = SnapshotTaken(product=plan.product, snapshot=name, as_of=moment, intakes=intakes, checks=checks)
    trip.record("pin the snapshot", lambda past: _once(past, taken))
    return SnapshotOutcome(name, moment, intakes, checks)


def _judged(trip: Trip, plan: Plan, name: str, as_of: datetime) -> dict[str, Any]:
    """One source read and judged; what cannot be read is a finding, so that the other sources are still judged."""
    source = plan.sources[name]
    try:
        store = trip.store
        place = Place(name, store.folder(plan.product), store.environ, store.closed, as_of)
        system = kind(FOLDER, source.kind, SourceKind)
        erased = erased_people(trip.past, plan, Pseudonyms(store.keys.folder).mark)
        mended = mended_rows(store.files, trip.past, name)
        with _pieces(system, source, place) as read:
            given, gone = with_mended(read, mended)
            intake, checks = judge_pieces(given, source.contract, name, as_of, store.files, erased, gone)
    except UserError as error:
        return {"intake": None, "checks": [plain(_unreadable(name, mistake)) for mistake in error.mistakes]}
    return {"intake": plain(intake), "checks": plain(checks)}


def _pieces(system: SourceKind, source: Source, place: Place) -> AbstractContextManager[Pieces]:
    return system.pieces(source, place) if system.pieces else nullcontext(of_reading(system.read(source, place)))


def _unreadable(name: str, mistake: Mistake) -> CheckResult:
    return CheckResult(
        "data.readable",
        "Can the source be read?",
        "fail",
        f"{mistake.where}: {mistake.found}",
        why=mistake.why or "Nothing downstream can be made from data that is not there.",
        advice=mistake.fix,
        where=name,
    )


def _once(past: Past, what: SnapshotTaken | SnapshotRefused) -> Sequence[What]:
    return [] if past.of(type(what), about=what.about) else [what]
