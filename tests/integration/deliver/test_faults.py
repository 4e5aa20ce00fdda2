"""Sinks that refuse, time out, fill up or vanish midway: said, nothing lost, the others go on, later each once."""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import deltalake
import fsspec
import pyarrow as pa
import pytest
from integration.deliver.connected import CUSTOMERS, Product, plan_with
from integration.outside import ALLOWED, Answer, Web

from shipworthy.app.contracts import contract_findings
from shipworthy.app.probing import probed
from shipworthy.base.errors import NotFound
from shipworthy.base.kinds import kind
from shipworthy.base.times import length
from shipworthy.deliver.bringing import PAUSES, target
from shipworthy.deliver.run import Run
from shipworthy.deliver.sink import SinkKind, Target
from shipworthy.deliver.sinks import webhook
from shipworthy.deliver.words import DeliveryFailed, DeliveryMade
from shipworthy.edges.objects import s3_options
from shipworthy.plan.reading import read_plan

SINKS = {
    "file": '{kind: csv, path: "out/{as_of}.csv", rehearsal: "try/{as_of}.csv"}',
    "lake": "{kind: delta, path: lake, rehearsal: try-lake}",
    "crm": '{kind: sql, url: "sqlite:///crm/crm.sqlite", table: calls, key: [customer_id], rehearsal: try_calls}',
    "hook": '{kind: webhook, url: "${HOOK}", rehearsal: "${TRY}", secret: "${KEY}", rows_at_once: 8}',
    "cloud": '{kind: jsonl, path: "${BUCKET}/{as_of}.jsonl", rehearsal: "${BUCKET}/try-{as_of}.jsonl"}',
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PAUSES", (0.01,))
    monkeypatch.setattr("shipworthy.deliver.bringing.PAUSES", tuple(pause / 20 for pause in PAUSES))


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("begun")
    product = Product(root, {})
    product.begin(plan_with(SINKS))
    product.engine.dispose()
    return root


@pytest.fixture
def product(begun: Path, tmp_path: Path, web: Web, s3: tuple[str, dict[str, str]]) -> Iterator[Product]:
    hooks = {"HOOK": f"{web.url}/in", "TRY": f"{web.url}/try", "KEY": "a key", "BUCKET": s3[0]}
    shutil.copytree(begun, tmp_path / "shop")
    made = Product(tmp_path / "shop", {**ALLOWED, **s3[1], **hooks})
    yield made
    made.engine.dispose()


def in_crm(product: Product) -> int:
    with closing(sqlite3.connect(product.root / "crm" / "crm.sqlite")) as crm, crm:
        return int(crm.execute("SELECT count(*) FROM calls").fetchone()[0])


def in_lake(product: Product) -> int:
    return int(deltalake.DeltaTable(product.root / "lake").to_pyarrow_table().num_rows)


def in_cloud(product: Product) -> int:
    environ = product.store.environ
    system = fsspec.filesystem("s3", **s3_options(environ))
    return len(system.cat_file(f"{environ['BUCKET']}/1997-02-01.jsonl").splitlines())


def posted(web: Web) -> list[str]:
    rows = [row for request in web.got if request.method == "POST" for row in json.loads(request.body)["data"]["rows"]]
    return [row["customer_id"] for row in rows]


def test_every_way_brings_the_same_rows(product: Product, web: Web) -> None:
    account = product.bring()
    assert account.failed == {}
    assert account.delivered == dict.fromkeys(SINKS, CUSTOMERS)
    assert len((product.root / "out" / "1997-02-01.csv").read_text().splitlines()) == CUSTOMERS + 1
    assert (in_crm(product), in_lake(product), len(set(posted(web)))) == (CUSTOMERS, CUSTOMERS, CUSTOMERS)
    assert in_cloud(product) == CUSTOMERS
    assert {made.sink for made in product.of(DeliveryMade)} == set(SINKS)
    assert str(product.of(DeliveryMade)).count(web.url) == 0


def test_what_fails_takes_nothing_from_the_others_and_comes_once_later(product: Product, web: Web) -> None:
    (product.root / "out").write_text("a file where the folder should be")
    (product.root / "crm").write_text("the disk is gone")
    web.answers = [Answer(204), Answer(500)]  # vanishes after the first part
    account = product.bring()
    assert account.failed == dict.fromkeys(["file", "crm", "hook"], CUSTOMERS)
    assert account.delivered == dict.fromkeys(["lake", "cloud"], CUSTOMERS)
    reasons = {failed.sink: failed.reason for failed in product.of(DeliveryFailed)}
    assert "File exists" in reasons["file"] or "Not a directory" in reasons["file"]
    assert reasons["hook"] == "The webhook did not take it: it answered 500."
    (product.root / "out").unlink()
    (product.root / "crm").unlink()
    web.answers = [Answer(204)]
    again = product.bring()
    assert again.failed == {}
    assert again.delivered == dict.fromkeys(SINKS, CUSTOMERS)
    assert (in_crm(product), in_lake(product), in_cloud(product)) == (CUSTOMERS,) * 3
    taken = {request.headers["webhook-id"] for request in web.got}
    assert len(taken) == 3  # parts of 8, 8 and 4 rows; the one that was refused came again under its own id
    assert len(set(posted(web))) == CUSTOMERS
    assert product.bring().delivered == again.delivered  # a third time nothing is left to bring


def test_a_fault_in_a_sink_is_a_failed_delivery_and_no_broken_run(product: Product) -> None:
    shutil.rmtree(product.root / "lake", ignore_errors=True)
    (product.root / "lake").write_text("no folder")
    account = product.bring()
    assert account.failed == {"lake": CUSTOMERS}
    assert set(account.delivered) == set(SINKS) - {"lake"}


def test_a_full_disk_leaves_the_last_file_and_no_half_of_a_new_one(tmp_path: Path) -> None:
    goal = Target(tmp_path, "list.csv", "", "", "run")
    write = kind("deliver/sinks", "csv", SinkKind).write
    write(goal, pa.table({"x": ["old"]}))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write(goal, pa.table({"x": ["new" * 1_000]}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [file.name for file in tmp_path.iterdir()] == ["list.csv"]
    assert (tmp_path / "list.csv").read_text() == "x\nold\n"
    write(goal, pa.table({"x": ["new" * 1_000]}))
    assert len((tmp_path / "list.csv").read_text()) == 3_003


def test_lists_of_one_day_have_files_of_their_own(product: Product) -> None:
    def path(every: str, hours: float) -> str:
        plan, at = product.plan, product.now + timedelta(hours=hours)
        consumer = plan.consumers["desk"].model_copy(update={"every": length(every)})
        return target(product.store, Run(str(at), plan, "desk", consumer, at, "", ""), "file").path

    assert [path("6h", hours) for hours in (0, 6)] == ["out/1997-02-01T000000.csv", "out/1997-02-01T060000.csv"]
    # What was asked for besides a monthly list overwrites none.
    assert [path("1mo", hours) for hours in (0, 5)] == ["out/1997-02-01.csv", "out/1997-02-01T050000.csv"]


def test_every_connection_is_probed_and_nothing_is_left_behind(product: Product, web: Web) -> None:
    before = {file for file in product.root.rglob("*") if ".shipworthy" not in file.parts}
    results = {result.where: result for result in probed(product.plan, product.store, product.now)}
    assert {where: result.verdict for where, result in results.items()} == {
        "sources.visits": "pass",
        "sources.people": "pass",
        **{f"sinks.{name}": "pass" for name in SINKS},
        "respond.routes.business": "pass",
        "respond.routes.technology": "pass",
        "receipts": "not_run",
    }, [result.found for result in results.values()]
    files = {file for file in product.root.rglob("*") if ".shipworthy" not in file.parts and file.is_file()}
    assert files <= before
    assert posted_types(web) == ["shipworthy.probe"]
    assert results["sources.visits"].found == ("1 CSV file, the first visits.csv; it has the columns of the contract")
    assert product.of(DeliveryMade) == []


def posted_types(web: Web) -> list[str]:
    return [json.loads(request.body)["type"] for request in web.got if request.method == "POST"]


def test_a_probe_says_what_is_wrong_and_how_to_put_it_right(product: Product, web: Web) -> None:
    web.answers = [Answer(401)]
    (product.root / "visits.csv").write_text("customer,date\nc1,1997-01-15\n")
    product.bring()  # makes the tables
    with closing(sqlite3.connect(product.root / "crm" / "crm.sqlite")) as crm, crm:
        crm.execute("DROP TABLE IF EXISTS calls")
        crm.execute("CREATE TABLE calls (run TEXT, notice TEXT, customer_id TEXT UNIQUE)")
    environ = {**product.store.environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    results = {one.where: one for one in probed(product.plan, replace(product.store, environ=environ), product.now)}
    failed = {where: result.found for where, result in results.items() if result.verdict not in ("pass", "not_run")}
    assert failed == {
        "sources.visits": "1 CSV file, the first visits.csv; it lacks customer_id",
        "sinks.crm": "Table calls has no column score, decision.",
        "sinks.hook": "The webhook refused: it answered 401.",
        "sinks.cloud": failed["sinks.cloud"],
    }
    assert "EndpointConnectionError" in failed["sinks.cloud"]
    assert all(results[where].advice for where in failed)
    (one,) = probed(product.plan, product.store, product.now, "lake")
    assert (one.where, one.verdict) == ("sinks.lake", "pass")
    with pytest.raises(NotFound, match=r"sinks\.lake"):
        probed(product.plan, product.store, product.now, "lage")


def test_a_kind_says_what_it_needs_when_the_plan_is_written() -> None:
    plan = read_plan(plan_with({"mail": '{kind: email, url: "${MAIL}", rehearsal: "try@shop.example"}'}))
    assert [result.found for result in contract_findings(plan, str)] == [
        "sinks.mail.to is missing, which kind email needs.",
        "sinks.mail.sender is missing, which kind email needs.",
    ]
