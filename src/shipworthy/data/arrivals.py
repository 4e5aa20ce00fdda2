"""Which new data has been noted, and what is new since. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shipworthy.base.actor import Actor
from shipworthy.base.digest import digest_of
from shipworthy.base.errors import Mistake, UserError, not_found
from shipworthy.base.fact import Decided, Past
from shipworthy.data.folds import ARRIVED
from shipworthy.data.words import DataArrived, NoteArrival
from shipworthy.plan.rules import current_plan


def noted(past: Past) -> dict[str, str]:
    """The state in which each source was when new data in it was last noted."""
    return dict(past.fold(ARRIVED)["noted"])


def fresh(past: Past, seen: Mapping[str, str]) -> dict[str, str]:
    """Of the states that sources are seen in, those that are not noted yet."""
    known = noted(past)
    return {name: state for name, state in sorted(seen.items()) if known.get(name) != state}


def note_arrival(command: NoteArrival, past: Past, at: datetime, actor: Actor) -> Decided[str]:
    """The arrival as a fact; none where every source is known in this state already.

    Raises:
        NotFound: a source is not declared.
        UserError: no source is named, or one without its state.
    """
    plan = current_plan(past)
    for name in command.sources:
        if name not in plan.sources:
            raise not_found("source", name, list(plan.sources), "Sources stand in product.yaml.")
    if not command.sources or not all(state.strip() for state in command.sources.values()):
        fix = "Name each source with anything that tells its states apart, such as the number of the delivery."
        raise UserError(Mistake("data.no_arrival", "sources", "No source with a state is named.", fix=fix))
    new = fresh(past, {name: _state(text) for name, text in command.sources.items()})
    name = digest_of(["arrival", sorted(new.items()), at.isoformat()])
    facts = [DataArrived(product=command.product, arrival=name, sources=new)] if new else []
    return Decided(facts, lambda then: name if new else "")


def _state(text: str) -> str:
    # Whatever somebody hands over as the state, no value of it reaches a fact.
    return text if len(text) == 64 and set(text) <= set("0123456789abcdef") else digest_of(text)
