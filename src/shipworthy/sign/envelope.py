"""The envelope: bounds signed beforehand, inside which a retrained candidate needs no new signature."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from shipworthy.base.check import stands
from shipworthy.base.digest import digest_of
from shipworthy.base.fact import Past, latest
from shipworthy.base.times import read_moment
from shipworthy.data.words import SnapshotTaken
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import answer_sections
from shipworthy.plan.schema import Envelope, Plan
from shipworthy.prove.views import line_of
from shipworthy.prove.words import CandidateProven, EnvelopeSigned
from shipworthy.sign.approval import Approval, newest_proof, owner, refusals, standing
from shipworthy.sign.words import ReviewGiven, SignOffGiven

PERFORMANCE = "prove.performance"
MEAN, ORDER, FAMILY = (f"prove.change_of_output{part}" for part in ("", ".order", ".family"))


def envelope_digest(plan: Plan) -> str:
    """The digest of the declared envelope with all that determines answers; empty where none is declared."""
    if plan.respond.envelope is None:
        return ""
    # Bounds that came later and are not declared say nothing, so an envelope signed before them still holds.
    bounds = plan.respond.envelope.model_dump(mode="json", exclude_none=True)
    if not bounds["data_at_most"]:
        del bounds["data_at_most"]
    return digest_of({"envelope": bounds, "sections": answer_sections(plan)})


def envelope_signers(plan: Plan) -> list[str]:
    """Everybody whose word the envelope stands in for: the functions that sign and those that review."""
    return list(dict.fromkeys([*plan.proof.sign_offs, *plan.proof.reviews]))


def outside_envelope(plan: Plan, past: Past, made: CandidateMade, proof: CandidateProven, now: datetime) -> list[str]:
    """Why a candidate is not inside a signed envelope, in plain words; empty where it is inside.

    Changes are measured from the candidate that the owners signed the envelope with, and from the one it replaces. So
    one signature holds for every retraining until it runs out, and small changes do not add up beyond it.
    """
    bounds = plan.respond.envelope
    if bounds is None or made.role != "model":
        return ["no envelope is declared for it"]
    parent = latest(past.of(CandidateMade, about=made.parent)) if made.parent else None
    if parent is None or parent.what.role != "model":
        return ["it replaces no candidate that the envelope was signed with"]
    if not envelope_signers(plan):
        return ["the plan names nobody who signs"]
    start = _start(plan, past, made) or parent.what
    return [
        *(why for _, why in unsigned(plan, past, start, now)),
        *(f"{said.what.function} has refused this candidate" for said in refusals(past, made.candidate)),
        *_made_otherwise(bounds, made, start),
        *_proven_beyond(bounds, proof, list(dict.fromkeys([parent.what.candidate, start.candidate]))),
        *_too_low(plan, bounds, proof),
        *_too_old(bounds, made, now),
        *_data_too_old(bounds, past, made, now),
        *_model_too_old(bounds, past, made, now),
    ]


def _start(plan: Plan, past: Past, made: CandidateMade) -> CandidateMade | None:
    """The newest candidate of its line with which the envelope was signed; None where there is none."""
    starts = {fact.what.candidate for fact in past.of(EnvelopeSigned, about=envelope_digest(plan))}
    return next((one for one in line_of(past, made) if one.candidate in starts), None)


def unapproved(plan: Plan, past: Past, made: CandidateMade, function: str) -> str:
    """Why a function cannot sign the envelope with a candidate: it has not approved it; empty where it has."""
    proof = newest_proof(past, made.candidate)
    forms: list[tuple[type[Approval], str, Sequence[str]]] = [
        (ReviewGiven, "reviewed", plan.proof.reviews),
        (SignOffGiven, "signed", plan.proof.sign_offs),
    ]
    for form, verb, functions in forms:
        if function in functions and (proof is None or not standing(plan, past, made, proof, form, function)):
            return f"{function} has not {verb} {made.candidate[:12]}, from which the envelope starts"
    return ""


def unsigned(plan: Plan, past: Past, start: CandidateMade, now: datetime) -> Iterator[tuple[str, str]]:
    """The functions whose signature the envelope lacks, for changes from `start`, each with the reason."""
    bounds, digest = plan.respond.envelope, envelope_digest(plan)
    assert bounds is not None
    for function in envelope_signers(plan):
        signed = latest([fact for fact in past.of(EnvelopeSigned, about=digest) if fact.what.function == function])
        if signed is None or signed.what.decision != "approve" or signed.who != owner(plan, function):
            yield function, f"{function} has not signed the envelope"
        elif bounds.within.after(signed.at) < now:
            yield function, f"the envelope's signature by {function} has run out"
        elif signed.what.candidate != start.candidate:
            yield function, f"{function} signed the envelope for changes from another candidate"
        elif why := unapproved(plan, past, start, function):
            yield function, why


def _made_otherwise(bounds: Envelope, made: CandidateMade, parent: CandidateMade) -> Iterator[str]:
    """Retrained means: the same code on newer data. What nobody has read goes to the owners."""
    if made.code != parent.code:
        yield "its code differs from that of the candidate it replaces"
    if "origin" in made.notes and made.files.get("model") != parent.files.get("model"):
        yield "its model file was made elsewhere and is not that of the candidate it replaces"
    if bounds.same_features and made.features != parent.features:
        yield "its features differ from the champion's"


def _proven_beyond(bounds: Envelope, proof: CandidateProven, parents: Sequence[str]) -> Iterator[str]:
    """Measured against the bounds of today, whatever they were when the proof was made."""
    if not stands(proof.checks):
        yield "its proof does not stand"
    for parent in parents:
        yield from _beyond(bounds, proof, parent)


def _beyond(bounds: Envelope, proof: CandidateProven, parent: str) -> Iterator[str]:
    measured = {check.check: check for check in proof.checks if check.where == f"candidate {parent}"}
    for name, low, high in (
        (MEAN, 0.0, bounds.mean_score_change_at_most),
        (ORDER, bounds.rank_correlation_at_least, 1.0),
    ):
        check = measured.get(name)
        if check is None or check.measured is None:
            yield f"the change of its output against {parent[:12]} was not measured: prove it again"
        elif not low <= check.measured <= high:
            yield check.found
    family = measured.get(FAMILY)
    if bounds.same_family and (family is None or family.verdict != "pass"):
        yield family.found if family else "nobody looked whether it is the same kind of model"


def _too_low(plan: Plan, bounds: Envelope, proof: CandidateProven) -> Iterator[str]:
    if bounds.floor is None:
        return
    from shipworthy.prove.measures import MEASURES  # heavy

    metric = plan.proof.performance.metric
    check = next((check for check in proof.checks if check.check == PERFORMANCE), None)
    upward = MEASURES[metric].higher_is_better
    end = None if check is None else check.low if upward else check.high
    if end is None:
        yield f"its {metric} was not measured with its uncertainty"
    elif not (end >= bounds.floor if upward else end <= bounds.floor):
        yield f"the pessimistic end of its {metric}, {end:.3g}, misses the envelope's floor of {bounds.floor:g}"


def _too_old(bounds: Envelope, made: CandidateMade, now: datetime) -> Iterator[str]:
    if bounds.newest_truth_at_most is None:
        return
    newest = max((read_moment(moment) for moment in made.trained_on), default=None)
    if newest is None:
        yield "it is not said which moments it has learnt from"
    elif bounds.newest_truth_at_most.after(newest) < now:
        limit = bounds.newest_truth_at_most
        yield f"the newest moment that it has learnt from, {newest:%Y-%m-%d}, is older than {limit}"


def _data_too_old(bounds: Envelope, past: Past, made: CandidateMade, now: datetime) -> Iterator[str]:
    taken = latest(past.of(SnapshotTaken, about=made.snapshot))
    newest = {intake.source: intake.newest for intake in taken.what.intakes} if taken else {}
    for source, limit in bounds.data_at_most.items():
        if not newest.get(source):
            yield f"it is not known how new its rows of {source} are"
        elif limit.after(read_moment(newest[source])) < now:
            yield f"its newest row of {source}, of {newest[source][:10]}, is older than {limit}"


def _model_too_old(bounds: Envelope, past: Past, made: CandidateMade, now: datetime) -> Iterator[str]:
    known = past.of(CandidateMade, about=made.candidate)
    if bounds.model_at_most is not None and known and bounds.model_at_most.after(known[0].at) < now:
        yield f"it was made on {known[0].at:%Y-%m-%d}, more than {bounds.model_at_most} ago"
