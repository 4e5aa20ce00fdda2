"""Who is asked: how each server is started, and what it takes and gives for one row."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import skops.io
from product import COLUMNS, PRODUCT, rows

HERE = Path(__file__).resolve().parent
PEERS, ENVIRONMENTS = HERE / "peers", HERE.parents[1] / ".venv-peers"
BODIES = 500


@dataclass(frozen=True, slots=True)
class Contender:
    """One server.

    Attributes:
        command: starts it on a port, in `folder`.
        path: what is asked of it, with these bodies in turn.
        score: the probability in its answer; None for the echo, which has none.
    """

    name: str
    command: Callable[[int], Sequence[str]]
    folder: Path
    path: str
    bodies: Sequence[Any]
    score: Callable[[Any], float] | None
    env: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)


def asked() -> np.ndarray[Any, Any]:
    """The values of the rows that are asked for."""
    return np.column_stack([rows(BODIES)[name].to_numpy() for name in COLUMNS])


def same_model(root: Path, file: Path) -> Any:
    """The model that the product released, for the peers: written by joblib, and told no names of columns."""
    [released] = (root / ".shipworthy" / "mlruns").rglob("model.skops")
    model = skops.io.load(released, trusted=skops.io.get_untrusted_types(file=released))
    if hasattr(model, "feature_names_in_"):
        del model.feature_names_in_  # or each row that has none costs the peers a warning
    joblib.dump(model, file)
    return model


def ours(root: Path, token: str) -> Contender:
    """The prediction server with everything on: identity, contract, log on disk before the answer, metrics."""
    named = [dict(zip(COLUMNS, row, strict=True)) for row in asked().tolist()]
    return Contender(
        "ours",
        lambda port: [sys.executable, "-m", "shipworthy", "serve", "--product", PRODUCT, "--port", str(port)],
        root,
        "/predict",
        [{"row": f"r{number}", **row} for number, row in enumerate(named)],
        lambda answer: float(answer["score"]),
        our_env(root),
        {"Authorization": f"Bearer {token}"},
    )


def our_env(root: Path) -> dict[str, str]:
    """The variables under which our own commands find the product."""
    home = {"SHIPWORTHY_ROOT": str(root), "HOME": str(root), "XDG_CONFIG_HOME": str(root / ".config")}
    return dict(os.environ) | home


def echo(like: Contender) -> Contender:
    """The bare echo of the same bodies."""
    return Contender(
        "bare echo",
        lambda port: [
            *(sys.executable, "-m", "uvicorn", "echo:app", "--port", str(port)),
            *("--log-level", "warning", "--no-access-log"),
        ],
        HERE,
        "/",
        like.bodies,
        None,
        like.env,
    )


def peers(folder: Path, model: Path) -> list[Contender]:
    """Those of the peers that are installed; the others are said to be missing."""
    found = []
    for name, made in (("mlserver", _mlserver), ("mlflow", _mlflow), ("bentoml", _bentoml)):
        if not (ENVIRONMENTS / name / "bin" / name).exists():
            print(f"{name} is not installed: make peers", file=sys.stderr)
            continue
        (folder / name).mkdir()
        try:
            found.append(made(folder / name, model))
        except (OSError, subprocess.SubprocessError) as error:
            print(f"{name} could not be made ready: {error}", file=sys.stderr)
    return found


def _mlserver(folder: Path, model: Path) -> Contender:
    shutil.copy(model, folder / "model.joblib")
    shutil.copy(PEERS / "mlserver_settings.json", folder / "model-settings.json")

    def command(port: int) -> list[str]:
        ports = {"host": "127.0.0.1", "http_port": port, "grpc_port": port + 1, "metrics_port": port + 2}
        (folder / "settings.json").write_text(json.dumps(ports))
        return [_program("mlserver"), "start", str(folder)]

    shape = {"name": "rows", "shape": [1, len(COLUMNS)], "datatype": "FP64"}
    bodies = [{"inputs": [shape | {"data": row}], "outputs": [{"name": "predict_proba"}]} for row in asked().tolist()]
    return Contender(
        "MLServer",
        command,
        folder,
        "/v2/models/bench/infer",
        bodies,
        lambda answer: float(answer["outputs"][0]["data"][1]),
        _env("mlserver", folder),
    )


def _mlflow(folder: Path, model: Path) -> Contender:
    env, saved = _env("mlflow", folder), folder / "model"
    python = ENVIRONMENTS / "mlflow" / "bin" / "python"
    program = [str(python), str(PEERS / "mlflow_model.py"), str(model), str(saved)]
    subprocess.run(program, cwd=folder, env=env, check=True, timeout=180, capture_output=True)
    serve = [_program("mlflow"), "models", "serve", "-m", str(saved), "--env-manager", "local", "-h", "127.0.0.1"]
    return Contender(
        "MLflow",
        lambda port: [*serve, "-p", str(port)],
        folder,
        "/invocations",
        [{"inputs": [row]} for row in asked().tolist()],
        lambda answer: float(answer["predictions"][0][1]),
        env,
    )


def _bentoml(folder: Path, model: Path) -> Contender:
    shutil.copy(PEERS / "bento_service.py", folder)
    serve = [_program("bentoml"), "serve", "bento_service:Single", "--host", "127.0.0.1", "--port"]
    return Contender(
        "BentoML",
        lambda port: [*serve, str(port)],
        folder,
        "/predict",
        [{"row": row} for row in asked().tolist()],
        float,
        _env("bentoml", folder) | {"MODEL": str(model)},
    )


def _program(name: str) -> str:
    return str(ENVIRONMENTS / name / "bin" / name)


def _env(name: str, folder: Path) -> dict[str, str]:
    """A peer's own environment: nothing of ours is on its path, and nothing is told to anybody."""
    path = f"{ENVIRONMENTS / name / 'bin'}:{os.environ['PATH']}"
    quiet = {"BENTOML_DO_NOT_TRACK": "true", "DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}
    return {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", **quiet}
