"""How a candidate comes into being, step by step; each step survives a crash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.fact import Past, body_of, what_of
from shipworthy.data.flow import snapshot
from shipworthy.data.reading import tables
from shipworthy.data.words import SnapshotOutcome, SnapshotTaken
from shipworthy.edges.registry import mirror
from shipworthy.model.code import code_of, read_code
from shipworthy.model.exploring import weighs
from shipworthy.model.format import Opening, format_named, format_of_file
from shipworthy.model.making import Ingredients, make
from shipworthy.model.mirroring import entry_of
from shipworthy.model.weighing import stretches
from shipworthy.model.words import CandidateMade, CandidateMirrored, MadeCandidate, TrainCandidate
from shipworthy.plan.rules import answer_sections, current_plan, current_version, now_in
from shipworthy.plan.schema import Plan, plan_of

if TYPE_CHECKING:
    from shipworthy.edges.store import Store
    from shipworthy.edges.trip import Trip


def train_candidate(command: TrainCandidate, trip: Trip) -> MadeCandidate:
    """Make a candidate from a fresh snapshot and mirror it in the registry.

    Raises:
        UserError: data was refused, there is nothing to learn from, or the team's code or model is at fault.
    """
    gathered = trip.step("gather plan and code", lambda: _gathered(command, trip))
    plan, as_of = plan_of(gathered["plan"]), datetime.fromisoformat(gathered["as_of"])
    outcome = snapshot(trip, plan, as_of)
    if not outcome.snapshot:
        raise UserError(*_refusals(outcome))
    body = trip.step(f"make the {command.role}", lambda: _made(command, trip, plan, gathered, outcome))
    made = what_of(CandidateMade, body)
    trip.record("record the candidate", lambda past: _once(past, made))
    mirrored = trip.step("mirror the candidate in the registry", lambda: _mirrored(trip.store, made))
    trip.record("record the mirror", lambda past: _mirrored_once(past, made, mirrored))
    return MadeCandidate(made.candidate, made.role, made.snapshot, made.rows, list(made.trained_on))


def _gathered(command: TrainCandidate, trip: Trip) -> dict[str, Any]:
    """The plan in force, the moment, and the digests of the code and model file as they lie beside product.yaml."""
    past = trip.past
    plan = current_plan(past)
    folder = trip.store.folder(trip.product)
    code = model_file = ""
    if plan.model.file and command.role == "model":
        model_file = _kept_model_file(trip.store, folder, plan)
    if plan.data.pipeline:
        code = trip.store.files.put(read_code(folder, plan.data.pipeline).content)
    return {
        "plan": plan.values(),
        "version": current_version(past).version,
        "as_of": now_in(plan, past, trip.at).isoformat(),
        "code": code,
        "model_file": model_file,
    }


def _kept_model_file(store: Store, folder: Path, plan: Plan) -> str:
    """The digest of a model file of others, kept only after its inspection found nothing against it."""
    name = plan.model.file
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        found = f"There is no file {name} in the product's folder."
        raise UserError(Mistake("model.no_file", "model.file", found, fix="Put it beside product.yaml."))
    content = path.read_bytes()
    opening = Opening(name, plan.need.answer, trusted=plan.model.extra_trusted_types)
    mistakes = format_named(format_of_file(name, content)).inspect(content, opening)
    if mistakes:
        raise UserError(*mistakes)
    return store.files.put(content)


def _made(
    command: TrainCandidate, trip: Trip, plan: Plan, gathered: dict[str, Any], outcome: SnapshotOutcome
) -> dict[str, Any]:
    files = trip.store.files
    taken = SnapshotTaken(
        product=plan.product,
        snapshot=outcome.snapshot,
        as_of=outcome.as_of,
        intakes=outcome.intakes,
        checks=outcome.checks,
    )
    given = Ingredients(
        plan=plan,
        plan_version=gathered["version"],
        sections=answer_sections(plan),
        code=code_of(files.get(gathered["code"])) if gathered["code"] else None,
        model_file=files.get(gathered["model_file"]) if gathered["model_file"] else None,
        snapshot=outcome.snapshot,
        read=lambda before: tables(files, taken, before=before, plan=plan),
        as_of=datetime.fromisoformat(gathered["as_of"]),
        role=command.role,
        author=trip.who,
        answered=stretches(trip.past) if weighs(plan) else None,
    )
    made = make(given, files)
    notes = {**made.notes, **({"cause": command.cause} if command.cause else {})}
    return body_of(replace(made, parent=command.parent, notes=notes))


def _once(past: Past, made: CandidateMade) -> Sequence[CandidateMade]:
    """The candidate, unless it exists: the same ingredients are the same candidate."""
    return [] if past.of(CandidateMade, about=made.candidate) else [made]


def _mirrored(store: Store, made: CandidateMade) -> dict[str, str]:
    """Where the mirror shows the candidate, or why it does not; nothing depends on it, so nothing stops."""
    try:
        place = mirror(store.home, entry_of(store.files, made))
    except Exception as error:
        return {"run": "", "version": "", "warning": f"{type(error).__name__}: {error}"}
    return {"run": place.run, "version": place.version, "warning": ""}


def _mirrored_once(past: Past, made: CandidateMade, mirrored: dict[str, str]) -> Sequence[CandidateMirrored]:
    what = CandidateMirrored(product=made.product, candidate=made.candidate, **mirrored)
    return [] if any(fact.what == what for fact in past.of(CandidateMirrored, about=made.candidate)) else [what]


def _refusals(outcome: SnapshotOutcome) -> list[Mistake]:
    failed = [check for check in outcome.checks if check.verdict in ("fail", "error", "not_run")]
    return [
        Mistake(
            "model.data_refused",
            f"{check.check} {check.where}".rstrip(),
            check.found,
            check.why or "No candidate is made from data that breaks its contract.",
            check.advice or "Put the data or the contract right and train again.",
        )
        for check in failed
    ] or [Mistake("model.data_refused", "sources", "The data was refused.", fix="See shipworthy snapshots.")]
