"""One person is erased: no byte of the store names them, everything else still holds, and they do not come back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from e2e.voyage.shop import PRODUCT, plan_text, someone
from e2e.voyage.test_server import Server
from e2e.voyage.voyage import Voyage
from e2e.waiting import wait_for

from shipworthy.app.audit import audited
from shipworthy.app.wiring import close_desk
from shipworthy.app.words import ErasePerson, ExportLedger, ReadmitPerson
from shipworthy.base.digest import digest_of_bytes
from shipworthy.base.errors import NotAllowed, NotFound, Tampered, UserError
from shipworthy.data.words import ErasureOrdered, PersonErased, SegmentRewritten, TakeSnapshot
from shipworthy.deliver import erasing, part_taken
from shipworthy.deliver.words import AnswersSealed, Erased, ErasureOutcome, RunFinished, Score, Trace
from shipworthy.doors.house import running
from shipworthy.doors.predict import lane
from shipworthy.doors.predict.app import Predictions
from shipworthy.plan.words import AdoptPlan, AdvanceClock

TESTS = Path(__file__).parents[2]
PERSON = "7712345678"  # the customer who was 00042


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop with lists for people, to be copied."""
    voyage = shop(tmp_path_factory.mktemp("untouched"))
    assert named(voyage.shop.root) > 8
    close_desk(voyage.desk)
    return voyage.shop.root


@pytest.fixture
def another(untouched: Path, tmp_path: Path) -> Iterator[Voyage]:
    """A copy of the shop."""
    voyage = copied(untouched, tmp_path / "shop")
    yield voyage
    close_desk(voyage.desk)


@pytest.fixture(scope="module")
def erased(untouched: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Voyage, ErasureOutcome, str]]:
    """A copy from which one customer was erased, and the id of an answer about them."""
    voyage = copied(untouched, tmp_path_factory.mktemp("erased") / "shop")
    answer = answered(voyage)
    yield voyage, erase(voyage), answer
    close_desk(voyage.desk)


def copied(untouched: Path, root: Path) -> Voyage:
    """The shop once more, in another folder."""
    return Voyage.left_in(Path(shutil.copytree(untouched, root)))


def shop(root: Path, database: str = "") -> Voyage:
    """A shop in which the baseline answers two lists, and in whose feed one row is broken."""
    root.mkdir(exist_ok=True)
    if database:
        (root / "database").write_text(database)
    voyage = Voyage(root)
    plan = plan_text().replace("quarantine_at_most: 0.5%", "quarantine_at_most: 5%")
    (root / "product.yaml").write_text(plan)
    voyage.do("product-manager", AdoptPlan(product=PRODUCT, text=plan))
    file = root / "feed" / "purchases-all.csv"
    rename(file)
    with file.open("a") as out:
        out.write(f"{PERSON},1997-02-31,1,10.00\n{PERSON},1997-02-01,1,10.00,one too many\n")
    voyage.live_baseline("all")
    voyage.advance("1997-06-02")
    return voyage


def rename(file: Path) -> None:
    file.write_text(file.read_text().replace("00042,", f"{PERSON},"))


def erase(voyage: Voyage, reason: str = "request 17") -> ErasureOutcome:
    return voyage.do("privacy-owner", ErasePerson(product=PRODUCT, entity=PERSON, reason=reason))


def answered(voyage: Voyage) -> str:
    """The id of the newest answer about the person."""
    table = voyage.desk.store.files.table(voyage.facts(AnswersSealed)[-1].segment)
    return str(next(row["answer_id"] for row in table.to_pylist() if row["entity"] == PERSON))


def named(root: Path) -> int:
    """How many files below a folder name the person, in any byte or Parquet cell; the team's own feed apart."""
    found = 0
    for file in root.rglob("*"):
        if not file.is_file() or "feed" in file.relative_to(root).parts:
            continue
        content = file.read_bytes()
        if content.startswith(b"PAR1"):
            content += json.dumps(pq.read_table(pa.BufferReader(content)).to_pylist(), default=str).encode()
        found += PERSON.encode() in content
    return found


def stored_in(engine: sa.Engine) -> int:
    """How many rows of the ledger's database, the road's among them where it lies there, name the person."""
    found = 0
    inspector = sa.inspect(engine)
    with engine.connect() as connection:
        for schema in {None, "road"} & {None, *inspector.get_schema_names()}:
            for name in inspector.get_table_names(schema):
                table = sa.Table(name, sa.MetaData(), schema=schema, autoload_with=engine)
                found += sum(PERSON in str(tuple(row)) for row in connection.execute(sa.select(table)))
    return found


def test_no_byte_names_the_person(erased: tuple[Voyage, ErasureOutcome, str]) -> None:
    voyage, outcome, _ = erased
    assert named(voyage.shop.root) == 0
    assert {"answers", "features", "accepted rows", "rows set aside"} <= set(outcome.rows)
    assert outcome.rows["delivered by crm"] >= 2
    assert outcome.rewritten == len(voyage.facts(SegmentRewritten)) > 4


def test_what_reads_old_digests_is_led_to_what_came_in_their_place(erased: tuple[Voyage, ErasureOutcome, str]) -> None:
    voyage, _, answer = erased
    files = voyage.desk.store.files
    for fact in voyage.facts(SegmentRewritten):
        assert files.current(fact.old) == fact.new
        assert len(files.table(fact.old)) == fact.rows_after < fact.rows_before
    for fact in voyage.facts(AnswersSealed):
        assert PERSON not in files.table(fact.segment)["entity"].to_pylist()
        other = files.table(fact.segment).to_pylist()[0]
        assert voyage.ask(Trace(product=PRODUCT, answer=other["answer_id"])).entity == other["entity"]
    with pytest.raises(NotFound) as told:
        voyage.ask(Trace(product=PRODUCT, answer=answer))
    assert told.value.mistakes[0].code == "deliver.erased"


def test_only_a_recorded_rewrite_is_accepted(erased: tuple[Voyage, ErasureOutcome, str]) -> None:
    files = erased[0].desk.store.files
    fact = erased[0].facts(SegmentRewritten)[0]
    place = Path(files._place(fact.new))
    kept = place.read_bytes()
    try:
        place.write_bytes(kept + b" ")
        with pytest.raises(Tampered):
            files.table(fact.old)
    finally:
        place.write_bytes(kept)


def test_the_ledger_holds_and_an_export_says_what_was_rewritten(
    erased: tuple[Voyage, ErasureOutcome, str], tmp_path: Path
) -> None:
    voyage, outcome, _ = erased
    exported = voyage.do("auditor", ExportLedger())
    file = tmp_path / "ledger.jsonl.gz"
    file.write_bytes(voyage.desk.store.files.get(exported.file))
    report = audited(file, None, "")
    assert report.holds
    assert report.rewritten == outcome.rewritten


def test_the_certificate_says_what_was_done_and_who_must_act(erased: tuple[Voyage, ErasureOutcome, str]) -> None:
    voyage, outcome, _ = erased
    [card] = voyage.ask(Erased(product=PRODUCT))
    assert (card.state, card.by, card.reason, card.rows) == ("erased", "privacy-owner", "request 17", outcome.rows)
    found = voyage.desk.evidence(outcome.certificate, someone("auditor"), PRODUCT)
    assert found.name == f"erasure-{outcome.person[:12]}.json"
    told = json.loads(voyage.desk.store.files.get(outcome.certificate))
    assert {(one["old"], one["new"]) for one in told["rewritten"]} == {
        (fact.old, fact.new) for fact in voyage.facts(SegmentRewritten)
    }
    assert {one["what"] for one in told["outside_reach"]} >= {"backups", "source purchases", "copies that sales made"}
    lists = [one for one in told["delivered"] if one["sink"] == "sales-list" and one["old"] != one["new"]]
    for one in lists:
        assert digest_of_bytes((voyage.shop.root / one["where"]).read_bytes()) == one["new"]


def test_the_person_does_not_come_back_with_the_next_snapshot(erased: tuple[Voyage, ErasureOutcome, str]) -> None:
    voyage, _, _ = erased
    feed = (voyage.shop.root / "feed" / "purchases-all.csv").read_text()
    assert PERSON in feed, "the source is the team's, and still has them"
    taken = voyage.do("data-scientist", TakeSnapshot(product=PRODUCT))
    [account] = taken.intakes
    assert account.removed["erased-person"] > 1
    assert account.source_rows == account.accepted + sum(account.removed.values()) + sum(account.quarantined.values())
    voyage.do("night-operator", Score(product=PRODUCT, consumer="crm"))
    assert voyage.facts(RunFinished)[-1].answered > 100
    assert named(voyage.shop.root) == 0


def test_erasing_once_more_finds_nothing_more(erased: tuple[Voyage, ErasureOutcome, str]) -> None:
    voyage, outcome, _ = erased
    again = erase(voyage)
    assert (again.rows, again.rewritten, again.certificate) == ({}, 0, outcome.certificate)
    assert len(voyage.facts(PersonErased)) == 1


def test_what_a_backup_brings_back_is_never_read_and_goes_with_the_next_erasure(
    erased: tuple[Voyage, ErasureOutcome, str],
) -> None:
    voyage, _, _ = erased
    files = voyage.desk.store.files
    fact = voyage.facts(SegmentRewritten)[0]
    place = Path(files._place(fact.old))
    place.write_bytes(b"what a backup had")
    assert len(files.table(fact.old)) == fact.rows_after
    erase(voyage)
    assert not place.exists()


@pytest.mark.parametrize(
    ("who", "entity", "reason", "error", "code"),
    [
        ("privacy-owner", "9999999999", "", NotFound, "erase.unknown_entity"),
        ("privacy-owner", " ", "", UserError, "erase.no_name"),
        ("privacy-owner", "00007", "00007 asked for it", UserError, "erase.name_in_reason"),
        ("legal-owner", "00007", "", NotAllowed, "app.not_allowed"),
        ("product-manager", "00007", "", NotAllowed, "app.not_allowed"),
    ],
)
def test_what_is_refused_changes_nothing(
    erased: tuple[Voyage, ErasureOutcome, str], who: str, entity: str, reason: str, error: type[UserError], code: str
) -> None:
    voyage = erased[0]
    before = voyage.desk.store.ledger.head()
    with pytest.raises(error) as refused:
        voyage.do(who, ErasePerson(product=PRODUCT, entity=entity, reason=reason))
    assert refused.value.mistakes[0].code == code
    assert voyage.desk.store.ledger.head() == before


def test_a_list_that_is_under_way_is_waited_for(another: Voyage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that has read the person's rows before the erasure ends first, and what it wrote is searched too."""
    voyage = another
    has_read, may_go_on = threading.Event(), threading.Event()
    answer = part_taken._answer

    def slowly(*given: Any) -> Any:
        made = answer(*given)
        has_read.set()
        assert may_go_on.wait(120)
        return made

    monkeypatch.setattr(part_taken, "_answer", slowly)
    with ThreadPoolExecutor(2) as threads:
        voyage.do("night-operator", AdvanceClock(product=PRODUCT, to="1997-06-20"))
        listed = threads.submit(voyage.do, "night-operator", Score(product=PRODUCT, consumer="crm"))
        assert has_read.wait(120)
        erased = threads.submit(erase, voyage)
        while not voyage.facts(ErasureOrdered):
            time.sleep(0.05)
        may_go_on.set()
        assert listed.result(120).answered
        outcome = erased.result(120)
    assert outcome.rows["answers"] >= 3
    assert named(voyage.shop.root) == 0


def test_a_server_that_runs_forgets_the_person_and_its_journal_is_searched(
    another: Voyage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "SEAL_SECONDS", 1.0)
    token = another.desk.people.add("shop-system")
    app = Predictions(another.desk, PRODUCT)

    def in_memory() -> bool:
        return any(PERSON in ready.features.index for ready in app.serving.ready.values())

    def sleep(seconds: float) -> None:
        """As long as a server may take to read anew is as long as it takes, on a quick machine and on a slow one."""
        if seconds == erasing.SERVERS_READ_WITHIN:
            assert wait_for(lambda: not in_memory())
        else:
            time.sleep(seconds)

    monkeypatch.setattr(erasing, "machine", SimpleNamespace(sleep=sleep))
    with running(app) as address:
        server = Server(another, address, token)
        assert server.ask(PERSON)["customer_id"] == PERSON
        before = erase(another).rows["answers"]
        assert named(another.shop.root) == 0
        assert before >= 3, "two lists and the answer of the server"
        assert server.call("POST", "/predict", {"customer_id": PERSON})[0] == 404
        assert server.ask("00007")["customer_id"] == "00007"
    assert named(another.shop.root) == 1, "the refused question names them"
    assert erase(another).rows == {"refused questions": 1}
    assert named(another.shop.root) == 0


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_killed_after_every_step_nobody_is_left(where: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    database = str(request.getfixturevalue("postgres_url")) if where == "postgresql" else ""
    voyage = shop(tmp_path, database) if database else request.getfixturevalue("another")
    root = voyage.shop.root
    close_desk(voyage.desk)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}
    command = [sys.executable, str(Path(__file__).parent / "eraser.py"), str(root), PERSON]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) > 8, "it was not killed after each step"
    desk = voyage.shop.desk()
    past = desk.store.ledger.past(PRODUCT)
    assert named(root) == 0
    assert stored_in(desk.store.ledger.engine) == 0
    assert len(past.of(PersonErased)) == len(past.of(ErasureOrdered)) == 1
    olds = [fact.what.old for fact in past.of(SegmentRewritten)]
    assert len(olds) == len(set(olds)) > 4
    assert not any(Path(desk.store.files._place(old)).exists() for old in olds)
    desk.store.ledger.verify()
    close_desk(desk)


def test_who_consents_anew_is_let_in_again_with_a_reason_and_can_be_erased_again(
    erased: tuple[Voyage, ErasureOutcome, str],
) -> None:
    voyage, outcome, _ = erased
    back = ReadmitPerson(product=PRODUCT, entity=PERSON, reason="consent 81")
    for who, command, code in [
        ("product-manager", back, "app.not_allowed"),
        ("privacy-owner", replace(back, reason=" "), "readmit.no_reason"),
        ("privacy-owner", replace(back, entity="00007"), "readmit.not_shut_out"),
    ]:
        with pytest.raises(UserError) as refused:
            voyage.do(who, command)
        assert refused.value.mistakes[0].code == code
    voyage.do("privacy-owner", back)
    [card] = voyage.ask(Erased(product=PRODUCT))
    assert (card.state, card.certificate) == ("readmitted", outcome.certificate)
    taken = voyage.do("data-scientist", TakeSnapshot(product=PRODUCT))
    assert not taken.intakes[0].removed.get("erased-person")
    again = erase(voyage, "request 18")
    assert again.certificate != outcome.certificate
    assert again.rows["accepted rows"] > 0
    assert [card.state for card in voyage.ask(Erased(product=PRODUCT))] == ["readmitted", "erased"]
    assert named(voyage.shop.root) == 0
