"""The report is one page without anything from outside, complete, plain, and deaf to what names try to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from unit.prove.subjects import NOW, NUMBER_PROOF, floor, people, subject, with_truth

from shipworthy.base.check import CheckResult
from shipworthy.data.words import Intake, SnapshotTaken
from shipworthy.prove.check import Parent, Rows, Subject, run_checks
from shipworthy.prove.flow import proof_checks
from shipworthy.prove.report import WORDS, Circumstances, headline, report

EVIL = "<script>alert(1)</script>'\"><img src=x onerror=alert(2)>"


class Page(HTMLParser):
    """What a browser would see: tags with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._hidden = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data


def taken(source: str = "visits") -> SnapshotTaken:
    intake = Intake(source, 1_000, 950, {"duplicates": 30}, {"too many minutes": 20})
    return SnapshotTaken(product="renewals", snapshot="d" * 64, as_of=NOW.isoformat(), intakes=[intake], checks=[])


def page_of(
    of: Subject, results: Sequence[CheckResult] | None = None, who: str = "builder", source: str = "visits"
) -> str:
    found = run_checks(of, proof_checks()) if results is None else results
    return report(of, found, Circumstances(NOW, who, "e" * 64, taken(source), {"results.json": "f" * 64}))


def test_nothing_comes_from_outside_and_nothing_runs() -> None:
    text = page_of(subject(floor(0.6)))
    page = Page(text)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "form"})
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
        assert "src" not in attributes
    assert not re.search(r"@import|url\(|https?://", text)


def test_every_check_is_there_with_its_question_finding_and_advice() -> None:
    of = replace(subject(floor(0.9)), parents=(Parent("p" * 64, subject().now.scores * 2, ()),))
    results = run_checks(of, proof_checks())
    page = Page(page_of(of, results))
    ids = {attributes.get("id") for _, attributes in page.tags}
    links = {attributes.get("href") for tag, attributes in page.tags if tag == "a"}
    for result in results:
        assert result.check in ids
        assert f"#{result.check}" in links
        for said in (result.asked, result.found, result.why, result.advice):
            assert " ".join(said.split()) in " ".join(page.text.split())
    assert "The proof does not stand." in page.text
    assert headline(results) in page.text


@pytest.mark.parametrize("verdict", WORDS)
def test_every_verdict_has_a_word_that_the_page_explains(verdict: Any) -> None:
    page = Page(page_of(subject(), [CheckResult("prove.performance", "Is it good?", verdict, "Found.")]))
    assert page.text.count(WORDS[verdict]) >= 2


def test_what_is_not_known_is_said_at_the_end() -> None:
    text = Page(page_of(subject(truth=None))).text
    assert "no truth is known before 2026-03-01" in text
    assert "The proof does not stand." in text
    lasting = " ".join(Page(page_of(subject())).text.split())
    assert "Whether groups of people are treated alike: the plan declares no group to compare." in lasting
    assert "the 2 months (about 61 days) from 2026-01-01" in lasting


def test_names_that_try_to_run_are_only_names() -> None:
    of = subject()
    need = of.plan.need.model_copy(update={"question": EVIL, "decision": EVIL})
    service = of.plan.consumers["service"].model_copy(update={"who": EVIL})
    decision = of.plan.decision.model_copy(update={"yes": EVIL})
    sources = {EVIL: of.plan.sources["visits"].model_copy(update={"right_to_use": EVIL})}
    hostile = of.plan.model_copy(
        update={"need": need, "consumers": {EVIL: service}, "decision": decision, "sources": sources}
    )
    made = replace(of.made, author=EVIL, features=[EVIL], notes={EVIL: EVIL})
    results = [CheckResult("prove.performance", EVIL, "fail", EVIL, 0.5, 0.4, 0.6, 0.7, EVIL, EVIL, EVIL)]
    text = page_of(replace(of, plan=hostile, made=made), results, who=EVIL, source=EVIL)
    page = Page(text)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "img"})
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert page.text.count(EVIL) >= 10


@pytest.mark.parametrize(
    "of",
    [
        subject(NUMBER_PROOF, answer="number"),
        subject(held=0),
        subject(held=3),
        with_truth(subject(), np.zeros(300)),
        with_truth(subject(), np.ones(300), np.full(300, 0.5)),
        replace(subject(), now=Rows(NOW, people(0), np.zeros(0))),
        replace(subject(), now=Rows(NOW, people(1), np.array([0.0]))),
    ],
    ids=["numbers", "nobody held out", "three held out", "no yes", "no no", "nobody due", "one due"],
)
def test_whatever_is_proven_there_is_a_page_without_holes(of: Subject) -> None:
    page = Page(page_of(of))
    assert not re.search(r"\b(nan|inf|None|Undefined)\b", page.text)
    assert "nan" not in " ".join(str(attributes) for _, attributes in page.tags)
