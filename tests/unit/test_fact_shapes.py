"""Facts are kept for ever: what was written once must be read by every later version."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from golden.write import AGAIN, breaks, read, shapes

NOW = json.loads(json.dumps(shapes()))


def test_facts_of_older_versions_can_still_be_read() -> None:
    broken = breaks(read(), NOW)
    advice = "Give a new field a default; keep an old kind or field beside the new one. See tests/golden/write.py."
    assert not broken, "\n".join(["Older facts could not be read any more:", *broken, advice])


def test_the_golden_file_knows_every_shape_of_today() -> None:
    assert read() == NOW, f"There are new kinds or fields. Write the golden file anew: {AGAIN}"


def set_in(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(shapes: dict[str, Any]) -> None:
        for name in path[:-1]:
            shapes = shapes[name]
        if to is None:
            del shapes[path[-1]]
        else:
            shapes[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (set_in("facts", "SignOffGiven", to=None), "SignOffGiven is gone"),
        (set_in("facts", "SignOffGiven", "candidate", to=None), "SignOffGiven.candidate is gone"),
        (set_in("facts", "SignOffGiven", "candidate", "type", to="int"), "SignOffGiven.candidate was str and is int"),
        (set_in("facts", "RunFinished", "stood_in", "default", to="x"), 'was str = "" and is str = "x"'),
        (set_in("facts", "RunFinished", "stood_in", "default", to=None), 'was str = "" and is str'),
        (set_in("facts", "RunFinished", "late", to={"type": "bool"}), "RunFinished.late is new and has no default"),
        (set_in("parts", "CheckResult", "verdict", to=None), "CheckResult.verdict is gone"),
        (set_in("answers", "score", to="float"), "prediction log"),
        (set_in("answers", "extra", to="string"), "prediction log"),
    ],
)
def test_a_change_that_leaves_old_facts_behind_is_told(change: Callable[[dict[str, Any]], None], said: str) -> None:
    now = copy.deepcopy(NOW)
    change(now)
    [line] = breaks(NOW, now)
    assert said in line


@pytest.mark.parametrize(
    "change",
    [
        set_in("facts", "SomethingNew", to={"product": {"type": "str"}}),
        set_in("facts", "RunFinished", "late", to={"type": "bool", "default": False}),
        set_in("facts", "SignOffGiven", "candidate", "type", to="None | str"),
    ],
)
def test_what_only_adds_breaks_nothing(change: Callable[[dict[str, Any]], None]) -> None:
    now = copy.deepcopy(NOW)
    change(now)
    assert breaks(NOW, now) == []
