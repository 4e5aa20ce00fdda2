"""A slice that is acted on at random: in lists, in real time, in the log, and in what the monitors make of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from e2e.voyage.shop import PRODUCT
from e2e.voyage.test_server import Server
from e2e.voyage.voyage import Voyage

from shipworthy.app.wiring import close_desk
from shipworthy.app.words import ErasePerson
from shipworthy.deliver.log import PROPENSITY
from shipworthy.deliver.words import AnswersSealed
from shipworthy.doors.house import running
from shipworthy.doors.predict.app import Predictions
from shipworthy.doors.predict.wire import Wire
from shipworthy.model.exploring import EXPLORED
from shipworthy.model.words import CandidateMade
from shipworthy.plan.words import AdoptPlan
from shipworthy.prove.words import CandidateProven
from shipworthy.watch.words import LabelsSealed, WindowJudged

SHARE = 0.2


@pytest.fixture(scope="module")
def voyage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voyage]:
    """A shop that only learns of those whom it acts on, whose model answers everybody."""
    voyage = Voyage(tmp_path_factory.mktemp("shop"))
    file = voyage.shop.root / "product.yaml"
    text = file.read_text()
    text = text.replace("  top: 20\n", "  top: 20\n  explore: {share: 20%, seed: spring}\n")
    text = text.replace("respond:\n", "respond:\n  retraining: {labels_only_when_acted: true}\n")
    file.write_text(text)
    voyage.do("administrator", AdoptPlan(product=PRODUCT, text=text))
    voyage.live_baseline("all")
    voyage.advance("1997-07-01")
    voyage.live_model()
    voyage.advance("1997-08-01")
    yield voyage
    close_desk(voyage.desk)


def rows(voyage: Voyage, which: str = "/crm/") -> list[dict[str, Any]]:
    """The answers of the newest list, or stretch of the server."""
    sealed = [what for what in voyage.facts(AnswersSealed) if which in what.run and {"all"} & set(what.steps)]
    return list(voyage.desk.store.files.table(sealed[-1].segment).to_pylist())


def test_the_list_has_the_best_and_a_share_of_the_others_who_are_told_apart(voyage: Voyage) -> None:
    found = rows(voyage)
    chosen = [row for row in found if row["decision"] == "call"]
    best = [row for row in chosen if row[PROPENSITY.name] == 1]
    drawn = [row for row in chosen if row[PROPENSITY.name] == SHARE]
    assert len(best) == 20
    assert 15 < len(drawn) == len(chosen) - 20 < 60
    assert all(row["reasons"][0] == EXPLORED for row in drawn)
    assert not any(EXPLORED in row["reasons"] for row in found if row not in drawn)
    assert min(row["score"] for row in best) >= max(row["score"] for row in drawn)
    newest = max((voyage.shop.root / "out" / "sales").glob("*.csv")).read_text()
    assert EXPLORED in newest


def test_a_question_in_real_time_gets_the_list_s_draw_and_logs_its_chance(voyage: Voyage) -> None:
    listed = {row["entity"]: row for row in rows(voyage)}
    token = voyage.desk.people.add("shop-system")
    with running(Predictions(voyage.desk, PRODUCT), http=Wire) as address:
        server = Server(voyage, address, token)
        told = {name: server.ask(name) for name in list(listed)[:60]}
    assert any(EXPLORED in one["reasons"] for one in told.values())
    for name, one in told.items():
        assert (one["decision"], one["reasons"]) == (listed[name]["decision"], listed[name]["reasons"])
    for row in rows(voyage, "serve/"):
        assert row[PROPENSITY.name] == listed[row["entity"]][PROPENSITY.name]


def test_only_truths_of_those_acted_on_are_kept_and_monitors_weigh_them_or_say_that_they_cannot(voyage: Voyage) -> None:
    voyage.advance("1998-01-15")
    [newest] = [what for what in voyage.facts(LabelsSealed) if what.as_of.startswith("1997-08-01")]
    acted = sum(row["decision"] == "call" for row in rows_of(voyage, "1997-08-01"))
    assert 0 < newest.matched <= acted
    assert newest.unlabelled >= 200 - acted
    judged = {what.monitor: what for what in voyage.facts(WindowJudged) if what.window.startswith("1997-08-01")}
    assert "acted on at random stand for all" in judged["performance"].text
    assert judged["performance"].numbers["n"] == 200
    assert judged["threshold"].level == "not_run"
    assert "cannot count it by their chances" in judged["threshold"].text


def rows_of(voyage: Voyage, day: str) -> list[dict[str, Any]]:
    """The list of one day for the customer database."""
    sealed = [
        what
        for what in voyage.facts(AnswersSealed)
        if "/crm/" in what.run and what.as_of.startswith(day) and "all" in what.steps
    ]
    return [row for what in sealed for row in voyage.desk.store.files.table(what.segment).to_pylist()]


def test_one_who_is_erased_leaves_lists_and_real_time_and_the_others_keep_their_chances(voyage: Voyage) -> None:
    before = {row["answer_id"]: row for which in ("/crm/", "serve/") for row in rows(voyage, which)}
    gone = next(row["entity"] for row in rows(voyage, "serve/"))
    voyage.do("privacy-owner", ErasePerson(product=PRODUCT, entity=gone, reason="request 17"))
    after = {row["answer_id"]: row for which in ("/crm/", "serve/") for row in rows(voyage, which)}
    kept = {name: row for name, row in before.items() if row["entity"] != gone}
    assert len(before) >= len(kept) + 2
    assert {name: row | {"inputs_ref": ""} for name, row in after.items()} == {
        name: row | {"inputs_ref": ""} for name, row in kept.items()
    }


def test_a_model_that_is_trained_anew_counts_whom_it_learns_from_by_their_chances(voyage: Voyage) -> None:
    voyage.advance("1998-02-01")
    first, newest = next(what for what in voyage.facts(CandidateMade) if what.role == "model"), voyage.made("model")
    assert first.weighing.before == first.rows, "the first one learnt from before the product answered anybody"
    [made] = [what for what in voyage.facts(CandidateMade) if what.candidate == newest]
    assert (made.weighing.how, made.weighing.before, made.weighing.least) == ("drawn", 0, SHARE)
    assert 0 < made.rows == made.weighing.effective < 160 * len(made.trained_on) * 1.5 * SHARE
    proof = [what for what in voyage.facts(CandidateProven) if what.candidate == newest][-1]
    [weighed] = [check for check in proof.checks if check.check == "prove.weighing"]
    assert weighed.verdict == "pass"
    assert "drawn by their logged chances" in weighed.found
    assert not [check for check in proof.checks if check.check == "prove.leakage.apart" and check.verdict != "pass"]
