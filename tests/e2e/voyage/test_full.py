"""A full disk: a clear word, nothing lost, and work goes on by itself once there is room."""

from __future__ import annotations

import resource
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from e2e.voyage.shop import PRODUCT
from e2e.voyage.shops import begins
from e2e.voyage.voyage import Voyage

from shipworthy.app.words import DoWhatIsDue
from shipworthy.base.errors import Tampered, UserError
from shipworthy.deliver.journal import Journal, seal_left_over
from shipworthy.deliver.loading import load_serving
from shipworthy.deliver.words import Runs
from shipworthy.plan.words import AdoptPlan, AdvanceClock
from shipworthy.respond.words import OpenIncident


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """As on a full disk: whoever writes on gets an error from the system."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_on_a_full_disk_nothing_is_half_done_and_lists_are_made_later(voyage: Voyage, tmp_path: Path) -> None:
    voyage.live_baseline("all")
    voyage.do("night-operator", AdvanceClock(product=PRODUCT, to="1997-05-01"))
    broken = OpenIncident(product=PRODUCT, title="The shop is shut.", severity="low", cause="")
    with no_file_longer_than(9_000):
        with pytest.raises(UserError, match="could not be written"):
            voyage.do("business-owner", broken)
        done = voyage.do("night-operator", DoWhatIsDue(product=PRODUCT))
    assert done
    assert all("could not be written" in line for line in done)
    voyage.desk.store.ledger.verify()
    voyage.do("business-owner", broken)
    road = (tmp_path / ".shipworthy" / "road.sqlite-wal").stat().st_size
    with no_file_longer_than(road + 30_000):  # in the middle of the run: it waits, and goes on when there is room
        soft = resource.RLIM_INFINITY
        room = threading.Timer(3.0, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, soft)))
        room.start()
        voyage.do("night-operator", DoWhatIsDue(product=PRODUCT))
        room.join()
    assert {run.consumer: run.answered for run in voyage.ask(Runs(product=PRODUCT))} == {"crm": 200, "sales": 200}


@begins("baseline")
@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("path: out/sales/call-list-{as_of}.csv", "path: .shipworthy/keys/public/{as_of}.pem"),
        ("url: sqlite:///out/crm.sqlite", "url: sqlite:///.shipworthy/ledger.sqlite"),
        ("url: sqlite:///out/crm.sqlite", "url: ${SHIPWORTHY_DATABASE}"),
        ("sales: file:out/messages", "sales: file:.shipworthy/releases"),
    ],
)
def test_no_address_of_a_plan_leads_into_the_store(voyage: Voyage, tmp_path: Path, theirs: str, ours: str) -> None:
    text = (tmp_path / "product.yaml").read_text()
    assert theirs in text
    voyage.do("product-manager", AdoptPlan(product=PRODUCT, text=text.replace(theirs, ours)))
    voyage.advance("1997-05-01")
    home = tmp_path / ".shipworthy"
    assert not list((home / "keys" / "public").glob("1997*"))
    assert [file.name for file in (home / "releases").iterdir()] == [f"{PRODUCT}.json"]
    with closing(sqlite3.connect(home / "ledger.sqlite")) as rows:
        assert not rows.execute("SELECT 1 FROM sqlite_master WHERE name = 'call_list'").fetchall()
    voyage.desk.store.ledger.verify()


@begins("baseline")
def test_an_answer_that_found_no_room_is_not_in_the_log_and_an_edited_line_is_told(voyage: Voyage) -> None:
    now = voyage.desk.now(PRODUCT)
    store, serving = voyage.desk.store, load_serving(voyage.desk.store, PRODUCT)
    first, second = (serving.answer(customer, "shop", now).row for customer in ("00001", "00002"))
    journal = Journal(store, PRODUCT)
    [file] = journal.folder.iterdir()
    journal.write([first])
    written = len(file.read_bytes().rstrip(b"\0"))
    with no_file_longer_than(written + 10), pytest.raises(OSError, match="File too large"):
        journal.write([second])
    edited = journal.folder / "0.jsonl"
    edited.write_text('{"answer_id": }\n')
    with pytest.raises(Tampered, match="is no answer of the prediction server"):
        seal_left_over(store, PRODUCT, "prediction-server", now)
    edited.unlink()
    logged = store.files.table(journal.seal("prediction-server", now))
    assert logged["entity"].to_pylist() == ["00001"]
    journal.close("prediction-server", now)
