"""Who answers whom, for people to read."""

from __future__ import annotations

from dataclasses import replace

from shipworthy.base.fact import Past
from shipworthy.release.rules import standing
from shipworthy.release.trials import told_trials
from shipworthy.release.words import Releases, Standing


def releases(question: Releases, past: Past) -> Standing:
    """Who answers whom now, and how it came to that."""
    now = standing(past)
    return replace(now, trials=told_trials(past, now))
