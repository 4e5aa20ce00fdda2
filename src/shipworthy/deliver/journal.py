"""Real-time answers on disk before they are acknowledged, then sealed into segments of the prediction log."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from shipworthy.base.errors import Mistake, Tampered
from shipworthy.base.fact import What
from shipworthy.deliver.log import ANSWERS, CLASSES, NOTICE, PROPENSITY, REFUSALS, TRACE, run_prefix, windows
from shipworthy.deliver.rules import canary_served
from shipworthy.deliver.words import AnswersSealed, RefusalsSealed
from shipworthy.edges.store import Store

AHEAD = 4 << 20  # bytes of the disk that are reserved at once
PROBED = 64 << 10  # bytes that must find room for the log to count as writable
MOST_RESERVED = 16  # so many times as much must be free, else nothing is reserved
_REFUSAL = b'{"refusal_id"'  # how the line of a refusal begins


class Journal:
    """The open end of the prediction log of one server; one line per answer, on disk when `write` comes back."""

    def __init__(self, store: Store, product: str) -> None:
        """Open a fresh journal; those that a killed server left behind are sealed by `seal_left_over`."""
        # What else is known of a stretch, by its run: it becomes fact together with its answers.
        self.told: Callable[[str], Sequence[What]] = lambda run: ()
        self._store = store
        self._product = product
        self.folder = store.home / "journal" / product
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rows = self._size = self._room = 0
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
        before, file = self._size, self._file.fileno()
        try:
            self._make_room(len(whole))
            while whole:  # a disk that is nearly full takes a part
                written = os.pwrite(file, whole, self._size)
                whole, self._size = whole[written:], self._size + written
            if sync:
                os.fdatasync(file)
        except OSError:
            os.ftruncate(file, before)  # what nobody was told is not in the log
            self._size = self._room = before
            raise
        self.rows += len(rows) + len(refusals)

    def probe(self) -> None:
        """See that a line could be written now, in a file of its own beside the log.

        Raises:
            OSError: it could not.
        """
        file = self.folder / f"{self.run.rpartition('/')[2]}.probe"
        try:
            with file.open("wb", buffering=0) as probed:
                os.posix_fallocate(probed.fileno(), 0, PROBED)
                os.fdatasync(probed.fileno())
        finally:
            file.unlink(missing_ok=True)

    def _make_room(self, length: int) -> None:
        """Reserve the disk's blocks ahead: to wait for a line is quicker where the file's length stays as it is.

        What is reserved reads as zeros, and ends with the last whole line for whoever reads the file.
        """
        if self._size + length <= self._room:
            return
        file = self._file.fileno()
        disk = os.fstatvfs(file)
        if disk.f_bavail * disk.f_frsize > MOST_RESERVED * AHEAD:
            os.posix_fallocate(file, self._size, length + AHEAD)
            self._room = self._size + length + AHEAD

    def turned(self) -> Callable[[str, datetime], str]:
        """Begin a new file, and give what seals the one before: call it with who and when, from any thread.

        It gives the segment's digest, empty where nothing was written. Until then the old file stays locked, so that
        no other server takes it for left over.
        """
        before, rows = self._file, self.rows
        # Of a stretch without a line what is told waits for the next: the disk may have been full.
        told = self.told(self.run) if rows else ()
        self._open()

        def seal(who: str, at: datetime) -> str:
            with before:
                if rows:
                    return seal_file(self._store, self._product, Path(before.name), who, at, told)
                Path(before.name).unlink(missing_ok=True)
                return ""

        return seal

    def seal(self, who: str, at: datetime) -> str:
        """Seal what was written so far and begin a new file; gives the segment's digest, empty if nothing was."""
        return self.turned()(who, at)

    def close(self, who: str, at: datetime) -> None:
        """Seal and end."""
        self.seal(who, at)
        self._file.close()
        Path(self._file.name).unlink(missing_ok=True)

    def _open(self) -> None:
        self.run = f"serve/{self._product}/{uuid4().hex}"
        self._prefix = run_prefix(self.run)
        self.rows = self._size = self._room = 0
        self._file = (self.folder / f"{self.run.rpartition('/')[2]}.jsonl").open("xb", buffering=0)
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


def is_open(store: Store, product: str, run: str) -> bool:
    """Whether the journal of a stretch still waits to be sealed."""
    return (store.home / "journal" / product / f"{run.rpartition('/')[2]}.jsonl").exists()


def seal_file(store: Store, product: str, file: Path, who: str, at: datetime, told: Sequence[What] = ()) -> str:
    """Turn one journal file into segments and their facts; doing it twice changes nothing.

    Args:
        told: what else is known of this stretch.

    Returns:
        The digest of the segment of answers, or of refusals where there were no answers; empty where the file is.
    """
    answers, refusals = _rows(file)
    run = f"serve/{product}/{file.name.split('.')[0]}"
    sealed: list[AnswersSealed | RefusalsSealed] = []
    if len(answers):
        sealed.append(_answers_sealed(store, product, run, answers))
    if len(refusals):
        sealed.append(_refusals_sealed(store, product, run, refusals))
    if sealed:
        facts = [*sealed, *canary_served(product, answers), *told]
        store.ledger.append(lambda past: facts, product=product, who=who, at=at, key=run)
    file.unlink(missing_ok=True)
    return sealed[0].segment if sealed else ""


def _answers_sealed(store: Store, product: str, run: str, table: pa.Table) -> AnswersSealed:
    scores = table.group_by("candidate").aggregate([("score", "mean"), ("score", "count")]).to_pylist()
    inputs = table.filter(pc.not_equal(table["inputs_ref"], ""))["inputs_ref"]
    return AnswersSealed(
        product=product,
        segment=store.files.put_table(table),
        rows=len(table),
        run=run,
        as_of=table["as_of"][-1].as_py().isoformat(),
        candidates={one["candidate"]: one["score_count"] for one in scores},
        steps=_counts(table["step"]),
        mean_score={one["candidate"]: one["score_mean"] for one in scores},
        snapshot="",
        features=inputs[-1].as_py() if len(inputs) else "",
        traced=_traced(table),
        windows=windows(table),
    )


def _refusals_sealed(store: Store, product: str, run: str, table: pa.Table) -> RefusalsSealed:
    digest = store.files.put_table(table)
    codes, traced = _counts(table["code"]), _traced(table)
    return RefusalsSealed(product=product, segment=digest, rows=len(table), run=run, codes=codes, traced=traced)


def _traced(table: pa.Table) -> int:
    return sum(map(bool, table[TRACE.name].to_pylist())) if TRACE.name in table.column_names else 0


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    return {one["values"]: one["counts"] for one in pc.value_counts(column).to_pylist()}


def _rows(file: Path) -> tuple[pa.Table, pa.Table]:
    """The answers and the refusals of a journal file; a line that a kill cut short was never acknowledged."""
    content = file.read_bytes()
    content = content[: content.rfind(b"\n") + 1]
    try:
        if _REFUSAL not in content:
            return _table(content, ANSWERS), _table(b"", REFUSALS)
        lines = content.splitlines(keepends=True)
        refusals = b"".join([line for line in lines if line.startswith(_REFUSAL)])
        answers = b"".join([line for line in lines if not line.startswith(_REFUSAL)])
        return _table(answers, ANSWERS), _table(refusals, REFUSALS)
    except (pa.ArrowException, ValueError):
        raise Tampered(
            Mistake(
                "deliver.journal_edited",
                file.name,
                "A line of the journal is no answer of the prediction server: it was edited or is damaged.",
                "Answers that were acknowledged may be among what was there.",
                "Find out who could write there; restore the file, or move it away to go on without it.",
            )
        ) from None


def _table(content: bytes, schema: pa.Schema) -> pa.Table:
    """Lines of JSON in a shape of the log; each has every field and no other, save trace, notice, chance and classes.

    Raises:
        ArrowInvalid, ValueError: one has not.
    """
    if not content:
        return schema.empty_table()
    # One thread: sealing is in no hurry, and must not take the processor from those who wait for answers.
    read = pyarrow.json.ReadOptions(use_threads=False)
    more = (PROPENSITY, *CLASSES)
    texts = (NOTICE, TRACE)
    every = pa.schema([*schema, *more, *texts])
    parse = pyarrow.json.ParseOptions(explicit_schema=every, unexpected_field_behavior="error")
    whole = pyarrow.json.read_json(pa.BufferReader(content), read, parse)
    table = whole.select(schema.names)
    if any(column.null_count for column in table.columns):
        raise ValueError("a field is not there")
    table = table.cast(schema)
    for field in more:
        if whole[field.name].null_count < len(whole):
            table = table.append_column(field, whole[field.name])
    for field in texts:
        if whole[field.name].null_count < len(whole):
            table = table.append_column(field, pc.fill_null(whole[field.name], ""))
    return table


def _locked(file: int) -> bool:
    """Whether a journal is ours now: whoever writes one holds its lock until it ends, however it ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
