"""Real-time answers on disk before they are acknowledged, then sealed into segments of the prediction log."""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.errors import Mistake, Tampered
from shipworthy.base.times import read_moment
from shipworthy.deliver.log import ANSWERS, REFUSALS, run_prefix
from shipworthy.deliver.words import AnswersSealed, RefusalsSealed
from shipworthy.edges.store import Store


class Journal:
    """The open end of the prediction log of one server; one line per answer, on disk when `write` comes back."""

    def __init__(self, store: Store, product: str) -> None:
        """Open a fresh journal; those that a killed server left behind are sealed by `seal_left_over`."""
        self._store = store
        self._product = product
        self.folder = store.home / "journal" / product
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rows = self._size = 0
        self._open()

    def write(
        self, rows: Sequence[dict[str, Any]], refusals: Sequence[dict[str, Any]] = (), *, sync: bool = True
    ) -> None:
        """Write answers and refusals and wait until the disk has them; one wait for all of them (group commit).

        Args:
            sync: False: come back once the operating system has them, which a kill does not lose but a power cut can.

        Raises:
            OSError: they could not be written; nothing of them stays.
        """
        for row in rows:
            # The run names the answer, so that a trace finds its segment.
            row["answer_id"] = self._prefix + row["answer_id"][:20]
        whole = memoryview(
            b"".join([orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in (*rows, *refusals)])
        )
        before = self._size
        try:
            while whole:  # a disk that is nearly full takes a part
                written = self._file.write(whole)
                whole, self._size = whole[written:], self._size + written
            if sync:
                os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(before)  # what nobody was told is not in the log
            self._size = before
            raise
        self.rows += len(rows) + len(refusals)

    def seal(self, who: str, at: datetime) -> str:
        """Seal what was written so far and begin a new file; gives the segment's digest, empty if nothing was."""
        self._file.close()
        sealed = seal_file(self._store, self._product, Path(self._file.name), who, at) if self.rows else ""
        if not self.rows:
            Path(self._file.name).unlink(missing_ok=True)
        self._open()
        return sealed

    def close(self, who: str, at: datetime) -> None:
        """Seal and end."""
        self.seal(who, at)
        self._file.close()
        Path(self._file.name).unlink(missing_ok=True)

    def _open(self) -> None:
        self.run = f"serve/{self._product}/{uuid4().hex}"
        self._prefix = run_prefix(self.run)
        self.rows = self._size = 0
        self._file = (self.folder / f"{self.run.rpartition('/')[2]}.jsonl").open("ab", buffering=0)
        _locked(self._file.fileno())


def seal_left_over(store: Store, product: str, who: str, at: datetime) -> list[str]:
    """Seal the journals of servers that are gone; nothing that was acknowledged is lost."""
    folder = store.home / "journal" / product
    found = []
    for file in sorted(folder.glob("*.jsonl")):
        with file.open("rb") as opened:
            if _locked(opened.fileno()):
                found.append(seal_file(store, product, file, who, at))
    return [digest for digest in found if digest]


def seal_file(store: Store, product: str, file: Path, who: str, at: datetime) -> str:
    """Turn one journal file into segments and their facts; doing it twice changes nothing.

    Returns:
        The digest of the segment of answers, or of refusals where there were no answers; empty where the file is.
    """
    rows, refusals = _rows(file)
    run = f"serve/{product}/{file.name.split('.')[0]}"
    sealed: list[AnswersSealed | RefusalsSealed] = []
    if rows:
        sealed.append(_answers_sealed(store, product, run, rows))
    if refusals:
        sealed.append(_refusals_sealed(store, product, run, refusals))
    if sealed:
        store.ledger.append(lambda past: sealed, product=product, who=who, at=at, key=run)
    file.unlink(missing_ok=True)
    return sealed[0].segment if sealed else ""


def _answers_sealed(store: Store, product: str, run: str, rows: list[dict[str, Any]]) -> AnswersSealed:
    table = _table(rows, ANSWERS)
    counted = Counter(row["candidate"] for row in rows)
    mean = {name: pc.mean(table.filter(pc.equal(table["candidate"], name))["score"]).as_py() for name in counted}
    return AnswersSealed(
        product=product,
        segment=store.files.put_table(table),
        rows=len(rows),
        run=run,
        as_of=rows[-1]["as_of"],
        candidates=dict(counted),
        steps=dict(Counter(row["step"] for row in rows)),
        mean_score=mean,
        snapshot="",
        features=next((row["inputs_ref"] for row in reversed(rows) if row["inputs_ref"]), ""),
    )


def _refusals_sealed(store: Store, product: str, run: str, refusals: list[dict[str, Any]]) -> RefusalsSealed:
    digest = store.files.put_table(_table(refusals, REFUSALS))
    codes = dict(Counter(row["code"] for row in refusals))
    return RefusalsSealed(product=product, segment=digest, rows=len(refusals), run=run, codes=codes)


def _rows(file: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The answers and the refusals of a journal file."""
    try:
        lines = [orjson.loads(line) for line in file.read_bytes().split(b"\n") if _whole(line)]
        rows = [line for line in lines if "answer_id" in line]
        refusals = [line for line in lines if "answer_id" not in line]
        good = all(set(ANSWERS.names) == set(row) for row in rows)
        good = good and all(set(REFUSALS.names) == set(row) for row in refusals)
    except (ValueError, TypeError):
        good = False
    if not good:
        raise Tampered(
            Mistake(
                "deliver.journal_edited",
                file.name,
                "A line of the journal is no answer of the prediction server: it was edited or is damaged.",
                "Answers that were acknowledged may be among what was there.",
                "Find out who could write there; restore the file, or move it away to go on without it.",
            )
        )
    return rows, refusals


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    moments = {"time", "as_of"}
    columns = {
        field.name: [read_moment(row[field.name]) if field.name in moments else row[field.name] for row in rows]
        for field in schema
    }
    return pa.table([pa.array(columns[field.name], type=field.type) for field in schema], schema=schema)


def _whole(line: bytes) -> bool:
    # A line that a kill cut short was never acknowledged.
    return line.startswith(b"{") and line.endswith(b"}")


def _locked(file: int) -> bool:
    """Whether a journal is ours now: whoever writes one holds its lock until it ends, however it ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
