"""What a code means and which kinds there are, found in the tables and open folders of the stages."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from shipworthy.base.explained import Explained
from shipworthy.base.kinds import kinds
from shipworthy.plan.explanation import explanation

OPEN_FOLDERS = {
    "sources": "data/sources",
    "sinks": "deliver/sinks",
    "brokers": "edges/brokers",
    "baselines": "model/baselines",
    "formats": "model/formats",
    "proof checks": "prove/checks",
    "plan checks": "plan/checks",
    "data checks": "data/checks",
    "delivery checks": "deliver/checks",
    "reviews": "sign/reviews",
    "monitors": "watch/monitors",
    "actions": "respond/actions",
}
EXPLAINING = ("edges", "data", "model", "prove", "sign", "release", "deliver", "watch", "respond", "app")


def explained(code: str, of_the_doors: Mapping[str, Explained]) -> str:
    """The explanation of a code, or the members of every open folder.

    Args:
        of_the_doors: what the doors have to explain, which nothing below them knows.

    Raises:
        NotFound: there is no such code.
    """
    if code == "kinds":
        return "\n".join(f"{name:<16} {', '.join(kinds(folder))}" for name, folder in OPEN_FOLDERS.items())
    return explanation(code, {**told_by_stages(), **of_the_doors})


def told_by_stages() -> dict[str, str | Explained]:
    """What stands in the table beside each stage, below the doors, by code."""
    found: dict[str, str | Explained] = {}
    for stage in EXPLAINING:
        found |= import_module(f"shipworthy.{stage}.explained").EXPLAINED
    return found
