"""What triggers act on and have done is a state that follows from facts: the same as by reading all of them again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.folded import assert_goes_on
from unit.sign.history import NOW, OWNERS, plan

from shipworthy.base.check import CheckResult, Verdict, sentence_of
from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Fold, KnownPast, Recorded, What
from shipworthy.data.words import Intake, SnapshotRefused, SnapshotTaken
from shipworthy.release.words import CameBack, DeliveriesResumed, ReleaseStepped, RolledBack, TrialFinished
from shipworthy.respond.action import Cause
from shipworthy.respond.causes import causes
from shipworthy.respond.folds import ACTED, FAILING, NEW, NOTED, REFUSED, WARNED, acting
from shipworthy.respond.rules import taken_up
from shipworthy.respond.words import (
    AttemptFailed,
    CauseTakenUp,
    IncidentClosed,
    IncidentOpened,
    MessageFailed,
    PeopleTold,
    TriggerFired,
)
from shipworthy.watch.words import AlarmClosed, Level, WindowJudged

PRODUCT = "p"
HEARING = plan(("respond:\n  triggers:\n", "respond:\n  triggers:\n" + "".join(
    f"    - {{name: of-{on}, on: {on}, do: [notify]}}\n" for on in ("note", "breach", "new-data")
)))  # fmt: skip
few, names = st.integers(0, 3), st.sampled_from("ab")


@st.composite
def judged(draw: st.DrawFn) -> What:
    levels: list[Level] = ["quiet", "note", "not_run"]
    return WindowJudged(
        product=PRODUCT, monitor=draw(names), candidate=draw(names), window=f"2026-01-0{draw(few) + 1}",
        level=draw(st.sampled_from(levels)), numbers={}, state={}, text=f"text {draw(few)}",
        since=draw(st.sampled_from(["", "2026-01-01"])),
    )  # fmt: skip


@st.composite
def read(draw: st.DrawFn) -> What:
    verdicts: list[Verdict] = ["pass", "warn", "fail"]
    where = st.sampled_from(["sources.visits.minutes", "sources.subscribers.plan", "everything"])
    found = draw(st.lists(st.tuples(where, st.sampled_from(verdicts)), max_size=3))
    checks = [CheckResult("data.typical", "As it was?", verdict, f"{at} {verdict}", where=at) for at, verdict in found]
    as_of, rows = f"2026-02-0{draw(few) + 1}T00:00:00+00:00", [Intake("visits", 10, draw(few))]
    if any(check.verdict == "fail" for check in checks):
        name = digest_of(draw(st.integers(0, 99)))
        return SnapshotRefused(product=PRODUCT, refusal=name, as_of=as_of, intakes=rows, checks=checks)
    return SnapshotTaken(product=PRODUCT, snapshot=f"s{draw(few)}", as_of=as_of, intakes=rows, checks=checks)


@st.composite
def done(draw: st.DrawFn) -> What:
    cause, incident = draw(names), f"I-{draw(names)}"
    facts: list[What] = [
        TriggerFired(
            product=PRODUCT, trigger=draw(names), cause=cause, action=draw(st.sampled_from(["notify", "retrain"])),
            outcome="", dry=draw(st.booleans()),
        ),
        CauseTakenUp(product=PRODUCT, cause=cause),
        PeopleTold(
            product=PRODUCT, message=draw(names), to=draw(names), subject="", route="file", trigger=draw(names),
            cause=cause, action="notify",
        ),
        MessageFailed(
            product=PRODUCT, message=draw(names), to=draw(names), subject="", route="file", reason="",
            trigger=draw(names), cause=cause, action="notify",
        ),
        AlarmClosed(product=PRODUCT, alarm=cause, by="somebody"),
        IncidentOpened(
            product=PRODUCT, incident=f"I-{cause}", severity="high", title="", owner="", cause=cause, affected=[]
        ),
        IncidentClosed(product=PRODUCT, incident=incident, root_cause="", fix="", check=""),
    ]  # fmt: skip
    return draw(st.sampled_from(facts))


@st.composite
def tried(draw: st.DrawFn) -> What:
    who = draw(names)
    attempt = draw(st.sampled_from(["rollback", "fallback", "pause", "retrain", "rehearse", "release"]))
    of = {"rollback": who, "pause": who, "rehearse": f"{who} sales", "release": f"{who} all"}
    facts: list[What] = [
        AttemptFailed(
            product=PRODUCT, attempt=attempt, concerns=of.get(attempt, ""),
            reason=f"reason {draw(few)}", trigger=draw(names),
        ),
        RolledBack(product=PRODUCT, candidate=who, to="", reason=""),
        ReleaseStepped(product=PRODUCT, candidate=who, step="all", cohorts=[], replaces="", gate="", role="model"),
        TrialFinished(
            product=PRODUCT, candidate=who, step="rehearsal", consumer="sales", as_of="", ok=draw(st.booleans()),
            text="",
        ),
        CameBack(product=PRODUCT, to={}, reason=""),
        DeliveriesResumed(product=PRODUCT, consumers=[who], reason=""),
    ]  # fmt: skip
    return draw(st.sampled_from(facts))


def life_of(whats: list[What]) -> list[Recorded[Any]]:
    """One fact an hour; an incident is closed only after it was opened, as the rules see to it."""
    opened: set[str] = set()
    facts: list[Recorded[Any]] = []
    for what in whats:
        if isinstance(what, IncidentOpened):
            opened.add(what.incident)
        if isinstance(what, IncidentClosed) and what.incident not in opened:
            continue
        number, at = len(facts) + 1, NOW + timedelta(hours=len(facts))
        facts.append(Recorded(number, OWNERS["technology"], at, at, what, "", f"{number:064}"))
    return facts


histories = st.lists(st.one_of(judged(), read(), done(), tried()), max_size=25).map(life_of)


@pytest.mark.parametrize("fold", [ACTED, FAILING, NOTED, REFUSED, WARNED, NEW], ids=lambda fold: fold.name)
@given(facts=histories, at=st.integers(0, 25))
def test_a_state_that_was_kept_goes_on_as_if_made_anew(
    fold: Fold[dict[str, Any]], facts: list[Recorded[Any]], at: int
) -> None:
    assert_goes_on(fold, facts, at)


def source(where: str) -> str:
    return next((name for name in HEARING.sources if name in where), "")


def one_by_one(facts: list[Recorded[Any]]) -> Iterator[Cause]:
    """What a trigger may act on, by looking at all facts again for each."""
    notes = {}
    for number, fact in enumerate(facts):
        what, before = fact.what, [one for one in facts[:number] if isinstance(one.what, SnapshotTaken)]
        newest = max((one.what.as_of for one in before), default="")
        when: dict[str, Any] = {"at": fact.at, "seq": fact.seq}
        if isinstance(what, WindowJudged) and what.level == "note":
            name = digest_of([what.monitor, what.candidate, what.since or what.window, "note"])
            notes[name] = Cause("note", name, what.monitor, what.text, False, what.candidate, **when)
        if isinstance(what, SnapshotTaken):
            if what.as_of > newest and what.snapshot not in {one.what.snapshot for one in before}:
                text = f"new data as of {what.as_of[:10]}: {what.intakes[0].accepted} rows accepted"
                yield Cause("new-data", digest_of([what.snapshot, "new"]), "", text, False, **when)
            old = {source(one.where) for one in before[-1].what.checks if one.verdict == "warn"} if before else set()
            for name, of in groupby(
                sorted((one for one in what.checks if one.verdict == "warn"), key=lambda one: source(one.where)),
                lambda one: source(one.where),
            ):
                found = sentence_of(one.found for one in of)
                if name not in old:
                    text = f"data as of {what.as_of[:10]} accepted with a warning: {found}"
                    yield Cause("breach", digest_of([fact.digest, name, "breach"]), name, text, False, **when)
        if isinstance(what, SnapshotRefused) and what.as_of >= newest:
            since = before[-1].seq if before else 0
            seen = {
                source(check.where)
                for one in facts[:number]
                if isinstance(one.what, SnapshotRefused) and one.seq > since and one.what.as_of >= newest
                for check in one.what.checks
                if check.verdict == "fail"
            }
            bad = [one for one in what.checks if one.verdict == "fail"]
            text = f"data as of {what.as_of[:10]} refused: {sentence_of(one.found for one in bad)}"
            for name in sorted({source(one.where) for one in bad} - seen):
                mended = any(isinstance(one.what, SnapshotTaken) for one in facts[number:])
                yield Cause("refusal", what.refusal, name, text, not mended, **when)
    yield from notes.values()


def plainly(found: Iterator[Cause]) -> list[str]:
    told = ("note", "breach", "new-data", "refusal")
    return sorted(repr(one) for one in found if one.on in told)


@given(histories)
def test_causes_are_those_that_all_facts_tell(facts: list[Recorded[Any]]) -> None:
    assert plainly(causes(HEARING, KnownPast(facts), NOW)) == plainly(one_by_one(facts))


@given(histories)
def test_what_triggers_did_is_known_by_cause_and_so_is_who_took_it_up(facts: list[Recorded[Any]]) -> None:
    past, about = KnownPast(facts), [fact.what for fact in facts]
    acted = past.fold(ACTED)
    for cause in "ab":
        incidents = {what.incident for what in about if isinstance(what, IncidentOpened) and what.cause == cause}
        assert taken_up(past, cause) == any(
            (isinstance(what, CauseTakenUp | AlarmClosed) and what.about == cause)
            or (isinstance(what, IncidentClosed) and what.incident in incidents)
            for what in about
        )  # fmt: skip
        for trigger, dry in (("a", False), ("a", True), ("b", False)):
            fired = acted["fired"].get(acting(trigger, dry), {})
            told = {action: by_cause[cause].split() for action, by_cause in fired.items() if cause in by_cause}
            assert {action: len(times) for action, times in told.items()} == {
                action: len(of)
                for action in ("notify", "retrain")
                if (of := [
                    what for what in about if isinstance(what, TriggerFired)
                    and (what.cause, what.trigger, what.dry, what.action) == (cause, trigger, dry, action)
                ])
            }  # fmt: skip
    asked = [
        what.cause for what in about if isinstance(what, TriggerFired) and what.action == "retrain" and not what.dry
    ]
    assert [one["cause"] for one in acted["asked"].get("retrain", {}).values()] == asked[-1:]
