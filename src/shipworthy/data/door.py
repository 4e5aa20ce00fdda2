"""Who goes before anybody judges: rows of erased people, and rows in whose place a mended one came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
import pyarrow as pa

from shipworthy.data.contract import ERASED
from shipworthy.data.engine import RESERVED
from shipworthy.data.erased import People, names_in, spelling
from shipworthy.data.judges import ROW, Judge, Layout

_ERASED, _GONE = f"{RESERVED}erased", f"{RESERVED}gone"


class Door:
    """What the judges at the door know of the rows that are being judged.

    Attributes:
        judges: they speak before all others; what they look up is that of the rows for which the door opened last.
    """

    def __init__(
        self,
        duck: duckdb.DuckDBPyConnection,
        layout: Layout,
        erased: People | None,
        gone: Mapping[str, Sequence[int]],
    ) -> None:
        """The door of one source.

        Args:
            gone: rows that go, by their numbers in the source, under the name by which they are counted.
        """
        self._duck, self._layout, self.erased = duck, layout, erased
        self._gone = [np.sort(np.array(rows, np.int64)) for rows in gone.values()]
        self._names: dict[int, list[str]] = {}
        self.judges = [Judge("remove", name, f"{ROW} IN (SELECT row FROM {_GONE}{at})") for at, name in enumerate(gone)]
        if erased is not None and erased.marks and erased.column in layout.schema.names:
            named = f"{spelling(layout, erased)} IN (SELECT name FROM {_ERASED})"
            self.judges.insert(0, Judge("remove", ERASED, named))

    def opens(self, start: int, numbered: pa.Table) -> None:
        """Some rows are to be judged, of which the first has that number in the source."""
        for at, rows in enumerate(self._gone):
            first, last = np.searchsorted(rows, (start, start + len(numbered)))
            self._duck.register(f"{_GONE}{at}", pa.table({"row": rows[first:last] - start}))
        if len(self.judges) > len(self._gone):
            if len(numbered) and start not in self._names:  # a mark costs a hash for each name, so it is made once
                self._names[start] = names_in(self._duck, numbered, self._layout, self.erased)
            names = pa.array(self._names.get(start, []), pa.string())
            self._duck.register(_ERASED, pa.table({"name": names}))
