"""How a candidate is proven: load it, ask every question, keep the evidence, say it in the ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shipworthy.base.check import CheckResult, stands, worst
from shipworthy.base.digest import canonical, digest_of_parts
from shipworthy.base.errors import Mistake, UserError, not_found
from shipworthy.base.fact import Past, body_of, latest, what_of
from shipworthy.base.kinds import kind, kinds
from shipworthy.base.times import read_moment
from shipworthy.data.reading import tables
from shipworthy.data.words import SnapshotTaken
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import answer_sections, current_plan
from shipworthy.prove.lasting import in_force
from shipworthy.prove.views import candidate_made, line_of, proof_told
from shipworthy.prove.words import CandidateProven, EnvelopeSigned, Proof, ProveCandidate

if TYPE_CHECKING:
    from shipworthy.edges.road import Trip
    from shipworthy.plan.schema import Plan
    from shipworthy.prove.check import Foreseen, ProofCheck
    from shipworthy.prove.gathering import Others

    Foresight = Callable[[Plan, Mapping[str, Any], int], Sequence[Foreseen]]

RESULTS = "results.json"
ORDER = (
    "performance",
    "against_baseline",
    "calibration",
    "interval",
    "decisions",
    "humility",
    "weighing",
    "monitors",
    "permanent",
    "fairness",
    "leakage",
    "change_of_output",
    "reasons",
    "output_contract",
    "parity",
    "artefact_safety",
    "golden_rows",
)
"""In this order a report reads best; a check that is not named here comes last."""


def prove_candidate(command: ProveCandidate, trip: Trip, foreseen: Foresight) -> Proof:
    """Run every declared check on a candidate; evidence and report are kept, the results go into the ledger.

    Args:
        foreseen: what the monitors of a plan will be able to tell, by the profile of a candidate and how many are due;
            handed in, since a proof reaches no later stage.

    Raises:
        NotFound: there is no such candidate, or its snapshot is not known.
        UserError: the plan has moved on since it was made, or it cannot be loaded here.
    """
    body = trip.step("run the checks", lambda: body_of(_proven(command, trip, foreseen)))
    proven = what_of(CandidateProven, body)
    trip.record("record the proof", lambda past: [proven])
    return proof_told(proven)


def proof_checks() -> list[ProofCheck]:
    """Every member of prove/checks, in the order in which a report reads best."""
    from shipworthy.prove.check import FOLDER, ProofCheck

    names = sorted(kinds(FOLDER), key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    return [kind(FOLDER, name, ProofCheck) for name in names]


def _proven(command: ProveCandidate, trip: Trip, foreseen: Foresight) -> CandidateProven:
    from shipworthy.prove.check import run_checks
    from shipworthy.prove.gathering import gather
    from shipworthy.prove.report import Circumstances, report

    past, files = trip.past, trip.store.files
    made = candidate_made(past, command.candidate)
    plan = current_plan(past)
    _same_plan(plan, made)
    taken = _snapshot(past, made)
    kept: dict[str, str] = {}

    def keep(name: str, content: bytes) -> str:
        kept[name] = files.put(content)
        return kept[name]

    def read(before: datetime) -> dict[str, Any]:
        return tables(files, taken, before=before, plan=plan)

    as_of = read_moment(taken.as_of)
    subject = gather(plan, made, as_of, read, files, _others(past, made), keep)
    told = foreseen(plan, json.loads(subject.stored["profile"]), len(subject.now.scores))
    subject = replace(subject, permanent=tuple(in_force(past)), foreseen=told)
    results = run_checks(subject, proof_checks())
    keep(RESULTS, canonical({"candidate": made.candidate, "snapshot": made.snapshot, "checks": results}))
    evidence = evidence_digest(kept)
    page = report(subject, results, Circumstances(trip.at, trip.who, evidence, taken, dict(kept)))
    return CandidateProven(
        product=trip.product,
        candidate=made.candidate,
        verdict=worst(results),
        checks=results,
        evidence=evidence,
        report=files.put(page.encode()),
        files=dict(kept),
        snapshot=made.snapshot,
    )


def evidence_digest(files: dict[str, str]) -> str:
    """The digest of the evidence: over the digest of every evidence file, the results among them, by name."""
    return digest_of_parts(files.items())


def _same_plan(plan: Plan, made: CandidateMade) -> None:
    now = answer_sections(plan)
    moved = sorted(name for name in {*now, *made.sections} if now.get(name) != made.sections.get(name))
    if moved:
        raise UserError(
            Mistake(
                "prove.plan_moved",
                f"candidate {made.candidate[:12]}",
                f"Since it was made the plan has changed in: {', '.join(moved)}.",
                "A proof would show that it keeps promises that are no longer the ones made.",
                "Make a new candidate with shipworthy train and prove that one.",
            )
        )


def _snapshot(past: Past, made: CandidateMade) -> SnapshotTaken:
    """The snapshot of a candidate, as it was taken for it: the newest one before the candidate was made."""
    facts = past.of(CandidateMade, about=made.candidate)
    before = facts[0].seq if facts else 0
    taken = latest([fact for fact in past.of(SnapshotTaken, about=made.snapshot) if fact.seq < before])
    if taken is None:
        known = sorted({fact.what.snapshot[:12] for fact in past.of(SnapshotTaken)})
        fix = "Make a new candidate with `shipworthy train`, and have the ledger verified: `shipworthy export`."
        raise not_found("snapshot", made.snapshot[:12], known, fix, "prove.no_snapshot")
    return taken.what


def _others(past: Past, made: CandidateMade) -> Others:
    """The newest baseline, and the candidate that this one is meant to replace.

    Without a named parent that is the newest earlier model whose proof stands.
    """
    from shipworthy.prove.gathering import Others

    facts = past.of(CandidateMade)
    own = next((fact.seq for fact in facts if fact.what.candidate == made.candidate), 0)
    baseline = latest(facts, lambda what: what.role == "baseline")
    if made.parent:
        parent = latest(facts, lambda what: what.candidate == made.parent)
    else:
        proofs: dict[str, list[CheckResult]] = {
            fact.what.candidate: list(fact.what.checks) for fact in past.of(CandidateProven)
        }
        earlier = [fact for fact in facts if fact.seq < own and fact.what.role == "model"]
        parent = latest(earlier, lambda what: stands(proofs.get(what.candidate, [])))
    if made.role != "model":
        return Others(baseline.what if baseline else None)
    start = _start(past, made)
    return Others(
        baseline.what if baseline else None,
        parent.what if parent else None,
        start if start and not (parent and parent.what.candidate == start.candidate) else None,
    )


def _start(past: Past, made: CandidateMade) -> CandidateMade | None:
    """The newest candidate of its line with which an envelope was signed; None where there is none."""
    starts = {fact.what.candidate for fact in past.of(EnvelopeSigned)}
    return next((one for one in line_of(past, made) if one.candidate in starts), None)
