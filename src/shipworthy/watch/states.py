"""What a monitor carries on, as it goes into a fact: a large state is stored beside, so that the ledger stays quick."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shipworthy.base.digest import canonical

if TYPE_CHECKING:
    from shipworthy.edges.files import Files

LARGEST_STATE = 2_000  # bytes
STORED = "stored"


@dataclass(frozen=True, slots=True)
class StoredStates:
    """States of monitors in the files of a store."""

    files: Files

    def kept(self, state: dict[str, Any]) -> dict[str, Any]:
        """The state as it goes into a fact."""
        content = canonical(state)
        return {STORED: self.files.put(content)} if len(content) > LARGEST_STATE else state

    def opened(self, kept: dict[str, Any]) -> dict[str, Any]:
        """The state as a monitor reads it."""
        return dict(json.loads(self.files.get(kept[STORED]))) if STORED in kept else kept
