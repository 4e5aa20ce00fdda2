"""Proofs for people to read."""

from __future__ import annotations

from collections.abc import Iterator

from shipworthy.base.errors import NotFound, not_found
from shipworthy.base.fact import Past, latest
from shipworthy.model.words import CandidateMade
from shipworthy.prove.words import CandidateProven, Proof, ProofOf

_FEWEST_DIGITS = 6


def proof_of(question: ProofOf, past: Past) -> Proof:
    """The newest proof of a candidate.

    Raises:
        NotFound: there is no such candidate, or it was not proven yet.
    """
    made = candidate_made(past, question.candidate)
    newest = latest(past.of(CandidateProven, about=made.candidate))
    if newest is None:
        proven = sorted({fact.what.candidate[:12] for fact in past.of(CandidateProven)})
        fix = f"Prove it first: shipworthy prove {made.candidate[:12]}"
        raise not_found("proof of candidate", made.candidate[:12], proven, fix, "prove.no_proof")
    return proof_told(newest.what)


def proof_told(what: CandidateProven) -> Proof:
    """A proof as it is given to whoever asks for it."""
    return Proof(what.candidate, what.verdict, list(what.checks), what.evidence, what.report, dict(what.files))


def line_of(past: Past, made: CandidateMade) -> Iterator[CandidateMade]:
    """The candidate that it was made to replace, the one before that, and so on back."""
    known = {fact.what.candidate: fact.what for fact in past.of(CandidateMade)}
    seen = {made.candidate}
    while made.parent in known and made.parent not in seen:
        made = known[made.parent]
        seen.add(made.candidate)
        yield made


def candidate_made(past: Past, name: str) -> CandidateMade:
    """The candidate with this digest, or the only one whose digest begins so (at least 6 digits).

    Raises:
        NotFound: there is none, or several begin so.
    """
    made = {fact.what.candidate: fact.what for fact in past.of(CandidateMade)}
    if name in made:
        return made[name]
    begin = [digest for digest in made if len(name) >= _FEWEST_DIGITS and digest.startswith(name)]
    if len(begin) != 1:
        raise _unknown(name, list(made))
    return made[begin[0]]


def _unknown(name: str, known: list[str]) -> NotFound:
    fix = "Take one of the list; make one with shipworthy train."
    return not_found("candidate", name, [digest[:12] for digest in known], fix, "prove.no_candidate")
