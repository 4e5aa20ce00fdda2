"""What holds of every state that follows from facts one by one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from shipworthy.base.digest import canonical
from shipworthy.base.fact import Fold, Recorded


def assert_goes_on(fold: Fold[dict[str, Any]], facts: Sequence[Recorded[Any]], at: int) -> None:
    """A state that was kept after some facts, as JSON, goes on as if it were made anew from all."""
    known = [fact for fact in facts if isinstance(fact.what, fold.kinds)]
    state = json.loads(canonical(fold.over(known[:at])))
    for fact in known[at:]:
        state = fold.step(state, fact)
    assert canonical(state) == canonical(fold.over(known))
