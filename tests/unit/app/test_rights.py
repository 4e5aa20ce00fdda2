"""Who may not do something is told what, in words, and who may."""

from __future__ import annotations

import pytest

from shipworthy.app.rights import IN_WORDS, RIGHTS, require
from shipworthy.base.actor import Actor
from shipworthy.base.errors import NotAllowed


def test_every_right_has_words() -> None:
    assert set(IN_WORDS) == set().union(*RIGHTS.values())


def test_a_refusal_names_the_part_that_somebody_has_what_they_may_not_and_who_may() -> None:
    with pytest.raises(NotAllowed) as refused:
        require(Actor("ann", frozenset({"owner:legal", "consumer:sales"})), "release", "ReleaseCandidate")
    (mistake,) = refused.value.mistakes
    assert mistake.found == "ann is consumer of sales and legal owner here and may not release or hold anything."
    assert mistake.fix.startswith("Ask one who may: operator, product manager.")
    with pytest.raises(NotAllowed) as unread:
        require(Actor("ann", frozenset()), "read", "ProductRoad")
    assert "gives people a part" in unread.value.mistakes[0].fix
