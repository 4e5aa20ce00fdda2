"""Where a path may lead, what is said of one that leads nowhere, and that no secret is said with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem
from integration.data.feed import Feed, intake, refusal

from shipworthy.base.errors import UserError
from shipworthy.data.places import content, files
from shipworthy.data.source import Place

ROWS = "customer_id,paid\na,1\n"


@pytest.fixture
def environ() -> dict[str, str]:
    return {"KEY": "s3cret/word", "FOLDER": "s3cret"}


def test_a_file_that_is_not_there_is_refused_and_the_message_says_where_it_was_looked_for(feed: Feed) -> None:
    check = refusal(feed.take("csv", "in/orders.csv"))
    assert check.found == f"sources.orders.path: No file matches 'in/orders.csv'; looked in {feed.store.root}."
    assert "product.yaml" in check.advice


def test_a_pattern_that_matches_nothing_is_refused(feed: Feed) -> None:
    feed.lay("in/orders.txt", ROWS)
    assert "No file matches 'in/*.csv'" in refusal(feed.take("csv", "in/*.csv")).found


def test_a_folder_is_refused_with_the_pattern_to_write(feed: Feed) -> None:
    feed.lay("in/orders.csv", ROWS)
    check = refusal(feed.take("csv", "in/"))
    assert "'in/' is a folder" in check.found
    assert "in/*" in check.advice


@pytest.mark.parametrize("path", ["../orders.csv", "in/../../orders.csv", "in/../orders.csv", "../*.csv"])
def test_a_relative_path_stays_in_the_folder_of_the_product(feed: Feed, path: str) -> None:
    (feed.store.root.parent / "orders.csv").write_text(ROWS)
    assert "leads out of the folder of product.yaml" in refusal(feed.take("csv", path)).found


@pytest.mark.parametrize("path", ["link.csv", "l*.csv", "linked/orders.csv", "linked/*.csv"])
def test_a_link_does_not_lead_out_of_the_folder_either(feed: Feed, path: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "orders.csv").write_text(ROWS)
    (feed.store.root / "link.csv").symlink_to(outside / "orders.csv")
    (feed.store.root / "linked").symlink_to(outside)
    assert "leads out of the folder of product.yaml" in refusal(feed.take("csv", path)).found


def test_an_absolute_path_is_a_full_address_that_the_plan_names(feed: Feed, tmp_path: Path) -> None:
    outside = tmp_path / "orders.csv"
    outside.write_text(ROWS)
    for path in (str(outside), str(tmp_path / "ord*.csv"), f"file://{outside}"):
        assert intake(feed.take("csv", path)).accepted == 1


def test_the_ledger_its_files_and_keys_are_no_source(feed: Feed) -> None:
    ledger = feed.store.home / "ledger.sqlite"
    for path in (".shipworthy/ledger.sqlite", str(ledger), f"file://{ledger}"):
        assert "folder of the ledger" in refusal(feed.take("csv", path)).found
    for url in ("sqlite:///.shipworthy/ledger.sqlite", f"sqlite:///{ledger}"):
        assert "folder of the ledger" in refusal(feed.take("sql", url=url, query="facts")).found
    (feed.store.home / "orders.csv").write_text(ROWS)
    feed.lay("in/orders.csv", ROWS)
    assert list(intake(feed.take("csv", "**/*.csv")).read) == ["in/orders.csv"]


@pytest.mark.parametrize("path", ["a\0b.csv", "a\0*.csv", " "])
def test_what_can_be_no_path_is_refused(feed: Feed, path: str) -> None:
    assert refusal(feed.take("csv", path)).found.startswith("sources.orders.path: ")


def test_a_name_that_is_not_in_the_environment_is_named(feed: Feed) -> None:
    assert "${NOWHERE} stands in the address, but is not set" in refusal(feed.take("csv", "${NOWHERE}/a.csv")).found


def test_what_comes_from_the_environment_is_in_no_fact(feed: Feed) -> None:
    feed.lay("s3cret/orders.csv", ROWS)
    for path in ("${FOLDER}/orders.csv", "${FOLDER}/*.csv", f"file://{feed.store.root}/${{FOLDER}}/orders.csv"):
        [name] = intake(feed.take("csv", path)).read
        assert name.endswith("${FOLDER}/orders.csv")
    feed.lay("s3cret/orders.csv", "")
    feed.take("csv", "${FOLDER}/orders.csv")
    for path in (
        "nowhere/${KEY}.csv",
        "${KEY}",
        "http://127.0.0.1:1/a.csv?key=${KEY}",
        "nothing://${KEY}@x/${KEY}.csv",
    ):
        refusal(feed.take("csv", path))
    assert "s3cret" not in feed.said()


class Changing(LocalFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A real file system on which a writer is at work: the file changes right after it was read."""

    cachable = False
    write: Any = None

    def cat_file(self, path: str, *args: Any, **kwargs: Any) -> bytes:
        read: bytes = super().cat_file(path, *args, **kwargs)
        self.write(Path(path))
        return read


def _grow(file: Path) -> None:
    file.write_text(ROWS * 2)


def _rewrite(file: Path) -> None:
    file.write_text(ROWS.replace("1", "2"))
    os.utime(file, ns=(0, 1))


@pytest.mark.parametrize("write", [_grow, _rewrite, Path.unlink])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, write: Any) -> None:
    (tmp_path / "orders.csv").write_text(ROWS)
    place = Place("orders", tmp_path, {})
    [found] = files("orders.csv", place)
    system = Changing()
    system.write = write
    changing = type(found)(found.name, system, found.path, found.address)
    with pytest.raises(UserError, match=r"changed while it was read|cannot be read"):
        content(changing, place)


def test_an_object_store_is_read_by_its_address(feed: Feed) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/feed/1.csv", ROWS.encode())
    assert intake(feed.take("csv", "memory://feed/1.csv")).read.keys() == {"memory:///feed/1.csv"}
    memory.pipe_file("/feed/2.csv", b"customer_id,paid\nb,1\n")
    assert intake(feed.take("csv", "memory://feed/*.csv")).accepted == 2
    assert "No file matches" in refusal(feed.take("csv", "memory://nowhere/*.csv")).found
    assert "Protocol not known" in refusal(feed.take("csv", "nothing://feed/1.csv")).found
