"""Candidates for people to read."""

from __future__ import annotations

from shipworthy.base.fact import Past
from shipworthy.model.words import CandidateCard, CandidateMade, Candidates


def candidates(question: Candidates, past: Past) -> list[CandidateCard]:
    """Every candidate of a product, oldest first."""
    return [
        CandidateCard(
            candidate=fact.what.candidate,
            role=fact.what.role,
            made_by=fact.what.author,
            at=fact.at.isoformat(),
            snapshot=fact.what.snapshot,
            trained_on=list(fact.what.trained_on),
            rows=fact.what.rows,
            format=fact.what.format,
            features=list(fact.what.features),
        )
        for fact in past.of(CandidateMade)
    ]
