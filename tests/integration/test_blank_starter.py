"""The starter for a table of one's own: `check` points at all that is left to fill in, and then it fits."""

from __future__ import annotations

from importlib.resources import files

import pytest

from shipworthy.base.errors import UserError
from shipworthy.plan.reading import marks, read_plan
from shipworthy.plan.rules import fit

TEXT = files("shipworthy").joinpath("starters/blank/product.yaml").read_text(encoding="utf-8")
FILLED = {
    "<a short name in small letters, such as repayment>": "mortgage-denial",
    "<the question in one plain sentence>": "Which mortgage applications will be denied?",
    "<what somebody does differently because of the answer>": "The desk reads likely denials twice.",
    "<the column that names a row, such as application>": "application",
    "<the column that names a row>": "application",
    "<how far ahead the answer looks, such as 90d>": "90d",
    "<who they are, in plain words>": "The mortgage desk",
    "<the day of the first list, such as 2026-03-02>": "2026-03-02",
    "<your file, such as feed/table.csv>": "feed/applications.csv",
    "<on what ground the data may be used for this, such as consent or contract>": "Consent with the application.",
    "<a number>": "dir",
    "<a word>": "pbcr",
    "<the truth>": "deny",
    "<the value that counts as yes>": "yes",
    "<a number that goes with yes>": "dir",
    "<the word for yes in the list, such as call>": "read twice",
    "<the word for no, such as leave>": "proceed",
}


def filled_in(text: str) -> str:
    for blank, own in FILLED.items():
        assert blank in text, blank
        text = text.replace(blank, own)
    return text


def test_check_points_at_every_blank_and_at_nothing_else() -> None:
    with pytest.raises(UserError) as caught:
        read_plan(TEXT)
    told = {(int(mistake.where.split(":")[1]), mistake.code) for mistake in caught.value.mistakes}
    blank = {number for number, line in enumerate(TEXT.splitlines(), 1) if "<" in line.partition("#")[0]}
    assert told == {(number, "plan.fill_in") for number in blank}
    assert all("angle brackets" in mistake.fix for mistake in caught.value.mistakes)


def test_filled_in_from_top_to_bottom_it_fits_without_a_warning() -> None:
    text = filled_in(TEXT)
    results = fit(read_plan(text), marks(text).at)
    assert [(result.check, result.found) for result in results if result.verdict != "pass"] == []
