"""A file that an https address answers with: CSV, JSON lines, a JSON list or Parquet, with keys from the environment.

Where the address may lead is decided by `edges.outbound`; a redirect is judged like the address itself. What fails and
may pass is asked for again: a source of many pages does not fail by one of them.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pyarrow as pa

from shipworthy.base.digest import digest_of, digest_of_bytes
from shipworthy.base.errors import UserError
from shipworthy.data.paging import PAGE_BYTES, Answer, paged
from shipworthy.data.parts import PIECE, fitted, joined, of_reading, together, whole
from shipworthy.data.places import Bytes, filled_in, half_written, hidden, wrong
from shipworthy.data.source import Broken, Part, Piece, Pieces, Place, Probe, Reading, SourceKind
from shipworthy.data.sources import csv, jsonl, parquet
from shipworthy.data.spool import Spool
from shipworthy.edges.outbound import Ask, send
from shipworthy.edges.patience import GaveUpError, Patience, asked_again
from shipworthy.plan.schema import Source

SECONDS = 120.0
PAUSES = (1.0, 4.0, 16.0)  # seconds before each further try of one page
LONGEST_WAIT = 60.0  # seconds that an address may ask us to wait before one of them
IN_ALL = 1800.0  # seconds that failed tries and pauses may take, over all pages of a source
MOST_BYTES = 1 << 30
_REDIRECTS = 5
_MAY_PASS = (408, 429, 500, 502, 503, 504)
_PACKED = b"\x1f\x8b"
_READERS: dict[str, Callable[[Bytes], tuple[Part, pa.Table]]] = {
    "csv": csv.part,
    "jsonl": jsonl.part,
    "json": lambda file: jsonl.part(_lines(file)),
    "parquet": parquet.part,
}


def read(source: Source, place: Place) -> Reading:
    """All rows of the answer, or of all its pages."""
    with pieces(source, place) as given:
        return whole(given)


@contextmanager
def pieces(source: Source, place: Place) -> Iterator[Pieces]:
    """The same some rows at a time: an answer that is one file is held, one of many pages is laid on disk."""
    if source.pages is None:
        yield of_reading(joined([_READERS[source.format](_Address(source, place).answer().file)]))
        return
    with Spool() as laid:
        broken, digests, rows = _laid(source, place, laid)
        schema = together([laid.table(number).schema for number in range(len(laid))])
        part = Part(_shown(source.url), digest_of(digests), rows, tuple(schema.names))

        def read_again() -> Iterator[Piece]:
            first = 0
            for table, others in _some(laid, broken, schema):
                yield Piece(part.name, first, table, others)
                first += len(table) + len(others)

        yield Pieces(schema, read_again, lambda digest: (part,))


def _laid(source: Source, place: Place, laid: Spool) -> tuple[list[tuple[Broken, ...]], list[str], int]:
    """Lay all pages on disk; gives of each the rows that cannot be laid out, and its digest; and all rows."""
    assert source.pages is not None
    if source.pages.by != "link" and source.format != "json":
        found = f"Pages by {source.pages.by} are told by a JSON answer, but the format is {source.format or 'none'}."
        raise wrong("pages", f"sources.{place.name}.pages", found, fix="Write `format: json`, or `by: link`.")
    read = _READERS[source.format]
    broken: list[tuple[Broken, ...]] = []
    digests: list[str] = []
    rows, parts = 0, dict[str, tuple[Part, pa.Table]]()

    def count(page: Bytes) -> int:
        parts.clear()  # only the page that is at hand
        parts[page.digest] = read(page)
        return parts[page.digest][0].rows

    url = filled_in(source.url, place, "url")
    for page in paged(source.pages, url, _Address(source, place).answer, count, place):
        part, table = parts[page.digest]
        laid.put(table)
        broken.append(tuple(replace(one, row=one.row + rows) for one in part.broken))
        digests.append(page.digest)
        rows += part.rows
    return broken, digests, rows


def _some(laid: Spool, broken: list[tuple[Broken, ...]], schema: pa.Schema) -> Iterator[tuple[pa.Table, Any]]:
    """The rows of several pages together, since many have few."""
    tables: list[pa.Table] = [schema.empty_table()]
    others: list[Broken] = []
    for number, wrong_ones in enumerate(broken):
        tables.append(fitted(laid.table(number), schema))
        others += wrong_ones
        if sum(map(len, tables)) >= PIECE or number == len(broken) - 1:
            yield pa.concat_tables(tables), tuple(others)
            tables, others = [schema.empty_table()], []


def probe(source: Source, place: Place) -> Probe:
    """What the address answers with, and its columns; of many pages the first. It is asked once."""
    read, address = _READERS[source.format], _Address(source, place, pauses=())
    if source.pages is None:
        part, table = read(address.answer().file)
    else:
        url = filled_in(source.url, place, "url")
        part, table = read(next(paged(source.pages, url, address.answer, lambda page: 1, place)))
    columns = {field.name: str(field.type) for field in table.schema}
    return Probe(f"{part.name} answers with {part.rows:,} rows of {source.format}", columns)


class _Address:
    """The address of one source, whose pages share the time that trying again may take."""

    def __init__(self, source: Source, place: Place, pauses: tuple[float, ...] | None = None) -> None:
        self._source, self._place = source, place
        self._where = f"sources.{place.name}.url"
        self._headers = {name: filled_in(value, place, f"headers.{name}") for name, value in source.headers.items()}
        self._patience = Patience(PAUSES if pauses is None else pauses, LONGEST_WAIT, IN_ALL)

    def answer(self, page: str = "", number: int = 0) -> Answer:
        """What it answers, or a page of it; `number` is that of the page, for messages."""
        name = _shown(self._source.url) + (f" (page {number})" if page else "")
        url, most = (page, PAGE_BYTES) if page else (filled_in(self._source.url, self._place, "url"), MOST_BYTES)
        ask = Ask("GET", url, self._where, self._headers, redirects=_REDIRECTS, seconds=SECONDS, most=most)
        try:
            reply = asked_again(lambda: send(ask, self._place.environ), _MAY_PASS.__contains__, self._patience)
        except GaveUpError as failed:
            raise self._silent(name, failed) from None
        if reply.status != 200:
            found = f"{name} answered {reply.status}."
            fix = "401 and 403: see the key in `headers`. 404: see the address."
            raise wrong("unreachable", self._where, found, "What came with it is no feed.", fix)
        content = _unpacked(name, reply.body)
        if not content.strip():
            why = "An empty feed is a failed feed; nothing is concluded from it."
            raise wrong("empty_file", self._where, f"{name} answered with nothing.", why, "Ask its owner for the feed.")
        return Answer(Bytes(name, content, digest_of_bytes(reply.body)), reply.headers)

    def _silent(self, name: str, failed: GaveUpError) -> UserError:
        said = hidden(failed.said.removeprefix(f"{self._where}: "), self._source.url, self._place)
        tried = f" It was tried {failed.tries} times." if failed.tries > 1 else ""
        if "RemoteProtocolError" in said:
            return half_written(name, f"The answer ended before it was whole.{tried}")
        return wrong(
            "unreachable",
            self._where,
            f"{name} could not be read: {said}.{tried}",
            "A feed that did not come whole is a failed feed; nothing is concluded from it.",
            "See that the address is right and its system up, then take the snapshot again. After 429 ask its owner "
            "for a higher limit, or for more rows on a page.",
        )


def _unpacked(name: str, body: bytes) -> bytes:
    if body[:2] != _PACKED:
        return body
    try:
        return gzip.decompress(body)
    except (EOFError, OSError, zlib.error) as error:
        raise half_written(name, f"The packed answer cannot be unpacked: {error}.") from None


def _lines(file: Bytes) -> Bytes:
    """A JSON list of objects as JSON lines; whatever is no object becomes a line that goes to quarantine."""
    try:
        rows = json.loads(file.content)
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list):
        found = "The answer is no JSON list."
        why = "Which part of it holds the rows cannot be said."
        raise wrong("not_json", file.name, found, why, "Use an address that answers [{…}, {…}], or `format: jsonl`.")
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    return Bytes(file.name, "\n".join([*lines, ""]).encode(), file.digest)


def _shown(address: str) -> str:
    """The address as the plan has it, without what follows a question mark."""
    return address.partition("?")[0]


SOURCE = SourceKind(
    "A file over https: CSV, JSON lines, a JSON list or Parquet.", ("url", "format"), read, probe, pieces
)
