"""What the mistakes of watching mean, by code."""

from __future__ import annotations

from shipworthy.base.explained import Explained

EXPLAINED: dict[str, Explained] = {
    "watch.alarm_reason": Explained(
        "An alarm was answered without a word on what was found.",
        "Whether alarms are right is counted against the plan's budget, and nobody can follow a count without reasons.",
        "Say it in a sentence, such as: The feed counted a holiday twice. Add --false where nothing was wrong.",
    ),
}
