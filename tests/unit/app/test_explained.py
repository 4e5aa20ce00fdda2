"""`shipworthy explain` knows every code that a message can carry, and none that no message carries."""

from __future__ import annotations

import pytest
from unit.app.raised import raised_codes

from shipworthy.app.explaining import explained, told_by_stages
from shipworthy.base.errors import NotFound
from shipworthy.base.explained import Explained
from shipworthy.doors.explained import EXPLAINED as OF_THE_DOORS
from shipworthy.plan.explained import EXPLAINED as OF_THE_PLAN
from shipworthy.plan.explanation import codes

ALL = {**OF_THE_PLAN, **told_by_stages(), **OF_THE_DOORS}


def test_every_code_that_can_be_raised_is_explained() -> None:
    raised = raised_codes()
    assert {
        "sign.gate_shut",
        "data.half_written",
        "plan.fill_in",
        "prove.no_proof",
        "ledger.cut",
        "serve.log",
    } <= raised
    assert len(raised) > 200
    assert raised - {*ALL, *codes()} == set()


def test_no_code_is_explained_that_cannot_be_raised() -> None:
    assert set(ALL) - raised_codes() == set()


def test_no_code_is_explained_twice() -> None:
    assert len(ALL) == len(OF_THE_PLAN) + len(told_by_stages()) + len(OF_THE_DOORS)


@pytest.mark.parametrize("code", [code for code, said in ALL.items() if isinstance(said, Explained)])
def test_an_explanation_says_what_why_and_what_to_do(code: str) -> None:
    said = ALL[code]
    assert isinstance(said, Explained)
    for text in (said.means, said.why, said.do):
        assert len(text) > 8
        assert text[-1] in ".?"
    assert len({said.means, said.why, said.do}) == 3


def test_what_it_says_can_be_read_as_it_stands() -> None:
    assert explained("sign.gate_shut", OF_THE_DOORS).splitlines()[2].startswith("Why: Nothing reaches people")
    assert explained("cli.usage", OF_THE_DOORS).splitlines()[4].startswith("What to do: `shipworthy VERB --help`")


def test_one_of_several_results_of_a_check_is_explained_by_the_check() -> None:
    assert explained("prove.fairness.region.chosen", OF_THE_DOORS) == explained("prove.fairness", OF_THE_DOORS)


def test_a_slip_leads_to_the_nearest_of_every_stage() -> None:
    with pytest.raises(NotFound, match=r"Did you mean sign\.gate_shut\?"):
        explained("sign.gate_shutt", OF_THE_DOORS)
    with pytest.raises(NotFound, match=r"Did you mean web\.forgery\?"):
        explained("web.forgerie", OF_THE_DOORS)
