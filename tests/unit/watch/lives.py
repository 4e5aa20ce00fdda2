"""The life of a monitor, for tests: windows judged one after the other, each on what those before left behind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from shipworthy.base.digest import canonical
from shipworthy.watch.monitor import Judgement, Monitor, Settings, Window


def lived(
    monitor: Monitor, windows: Iterable[Window], settings: Settings, profile: Mapping[str, Any] | None = None
) -> list[Judgement]:
    """What a monitor found in each window, its state carried on as a fact keeps it."""
    state: dict[str, Any] = {}
    found = []
    for one in windows:
        found.append(monitor.judge(state, one, settings, profile or {}))
        assert canonical([found[-1].numbers, found[-1].parts])
        state = json.loads(canonical(found[-1].state))
    return found
