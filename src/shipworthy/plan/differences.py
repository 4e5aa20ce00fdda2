"""What changed between two plans, in lines that people read, and what a change voids."""

from __future__ import annotations

import json
from typing import Any

from shipworthy.base.digest import digest_of
from shipworthy.plan.schema import Plan
from shipworthy.plan.words import SPARES, VOIDS

ANSWER_SECTIONS = ("need", "consumers", "sources", "data", "model", "decision", "proof")
CONSUMER_CONTRACT = ("columns", "mode", "only", "needs_values")
_ABSENT = object()


def section_digests(plan: Plan) -> dict[str, str]:
    """The digest of every top-level section of a plan.

    A value that equals its default counts as absent, so that a new optional key in a later version of the schema
    leaves the digests of existing plans as they are.
    """
    spoken = plan.model_dump(mode="json", exclude_defaults=True)
    return {name: digest_of(spoken.get(name, {})) for name in type(plan).model_fields}


def answer_sections(plan: Plan) -> dict[str, str]:
    """The digests of the parts of a plan that determine the answers and what they were proven for.

    These are need, sources, data, model, decision and proof, and of each consumer the contract: columns, mode, only
    and needs_values. Guides, people, cadence, cohorts, watch and response are not among them: a typo in a guide or a
    new branch voids nothing.
    """
    digests = section_digests(plan)
    contracts = {
        name: consumer.model_dump(mode="json", exclude_defaults=True, include=set(CONSUMER_CONTRACT))
        for name, consumer in plan.consumers.items()
    }
    return {name: digest_of(contracts) if name == "consumers" else digests[name] for name in ANSWER_SECTIONS}


def changes(old: Plan, new: Plan) -> list[str]:
    """What changed from one plan to another, one line for each value, each saying whether it voids anything.

    For example ``consumers.sales.time_to_act: 180d -> 30d (does not touch what was proven)``.
    """
    lines: list[str] = []
    _compare((), old.values(), new.values(), lines)
    return lines


def _compare(path: tuple[str, ...], old: Any, new: Any, lines: list[str]) -> None:
    if old == new and type(old) is type(new):
        return
    before, after = _by_key(old), _by_key(new)
    if before is None or after is None:
        lines.append(f"{'.'.join(path)}: {_change(old, new)} ({VOIDS if _voids(path) else SPARES})")
        return
    for key in [*before, *(key for key in after if key not in before)]:
        _compare((*path, key), before.get(key, _ABSENT), after.get(key, _ABSENT), lines)
    if list(before) != list(after) and isinstance(old, list) and set(before) == set(after):
        lines.append(f"{'.'.join(path)}: in another order ({VOIDS if _voids(path) else SPARES})")


def _by_key(value: Any) -> dict[str, Any] | None:
    """A mapping, or a list whose items carry names or columns of their own, by key; None for what is one value."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        names = [str(item.get("name") or item.get("column") or number) for number, item in enumerate(value)]
        return dict(zip(names, value, strict=True)) if len(set(names)) == len(names) else None
    return None


def _change(old: Any, new: Any) -> str:
    if old is _ABSENT:
        return f"added, {_text(new)}"
    if new is _ABSENT:
        return f"removed, was {_text(old)}"
    return f"{_text(old)} -> {_text(new)}"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value or '""'
    if value is None:
        return "not set"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:97]}…"


def _voids(path: tuple[str, ...]) -> bool:
    """Whether a change at a path changes an answer section."""
    if path[0] != "consumers" or len(path) < 3:
        return path[0] in ANSWER_SECTIONS
    return path[2] in CONSUMER_CONTRACT
