"""What went to whom, and how any answer came to be, for people to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.errors import NotFound, not_found
from shipworthy.base.fact import Past, Recorded, latest
from shipworthy.data.words import SnapshotTaken
from shipworthy.deliver.log import run_prefix
from shipworthy.deliver.rules import finished_run, is_late
from shipworthy.deliver.words import (
    AnswersSealed,
    DeadLetterCard,
    DeadLetters,
    DeadLettersReplayed,
    Deliveries,
    DeliveryAcknowledged,
    DeliveryCard,
    DeliveryFailed,
    DeliveryMade,
    RunAccount,
    RunFinished,
    Runs,
    StreamAccount,
    StreamAccounted,
    Streams,
    Trace,
    TracedAnswer,
    TraceLine,
)
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan
from shipworthy.plan.words import PlanAdopted
from shipworthy.prove.words import CandidateProven
from shipworthy.release.words import ReleaseStepped
from shipworthy.sign.words import EnvelopeSigned, ReviewGiven, SignOffGiven


class Tables(Protocol):
    """Tables by digest, verified when read."""

    def table(self, digest: str, columns: list[str] | None = None) -> pa.Table: ...


def deliveries(question: Deliveries, past: Past) -> list[DeliveryCard]:
    """What went to whom, when, on time or late, acknowledged or not; oldest first."""
    try:
        plan = current_plan(past)
    except NotFound:
        return []
    acknowledged = {fact.what.delivery: fact for fact in past.of(DeliveryAcknowledged)}
    return [_card(plan, fact, acknowledged) for fact in past.of(DeliveryMade, DeliveryFailed)]


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
    )


def trace(question: Trace, past: Past, files: Tables) -> TracedAnswer:
    """Everything behind one answer.

    Raises:
        NotFound: no sealed segment holds that answer.
    """
    sealed, row = _find(question.answer, past, files)
    lines = [line for line in _lines(sealed, row, past, files) if line]
    return TracedAnswer(
        row["answer_id"], row["entity"], row["score"], row["decision"], list(row["reasons"] or []), lines
    )


def _card(
    plan: Plan, fact: Recorded[DeliveryMade | DeliveryFailed], acknowledged: dict[str, Recorded[DeliveryAcknowledged]]
) -> DeliveryCard:
    what = fact.what
    receipt = acknowledged.get(what.delivery)
    made = what if isinstance(what, DeliveryMade) else None
    state = "failed"
    if made:
        late = is_late(plan, fact)  # type: ignore[arg-type]
        state = "rehearsal" if made.step == "rehearsal" else "late" if late else "on time"
    return DeliveryCard(
        delivery=what.delivery,
        run=what.run,
        consumer=what.consumer,
        sink=what.sink,
        candidate=made.candidate if made else "",
        step=made.step if made else "",
        rows=what.rows,
        where=made.where if made else "",
        as_of=what.as_of,
        at=fact.at.isoformat(),
        due_by=made.due_by if made else "",
        state=state,
        acknowledged=receipt.at.isoformat() if receipt else "",
        used=receipt.what.used if receipt else None,
        notice=made.notice if made else what.reason,  # type: ignore[union-attr]
    )


def _find(answer: str, past: Past, files: Tables) -> tuple[Recorded[AnswersSealed], dict[str, Any]]:
    # An answer's first digits name its run, so that only that run's segments are read.
    for fact in past.of(AnswersSealed):
        if run_prefix(fact.what.run) != answer[:12]:
            continue
        table = files.table(fact.what.segment)
        found = table.filter(pc.equal(table["answer_id"], answer))
        if len(found):
            return fact, found.to_pylist()[0]
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
    learnt = f"learnt from {what.rows} rows as of {', '.join(what.trained_on) or 'no past moment'}"
    yield TraceLine("candidate", f"{what.role} made by {what.author}, {learnt}", what.candidate, made.seq)
    proof = latest(past.of(CandidateProven, about=what.candidate), lambda proven: True)
    if proof:
        text = f"{len(proof.what.checks)} checks, verdict {proof.what.verdict}"
        yield TraceLine("proof", text, proof.what.evidence, proof.seq)
    yield from _signatures(what.candidate, past)
    yield _release_line(row, sealed, past)
    inputs = row["inputs_ref"] or sealed.what.features
    yield TraceLine("answer", f"{row['decision']}, score {row['score']:.6f}, step {row['step']}", inputs, sealed.seq)
    for finished in past.of(RunFinished, about=sealed.what.run):
        if finished.what.stood_in:
            yield TraceLine("stood in", finished.what.stood_in, finished.digest, finished.seq)
    yield from _delivery_lines(row, sealed, past)


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
                yield TraceLine("recipient", f"acknowledged by {receipt.who}", receipt.digest, receipt.seq)
