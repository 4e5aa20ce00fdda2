"""Delta tables, on disk or on an object store: the newest version, a named one, or that of the snapshot's moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pyarrow as pa

from shipworthy.base.errors import UserError
from shipworthy.data.ordering import ordered
from shipworthy.data.parts import whole
from shipworthy.data.places import filled_in, hidden, inside, wrong
from shipworthy.data.source import Pieces, Place, Probe, Reading, SourceKind
from shipworthy.edges.extras import library
from shipworthy.edges.objects import ADDRESS, delta_options
from shipworthy.plan.schema import Source

_BATCH = 1 << 15  # rows


def read(source: Source, place: Place) -> Reading:
    """All rows of one version, sorted by their values: a table promises no order, and is compacted now and then."""
    with pieces(source, place) as given:
        return whole(given)


@contextmanager
def pieces(source: Source, place: Place) -> Iterator[Pieces]:
    """The same rows in the same order, some at a time, sorted on disk."""
    library = _library(place)
    with ExitStack() as kept:
        try:
            table = _opened(library, source, place)
            rows = table.to_pyarrow_dataset()
            name = f"{source.path} version {table.version()}"
            given = kept.enter_context(ordered(name, _tables(rows), rows.schema))
        except UserError:
            raise
        except Exception as error:  # the library raises errors of several families
            raise _unreadable(library, source, place, error) from None
        yield given


def _tables(rows: Any) -> Iterator[pa.Table]:
    # One file after the other: read ahead, several of them would lie in memory at once.
    for batch in rows.to_batches(batch_size=_BATCH, batch_readahead=1, fragment_readahead=1):
        yield pa.Table.from_batches([batch])


def probe(source: Source, place: Place) -> Probe:
    """The version and the columns, without reading a row."""
    library = _library(place)
    try:
        table = _opened(library, source, place)
        columns = {field.name: str(field.type) for field in table.schema().fields}
    except UserError:
        raise
    except Exception as error:
        raise _unreadable(library, source, place, error) from None
    return Probe(f"a Delta table, version {table.version()}", columns)


def _opened(library: Any, source: Source, place: Place) -> Any:
    written = filled_in(source.path, place, "path")
    address = written if ADDRESS.match(written) else str(inside(written, place))
    version = None if source.version == "as_of" else source.version
    table = library.DeltaTable(address, version=version, storage_options=delta_options(place.environ))
    if source.version == "as_of" and place.as_of is not None:
        first = min(entry["timestamp"] for entry in table.history()) / 1000
        if place.as_of.timestamp() < first:
            found = f"At {place.as_of:%Y-%m-%d %H:%M} there was no version of the table yet."
            why = "What was not written then was not known then."
            fix = "Take a later moment, or name a number under `version`."
            raise wrong("no_version", f"sources.{place.name}.version", found, why, fix)
        table.load_as_version(place.as_of)
    return table


def _library(place: Place) -> Any:
    return library("deltalake", "delta", "Delta tables", "data.no_library", f"sources.{place.name}.kind")


def _unreadable(library: Any, source: Source, place: Place, error: Exception) -> UserError:
    if isinstance(error, library.exceptions.TableNotFoundError):
        found = f"There is no Delta table at {source.path!r}."
        fix = "Correct the path; a relative one starts at the folder of product.yaml."
        return wrong("no_file", f"sources.{place.name}.path", found, fix=fix)
    said = hidden(" ".join(str(error).split())[:300], source.path, place)
    return wrong(
        "unreachable",
        f"sources.{place.name}",
        f"The Delta table {source.path!r} cannot be read: {type(error).__name__}: {said}",
        "Without its rows nothing can be concluded; the last good snapshot stays as it is.",
        "See that the version exists and is not cleaned away, and that this process may read all of its files.",
    )


SOURCE = SourceKind("A Delta table, as it is or as it was.", ("path",), read, probe, pieces)
