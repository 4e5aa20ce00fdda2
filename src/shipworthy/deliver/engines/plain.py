"""This process: one piece after the other, the next one read meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from shipworthy.deliver.engine import Engine, Job

if TYPE_CHECKING:
    import pyarrow as pa

    from shipworthy.deliver.answering import Answered
    from shipworthy.edges.files import Files


def run(
    job: Job, files: Files, digest: str, columns: Sequence[str] | None
) -> Iterator[tuple[Answered, pa.Table | None]]:
    """Answer piece by piece."""
    for rows in files.pieces(digest, columns):
        yield job(rows)


ENGINE = Engine("This process, one piece after the other.", run)
