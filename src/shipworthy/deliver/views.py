"""What went to whom, and how any answer came to be, for people to read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.errors import Mistake, NotFound, UserError, not_found
from shipworthy.base.fact import Past, Recorded, latest
from shipworthy.base.times import read_moment
from shipworthy.data.words import ErasureOrdered, PersonErased, PersonReadmitted, SegmentRewritten, SnapshotTaken
from shipworthy.deliver.lists import delivery_cards, list_cards
from shipworthy.deliver.log import run_prefix
from shipworthy.deliver.rules import finished_run, in_words
from shipworthy.deliver.run import WAY
from shipworthy.deliver.shortfall import told_by
from shipworthy.deliver.words import (
    AnswersSealed,
    Beat,
    DeadLetterCard,
    DeadLetters,
    DeadLettersReplayed,
    Deliveries,
    DeliveryAcknowledged,
    DeliveryCard,
    DeliveryMade,
    Erased,
    ErasedCard,
    ListCard,
    Lists,
    RefusalsSealed,
    RunAccount,
    RunFinished,
    Runs,
    ServerCard,
    Servers,
    StreamAccount,
    StreamAccounted,
    Streams,
    Trace,
    TracedAnswer,
    TraceLine,
)
from shipworthy.model.intervals import Intervals
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan
from shipworthy.plan.words import PlanAdopted
from shipworthy.prove.words import CandidateProven, EnvelopeSigned
from shipworthy.release.rules import standing
from shipworthy.release.words import ReleaseStepped
from shipworthy.sign.words import ReviewGiven, SignOffGiven

SILENT_AFTER = timedelta(minutes=1)
"""How long a prediction server may say nothing before it counts as silent."""


class Tables(Protocol):
    """Tables by digest, verified when read."""

    def table(self, digest: str, columns: list[str] | None = None) -> pa.Table: ...
    def get(self, digest: str) -> bytes: ...


def deliveries(question: Deliveries, past: Past) -> list[DeliveryCard]:
    """What went to whom, when, on time or late, acknowledged or not; oldest first."""
    try:
        plan = current_plan(past)
    except NotFound:
        return []
    return delivery_cards(plan, past)


def lists(question: Lists, past: Past, now: datetime) -> list[ListCard]:
    """Every list that was made or is owed, newest first."""
    try:
        plan = current_plan(past)
    except NotFound:
        return []
    return [
        card
        for card in list_cards(plan, past, now)
        if question.consumer in ("", card.consumer) and question.state in ("", card.state)
    ]


def servers(question: Servers, past: Past, beats: Callable[[str], list[Beat]], wall: datetime) -> list[ServerCard]:
    """What every prediction server and stream worker says of itself; after a minute without a word it is silent."""
    released = {name for name in standing(past).champion.values() if name}
    cards = [_server(beat, released, wall) for beat in beats(question.product)]
    return sorted(cards, key=lambda card: card.state in ("silent", "stopped"))


def _server(beat: Beat, released: set[str], wall: datetime) -> ServerCard:
    age = wall - read_moment(beat.at)
    if age < -SILENT_AFTER:  # it may be gone, and would count as alive until this clock has come so far
        ahead = f"Its last word is dated {in_words(-age)} ahead of this clock: one of the two clocks is wrong."
        beat = replace(beat, problem=beat.problem or ahead)
    state: Literal["answering", "trouble", "behind", "silent", "stopped"] = "answering"
    if beat.stopped:
        state = "stopped"
    elif age > SILENT_AFTER:
        state = "silent"
    elif beat.problem:
        state = "trouble"
    elif released and not released & beat.candidates.keys():
        state = "behind"
    return ServerCard(
        beat, state, in_words(max(age, timedelta())), beat.stood_in / beat.answered if beat.answered else None
    )


def runs(question: Runs, past: Past) -> list[RunAccount]:
    """The account of every finished run, oldest first."""
    found = (finished_run(past, fact.what.run) for fact in past.of(RunFinished))
    return [account for account in found if account is not None]


def streams(question: Streams, past: Past) -> list[StreamAccount]:
    """The account of every stream, summed up over the stretches of its workers."""
    plan = current_plan(past)
    told = past.of(StreamAccounted)
    names = [name for name, consumer in plan.consumers.items() if consumer.mode == "stream"]
    names += sorted({fact.what.consumer for fact in told} - set(names))
    return [_stream(plan, past, name, [fact for fact in told if fact.what.consumer == name]) for name in names]


def dead_letters(
    question: DeadLetters, past: Past, letters: Callable[[Plan, str, int], list[DeadLetterCard]]
) -> list[DeadLetterCard]:
    """What lies in the dead letters of a stream."""
    return letters(current_plan(past), question.consumer, question.most)


def _stream(plan: Plan, past: Past, name: str, told: list[Recorded[StreamAccounted]]) -> StreamAccount:
    dead: Counter[str] = Counter()
    for fact in told:
        assert fact.what.read == fact.what.answered + sum(fact.what.dead.values()), "a question is lost"
        dead.update(fact.what.dead)
    replayed = [fact.what.sent for fact in past.of(DeadLettersReplayed) if fact.what.consumer == name]
    route = plan.consumers[name].stream if name in plan.consumers else None
    return StreamAccount(
        consumer=name,
        broker=route.broker if route else "",
        read=sum(fact.what.read for fact in told),
        answered=sum(fact.what.answered for fact in told),
        dead=dict(sorted(dead.items())),
        replayed=sum(sum(sent.values()) for sent in replayed),
        again=sum(fact.what.again for fact in told),
        stretches=len(told),
        until=told[-1].at.isoformat() if told else "",
        rehearsed=sum(
            fact.what.rows
            for fact in past.of(DeliveryMade)
            if fact.what.consumer == name and fact.what.sink.startswith(WAY)
        ),
    )


def trace(question: Trace, past: Past, files: Tables) -> TracedAnswer:
    """Everything behind one answer.

    Raises:
        NotFound: no sealed segment holds an answer of that name, or one that was asked for in that trace.
    """
    met = in_trace(question.answer, past, files)
    if met:
        sealed, row = met[0]
        others = [name_of(other) for _, other in met[1:]]
        if isinstance(sealed.what, RefusalsSealed):
            return _refused(sealed, row, others)
        answered: Recorded[AnswersSealed] = sealed
    else:
        others = []
        answered, row = _find(question.answer, past, files)
    lines = [line for line in _lines(answered, row, past, files) if line]
    reasons, trace_id = list(row["reasons"] or []), row.get("trace") or ""
    return TracedAnswer(
        row["answer_id"], row["entity"], row["score"], row["decision"], reasons, lines, trace_id, others
    )


def _refused(sealed: Recorded[Any], row: dict[str, Any], others: list[str]) -> TracedAnswer:
    about = f" by {row['field']}" if row["field"] else ""
    text = f"{row['consumer']} got no answer: {row['code']}{about}; `shipworthy explain {row['code']}` says why"
    line = TraceLine("refusal", text, sealed.what.segment, sealed.seq)
    return TracedAnswer(name_of(row), row["entity"], None, "refused", [], [line], row["trace"], others)


def erased(question: Erased, past: Past) -> list[ErasedCard]:
    """Every erasure, oldest first; one under way is ordered and not closed yet."""
    ordered = {fact.what.person: fact for fact in past.of(ErasureOrdered)}
    closed = past.of(PersonErased)
    back = {fact.what.person: fact.seq for fact in past.of(PersonReadmitted)}
    done = {fact.what.person: fact.seq for fact in closed}
    cards = [
        ErasedCard(
            person=fact.what.person,
            at=fact.at.isoformat(),
            by=fact.who,
            reason=ordered[fact.what.person].what.reason,
            state="readmitted" if back.get(fact.what.person, 0) > fact.seq else "erased",
            rows=dict(fact.what.rows),
            rewritten=fact.what.rewritten,
            outside=fact.what.outside,
            certificate=fact.what.certificate,
        )
        for fact in closed
    ]
    return cards + [
        ErasedCard(person, fact.at.isoformat(), fact.who, fact.what.reason, "ordered", {}, 0, 0, "")
        for person, fact in ordered.items()
        if done.get(person, 0) < fact.seq
    ]


def in_trace(trace_id: str, past: Past, files: Tables) -> list[tuple[Recorded[Any], dict[str, Any]]]:
    """What was answered or refused in a caller's trace, in its order: answers to people, then others and refusals."""
    found = []
    for fact in past.of(AnswersSealed, RefusalsSealed):
        if fact.what.traced:
            table = files.table(fact.what.segment)
            found += [(fact, row) for row in table.filter(pc.equal(table["trace"], trace_id)).to_pylist()]
    return sorted(found, key=lambda one: ("refusal_id" in one[1], one[1].get("step") == "shadow"))


def name_of(row: dict[str, Any]) -> str:
    """The name of an answer or a refusal."""
    return str(row.get("answer_id") or row.get("refusal_id"))


def _find(answer: str, past: Past, files: Tables) -> tuple[Recorded[AnswersSealed], dict[str, Any]]:
    # An answer's first digits name its run, so that only that run's segments are read.
    shortened = False
    for fact in past.of(AnswersSealed):
        if run_prefix(fact.what.run) != answer[:12]:
            continue
        shortened = shortened or bool(past.of(SegmentRewritten, about=fact.what.segment))
        table = files.table(fact.what.segment)
        found = table.filter(pc.equal(table["answer_id"], answer))
        if len(found):
            return fact, found.to_pylist()[0]
    if shortened:
        why = "Rows of a person were erased from its run; an erased answer has no way to show."
        told = f"There is no answer {answer!r} any more, or never was."
        fix = "`shipworthy erased` lists what was erased and when."
        raise NotFound(Mistake("deliver.erased", "answer", told, why, fix))
    raise not_found("answer", answer, [], "Answer ids stand in the lists and in the replies of the server.")


def _lines(
    sealed: Recorded[AnswersSealed], row: dict[str, Any], past: Past, files: Tables
) -> Iterator[TraceLine | None]:
    yield _snapshot_line(sealed.what.snapshot, row, past, files)
    made = latest(past.of(CandidateMade, about=row["candidate"]))
    if made is None:
        return
    what = made.what
    yield TraceLine(
        "plan", f"plan version {what.plan_version}", _plan_digest(past, what.plan_version), _plan_seq(past, what)
    )
    yield TraceLine("code", "the pipeline's own code" if what.code else "no code of its own", what.code, made.seq)
    learnt = (
        f"learnt from {what.rows:,} rows as of {', '.join(one[:10] for one in what.trained_on) or 'no past moment'}"
    )
    yield TraceLine("candidate", f"{what.role} made by {what.author}, {learnt}", what.candidate, made.seq)
    proof = latest(past.of(CandidateProven, about=what.candidate), lambda proven: True)
    if proof:
        text = f"{len(proof.what.checks)} checks, verdict {proof.what.verdict}"
        yield TraceLine("proof", text, proof.what.evidence, proof.seq)
    yield from _signatures(what.candidate, past)
    yield _release_line(row, sealed, past)
    inputs = row["inputs_ref"] or sealed.what.features
    named = f", class {row['class']}" if row.get("class") else ""
    told = f"{row['decision']}{named}, score {row['score']:.6f}{_interval(row, what, past, files)}, step {row['step']}"
    yield TraceLine("answer", told, inputs, sealed.seq)
    if row.get("notice"):
        yield TraceLine("stood in", row["notice"], sealed.what.segment, sealed.seq)
    for finished in past.of(RunFinished, about=sealed.what.run):
        if why := finished.what.stood_in or finished.what.fell_back:
            yield TraceLine("stood in", why, finished.digest, finished.seq)
    yield from _delivery_lines(row, sealed, past)


def _interval(row: dict[str, Any], made: CandidateMade, past: Past, files: Tables) -> str:
    """How sure an answer was, where the plan that its candidate was made under promised an interval."""
    planned = [fact.what.plan for fact in past.of(PlanAdopted) if fact.what.version == made.plan_version]
    if not planned or planned[-1].get("proof", {}).get("interval") is None:
        return ""
    try:
        intervals = Intervals.read(json.loads(files.get(made.files["profile"])))
    except UserError:
        return ", whose interval cannot be told: the profile of its candidate is gone or was changed"
    if intervals is None or row["score"] is None:
        return ""
    low, high = intervals.ends(np.array([row["score"]]))
    about = "the truth" if intervals.of == "number" else "the share of yes at like scores"
    if row.get("class"):
        about = "the share of right answers at like scores"
    return f" (in {intervals.level:.0%} of cases {about} lies from {low[0]:.4g} to {high[0]:.4g})"


def _snapshot_line(snapshot: str, row: dict[str, Any], past: Past, files: Tables) -> TraceLine | None:
    taken = latest(past.of(SnapshotTaken, about=snapshot))
    if taken is None:
        return None
    entity = current_plan(past).need.entity
    parts = []
    for intake in taken.what.intakes:
        table = files.table(intake.content)
        if entity not in table.column_names:
            continue
        mine = pc.equal(pc.cast(table[entity], pa.string()), row["entity"])
        places = [str(index + 1) for index in pc.indices_nonzero(mine.combine_chunks()).to_pylist()]
        shown = ", ".join(places[:10]) + (" …" if len(places) > 10 else "")
        parts.append(f"{intake.source}: {len(places)} rows (rows {shown} of segment {intake.content[:12]})")
    return TraceLine("data", f"as of {taken.what.as_of[:10]}; {'; '.join(parts)}", snapshot, taken.seq)


def _plan_digest(past: Past, version: int) -> str:
    return next((fact.what.digest for fact in past.of(PlanAdopted) if fact.what.version == version), "")


def _plan_seq(past: Past, made: CandidateMade) -> int:
    return next((fact.seq for fact in past.of(PlanAdopted) if fact.what.version == made.plan_version), 0)


def _signatures(candidate: str, past: Past) -> Iterator[TraceLine]:
    for fact in past.of(ReviewGiven, SignOffGiven, about=candidate):
        word = "review" if isinstance(fact.what, ReviewGiven) else "sign-off"
        text = f"{fact.what.function} {word} by {fact.who}: {fact.what.decision}"
        yield TraceLine("signature", text, fact.digest, fact.seq)
    for signed in past.of(EnvelopeSigned):
        if signed.what.candidate == candidate:
            text = f"{signed.what.function} signed the envelope: {signed.what.decision}"
            yield TraceLine("envelope", text, signed.what.envelope, signed.seq)


def _release_line(row: dict[str, Any], sealed: Recorded[AnswersSealed], past: Past) -> TraceLine | None:
    steps = [fact for fact in past.of(ReleaseStepped, about=row["candidate"]) if fact.seq < sealed.seq]
    if not steps:
        return None
    text = f"released to {steps[-1].what.step} {', '.join(steps[-1].what.cohorts)}".strip()
    return TraceLine("release", text, steps[-1].what.gate, steps[-1].seq)


def _delivery_lines(row: dict[str, Any], sealed: Recorded[AnswersSealed], past: Past) -> Iterator[TraceLine]:
    for fact in past.of(DeliveryMade):
        if fact.what.run == sealed.what.run and row["step"] != "shadow":
            when = "late" if fact.what.late else "on time"
            text = f"{fact.what.consumer} by {fact.what.sink}: {fact.what.where}, {when}"
            yield TraceLine("delivery", text, fact.what.delivery, fact.seq)
            for receipt in past.of(DeliveryAcknowledged, about=fact.what.delivery):
                yield TraceLine("recipient", f"acknowledged by {told_by(receipt)}", receipt.digest, receipt.seq)
