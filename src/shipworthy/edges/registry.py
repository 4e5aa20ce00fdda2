"""The mirror in MLflow, for people's habits and tools: written after the ledger, never read back for a decision.

A hand-set alias or stage there changes nothing here. MLflow takes seconds to load and about ten to make a new store,
so it is loaded and made only when the first candidate is mirrored.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CANDIDATE_TAG = "shipworthy.candidate"
MODEL_FOLDER = "candidate"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the mirror shows of one candidate.

    Attributes:
        product: the experiment.
        name: the registered model.
        candidate: the digest, which is the key: a second entry for it changes nothing.
        params, metrics, tags: as MLflow shows them.
        files: content by file name.
    """

    product: str
    name: str
    candidate: str
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mirrored:
    """Where the mirror shows a candidate: MLflow's run and the version of the registered model."""

    run: str
    version: str


def mirror(home: Path, entry: Entry) -> Mirrored:
    """Write a candidate into MLflow's store under `home` (mlflow.db, mlruns), which is made if need be.

    Raises:
        Exception: whatever MLflow raises; the caller says so and goes on, since nothing depends on the mirror.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own deprecations are nothing our users could act on
        client = _client(home)
        experiment = _experiment(client, home, entry.product)
        run = _finished_run(client, experiment, entry) or _new_run(client, experiment, entry)
        return Mirrored(run, _version(client, run, entry))


def make_database(file: Path) -> None:
    """Make MLflow's database aside and put it in its place whole: one that a crash left half made cannot be used."""
    from mlflow import MlflowClient

    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".mlflow-") as folder:
        draft = Path(folder) / file.name
        address = f"sqlite:///{draft}"
        MlflowClient(tracking_uri=address, registry_uri=address).search_experiments(max_results=1)
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)  # unlike a rename this never replaces the one of a process that came first


def _client(home: Path) -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
    from mlflow import MlflowClient

    for name in ("mlflow", "mlflow.store.db.utils", "alembic"):  # after the import, which sets them up
        logging.getLogger(name).setLevel(logging.ERROR)
    file = home.resolve() / "mlflow.db"
    if not file.exists():
        make_database(file)
    if not file.is_file() or not _is_database(file):  # MLflow would try for 100 s to open it
        raise OSError(f"{file.name} is no database; move it away, and the mirror begins anew")
    address = f"sqlite:///{file}"
    return MlflowClient(tracking_uri=address, registry_uri=address)


def _is_database(file: Path) -> bool:
    # Asked of SQLite: to close the file past it would let go of every lock that this process has on it.
    with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        try:
            connection.execute("PRAGMA schema_version")
        except sqlite3.DatabaseError as error:
            return type(error) is not sqlite3.DatabaseError  # the plain class says that it is none
    return True


def _experiment(client: Any, home: Path, product: str) -> str:
    known = client.get_experiment_by_name(product)
    if known is not None:
        return str(known.experiment_id)
    folder = home.resolve() / "mlruns" / product
    return str(client.create_experiment(product, artifact_location=folder.as_uri()))


def _finished_run(client: Any, experiment: str, entry: Entry) -> str:
    """The run that already shows the candidate; one that a crash left half written is passed over."""
    found = client.search_runs(
        [experiment],
        filter_string=f"tags.`{CANDIDATE_TAG}` = '{entry.candidate}' and status = 'FINISHED'",
        max_results=1,
    )
    return str(found[0].info.run_id) if found else ""


def _new_run(client: Any, experiment: str, entry: Entry) -> str:
    from mlflow.entities import Metric, Param, RunTag

    tags = {**entry.tags, CANDIDATE_TAG: entry.candidate}
    run = client.create_run(experiment, run_name=f"{entry.name} {entry.candidate[:12]}", tags=tags)
    identity, started = run.info.run_id, run.info.start_time
    client.log_batch(
        identity,
        metrics=[Metric(name, value, started, 0) for name, value in entry.metrics.items()],
        params=[Param(name, value) for name, value in entry.params.items()],
        tags=[RunTag(name, value) for name, value in tags.items()],
    )
    folder = Path(run.info.artifact_uri.removeprefix("file://")) / MODEL_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in entry.files.items():
        (folder / name).write_bytes(content)
    client.set_terminated(identity)
    return str(identity)


def _version(client: Any, run: str, entry: Entry) -> str:
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(entry.name)
    except MlflowException:
        client.create_registered_model(entry.name, description="A mirror of Shipworthy's ledger; nothing is read back.")
    known = [
        version
        for version in client.search_model_versions(f"name = '{entry.name}'")
        if version.tags.get(CANDIDATE_TAG) == entry.candidate
    ]
    if known:
        return str(known[0].version)
    source = f"{client.get_run(run).info.artifact_uri}/{MODEL_FOLDER}"
    made = client.create_model_version(entry.name, source, run_id=run, tags={CANDIDATE_TAG: entry.candidate})
    return str(made.version)
