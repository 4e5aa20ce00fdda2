"""What somebody without the key can do to facts: change them, and recompute the digests that follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shipworthy.base.fact import GENESIS
from shipworthy.edges.chain import StoredFact

TEXTS = StoredFact._fields[1:]


def edited(fact: StoredFact, field: str) -> StoredFact:
    """The fact with another value in one field, of a shape that looks right."""
    value = getattr(fact, field)
    if field == "seq":
        return fact._replace(seq=value + 1)
    if field in ("previous", "digest"):
        return fact._replace(**{field: value[:-1] + ("0" if value[-1] != "0" else "1")})
    if field in ("at", "recorded_at"):
        return fact._replace(**{field: value.replace("2026", "2025")})
    if field == "body":
        return fact._replace(body=value.replace('"to":"', '"to":"9', 1))
    return fact._replace(**{field: value + "x"})


def rechained(facts: Sequence[StoredFact]) -> list[StoredFact]:
    """The facts numbered and chained anew, as if they had been written so."""
    chain: list[StoredFact] = []
    for seq, fact in enumerate(facts, start=1):
        previous = chain[-1].digest if chain else GENESIS
        chain.append(fact._replace(seq=seq, previous=previous).sealed())
    return chain


def forgeries(facts: Sequence[StoredFact]) -> Iterator[tuple[str, list[StoredFact]]]:
    """Every single edit, drop, insertion and exchange, each plain and with the chain recomputed; every cut tail."""
    for name, changed in _changes(list(facts)):
        yield name, changed
        if rechained(changed) not in (changed, list(facts)):  # where renumbering is all, it repairs what was done
            yield f"{name}, recomputed", rechained(changed)


def _changes(facts: list[StoredFact]) -> Iterator[tuple[str, list[StoredFact]]]:
    for place, fact in enumerate(facts):
        before, after = facts[:place], facts[place + 1 :]
        for field in StoredFact._fields:
            yield f"{field} of {fact.seq} edited", [*before, edited(fact, field), *after]
            if field != "digest":
                yield f"{field} of {fact.seq} edited and sealed", [*before, edited(fact, field).sealed(), *after]
        yield f"{fact.seq} inserted again", [*before, fact, fact, *after]
        made = edited(fact, "body")._replace(seq=fact.seq + 1, previous=fact.digest).sealed()
        yield f"one after {fact.seq} inserted", [*before, fact, made, *after]
        yield f"{fact.seq} dropped", [*before, *after]
        yield f"tail cut before {fact.seq}", before
        for other in range(place + 1, len(facts)):
            exchanged = list(facts)
            exchanged[place], exchanged[other] = facts[other], fact
            yield f"{fact.seq} and {facts[other].seq} exchanged", exchanged
