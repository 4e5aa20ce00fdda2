"""Lists in trouble: everybody is accounted for, somebody stands in, failed routes are tried again, people are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from e2e.voyage.shop import PRODUCT
from e2e.voyage.shops import begins
from e2e.voyage.voyage import Voyage

from shipworthy.app.wiring import close_desk
from shipworthy.app.words import DoWhatIsDue
from shipworthy.base.errors import GateShut, Tampered
from shipworthy.deliver.loading import load_serving
from shipworthy.deliver.words import DeliveryFailed, DeliveryMade, RunFinished, Runs, Score
from shipworthy.edges import tables
from shipworthy.edges.chain import StoredFact
from shipworthy.plan.words import AdoptPlan
from shipworthy.release.words import Releases, RepairPointer, RollBack
from shipworthy.respond.words import Incidents
from shipworthy.sign.rules import candidate_made

MAY = "1997-05-01T00:00:00+00:00"


@begins("north")
def test_whoever_no_cohort_answers_is_refused_with_that_reason_and_nobody_is_lost(voyage: Voyage) -> None:
    voyage.advance("1997-05-01")
    for run in voyage.ask(Runs(product=PRODUCT)):
        assert run.due == 200 == run.answered + sum(run.refused.values())
        assert run.refused == {"cohort not released": run.due - run.answered}
        for rows in run.delivered.values():
            assert run.answered == run.left_out + rows
    runs = voyage.ask(Runs(product=PRODUCT))
    sales, crm = sorted(runs, key=lambda run: run.left_out, reverse=True)
    assert (sales.consumer, crm.consumer) == ("sales", "crm")
    assert crm.left_out == 0 < sales.left_out


def test_only_those_are_due_whom_the_plan_declares_due(tmp_path: Path) -> None:
    voyage = Voyage(tmp_path / "shop")
    plan = (voyage.shop.root / "product.yaml").read_text()
    text = plan.replace("data:\n", "data:\n  due: {source: purchases, within: 30d}\n")
    pipeline = voyage.shop.root / "pipeline.py"
    recent = "    table = table[table['recency'] <= 30]\n    return table.astype"
    pipeline.write_text(pipeline.read_text().replace("    return table.astype", recent))
    voyage.do("administrator", AdoptPlan(product=PRODUCT, text=text))
    voyage.live_baseline("all")
    voyage.advance("1997-05-01")
    for run in voyage.ask(Runs(product=PRODUCT)):
        assert 0 < run.due < 200
        assert (run.due, run.refused) == (run.answered, {})
    close_desk(voyage.desk)


@begins("baseline")
def test_a_route_that_fails_is_raised_and_tried_again_until_the_rows_arrive_once(voyage: Voyage) -> None:
    blocked = voyage.shop.root / "out" / "sales"
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_text("a file where the folder of lists should be")
    voyage.advance("1997-05-01")
    assert [what.sink for what in voyage.facts(DeliveryFailed)] == ["sales-list"]
    assert any("did not reach sales" in card.title for card in voyage.ask(Incidents(product=PRODUCT)))
    lost = next(run for run in voyage.ask(Runs(product=PRODUCT)) if run.consumer == "sales")
    assert lost.failed == {"sales-list": 20}
    assert lost.delivered == {}

    blocked.unlink()
    assert not voyage.do("night-operator", DoWhatIsDue(product=PRODUCT)), "it is tried again after an hour, not at once"
    voyage.advance("1997-05-01T02:00")
    mended = next(run for run in voyage.ask(Runs(product=PRODUCT)) if run.consumer == "sales")
    assert (mended.failed, mended.delivered) == ({}, {"sales-list": 20})
    lines = (blocked / "call-list-1997-05-01.csv").read_text().splitlines()
    assert len(lines) == len(set(lines)) == 21
    made = len(voyage.facts(DeliveryMade))
    voyage.do("night-operator", Score(product=PRODUCT, consumer="sales", as_of=MAY))
    assert len(voyage.facts(DeliveryMade)) == made, "what has arrived is not brought again"


@begins("july")
def test_a_model_that_cannot_answer_gives_way_to_the_baseline_and_everybody_is_told(voyage: Voyage) -> None:
    baseline = voyage.newest()
    model = voyage.live_model()
    broken = file_of(voyage, candidate_made(voyage.desk.store.ledger.past(PRODUCT), model).files["model"])
    good = broken.read_bytes()
    broken.write_bytes(b"something else")
    voyage.advance("1997-08-01")
    august = [what for what in voyage.facts(DeliveryMade) if what.as_of[:7] == "1997-08"]
    assert {what.candidate for what in august} == {baseline}
    assert all("could not answer" in what.notice and "baseline" in what.notice for what in august)
    finished = [what for what in voyage.facts(RunFinished) if what.as_of[:7] == "1997-08"]
    assert all(what.broken and what.stood_in and what.answered == 200 for what in finished)
    assert any("came without the model" in card.title for card in voyage.ask(Incidents(product=PRODUCT)))
    broken.write_bytes(good)
    voyage.advance("1997-09-01")
    september = [what for what in voyage.facts(DeliveryMade) if what.as_of[:7] == "1997-09"]
    assert {(what.candidate, what.notice) for what in september} == {(model, "")}


@begins("may")
def test_the_rows_of_a_list_lie_once_in_the_table_however_often_it_is_asked_for(voyage: Voyage) -> None:
    for _ in range(2):
        voyage.do("night-operator", Score(product=PRODUCT, consumer="crm", as_of=MAY))
    engine = sa.create_engine(f"sqlite:///{voyage.shop.root / 'out' / 'crm.sqlite'}")
    with engine.connect() as connection:
        counted = connection.execute(sa.text("SELECT count(*), count(DISTINCT customer_id) FROM call_list")).one()
    engine.dispose()
    assert tuple(counted) == (200, 200)


@begins("north")
def test_an_older_pointer_put_back_answers_nobody_and_is_repaired_from_the_ledger(voyage: Voyage) -> None:
    baseline = voyage.newest()
    pointer = voyage.shop.root / ".shipworthy" / "releases" / f"{PRODUCT}.json"
    older = pointer.read_text()
    voyage.release(baseline, "all")
    pointer.write_text(older)
    with pytest.raises(GateShut, match="an earlier pointer was put back"):
        load_serving(voyage.desk.store, PRODUCT)
    voyage.do("product-manager", RepairPointer(product=PRODUCT))
    assert set(load_serving(voyage.desk.store, PRODUCT).pointer.champion.values()) == {baseline}
    assert json.loads(pointer.read_text())["content"]["champion"].keys() == {"north", "south", "east", "west"}


@begins("july")
def test_a_candidate_taken_out_of_rehearsal_begins_again(voyage: Voyage) -> None:
    model = voyage.made("model")
    voyage.release(model, "rehearsal")
    voyage.do("product-manager", RollBack(product=PRODUCT, reason="not this one", candidate=model))
    now = voyage.ask(Releases(product=PRODUCT))
    assert (now.challenger, model in now.champion.values()) == ("", False)
    with pytest.raises(GateShut, match=r"sign-off|comes after rehearsal"):
        voyage.release(model, "shadow")


@begins("july")
def test_a_release_written_into_the_database_by_hand_reaches_nobody(voyage: Voyage) -> None:
    model = voyage.made("model")
    with voyage.desk.store.ledger.engine.begin() as connection:
        rows = connection.execute(sa.select(tables.fact).order_by(tables.fact.c.seq)).all()
        [step, last] = [next(row for row in reversed(rows) if row.kind == "ReleaseStepped"), rows[-1]]
        forged = StoredFact(*step)._replace(seq=last.seq + 1, about=model, previous=last.digest)
        forged = forged._replace(body=step.body.replace(step.about, model)).sealed()
        connection.execute(tables.fact.insert(), [forged._asdict()])
    command = Score(product=PRODUCT, consumer="sales", as_of="1997-07-01")
    for door in (
        lambda: voyage.do("night-operator", command),
        lambda: voyage.ask(Releases(product=PRODUCT)),
        lambda: load_serving(voyage.desk.store, PRODUCT),
    ):
        with pytest.raises(Tampered, match="without the key"):
            door()


def file_of(voyage: Voyage, digest: str) -> Path:
    """Where the store keeps a content."""
    file = voyage.shop.root / ".shipworthy" / "files" / digest[:2] / digest[2:]
    file.chmod(0o644)
    return file
