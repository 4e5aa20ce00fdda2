"""Noting who has stopped reporting, with what a worker sees when everything that was due is done."""

from __future__ import annotations

from shipworthy.app.desk import Desk
from shipworthy.app.rights import Identity
from shipworthy.base.errors import NotFound
from shipworthy.deliver.beat import beats
from shipworthy.plan.rules import current_plan
from shipworthy.watch.dead_man import held_silent
from shipworthy.watch.silence import silences
from shipworthy.watch.words import NoteSilence


def note_silence(desk: Desk, product: str, who: Identity) -> list[str]:
    """Note whoever fell silent or reports again since it was noted last; gives what changed, in plain words."""
    past = desk.store.ledger.past(product)
    try:
        plan = current_plan(past)
    except NotFound:
        return []
    silent = silences(plan, past, beats(desk.store, product), desk.now(product), desk.clock())
    if {one.name for one in silent} == held_silent(past).keys():
        return []
    return desk.do(NoteSilence(product=product, silent={one.name: one for one in silent}), who)
