"""A Delta table: the rows of each run once, replaced in one commit, on disk or on an object store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.filing import local, tried
from shipworthy.deliver.sink import Gone, Knows, SinkKind, Target
from shipworthy.edges.extras import library
from shipworthy.edges.objects import ADDRESS, delta_options

_OURS = ("run", "notice")
_REMAINS = (
    "The table's log keeps the smallest and largest value of each column of files that are gone, and may name the "
    "person so, until its own retention has passed (`delta.logRetentionDuration`, 30 days unless set)."
)


def write(target: Target, rows: pa.Table) -> str:
    """Replace the rows of this run in one commit; the table is made where there is none. `run` and `notice` are ours.

    Raises:
        UserError: the table has other columns, or the library is not installed.
        OSError: it could not be written; the table is as it was.
    """
    return stream(target, rows.to_reader())


def stream(target: Target, rows: pa.RecordBatchReader) -> str:
    """The same for rows that come some at a time: files are written as they come, and become the table at once."""
    library = _library(target)
    try:
        library.write_deltalake(
            _place(target),
            _with_ours(target, rows),
            mode="overwrite",
            predicate=_of_run(target) if _there(library, target) is not None else None,
            storage_options=delta_options(target.environ),
        )
    except Exception as error:  # the library raises errors of several families
        raise _failed(library, target, error) from None
    return target.path


def erase(target: Target, columns: Mapping[str, Knows]) -> Gone | None:
    """Delete the rows in one commit, whatever run brought them, and the files of older versions, which hold them still.

    Raises:
        UserError: the library is not installed.
        OSError: the table could not be read or written.
    """
    library = _library(target)
    try:
        table = _there(library, target)
        asked = [field.name for field in table.schema().fields if field.name in columns] if table is not None else []
        if not asked:
            return None
        rows = pa.table(table.to_pyarrow_table(columns=asked))
        for name in asked:
            named = [value for value in rows[name].unique().to_pylist() if value is not None]
            gone = [value for value in named if columns[name](str(value))]
            if gone:
                table.delete(f"{_quoted(name, chr(34))} IN ({', '.join(map(_literal, gone))})")
        # Also where an earlier try was killed between the two.
        table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
        left = len(table.to_pyarrow_table(columns=asked[:1]))
    except Exception as error:  # the library raises errors of several families
        raise _failed(library, target, error) from None
    told = _REMAINS if left < len(rows) else ""
    return Gone(len(rows), left, remains=told)


def _literal(value: Any) -> str:
    return str(value) if isinstance(value, int | float) else _quoted(str(value), "'")


def _quoted(text: str, mark: str) -> str:
    return f"{mark}{text.replace(mark, mark * 2)}{mark}"


def _with_ours(target: Target, rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
    schema = rows.schema
    for name in _OURS:
        schema = schema.append(pa.field(name, pa.string()))
    ours = [pa.scalar(text, pa.string()) for text in (target.run, target.notice)]
    batches = (
        pa.record_batch([*batch.columns, *(pa.repeat(text, len(batch)) for text in ours)], schema=schema)
        for batch in rows
    )
    return pa.RecordBatchReader.from_batches(schema, batches)


def probe(target: Target, shape: pa.Table) -> str:
    """Whether the table has the columns, and a file can be written in its folder."""
    library = _library(target)
    found = tried(target, folder=True)
    try:
        table = _there(library, target)
        if table is None:
            return f"{found}; the table will be made"
        there = {field.name for field in table.schema().fields}
    except Exception as error:
        raise _failed(library, target, error) from None
    wanted = {*shape.column_names, *_OURS}
    if there != wanted:
        raise _other_columns(target, sorted(there ^ wanted))
    return f"{found}; the table has the columns"


def _library(target: Target) -> Any:
    return library("deltalake", "delta", "Delta tables", "deliver.no_library", target.where)


def _there(library: Any, target: Target) -> Any:
    """The table; None where there is none yet."""
    try:
        return library.DeltaTable(_place(target), storage_options=delta_options(target.environ))
    except library.exceptions.TableNotFoundError:
        return None


def _place(target: Target) -> str:
    path = target.filled(target.path)
    if ADDRESS.match(path):
        return path
    folder = local(target, path)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return str(folder)


def _of_run(target: Target) -> str:
    return f"run = '{target.run.replace(chr(39), chr(39) * 2)}'"


def _failed(library: Any, target: Target, error: Exception) -> Exception:
    if isinstance(error, UserError):
        return error
    if isinstance(error, library.exceptions.SchemaMismatchError):
        return _other_columns(target, [])
    return OSError(f"{target.path}: {type(error).__name__}: {target.hidden(error)[:300]}")


def _other_columns(target: Target, differing: list[str]) -> UserError:
    named = f": {', '.join(differing)} differ" if differing else ""
    found = f"The table {target.path} has other columns than this list{named}."
    why = "The consumer's columns in the plan are not those of the table."
    fix = "Name another path for the new shape, or change the table."
    return UserError(Mistake("deliver.other_columns", target.where, found, why, fix))


SINK = SinkKind(
    "delta",
    write,
    says="A Delta table, with the rows of each run once.",
    needs=("path",),
    probe=probe,
    erase=erase,
    stream=stream,
)
