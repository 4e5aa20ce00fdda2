"""What the plan and the release declare about the answers of a window."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.watch.facts import DAY, HOUR, START, Life

from shipworthy.release.words import ReleaseStepped
from shipworthy.watch.declared import declared_share
from shipworthy.watch.rules import answered


def test_a_canary_answers_the_share_that_it_had_when_it_answered() -> None:
    life = Life().release(at=START - 2 * HOUR)
    step = life.past.of(ReleaseStepped)[-1].what
    canary = replace(step, step="canary", cohorts=[], share=0.05)
    life.add(canary, at=START - HOUR).answer(START)
    life.add(replace(canary, share=0.25), at=START + 7 * DAY).answer(START + 7 * DAY, at=START + 7 * DAY + HOUR)
    life.add(replace(step, step="all"), at=START + 14 * DAY).answer(START + 14 * DAY, at=START + 14 * DAY + HOUR)
    found = [declared_share(life.past, one) for one in answered(life.past)]
    assert found == pytest.approx([0.05, 0.25, 1.0])
