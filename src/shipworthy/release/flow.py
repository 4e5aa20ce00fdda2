"""Releasing and taking back, step by step on the durable road."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shipworthy.base.digest import digest_of, plain
from shipworthy.base.errors import GateShut, Mistake, UserError
from shipworthy.base.fact import Past, What
from shipworthy.edges.road import Trip
from shipworthy.model.answering import load
from shipworthy.model.words import CandidateMade
from shipworthy.plan.rules import current_plan
from shipworthy.prove.golden import FILE, SAME, replay
from shipworthy.prove.words import CandidateProven
from shipworthy.release.beside import require_alike
from shipworthy.release.holding import came_back, fallen_back, pausing, resuming
from shipworthy.release.pointer import write_pointer
from shipworthy.release.rules import rollback_target, rolled_back, standing, stepped
from shipworthy.release.words import (
    FOR_PEOPLE,
    ComeBack,
    FallBack,
    PauseDeliveries,
    ReleaseCandidate,
    RepairPointer,
    ResumeDeliveries,
    RollBack,
    Standing,
)
from shipworthy.sign.rules import candidate_made, gate_state, newest_proof, require_open
from shipworthy.sign.views import damaged
from shipworthy.sign.words import GateState


def release_candidate(command: ReleaseCandidate, trip: Trip) -> Standing:
    """Move a candidate one step on: files verified, what it replaces shown to load, gate asked, pointer written.

    Raises:
        GateShut: something is missing, a declared step would be jumped over, or there would be no way back.
    """
    broken = trip.step("verify files and evidence", lambda: _broken(trip, command.candidate))
    if command.step in FOR_PEOPLE:
        trip.step("show that what would be gone back to answers", lambda: _ways_back(trip, command))
    trip.record("ask the gate and step", lambda past: _step(command, trip, past, broken))
    trip.step("sign the head and write the pointer", lambda: _publish(trip, f"release {command.step}"))
    return _standing_now(trip)


def roll_back(command: RollBack, trip: Trip) -> Standing:
    """Give consumers back what they had before.

    Raises:
        UserError: there is nothing to go back to.
    """
    back = trip.step("load what is gone back to", lambda: _load_target(trip, command))
    trip.record("go back", lambda past: rolled_back(command, past, back["candidate"], back["to"]))
    trip.step("sign the head and write the pointer", lambda: _publish(trip, "rollback"))
    return _standing_now(trip)


def fall_back(command: FallBack, trip: Trip) -> Standing:
    """Let the signed baseline answer everybody.

    Raises:
        UserError: there is none, or nobody is answered yet.
        GateShut: its files are damaged.
    """
    trip.step("open who is to answer", lambda: _opened(trip, [fact.to for fact in fallen_back(command, trip.past)]))
    trip.record("fall back", lambda past: fallen_back(command, past))
    trip.step("sign the head and write the pointer", lambda: _publish(trip, "fall-back"))
    return _standing_now(trip)


def come_back(command: ComeBack, trip: Trip) -> Standing:
    """Let those answer again who answered before the baseline took over.

    Raises:
        UserError: nobody fell back.
        GateShut: one of them is damaged, or not signed for any more.
    """
    trip.step("open who is to answer", lambda: _opened(trip, _answering_again(command, trip.past)))
    trip.record("come back", lambda past: came_back(command, past) if standing(past).held else [])
    trip.step("sign the head and write the pointer", lambda: _publish(trip, "way back from the baseline"))
    return _standing_now(trip)


def pause_deliveries(command: PauseDeliveries, trip: Trip) -> Standing:
    """Hold everything that goes to consumers.

    Raises:
        NotFound: there is no such consumer.
    """
    trip.step(
        "see who waits", lambda: [fact.consumers for fact in pausing(current_plan(trip.past), command, trip.past)]
    )
    trip.record("pause", lambda past: pausing(current_plan(past), command, past))
    trip.step("sign the head and write the pointer", lambda: _publish(trip, "pause"))
    return _standing_now(trip)


def resume_deliveries(command: ResumeDeliveries, trip: Trip) -> Standing:
    """Let everything go on.

    Raises:
        NotFound: there is no such consumer.
    """
    trip.step(
        "see who waits", lambda: [fact.consumers for fact in resuming(current_plan(trip.past), command, trip.past)]
    )
    trip.record("resume", lambda past: resuming(current_plan(past), command, past))
    trip.step("sign the head and write the pointer", lambda: _publish(trip, "end of a pause"))
    return _standing_now(trip)


def _answering_again(command: ComeBack, past: Past) -> list[str]:
    return sorted({name for fact in came_back(command, past) for name in fact.to.values()})


def _opened(trip: Trip, names: Sequence[str]) -> list[str]:
    """The candidates that are to answer, each opened and verified.

    Raises:
        GateShut: one of them is damaged.
    """
    for name in names:
        made = candidate_made(trip.past, name)
        if found := damaged(trip.store.files, made, None):
            where = f"candidate {name[:12]}"
            raise GateShut(*(Mistake("release.target_broken", where, text, fix="Release another.") for text in found))
        load(trip.store.files, made, current_plan(trip.past))
    return list(names)


def repair_pointer(command: RepairPointer, trip: Trip) -> Standing:
    """Write the pointer anew, once the whole ledger that it follows from is verified.

    Raises:
        Tampered: the ledger itself does not hold.
    """
    trip.step("verify the ledger", lambda: trip.store.ledger.verify().seq)
    trip.step("sign the head and write the pointer", lambda: _publish(trip, "repair of the pointer"))
    return _standing_now(trip)


def _broken(trip: Trip, candidate: str) -> list[str]:
    made = candidate_made(trip.past, candidate)
    found = damaged(trip.store.files, made, newest_proof(trip.past, made.candidate))
    if not found:
        load(trip.store.files, made, current_plan(trip.past))
    return found


def _step(command: ReleaseCandidate, trip: Trip, past: Past, broken: list[str]) -> Sequence[What]:
    plan = current_plan(past)
    made = candidate_made(past, command.candidate)
    # The chain is verified before anything is let through: an edited sign-off must not open a gate.
    trip.store.ledger.verify()
    state = gate_state(plan, past, made.candidate, trip.at, broken)
    if command.step == "rehearsal":
        state = _without_signatures(state)
    require_open(state, command.step)
    steps = stepped(plan, past, made, command, digest_of(state))
    for step in steps:
        require_alike(plan, past, step)
    return steps


def _without_signatures(state: GateState) -> GateState:
    # A rehearsal reaches nobody, and owners may want to see its output before they sign.
    kept = [item for item in state.missing if not item.signature]
    return replace(state, open=not kept, missing=kept)


def _ways_back(trip: Trip, command: ReleaseCandidate) -> list[str]:
    """The candidates that a rollback could bring back, each opened, verified and asked for the rows of its proof.

    Raises:
        GateShut: one of them is damaged, does not open here or answers otherwise than proven.
    """
    made, now = candidate_made(trip.past, command.candidate), standing(trip.past)
    # A new baseline takes the place of the one that stood in, so that a broken one can be replaced.
    stands_in = "" if made.role == "baseline" else now.baseline
    names = sorted({*now.champion.values(), stands_in} - {"", made.candidate})
    if mistakes := [mistake for name in names if (mistake := _no_way_back(trip, name))]:
        raise GateShut(*mistakes)
    return names


def _no_way_back(trip: Trip, name: str) -> Mistake | None:
    made, proof = candidate_made(trip.past, name), newest_proof(trip.past, name)
    found = "; ".join(damaged(trip.store.files, made, None)) or _unlike_proven(trip, made, proof)
    if not found:
        return None
    return Mistake(
        "release.no_way_back",
        f"{made.role} {name[:12]}",
        f"It answers people now, or stands in, and could not be gone back to: {found}",
        "A release that cannot be taken back in one step is not let through.",
        f"Restore its files or the locked software. Otherwise `shipworthy rollback --candidate {name[:12]}` takes it "
        "out of use, or a new baseline replaces it; then release again.",
    )


def _unlike_proven(trip: Trip, made: CandidateMade, proof: CandidateProven | None) -> str:
    """Why a candidate does not open here, or how far its answers lie from those of its proof; empty where it does."""
    try:
        answerer = load(trip.store.files, made, current_plan(trip.past))
        kept = [check.evidence[FILE] for check in proof.checks if FILE in check.evidence] if proof else []
        distance = max((replay(answerer, trip.store.files.get(digest)) for digest in kept), default=0.0)
    except UserError as error:
        return error.mistakes[0].found
    return f"its scores lie up to {distance:.2g} from those of its proof." if distance > SAME else ""


def _load_target(trip: Trip, command: RollBack) -> dict[str, str]:
    named = candidate_made(trip.past, command.candidate).candidate if command.candidate else ""
    current, target = rollback_target(trip.past, named)
    if target:
        made = candidate_made(trip.past, target)
        if found := damaged(trip.store.files, made, None):
            where = f"candidate {target[:12]}"
            raise GateShut(*(Mistake("release.target_broken", where, text, fix="Release another.") for text in found))
        load(trip.store.files, made, current_plan(trip.past))
    return {"candidate": current, "to": target}


def _publish(trip: Trip, purpose: str) -> str:
    trip.store.ledger.sign_head(purpose)
    return write_pointer(trip.store, trip.product, standing(trip.past)).digest


def _standing_now(trip: Trip) -> Standing:
    return Standing(**trip.step("see who answers whom", lambda: plain(standing(trip.past))))
