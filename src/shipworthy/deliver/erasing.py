"""Erasing one person, step by step: what is held is searched, rewritten without them and deleted, with a certificate.

The person is known by a keyed hash alone, from the command to the certificate; names are held against it where they
lie. Whoever reads an old digest afterwards is led to the new file by the ledger.
"""

from __future__ import annotations

import time as machine
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from shipworthy.base.digest import canonical, plain
from shipworthy.base.errors import Mistake, NotFound
from shipworthy.base.fact import Past, What, latest, reader
from shipworthy.data.erased import shut_out
from shipworthy.data.words import ErasureOrdered, PersonErased, SegmentRewritten
from shipworthy.deliver.journal import seal_left_over
from shipworthy.deliver.reaching import Reached, delivered, outside
from shipworthy.deliver.search import Found, Search
from shipworthy.deliver.words import EraseMarked, ErasureOutcome
from shipworthy.edges.road import Trip

MOST_SWEEPS = 10
MOST_LOOKS = 720
SERVERS_READ_WITHIN = 10.0  # seconds: they look each second, and then read
LONGEST_PAUSE = 5.0  # seconds between two looks at what is under way: an hour in all


def erase_marked(command: EraseMarked, trip: Trip) -> ErasureOutcome:
    """Erase the rows of one person wherever we hold or brought them.

    First the door is shut to them; then whatever began before is waited for, so that nothing which has read their
    rows can write them again after the search.

    Raises:
        NotFound: nothing here holds a row of such a person, and their erasure was never ordered.
        Tampered: a file does not hold what its digest says.
    """
    search = Search(trip.store, command.product, command.person)
    trip.step("look for the person", lambda: _require_known(trip, search, command))
    trip.record("shut the door to them", lambda past: _ordered(past, command))
    found: list[Found] = []
    reached: list[Reached] = []
    late: list[str] = []
    for _ in range(MOST_SWEEPS):
        late = _waited(trip)
        brought = trip.step("erase what was delivered", lambda: plain(delivered(trip.store, trip.past, search)))
        reached = _together(reached, reader(list[Reached]).validate_python(brought))
        held = trip.step("rewrite what is held", lambda: plain(search.rewritten()))
        swept = reader(list[Found]).validate_python(held)
        trip.record("record what was rewritten", partial(_rewritten, command, swept))
        trip.step("delete the old files", partial(_delete, trip, swept))
        if swept:
            trip.step("let servers read their features anew", partial(_let_read, trip))
        found += swept
        if not swept:
            break
    certificate = trip.step("write the certificate", lambda: _certificate(trip, search, command, found, reached, late))
    trip.record("close the erasure", lambda past: _closed(past, command, found, reached, certificate))
    return reader(ErasureOutcome).validate_python(
        trip.step("see the outcome", lambda: plain(_outcome(trip.past, command, certificate)))
    )


def _require_known(trip: Trip, search: Search, command: EraseMarked) -> bool:
    if trip.past.of(ErasureOrdered, about=command.person):
        return True
    if search.holds_any():
        return True
    fix = f"Check how {search.plan.need.entity} is written in the sources; names are held against it as they stand."
    found = f"No stored table, journal or delivery of {command.product} has a row of this {search.plan.need.entity}."
    raise NotFound(Mistake("erase.unknown_entity", search.plan.need.entity, found, "Nothing was erased.", fix))


def _ordered(past: Past, command: EraseMarked) -> Sequence[What]:
    if command.person in shut_out(past):
        return []
    return [ErasureOrdered(product=command.product, person=command.person, reason=command.reason)]


def _waited(trip: Trip) -> list[str]:
    """Wait for every run and server's journal that is under way now; gives those that did not end."""
    names: list[str] = trip.step("see what is under way", lambda: sorted(_under_way(trip)))
    for number in range(MOST_LOOKS):
        if not names:
            break
        # Each look is a step of its own, so that the road can hand this run over in between.
        names = trip.step("wait for what is under way", partial(_still, trip, names, min(0.1 * number, LONGEST_PAUSE)))
    return names


def _under_way(trip: Trip) -> set[str]:
    own = EraseMarked.__name__
    runs = {run for run, operation in trip.open_runs().items() if operation != own}
    # A server seals within a minute, and under this name only once.
    return runs | {f"journal {name}" for name, size in _servers(trip).items() if size}


def _servers(trip: Trip) -> dict[str, int]:
    """The journal of each running server, by name, with its size; those of servers that are gone are sealed."""
    with suppress(FileNotFoundError):  # its own server has just sealed one
        seal_left_over(trip.store, trip.product, trip.who, trip.at)
    found = {}
    for file in (trip.store.home / "journal" / trip.product).glob("*.jsonl"):
        with suppress(FileNotFoundError):  # it is being sealed
            found[file.name] = file.stat().st_size
    return found


def _let_read(trip: Trip) -> float:
    """Wait for running servers to see that their features were rewritten: until then they answer from memory."""
    pause = SERVERS_READ_WITHIN if _servers(trip) else 0.0
    machine.sleep(pause)
    return pause


def _still(trip: Trip, names: list[str], pause: float) -> list[str]:
    machine.sleep(pause)
    return sorted(set(names) & _under_way(trip))


def _rewritten(command: EraseMarked, found: list[Found], past: Past) -> Sequence[What]:
    known = {(fact.what.old, fact.what.new) for fact in past.of(SegmentRewritten)}
    return [
        SegmentRewritten(
            product=command.product,
            old=one.old,
            new=one.new,
            holds=one.holds,
            rows_before=one.rows_before,
            rows_after=one.rows_after,
            person=command.person,
        )
        for one in found
        if (one.old, one.new) not in known
    ]


def _delete(trip: Trip, found: list[Found]) -> int:
    for one in found:
        trip.store.files.erase(one.old)
    trip.store.files.drop_drafts()
    return len(found)


def _together(before: Sequence[Reached], now: Sequence[Reached]) -> list[Reached]:
    """What was done at each destination over all sweeps: as it was before the first, and after the last."""
    known = {(one.sink, one.where): one for one in before}
    for one in now:
        first = known.get((one.sink, one.where))
        known[one.sink, one.where] = one.after(first) if first else one
    return list(known.values())


def _certificate(
    trip: Trip, search: Search, command: EraseMarked, found: list[Found], reached: list[Reached], late: list[str]
) -> dict[str, Any]:
    """The evidence of an erasure; empty where there is nothing new to certify."""
    before = latest(trip.past.of(PersonErased, about=command.person))
    ordered = trip.past.of(ErasureOrdered, about=command.person)[-1]
    # One who was readmitted and is erased again gets a certificate of their own.
    again = before is not None and before.seq > ordered.seq
    if again and not found and not any(one.rows for one in reached):
        return {}
    servers = "a prediction server that is running" if _servers(trip) else ""
    beyond = [*outside(trip.past, search.plan, command.person, reached, late, servers), *search.mentions()]
    told = {
        "product": command.product,
        "person": command.person,
        "person_is": "HMAC-SHA256 of the name under the store's own key; the name itself stands nowhere in this",
        "entity": search.plan.need.entity,
        "ordered": {"at": ordered.at, "by": ordered.who, "fact": ordered.seq},
        "reason": command.reason,
        "searched": search.searched(),
        "rewritten": found,
        "delivered": reached,
        "outside_reach": beyond,
        "comes_back": "Rows of this person that a source still has are removed at intake by the rule erased-person.",
    }
    return {
        "file": trip.store.files.put(canonical(told)),
        "outside": [f"{one['what']}: {one['who']}" for one in beyond],
    }


def _closed(
    past: Past, command: EraseMarked, found: list[Found], reached: list[Reached], certificate: dict[str, Any]
) -> Sequence[What]:
    if not certificate or any(
        fact.what.certificate == certificate["file"] for fact in past.of(PersonErased, about=command.person)
    ):
        return []
    return [
        PersonErased(
            product=command.product,
            person=command.person,
            certificate=certificate["file"],
            rows=dict(sorted(Counter(dict(_counted(found, reached))).items())),
            rewritten=len(found),
            outside=len(certificate["outside"]),
        )
    ]


def _counted(found: list[Found], reached: list[Reached]) -> Iterator[tuple[str, int]]:
    counted: Counter[str] = Counter()
    for one in found:
        counted[one.holds] += one.rows_before - one.rows_after
    for other in reached:
        counted[other.sink if other.held else f"delivered by {other.sink}"] += other.rows
    yield from ((name, rows) for name, rows in counted.items() if rows)


def _outcome(past: Past, command: EraseMarked, certificate: dict[str, Any]) -> ErasureOutcome:
    erased = past.of(PersonErased, about=command.person)[-1].what
    if not certificate:
        return ErasureOutcome(command.person, erased.certificate, {}, 0, [])
    outside_ = certificate["outside"]
    return ErasureOutcome(command.person, erased.certificate, dict(erased.rows), erased.rewritten, outside_)
