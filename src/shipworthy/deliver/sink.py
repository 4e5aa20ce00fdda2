"""What a member of the folder `sinks` is: a kind of system that answers are brought to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from shipworthy.base.errors import Mistake, UserError


@dataclass(frozen=True, slots=True)
class Target:
    """One destination, with everything filled in.

    Attributes:
        folder: the product's folder, which relative paths start from.
        path, url, table: where to; the address may hold a secret and is never recorded.
        run: the run whose rows these are; a second write of the same run replaces the first.
        notice: what the consumer is told beside the rows, empty where all is as planned.
        closed: folders that nothing may be brought into.
    """

    folder: Path
    path: str
    url: str
    table: str
    run: str
    notice: str = ""
    closed: tuple[Path, ...] = ()

    def require_open(self, file: Path) -> None:
        """Nothing, where a file may be written.

        Raises:
            UserError: it lies in the store's own folders, where it would overwrite what everything else rests on.
        """
        if any(file.resolve().is_relative_to(folder.resolve()) for folder in self.closed):
            found = "The address leads into the folder of the ledger, its files or its keys."
            why = "A delivery there would overwrite what proves it."
            raise UserError(Mistake("deliver.path_closed", "sinks", found, why, "Name a place outside of it."))


@dataclass(frozen=True, slots=True)
class SinkKind:
    """How one kind of system is written to.

    Attributes:
        write: brings the rows, each once however often it is called; gives the place, without secrets.
            Raises OSError or a UserError where it cannot.
        stream: the same for rows that come some at a time; a kind without it gets all of them at once.
    """

    name: str
    write: Callable[[Target, pa.Table], str]
    stream: Callable[[Target, pa.RecordBatchReader], str] | None = None
