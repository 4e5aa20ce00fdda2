"""Where the rows of one person lie: every file of the store is looked at, whether a fact names it or not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shipworthy.data.erased import People, people, spelled
from shipworthy.data.parts import as_text
from shipworthy.edges.drafts import pieces_of
from shipworthy.edges.pseudonyms import Pseudonyms
from shipworthy.edges.store import Store
from shipworthy.plan.rules import current_plan
from shipworthy.plan.schema import Plan

_PARQUET = b"PAR1"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[^\s,;|\"'<>()\[\]{}:=/\\]+")
# A shorter name says too little by itself: a 7 in a text need not be customer 7.
_TELLING = 4
_NOTES = ("_row", "_place", "_reason")
_IDS = ("answer_id", "refusal_id")
_HOLDS = {
    ("AnswersSealed", "segment"): "answers",
    ("AnswersSealed", "features"): "features",
    ("RefusalsSealed", "segment"): "refused questions",
    ("SnapshotTaken", "content"): "accepted rows",
    ("SnapshotTaken", "quarantine"): "rows set aside",
    ("SnapshotRefused", "content"): "accepted rows",
    ("SnapshotRefused", "quarantine"): "rows set aside",
    ("LabelsSealed", "segment"): "labels",
}
_UNNAMED = "a table that no fact names"


@dataclass(frozen=True, slots=True)
class Found:
    """One stored table that held rows of the person, and the one without them."""

    old: str
    new: str
    holds: str
    rows_before: int
    rows_after: int


@dataclass
class Search:
    """The search for one person in one product; what it has seen clean it does not open again.

    Attributes:
        person: keyed hash of the name.
        answers: ids of answers and refusals about the person, as far as they were met.
    """

    store: Store
    product: str
    person: str
    answers: set[str] = field(default_factory=set)
    _clean: set[str] = field(default_factory=set)
    _names: set[str] = field(default_factory=set)
    _tables: int = 0

    @cached_property
    def plan(self) -> Plan:
        """The plan in force."""
        return current_plan(self.store.ledger.past(self.product))

    @cached_property
    def _people(self) -> People:
        return people(self.plan, Pseudonyms(self.store.keys.folder).mark, frozenset({self.person}))

    def knows(self, name: str) -> bool:
        """Whether a name is the person's."""
        if self._names:  # one mark is of one name
            return spelled(name, self._people.whole) in self._names
        if self._people.knows(name):
            self._names.add(spelled(name, self._people.whole))
            return True
        return False

    def holds_any(self) -> bool:
        """Whether a stored table or a journal has a row of the person."""
        return any(self._hits()) or any(self.knows(str(row.get("entity"))) for row in self._journalled())

    def rewritten(self) -> list[Found]:
        """Put a table without the person beside every one that has rows of theirs; the old ones stay for now.

        Raises:
            Tampered: a file does not hold what its digest says.
        """
        files = self.store.files
        found = []
        for digest, holds in self._hits():
            with files.at_hand(digest) as file:
                found.append(self._without(digest, file, holds))
        return found

    def _without(self, digest: str, file: Path, holds: str) -> Found:
        """A table without the person's rows, written some rows at a time."""
        pieces = pieces_of(file)
        first = next(pieces)
        rows = 0
        with self.store.files.table_draft(first.schema) as draft:
            for table in chain([first], pieces):
                rows += len(table)
                draft.write(table.filter(pc.invert(self._mask(table))))
            new = draft.seal()
        return Found(digest, new, holds, rows, draft.rows)

    def meet_answers(self) -> None:
        """Learn the ids of the answers about the person, for destinations that got nothing else of them."""
        for _ in self._hits():
            pass

    def searched(self) -> dict[str, int]:
        """How much was looked at."""
        digests = list(self.store.files.digests())
        return {"files": len(digests), "tables": self._tables, "facts": self.store.ledger.head().seq}

    def mentions(self) -> list[dict[str, str]]:
        """Facts and other files in which the name stands as a word; they are signed for and are not rewritten."""
        seen: dict[str, bool] = {}
        found = []
        for row in self.store.ledger.facts(product=self.product):
            if self._mentioned(json.dumps(row.body, ensure_ascii=False), seen):
                why = "The ledger is never rewritten; somebody wrote the name into a text of theirs."
                found.append({"what": f"fact {row.seq} ({row.kind})", "why": why, "who": row.who})
        for digest in self.store.files.digests():
            with self.store.files.at_hand(digest) as file:
                content = b"" if _is_table(file) else file.read_bytes()
            if b"\0" in content[:1024]:
                continue
            if self._mentioned(content.decode("utf-8", "replace"), seen):
                why = "It is evidence or code that was signed for as it is."
                found.append({"what": f"file {digest[:12]}", "why": why, "who": "whoever made it"})
        return found

    def named_in(self, text: str) -> bool:
        """Whether the name stands in a text as a word."""
        return self._mentioned(text, {})

    def _mentioned(self, text: str, seen: dict[str, bool]) -> bool:
        for word in set(_WORD.findall(text)):
            if len(word) >= _TELLING and word not in seen:
                seen[word] = self.knows(word)
        return any(seen.get(word, False) for word in set(_WORD.findall(text)))

    def _hits(self) -> Iterator[tuple[str, str]]:
        """Tables with rows of the person, and what they hold; those of other products alone are left."""
        files = self.store.files
        named = self._named()
        others = {digest for digest, (product, _) in named.items() if product != self.product}
        for digest in list(files.digests()):
            if files.current(digest) != digest:  # a backup brought back what was rewritten before
                files.erase(digest)
            elif digest not in self._clean and digest not in others:
                with files.at_hand(digest) as file:
                    has = self._has(file)
                if has:
                    yield digest, named.get(digest, ("", _UNNAMED))[1]
                else:
                    self._clean.add(digest)

    def _has(self, file: Path) -> bool:
        if not _is_table(file):
            return False
        self._tables += 1
        names = pq.read_schema(file).names
        asked = [name for name in names if name in self._columns] if "_reason" not in names else list(names)
        if not asked:
            return False
        ids = [name for name in _IDS if name in names]
        found = False
        for table in pieces_of(file, [*asked, *(name for name in ids if name not in asked)]):
            gone = self._mask(table)
            for name in ids:
                self.answers.update(table.filter(gone)[name].to_pylist())
            found = found or bool(pc.any(gone).as_py())
        return found

    @property
    def _columns(self) -> set[str]:
        return {"entity", self.plan.need.entity}

    def _mask(self, table: pa.Table) -> pa.Array:
        """Which rows are the person's: named so, or set aside with the name anywhere in them."""
        aside = "_reason" in table.column_names
        gone = pa.array(np.zeros(len(table), dtype=bool))
        for name in table.column_names:
            knows: Callable[[str], bool]
            if name in self._columns:
                knows = self.knows
            elif aside and name == "_line":
                knows = self._in_line
            elif aside and name not in _NOTES:
                knows = self._telling
            else:
                continue
            column = as_text(table[name])
            if knows == self.knows and self._names and not self._people.whole:  # a hundred times as fast
                here = pc.is_in(pc.utf8_trim_whitespace(column), pa.array(sorted(self._names), pa.string()))
                gone = pc.or_(gone, here.combine_chunks())
                continue
            mine = [value for value in pc.unique(column).to_pylist() if value is not None and knows(value)]
            if mine:
                here = pc.is_in(column, pa.array(mine, pa.string())).combine_chunks().fill_null(False)
                gone = pc.or_(gone, here)
        return gone

    def _telling(self, value: str) -> bool:
        return len(value) >= _TELLING and self.knows(value)

    def _in_line(self, line: str) -> bool:
        words = {*_WORD.findall(line), *line.split(","), *line.split(";")}
        return any(self.knows(word) for word in words)

    def _named(self) -> Mapping[str, tuple[str, str]]:
        """The product and the kind of rows of every file that a fact names, by its digest of now."""
        named: dict[str, tuple[str, str]] = {}
        for row in self.store.ledger.facts():
            for key, digest in _digests(row.body):
                holds = _HOLDS.get((row.kind, key), f"a table that {row.kind} names")
                known = named.get(digest)
                if known is None or (known[0] != self.product and row.product == self.product):
                    named[digest] = (row.product, holds)
        return {self.store.files.current(digest): what for digest, what in named.items()} | named

    def _journalled(self) -> Iterator[dict[str, Any]]:
        for file in sorted((self.store.home / "journal" / self.product).glob("*.jsonl")):
            for line in file.read_bytes().split(b"\n"):
                if line.startswith(b"{") and line.endswith(b"}"):
                    yield json.loads(line)


def _is_table(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(_PARQUET)) == _PARQUET


def _digests(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if _DIGEST.fullmatch(value):
            yield key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _digests(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _digests(item, key)
