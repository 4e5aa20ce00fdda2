"""Real-time answers on disk before they are acknowledged, then sealed into segments of the prediction log."""

from __future__ import annotations

import fcntl
import json
import os
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.errors import Mistake, Tampered
from shipworthy.base.times import read_moment
from shipworthy.deliver.log import ANSWERS, run_prefix
from shipworthy.deliver.words import AnswersSealed
from shipworthy.edges.store import Store


class Journal:
    """The open end of the prediction log of one server; one line per answer, on disk when `write` comes back."""

    def __init__(self, store: Store, product: str) -> None:
        """Open a fresh journal; those that a killed server left behind are sealed by `seal_left_over`."""
        self._store = store
        self._product = product
        self.folder = store.home / "journal" / product
        self.folder.mkdir(parents=True, exist_ok=True)
        self._open()

    def write(self, rows: Sequence[dict[str, Any]]) -> None:
        """Write answers and wait until the disk has them; one wait for all of them (group commit)."""
        for row in rows:
            # The run names the answer, so that a trace finds its segment.
            row["answer_id"] = f"{run_prefix(self.run)}{row['answer_id'][:20]}"
        whole, before = memoryview(b"".join(json.dumps(row).encode() + b"\n" for row in rows)), self._file.tell()
        try:
            while whole:  # a disk that is nearly full takes a part
                whole = whole[self._file.write(whole) :]
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(before)  # what nobody was told is not in the log
            raise
        self.rows += len(rows)

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
        self.rows = 0
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
    """Turn one journal file into a segment and its fact; doing it twice changes nothing."""
    rows = _rows(file)
    if not rows:
        file.unlink(missing_ok=True)
        return ""
    table = _table(rows)
    digest = store.files.put_table(table)
    run = f"serve/{product}/{file.name.split('.')[0]}"
    counted = Counter(row["candidate"] for row in rows)
    mean = {name: pc.mean(table.filter(pc.equal(table["candidate"], name))["score"]).as_py() for name in counted}
    fact = AnswersSealed(
        product=product,
        segment=digest,
        rows=len(rows),
        run=run,
        as_of=rows[-1]["as_of"],
        candidates=dict(counted),
        steps=dict(Counter(row["step"] for row in rows)),
        mean_score=mean,
        snapshot="",
        features=rows[-1]["inputs_ref"],
    )
    store.ledger.append(lambda past: [fact], product=product, who=who, at=at, key=run)
    file.unlink(missing_ok=True)
    return digest


def _rows(file: Path) -> list[dict[str, Any]]:
    try:
        rows = [json.loads(line) for line in file.read_bytes().split(b"\n") if _whole(line)]
        good = all(set(ANSWERS.names) == set(row) for row in rows)
    except ValueError:
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
    return rows


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    moments = {"time", "as_of"}
    columns = {
        field.name: [read_moment(row[field.name]) if field.name in moments else row[field.name] for row in rows]
        for field in ANSWERS
    }
    return pa.table([pa.array(columns[field.name], type=field.type) for field in ANSWERS], schema=ANSWERS)


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
