"""What comes out of the store of files is what was put in, or it is refused; in a folder and at an address."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pytest

from shipworthy.base.errors import NotFound, Tampered
from shipworthy.edges.files import Files

CONTENT = b"what was proven and signed"
MISSING = "0" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def files(folder: Path) -> Files:
    return Files(folder)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Files:
    """A store at an address that is not a folder: fsspec's in-memory file system."""
    return Files(f"memory://{uuid4().hex}", cache=tmp_path / "cache")


def place(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / digest[2:]


READERS: dict[str, Callable[[Files, str], object]] = {
    "get": lambda files, digest: files.get(digest),
    "local": lambda files, digest: files.local(digest),
    "table": lambda files, digest: files.table(digest),
}
reading = pytest.mark.parametrize("read", READERS.values(), ids=READERS)


def test_content_comes_back_and_is_kept_once(files: Files, folder: Path) -> None:
    digest = files.put(CONTENT)
    assert files.put(CONTENT) == digest
    assert files.get(digest) == files.local(digest).read_bytes() == CONTENT
    assert [path.name for path in folder.rglob("*") if path.is_file()] == [digest[2:]]


def test_content_comes_back_from_elsewhere(elsewhere: Files) -> None:
    digest = elsewhere.put(CONTENT)
    assert elsewhere.get(digest) == elsewhere.local(digest).read_bytes() == CONTENT
    elsewhere.erase(digest)
    assert not elsewhere.has(digest)
    with pytest.raises(NotFound):
        elsewhere.local(digest)


@reading
@pytest.mark.parametrize("change", [b"", CONTENT[:-1], CONTENT + b"\n", b"x" * 100])
def test_a_changed_file_is_refused(
    files: Files, folder: Path, read: Callable[[Files, str], object], change: bytes
) -> None:
    digest = files.put(CONTENT)
    place(folder, digest).write_bytes(change)
    with pytest.raises(Tampered, match="was changed or is damaged") as caught:
        read(files, digest)
    [mistake] = caught.value.mistakes
    assert (mistake.code, mistake.where) == ("files.tampered", str(place(folder, digest)))
    assert digest[:12] in mistake.found
    assert files.put(CONTENT) == digest  # whoever has the right content can put it back
    assert files.get(digest) == CONTENT


def test_a_changed_copy_of_what_lies_elsewhere_is_replaced(elsewhere: Files, tmp_path: Path) -> None:
    digest = elsewhere.put(CONTENT)
    elsewhere.local(digest).write_bytes(b"changed")
    assert elsewhere.local(digest).read_bytes() == CONTENT


@reading
@pytest.mark.parametrize("digest", [MISSING, "", "../..", "../../secret", "ab/../../secret", "A" * 64, MISSING + "\n"])
def test_what_is_not_there_and_what_is_no_digest_is_not_found(
    files: Files, tmp_path: Path, read: Callable[[Files, str], object], digest: str
) -> None:
    files.put(CONTENT)
    (tmp_path / "secret").write_text("not for you")
    assert not files.has(digest)
    with pytest.raises(NotFound) as caught:
        read(files, digest)
    [mistake] = caught.value.mistakes
    assert mistake.code == "files.not_found"
    assert repr(digest) in mistake.found
    assert mistake.fix


@reading
@pytest.mark.parametrize("what", ["link", "link to the same", "folder", "pipe", "folder of it a link"])
def test_what_is_no_plain_file_is_refused(
    files: Files, folder: Path, tmp_path: Path, read: Callable[[Files, str], object], what: str
) -> None:
    digest = files.put(CONTENT)
    there = place(folder, digest)
    aside = tmp_path / "aside"
    if what == "folder of it a link":
        there.parent.rename(aside)
        there.parent.symlink_to(aside, target_is_directory=True)
    else:
        there.rename(aside)
        if what == "link":
            aside.write_text("something else")
        if what.startswith("link"):
            there.symlink_to(aside)
        elif what == "folder":
            there.mkdir()
        else:
            os.mkfifo(there)  # reading it would wait for ever
    with pytest.raises(Tampered, match="no plain file"):
        read(files, digest)
    with pytest.raises(Tampered, match="no plain file"):
        files.erase(digest)  # the content is still aside, so nobody may believe that it is gone


def test_a_link_is_replaced_by_the_content_when_it_is_put_again(files: Files, folder: Path, tmp_path: Path) -> None:
    digest = files.put(CONTENT)
    place(folder, digest).rename(tmp_path / "aside")
    place(folder, digest).symlink_to(tmp_path / "aside")
    files.put(CONTENT)
    assert not place(folder, digest).is_symlink()
    files.erase(digest)
    assert not files.has(digest)


def test_erasing_what_is_no_digest_reaches_nothing_outside(files: Files, elsewhere: Files, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "secret").write_text("still here")
    for store in (files, elsewhere):
        for digest in ("../secret", "../../secret", "", MISSING):
            store.erase(digest)
    assert (tmp_path / "secret").read_text() == "still here"


def test_a_table_of_the_same_rows_has_the_same_digest_and_names_its_columns(files: Files) -> None:
    table = pa.table({"id": ["a", "b"], "score": [0.1, 0.2]})
    digest = files.put_table(table.replace_schema_metadata({"made": "by another library"}))
    assert files.put_table(table) == digest
    assert files.table(digest).equals(table)
    assert files.table(digest, ["score", "id"]).column_names == ["score", "id"]
    with pytest.raises(NotFound, match="Known: id, score"):
        files.table(digest, ["name"])


def test_a_column_that_is_not_there_is_named_however_the_table_is_read(files: Files, elsewhere: Files) -> None:
    for store in (files, elsewhere):
        digest = store.put_table(pa.table({"spend": [1.0, 2.0]}))
        for read in (store.table, store.pieces):
            with pytest.raises(NotFound, match="spent") as caught:
                read(digest, ["spend", "spent"])
            assert caught.value.mistakes[0].code == "files.no_column"


def test_copies_that_are_borrowed_are_gone_afterwards(files: Files, elsewhere: Files, tmp_path: Path) -> None:
    digest = elsewhere.put_table(pa.table({"spend": [1.0, 2.0]}))
    with elsewhere.borrowed() as lent:
        copy = lent.local(digest)
        assert [len(rows) for rows in lent.pieces(digest)] == [2]
        kept = lent.put(CONTENT)
    assert not copy.exists()
    assert not (tmp_path / "cache" / digest).exists()
    assert elsewhere.get(kept) == CONTENT
    with files.borrowed() as lent:
        assert lent is files


def test_many_may_put_and_read_the_same_at_once(files: Files) -> None:
    start = threading.Barrier(8)

    def work(number: int) -> bytes:
        start.wait()
        return files.get(files.put(CONTENT * 10_000))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(8))) == {CONTENT * 10_000}
