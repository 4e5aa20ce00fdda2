"""Tables that lie on disk while a source is read, so that memory holds some of its rows only."""

from __future__ import annotations

import os
import tempfile
from types import TracebackType

import pyarrow as pa


class Spool:
    """Tables of any columns, put down one after the other and read back in any order, from several threads.

    They lie in a file without a name, in the folder that TMPDIR names: nobody else can open it, and nothing of it is
    left when the process ends, however it ends.
    """

    def __init__(self) -> None:
        """An empty spool; it is gone when it is closed."""
        self._file = tempfile.TemporaryFile(prefix="shipworthy-")  # noqa: SIM115  # closed when the spool is
        self._places: list[tuple[int, int]] = []
        self._end = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._places)

    def put(self, table: pa.Table) -> None:
        """Add a table at the end."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        content = sink.getvalue()
        self._file.write(content)
        self._places.append((self._end, content.size))
        self._end += content.size

    def table(self, number: int) -> pa.Table:
        """The table of that number, 0 for the first."""
        self._file.flush()
        start, size = self._places[number]
        content = bytearray()
        while len(content) < size:  # the system hands out at most 2 GiB at once
            content += os.pread(self._file.fileno(), size - len(content), start + len(content))
        return pa.ipc.open_stream(content).read_all()
