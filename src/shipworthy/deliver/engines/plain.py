"""This process: as many pieces at once as it has processors, the next ones read meanwhile."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pyarrow as pa

from shipworthy.deliver.answering import Answered
from shipworthy.deliver.engine import Engine, Job

if TYPE_CHECKING:
    from shipworthy.edges.files import Files

_MOST = 4  # pieces at once: each takes memory

Told = tuple[Answered, pa.Table | None]


def run(job: Job, files: Files, digest: str, columns: Sequence[str] | None) -> Iterator[Told]:
    """Answer the pieces, in order; one after the other where a team's own code looks at them."""
    at_once = 1 if job.answerer.pipeline.code else min(os.cpu_count() or 1, _MOST)
    begun: deque[Future[Told]] = deque()
    with ThreadPoolExecutor(at_once, "answering") as hands:
        try:
            for rows in files.pieces(digest, columns):
                begun.append(hands.submit(job, rows))
                if len(begun) > at_once:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for left in begun:
                left.cancel()


ENGINE = Engine("This process, some pieces at once.", run)
