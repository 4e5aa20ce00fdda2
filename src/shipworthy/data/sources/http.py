"""A file that an https address answers with: CSV, JSON lines, a JSON list or Parquet, with keys from the environment.

Where the address may lead is decided by `edges.outbound`; a redirect is judged like the address itself.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable

import pyarrow as pa

from shipworthy.base.digest import digest_of_bytes
from shipworthy.data.parts import joined
from shipworthy.data.places import Bytes, filled_in, half_written, hidden, wrong
from shipworthy.data.source import Part, Place, Probe, Reading, SourceKind
from shipworthy.data.sources import csv, jsonl, parquet
from shipworthy.edges.outbound import Ask, send
from shipworthy.plan.schema import Source

SECONDS = 120.0
MOST_BYTES = 1 << 30
_REDIRECTS = 5
_PACKED = b"\x1f\x8b"
_READERS: dict[str, Callable[[Bytes], tuple[Part, pa.Table]]] = {
    "csv": csv.part,
    "jsonl": jsonl.part,
    "json": lambda file: jsonl.part(_lines(file)),
    "parquet": parquet.part,
}


def read(source: Source, place: Place) -> Reading:
    """All rows of the answer."""
    return joined([_READERS[source.format](_answer(source, place))])


def probe(source: Source, place: Place) -> Probe:
    """What the address answers with, and its columns."""
    part, table = _READERS[source.format](_answer(source, place))
    columns = {field.name: str(field.type) for field in table.schema}
    return Probe(f"{part.name} answers with {part.rows:,} rows of {source.format}", columns)


def _answer(source: Source, place: Place) -> Bytes:
    where = f"sources.{place.name}.url"
    headers = {name: filled_in(value, place, f"headers.{name}") for name, value in source.headers.items()}
    name = _shown(source.url)
    url = filled_in(source.url, place, "url")
    ask = Ask("GET", url, where, headers, redirects=_REDIRECTS, seconds=SECONDS, most=MOST_BYTES)
    try:
        reply = send(ask, place.environ)
    except OSError as error:
        said = hidden(str(error).removeprefix(f"{where}: "), source.url, place)
        if "RemoteProtocolError" in said:
            raise half_written(name, "The answer ended before it was whole.") from None
        raise wrong(
            "unreachable",
            where,
            f"{name} does not answer: {said}",
            "A feed that did not come is a failed feed; nothing is concluded from it.",
            "See that the address is right and its system up.",
        ) from None
    if reply.status != 200:
        found = f"{name} answered {reply.status}."
        fix = "401 and 403: see the key in `headers`. 404: see the address."
        raise wrong("unreachable", where, found, "What came with it is no feed.", fix)
    content = _unpacked(name, reply.body)
    if not content.strip():
        why = "An empty feed is a failed feed; nothing is concluded from it."
        raise wrong("empty_file", where, f"{name} answered with nothing.", why, "Ask its owner for the feed.")
    return Bytes(name, content, digest_of_bytes(reply.body))


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


SOURCE = SourceKind("A file over https: CSV, JSON lines, a JSON list or Parquet.", ("url", "format"), read, probe)
