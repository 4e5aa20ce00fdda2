"""Seeing that new data has come in, whole, and noting it once: the look with which a worker begins."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from shipworthy.app.desk import Desk
from shipworthy.app.rights import Identity
from shipworthy.base.errors import NotFound, UserError
from shipworthy.base.times import read_moment
from shipworthy.data.arrivals import fresh
from shipworthy.data.looking import Seen, look
from shipworthy.data.source import Place
from shipworthy.data.words import NoteArrival
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan
from shipworthy.release.rules import standing
from shipworthy.release.signed import plan_in_use

SETTLED = timedelta(seconds=10)
"""How long new data must lie there unchanged, from one look to another, before it counts as whole."""
QUIET = timedelta(minutes=1)
"""How long ago it must have changed for a first look to be enough."""
UNENDED = timedelta(minutes=10)
"""How long a file whose last line has no end is taken for half written."""


def note_arrivals(desk: Desk, product: str, who: Identity) -> str:
    """Look at the sources whose new data makes a list, and note what came in whole; gives the arrival's name, if any.

    A source that cannot be looked at is no arrival; whether data is missing is for its contract to say.
    """
    past = desk.store.ledger.past(product)
    try:
        plan = current_plan(past)
    except NotFound:
        return ""
    if not standing(past).champion:
        return ""
    names = watched(plan_in_use(plan, past))
    if not names:
        return ""
    seen = dict(_looked(desk, plan, names))
    new = fresh(past, {name: one.state for name, one in seen.items()})
    now = desk.clock()
    kept = _remembered(desk, product)
    since = {name: kept[name][1] if kept.get(name, ("", now))[0] == state else now for name, state in new.items()}
    whole = {name: state for name, state in new.items() if settled(seen[name], since[name], now)}
    _remember(desk, product, {name: (new[name], since[name]) for name in new.keys() - whole.keys()})
    return desk.do(NoteArrival(product=product, sources=whole), who) if whole else ""


def watched(plan: Plan) -> list[str]:
    """The sources of which new data makes a list for somebody.

    A source that nobody names and that has no list by arrival is left alone.
    """
    by_arrival = [one for one in plan.consumers.values() if one.mode == "list" and one.when == "arrival"]
    named = {name for one in by_arrival for name in one.arrival_of or plan.sources}
    return sorted(named & plan.sources.keys())


def settled(seen: Seen, since: datetime, now: datetime) -> bool:
    """Whether new data is whole: it has lain there unchanged long enough, and nothing shows that more is to come.

    Args:
        since: when it was first seen in this state.
    """
    still = now - (seen.changed or since)
    if not seen.whole:
        return still >= UNENDED
    return seen.changed is None or now - since >= SETTLED or still >= QUIET


def _looked(desk: Desk, plan: Plan, names: list[str]) -> Iterator[tuple[str, Seen]]:
    store = desk.store
    for name in names:
        try:
            place = Place(name, store.folder(plan.product), store.environ, store.closed)
            yield name, look(plan.sources[name], place)
        except (UserError, OSError):
            continue


def _file(desk: Desk, product: str) -> Path:
    return desk.store.home / "arrivals" / f"{product}.json"


def _remembered(desk: Desk, product: str) -> Mapping[str, tuple[str, datetime]]:
    """What was seen and is not settled yet: its state, and since when it has been in it."""
    try:
        told = json.loads(_file(desk, product).read_text())
        return {str(name): (str(state), read_moment(since)) for name, (state, since) in told.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember(desk: Desk, product: str, seen: Mapping[str, tuple[str, datetime]]) -> None:
    file = _file(desk, product)
    if not seen and not file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.new")
    part.write_text(json.dumps({name: [state, since.isoformat()] for name, (state, since) in seen.items()}))
    part.replace(file)
