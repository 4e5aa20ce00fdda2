"""Whether everybody who should report does: monitors, looks, feeds, servers, workers of streams, whoever retrains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shipworthy.watch.monitor import Judgement, Monitor, Settings, Window, not_run


def judge(state: Mapping[str, Any], window: Window, settings: Settings, profile: Mapping[str, Any]) -> Judgement:
    """Alarm about whoever is silent, a part of the window each; quiet where somebody was and nobody is any more."""
    silent = sorted(window.counted)
    if not silent and not state.get("silent"):
        return not_run(state, "Nobody was silent before, and nobody is now.")
    first = min((one.first for one in window.counted.values()), default="")
    said = " ".join(one.said[-1] for one in window.counted.values() if one.said)
    return Judgement(
        level="alarm" if silent else "quiet",
        text=said or "Everybody who should report does again.",
        state=dict(state),
        numbers={"silent": float(len(silent))},
        parts={name: {"rows": 1.0, "now": 1.0, "tolerated": 0.0} for name in silent},
        guarantee="Counted, not estimated: a server leaves word every ten seconds and is silent after a minute; a "
        "monitor or feed after thrice its rhythm or its longest usual gap; looks after two hours with something due; "
        "consumers, and the comparison of challengers, after what the plan says.",
        kind="description",
        cause="A process was killed, a feed stopped, or somebody does not do what is due." if silent else "",
        advice="Each alarm says where to look." if silent else "",
        since=first,
    )


MONITOR = Monitor(
    name="dead-man",
    asks="Does everybody report who should?",
    needs="facts",
    judge=judge,
    tolerance=None,
    spends=False,
)
