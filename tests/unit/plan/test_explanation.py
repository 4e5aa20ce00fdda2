"""Every code that planning can raise is explained, and an unknown one leads to the nearest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import shipworthy.plan
from shipworthy.base.errors import NotFound
from shipworthy.base.kinds import kinds
from shipworthy.plan.explained import EXPLAINED
from shipworthy.plan.explanation import codes, explanation

FOLDER = Path(shipworthy.plan.__path__[0])
MODES = ("list", "realtime", "stream")


def codes_in_the_source() -> set[str]:
    found: set[str] = set()
    for file in FOLDER.glob("*.py"):
        if file.name != "explained.py":
            text = file.read_text(encoding="utf-8")
            found |= set(re.findall(r'"(plan\.[a-z_]+)"', text))
            found |= {f"plan.{mode}{rest}" for rest in re.findall(r'"plan\.\{mode\}(_[a-z]+)"', text) for mode in MODES}
    return found


def test_every_code_that_can_be_raised_is_explained() -> None:
    raised = codes_in_the_source()
    assert len(raised) > 40
    assert raised <= set(codes())


def test_no_code_is_explained_that_cannot_be_raised() -> None:
    # Raised by the door that opens the file.
    others = {"plan.no_file", "plan.unreadable"}
    assert set(EXPLAINED) - others <= codes_in_the_source()


def test_checks_and_mistakes_do_not_share_a_code() -> None:
    assert not set(EXPLAINED) & {f"plan.{name}" for name in kinds("plan/checks")}


@pytest.mark.parametrize("code", [code for code in codes() if code.startswith("plan.")])
def test_an_explanation_says_something(code: str) -> None:
    assert len(explanation(code)) > 40


def test_a_check_of_another_stage_is_explained_by_what_it_says_of_itself() -> None:
    assert "Promised against real" in explanation("watch.calibration")


def test_an_unknown_code_leads_to_the_nearest() -> None:
    with pytest.raises(NotFound, match=r"Did you mean plan\.time_to_act\?"):
        explanation("plan.time_to_atc")
