"""Ray Data: the pieces are answered wherever the cluster has room, and come back in the order of the source.

Each worker opens the candidate itself, verified from the store's files, so every machine of the cluster must reach the
address of the files, and hold the same software as the one that asks.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import fields
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.answering import Answered
from shipworthy.deliver.engine import Engine, Job
from shipworthy.edges.drafts import piece_of, starts_of
from shipworthy.edges.files import Files
from shipworthy.model.answering import load

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from shipworthy.model.words import CandidateMade

_ADDRESS = "RAY_ADDRESS"


class _Worker:
    """One worker's own copy of the job, with the candidate opened by itself."""

    def __init__(
        self, made: CandidateMade, terms: dict[str, Any], address: str, digest: str, columns: Sequence[str] | None
    ) -> None:
        files = Files(address)
        self._job = Job(answerer=load(files, made, terms["plan"]), **terms)
        self._file, self._columns = files.local(digest), columns

    def __call__(self, batch: dict[str, npt.NDArray[np.int64]]) -> dict[str, list[Any]]:
        told: dict[str, list[Any]] = {"answers": [], "features": [], "known": [], "unscored": []}
        for start in batch["start"].tolist():
            found, features = self._job(piece_of(self._file, int(start), self._columns))
            told["answers"].append(_packed(found.rows))
            told["features"].append(b"" if features is None else _packed(features))
            told["known"].append(found.known)
            told["unscored"].append(found.unscored)
        return told


def require() -> None:
    """Nothing, where Ray is installed."""
    if find_spec("ray") is None:
        found = "SHIPWORTHY_ENGINE is ray, but Ray is not installed here."
        fix = "Install shipworthy[ray], or take the setting away."
        raise UserError(Mistake("deliver.no_ray", "SHIPWORTHY_ENGINE", found, fix=fix))


def run(
    job: Job, files: Files, digest: str, columns: Sequence[str] | None
) -> Iterator[tuple[Answered, pa.Table | None]]:
    """Answer the pieces on a cluster: the one that RAY_ADDRESS names, else one of this machine's processors."""
    import ray
    import ray.data

    if not ray.is_initialized():
        ray.init(address=os.environ.get(_ADDRESS) or None, log_to_driver=False, configure_logging=False)
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    terms = {field.name: getattr(job, field.name) for field in fields(job) if field.name != "answerer"}
    starts = [{"start": start} for start in starts_of(files.local(digest))]
    workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
    answered = ray.data.from_items(starts, override_num_blocks=len(starts)).map_batches(
        _Worker,
        fn_constructor_args=(job.answerer.made, terms, files.address, digest, columns),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=min(workers, len(starts))),
    )
    for row in answered.iter_rows():
        features = _unpacked(row["features"]) if row["features"] else None
        yield Answered(_unpacked(row["answers"]), row["known"], "", row["unscored"]), features


def _packed(table: pa.Table) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table)
    return out.getvalue()


def _unpacked(content: bytes) -> pa.Table:
    return pa.ipc.open_stream(content).read_all()


ENGINE = Engine("Ray Data: every machine of a cluster, or every processor of this one.", run, require)
