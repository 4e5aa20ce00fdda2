"""Files by their content: what is put in gets the name of its digest, and what comes out has that digest."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from shipworthy.base.digest import digest_of_bytes, digest_of_file
from shipworthy.base.errors import Mistake, NotFound, Tampered, not_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from shipworthy.edges.drafts import Draft, TableDraft

_DIGEST = re.compile(r"[0-9a-f]{64}")
_WORTH_THREADS = 10_000  # rows; fewer are read before threads have begun
_LEFT_SECONDS = 600  # far longer than it takes to write one file


class Files:
    """A store of contents by digest, in a folder or at any address that fsspec knows.

    Everything that is read is checked against its digest first. Putting the same content twice keeps it once. In a
    folder only plain files count: a link would leave the content where `erase` does not reach it.
    """

    def __init__(
        self,
        address: str | Path,
        cache: Path | None = None,
        follow: Callable[[str], str] | None = None,
        opened: Callable[[pa.Table], pa.Table] | None = None,
    ) -> None:
        """The store at an address.

        Args:
            address: a folder, or an fsspec address such as ``s3://bucket/prefix``.
            cache: where local copies of a store elsewhere are kept; a folder for this process where it is not given.
            follow: the digest of what came in place of a file that the law wanted rewritten, as the ledger says; the
                digest itself where nothing did. Without it nothing is followed.
            opened: a table with its sealed columns opened; without it they stay sealed.
        """
        self.address = str(address)
        self._system, self._root = fsspec.core.url_to_fs(self.address)
        self._cache_folder = cache
        self._checked: dict[str, tuple[int, ...]] = {}  # files as they were when they were checked
        self._follow, self._opened = follow, opened

    def current(self, digest: str) -> str:
        """The digest under which this content lies now: its own, or that of what the ledger says came in its place."""
        seen = {digest}
        while self._follow is not None and (newer := self._follow(digest)) not in seen:
            seen.add(digest := newer)
        return digest

    def digests(self) -> Iterator[str]:
        """Every file that lies here, sorted; links and drafts are none."""
        found = self._system.find(self._root) if self._system.exists(self._root) else []
        names = sorted("".join(str(path).rsplit("/", 2)[-2:]) for path in found)
        yield from (name for name in names if _DIGEST.fullmatch(name))

    def put(self, content: bytes) -> str:
        """Keep some bytes; gives their digest. After this returns they are there in whole, also after a crash."""
        digest = digest_of_bytes(content)
        if self._holds(digest) or self.current(digest) != digest:  # what was erased does not come back
            return digest
        if self._is_local:
            _write(Path(self._place(digest)), content)
        else:
            self._system.pipe_file(self._place(digest), content)  # object stores show a file only when it is whole
        return digest

    def has(self, digest: str) -> bool:
        """Whether there is content under this digest; it is not looked at."""
        return self._lies(self.current(digest))

    def get(self, digest: str) -> bytes:
        """The content with this digest.

        Raises:
            NotFound: it is not here.
            Tampered: what lies here under this name has another digest, or is no plain file.
        """
        digest = self.current(digest)
        self._require(digest)
        content: bytes = self._system.cat_file(self._place(digest))
        if digest_of_bytes(content) != digest:
            raise _tampered(digest, self._place(digest), _other(digest_of_bytes(content)))
        return content

    def local(self, digest: str) -> Path:
        """A path on this machine where the content lies, checked just now; only for reading.

        Raises:
            NotFound: it is not here.
            Tampered: what lies here under this name has another digest.
        """
        digest = self.current(digest)
        self._require(digest)
        place = Path(self._place(digest)) if self._is_local else self._copy(digest)
        if self._checked.get(digest) == _state(place):
            return place  # nobody touched it since
        found = digest_of_file(place)
        if found != digest:
            raise _tampered(digest, str(place), _other(found))
        self._checked[digest] = _state(place)
        return place

    @contextmanager
    def at_hand(self, digest: str) -> Iterator[Path]:
        """The same for as long as the block lasts; where the content lies elsewhere, no copy stays here after it.

        Raises:
            NotFound, Tampered: as `local`.
        """
        digest = self.current(digest)
        kept = self._is_local or (self._cache / digest).exists()
        place = self.local(digest)
        try:
            yield place
        finally:
            if not kept:
                place.unlink(missing_ok=True)

    @contextmanager
    def borrowed(self) -> Iterator[Files]:
        """The same store, whose copies of what lies elsewhere are its own and gone after the block.

        For whoever reads much for a short while: the copies of a process that never ends would only grow, and what
        another process erases would stay among them.
        """
        if self._is_local:
            yield self
            return
        with tempfile.TemporaryDirectory(prefix="shipworthy-") as folder:
            yield Files(self.address, Path(folder), self._follow, self._opened)

    def erase(self, digest: str) -> None:
        """Remove content for good, where the law wants it gone; the caller records the fact. Nothing if it is gone.

        Raises:
            Tampered: no plain file lies here under this name, so the content may be somewhere else.
        """
        if not _DIGEST.fullmatch(digest):
            return
        if self._lies(digest):
            self._require(digest)
            self._system.rm_file(self._place(digest))
        if not self._is_local:
            (self._cache / digest).unlink(missing_ok=True)

    def drop_drafts(self) -> None:
        """Remove what writers that were killed left half written, which no digest names; in a folder only."""
        if not self._is_local:
            return
        from shipworthy.edges.drafts import clear

        for draft in Path(str(self._root)).glob("*/.*"):
            with suppress(FileNotFoundError):
                if time.time() - draft.lstat().st_mtime > _LEFT_SECONDS:
                    draft.unlink()
        clear(Path(str(self._root)))

    def put_table(self, table: pa.Table) -> str:
        """Keep a table as Parquet with zstd; the same rows, columns and types give the same digest.

        What other libraries note about themselves beside the columns is left out: it would change the digest with
        every version of them.
        """
        import pyarrow as pa  # costs 0.2 s, which commands that touch no table need not pay
        import pyarrow.parquet as pq

        from shipworthy.edges.drafts import undone

        plain = undone(table).replace_schema_metadata(None).combine_chunks()
        sink = pa.BufferOutputStream()
        pq.write_table(plain, sink, compression="zstd", compression_level=3, version="2.6", row_group_size=1 << 20)
        return self.put(sink.getvalue().to_pybytes())

    def table(self, digest: str, columns: list[str] | None = None) -> pa.Table:
        """The table with this digest, all of it or only some columns, in the order they are asked for.

        Raises:
            NotFound: it is not here, or it has no such column.
            Tampered: what lies here under this name has another digest.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        from shipworthy.edges.drafts import undone

        # Read from the very bytes that were checked, so that nobody can change them in between.
        file = pq.ParquetFile(pa.BufferReader(self.get(digest)))
        _require_columns(digest, columns, list(file.schema_arrow.names))
        threads = file.metadata.num_rows > _WORTH_THREADS
        read = undone(self._open(file.read(columns, use_threads=threads)))
        return read if columns is None else read.select(columns)

    def draft(self) -> Draft:
        """Some bytes that are written one after the other and then sealed under their digest, or discarded."""
        from shipworthy.edges.drafts import Draft

        return Draft(Path(self._root) if self._is_local else self._cache, self._take_in)

    def table_draft(self, schema: pa.Schema, repeating: Sequence[str] | None = None) -> TableDraft:
        """A table of any size that is written piece by piece, then sealed under its digest.

        Args:
            repeating: the columns in which values stand many times, where that is known.
        """
        from shipworthy.edges.drafts import TableDraft

        return TableDraft(self.draft(), schema, repeating)

    def pieces(self, digest: str, columns: Sequence[str] | None = None, once: Sequence[str] = ()) -> Iterator[pa.Table]:
        """The rows of a table of any size, some at a time, in order; the file is checked before the first.

        Args:
            once: columns of texts that come as dictionaries, each text of a piece once.

        Raises:
            NotFound: it is not here, or it has no such column.
            Tampered: what lies here under this name has another digest.
        """
        import pyarrow.parquet as pq

        from shipworthy.edges.drafts import pieces_of

        place = self.local(digest)
        if columns is not None:
            _require_columns(digest, columns, list(pq.read_schema(place).names))
        return map(self._open, pieces_of(place, columns, once))

    def columns(self, digest: str) -> list[str]:
        """The names of the columns of a table, in order.

        Raises:
            NotFound: it is not here.
            Tampered: what lies here under this name has another digest.
        """
        import pyarrow.parquet as pq

        return list(pq.read_schema(self.local(digest)).names)

    def _open(self, read: pa.Table) -> pa.Table:
        """What was read with its sealed columns opened, where this store opens them."""
        return self._opened(read) if self._opened and any(field.metadata for field in read.schema) else read

    def _take_in(self, draft: Path, digest: str) -> None:
        """A complete draft in its place by its digest; what was erased does not come back."""
        if self.current(digest) != digest:
            draft.unlink()
            return
        place = Path(self._place(digest))
        if not self._is_local:
            self._system.put_file(str(draft), self._place(digest))
            place = self._cache / digest
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(draft, place)
        if os.name == "posix":
            _settle(place.parent)
        self._checked[digest] = _state(place)

    @property
    def _is_local(self) -> bool:
        return isinstance(self._system, LocalFileSystem)

    @cached_property
    def _cache(self) -> Path:
        if self._cache_folder:
            return self._cache_folder
        folder = tempfile.mkdtemp(prefix="shipworthy-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def _lies(self, digest: str) -> bool:
        return bool(_DIGEST.fullmatch(digest)) and bool(self._system.exists(self._place(digest)))

    def _place(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest[2:]}"

    def _require(self, digest: str) -> None:
        if not self._lies(digest):
            raise NotFound(
                Mistake(
                    "files.not_found",
                    str(self._root),
                    f"There is no file with the digest {digest!r}.",
                    "Facts name it, so it was here once or belongs to another store.",
                    "Restore it from a backup; the digest shows whether it is the right one.",
                )
            )
        if odd := self._odd(digest):
            raise _tampered(digest, odd, "is no plain file, but a link or something else that we do not make")

    def _odd(self, digest: str) -> str:
        """The place on the way to a digest's content that is not what we make there; empty where all is."""
        if not self._is_local:
            return ""
        place = Path(self._place(digest))
        if place.parent.is_symlink():
            return str(place.parent)
        return "" if stat.S_ISREG(place.lstat().st_mode) else str(place)

    def _holds(self, digest: str) -> bool:
        """Whether the content itself is here, unchanged."""
        if not self._lies(digest) or self._odd(digest):
            return False
        return digest_of_bytes(self._system.cat_file(self._place(digest))) == digest

    def _copy(self, digest: str) -> Path:
        copy = self._cache / digest
        if not copy.exists() or digest_of_file(copy) != digest:
            copy.parent.mkdir(parents=True, exist_ok=True)
            draft = copy.with_name(f".{digest[:16]}.{secrets.token_hex(8)}")
            try:
                self._system.get_file(self._place(digest), str(draft))
                found = digest_of_file(draft)
                if found != digest:
                    raise _tampered(digest, self._place(digest), _other(found))
                os.replace(draft, copy)
            finally:
                draft.unlink(missing_ok=True)
        return copy


def _require_columns(digest: str, wanted: Sequence[str] | None, known: list[str]) -> None:
    for column in wanted or ():
        if column not in known:
            raise not_found(f"column in the table {digest[:12]}…", column, known, code="files.no_column")


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name[:16]}.{secrets.token_hex(8)}")
    try:
        with open(draft, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, place)
    finally:
        draft.unlink(missing_ok=True)
    if os.name == "posix":
        _settle(place.parent)


def _settle(folder: Path) -> None:
    # The new name is on disk only when its folder is.
    opened: Any = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _state(place: Path) -> tuple[int, ...]:
    """What tells one state of a file from the next; the time of its last change is set by the system alone."""
    found = place.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _other(digest: str) -> str:
    return f"has the digest {digest[:12]}… now: it was changed or is damaged"


def _tampered(digest: str, place: str, found: str) -> Tampered:
    return Tampered(
        Mistake(
            "files.tampered",
            place,
            f"The file {digest[:12]}… {found}.",
            "What rests on it was proven and signed for the old content.",
            "Restore it from a backup; the digest shows whether it is the right one.",
        )
    )
