"""Who answers whom, for people to read."""

from __future__ import annotations

from shipworthy.base.fact import Past
from shipworthy.release.rules import standing
from shipworthy.release.words import Releases, Standing


def releases(question: Releases, past: Past) -> Standing:
    """Who answers whom now, and how it came to that."""
    return standing(past)
