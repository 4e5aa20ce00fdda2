"""Which questions of a stream were taken, answered, set aside and sent, so that each is answered once whatever dies."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

MOST_KNOWN = 1_000_000
"""How many questions are remembered. By number and not by time, so that a jump of the clock forgets nothing."""
KEY = 20
"""Digits of a question's key, which are the last of its answer's name."""
TAKEN, ANSWERED, DEAD, SENT, DEAD_SENT = "taken", "answered", "dead", "sent", "dead_sent"
_TABLES = """
CREATE TABLE IF NOT EXISTS questions (
  number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, content TEXT NOT NULL, run TEXT NOT NULL, state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '', body BLOB);
CREATE INDEX IF NOT EXISTS of_run ON questions (run);
CREATE TABLE IF NOT EXISTS runs (
  run TEXT PRIMARY KEY, worker TEXT NOT NULL, again INTEGER NOT NULL DEFAULT 0, told INTEGER NOT NULL DEFAULT 0);
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a question that came before.

    Attributes:
        content: digest of what was asked under this key.
        state: how far it got.
        body: the message that is to go out for it; empty where it went out, or is only in the log.
        mine: this worker took it.
        alive: whoever took it is still at work.
    """

    content: str
    run: str
    state: str
    reason: str
    body: bytes
    mine: bool
    alive: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """What came of the questions that were taken in one stretch of a worker."""

    run: str
    answered: int
    dead: dict[str, int]
    under_way: int
    again: int

    @property
    def read(self) -> int:
        return self.answered + sum(self.dead.values()) + self.under_way


def forget(folder: Path, keys: set[str], named_in: Callable[[str], bool]) -> int:
    """Take what is known about somebody out of a register, whoever works with it; gives how much it was.

    That a question came stays known, so that it is not answered anew; what was asked and told of it does not.

    Args:
        keys: the questions about them; named_in: whether a text names them.
    """
    found = 0
    for whole in folder.glob("*.whole"):
        if named_in(whole.read_bytes().decode("utf-8", "replace")):
            whole.unlink(missing_ok=True)
            found += 1
    if not (folder / "register.sqlite").is_file():
        return found
    with closing(sqlite3.connect(folder / "register.sqlite", timeout=30)) as database:
        database.execute("PRAGMA secure_delete = ON")
        told = database.execute("SELECT key, body FROM questions WHERE content != '' OR body IS NOT NULL")
        mine = [(key,) for key, body in told if key in keys or (body and named_in(body.decode("utf-8", "replace")))]
        with database:
            database.executemany("UPDATE questions SET content = '', body = NULL WHERE key = ?", mine)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return found + len(mine)


class Register:
    """The register of one stream, shared by its workers on this store.

    It holds no question: keys, states, and the message to go out until the broker has it. The prediction log is the
    truth; after a crash the register is completed from it.
    """

    def __init__(self, folder: Path) -> None:
        """Open the register in a folder of its own, as a new worker."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.worker = folder, uuid4().hex
        self._lock = threading.Lock()
        self._database = sqlite3.connect(folder / "register.sqlite", timeout=30, check_same_thread=False)
        self._database.isolation_level = None
        for text in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON"):
            self._database.execute(f"PRAGMA {text}")
        self._database.executescript(_TABLES)
        self._own = self._file(self.worker).open("w")
        fcntl.flock(self._own, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def begin(self, run: str) -> None:
        """A stretch of this worker begins."""
        self._write([("INSERT OR IGNORE INTO runs (run, worker) VALUES (?, ?)", [(run, self.worker)])])

    def look(self, keys: Iterable[str]) -> dict[str, Known]:
        """What is known of some questions."""
        found: dict[str, Known] = {}
        wanted = list(keys)
        for start in range(0, len(wanted), 500):
            some = wanted[start : start + 500]
            marks = ",".join("?" * len(some))
            text = f"SELECT key, content, q.run, state, reason, body, worker FROM questions q LEFT JOIN runs USING (run) WHERE key IN ({marks})"  # noqa: E501
            for key, content, run, state, reason, body, worker in self._database.execute(text, some):
                mine = worker == self.worker
                alive = mine or (state == TAKEN and self.is_alive(worker or ""))
                found[key] = Known(content, run, state, reason, body or b"", mine, alive)
        return found

    def take(self, run: str, questions: Iterable[tuple[str, str]], over: Mapping[str, str]) -> set[str]:
        """Take questions (key, content); gives the keys of those that nobody else took in between.

        Args:
            over: those known already that are taken over, with the stretch that had them.
        """
        rows = [(key, content, run, TAKEN) for key, content in questions]
        free = "DELETE FROM questions WHERE key = ? AND run = ? AND state = 'taken'"
        text = "INSERT OR IGNORE INTO questions (key, content, run, state) VALUES (?, ?, ?, ?)"
        self._write([(free, list(over.items())), (text, rows)])
        return {key for key, known in self.look([row[0] for row in rows]).items() if known.mine and known.run == run}

    def answered(self, run: str, answers: Iterable[tuple[str, bytes]]) -> None:
        """The answers (key, message) are in the prediction log."""
        rows = [(ANSWERED, run, body, key) for key, body in answers]
        self._write([("UPDATE questions SET state = ?, run = ?, body = ? WHERE key = ?", rows)])

    def set_aside(self, run: str, letters: Iterable[tuple[str, str, str]]) -> None:
        """Dead letters (key, content, code of the reason) are to go out."""
        rows = [(key, content, run, DEAD, code) for key, content, code in letters]
        text = (
            "INSERT INTO questions (key, content, run, state, reason) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO "
            "UPDATE SET state = excluded.state, reason = excluded.reason, run = excluded.run"
        )
        self._write([(text, rows)])

    def sent(self, run: str, keys: Sequence[str], again: int) -> None:
        """The broker has what was to go out for these; what went out is not kept here."""
        text = (
            "UPDATE questions SET body = NULL, state = CASE state WHEN 'dead' THEN 'dead_sent' WHEN 'answered' "
            "THEN 'sent' ELSE state END WHERE key = ?"
        )
        counted = ("UPDATE runs SET again = again + ? WHERE run = ?", [(again, run)] if again else [])
        self._write([(text, [(key,) for key in keys]), counted])

    def give_back(self, keys: Iterable[str]) -> None:
        """Forget that questions were taken: they come again."""
        self._write([("DELETE FROM questions WHERE key = ? AND state = 'taken'", [(key,) for key in keys])])

    def complete(self, run: str, logged: Iterable[tuple[str, str, str]]) -> None:
        """These questions (key, state, reason) are in the log of that stretch, whether the register heard or not."""
        text = (
            "INSERT INTO questions (key, content, run, state, reason) VALUES (?, '', ?, ?, ?) ON CONFLICT (key) DO "
            "UPDATE SET state = excluded.state, run = excluded.run, reason = excluded.reason WHERE state = 'taken'"
        )
        self._write([(text, [(key, run, state, reason) for key, state, reason in logged])])

    def gone(self) -> list[str]:
        """The stretches, not told yet, of workers that are no more; what they had only taken is free again."""
        untold = self._database.execute("SELECT run, worker FROM runs WHERE told = 0").fetchall()
        return [run for run, worker in untold if worker != self.worker and not self.is_alive(worker)]

    def free(self, run: str) -> None:
        """What a stretch of a worker that is no more had only taken is free again."""
        self._write([("DELETE FROM questions WHERE run = ? AND state = 'taken'", [(run,)])])

    def counts(self, run: str) -> Counts:
        """What came of a stretch so far. What was completed from the log of old counts where it was told."""
        answered, under_way, dead = 0, 0, dict[str, int]()
        text = "SELECT state, reason, count(*) FROM questions WHERE run = ? GROUP BY state, reason"
        for state, reason, count in self._database.execute(text, (run,)):
            if state in (DEAD, DEAD_SENT):
                dead[reason] = dead.get(reason, 0) + count
            elif state == TAKEN:
                under_way += count
            else:
                answered += count
        [again] = self._database.execute("SELECT again FROM runs WHERE run = ?", (run,)).fetchone() or [0]
        return Counts(run, answered, dict(sorted(dead.items())), under_way, again)

    def told(self, run: str) -> None:
        """The account of a stretch is on record. The oldest questions are forgotten when there are too many."""
        newest = "(SELECT max(number) FROM questions)"
        old = f"DELETE FROM questions WHERE number <= {newest} - ?"
        self._write([("UPDATE runs SET told = 1 WHERE run = ?", [(run,)]), (old, [(MOST_KNOWN,)])])

    def settle(self) -> None:
        """Have everything on disk; before the journal, from which it could be made again, is given away."""
        with self._lock:
            self._database.execute("PRAGMA wal_checkpoint(FULL)")

    def is_alive(self, worker: str) -> bool:
        """Whether a worker is at work: it holds its lock until it ends, however it ends."""
        file = self._file(worker)
        if not worker or not file.exists():
            return False
        with file.open("r+") as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def sweep(self) -> None:
        """Remove the locks, and the last words, of workers that are gone and whose account is on record."""
        told = "SELECT worker FROM runs GROUP BY worker HAVING min(told) = 1"
        for (worker,) in self._database.execute(told).fetchall():
            if worker != self.worker and not self.is_alive(worker):
                self._file(worker).unlink(missing_ok=True)
                (self.folder / f"{worker}.json").unlink(missing_ok=True)

    def close(self) -> None:
        """End as a worker."""
        self._database.close()
        os.unlink(self._own.name)
        self._own.close()

    def _file(self, worker: str) -> Path:
        return self.folder / f"{worker}.lock"

    def _write(self, changes: Sequence[tuple[str, Sequence[tuple[object, ...]]]]) -> None:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                for text, rows in changes:
                    self._database.executemany(text, rows)
                self._database.execute("COMMIT")
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
