"""Evidently's drift of one column on streams of errors, in chunks of 500 rows, with ever higher thresholds.

`python evidently_peer.py STREAMS.npz OUT.json`, in an environment of its own.
"""

import json
import os
import sys
import warnings
from typing import Any

os.environ["DO_NOT_TRACK"] = "1"  # it reports its use to its maker

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift

warnings.filterwarnings("ignore")
CHUNK, STREAMS = 500, 4
LINES = (0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1, 0.15)


def dataset(errors: np.ndarray[Any, Any]) -> Dataset:
    """Errors as a column of categories."""
    table = pd.DataFrame({"error": errors.astype(int).astype(str)})
    return Dataset.from_pandas(table, data_definition=DataDefinition(categorical_columns=["error"]))


def score(chunk: np.ndarray[Any, Any], reference: Dataset) -> float:
    """The distance that the report shows."""
    done = Report([ValueDrift(column="error")]).run(dataset(chunk), reference).dict()
    return float(done["metrics"][0]["value"])


streams = np.load(sys.argv[1])
found: dict[str, dict[str, list[int]]] = {
    f"Evidently|distance {line}{' (default)' if line == 0.1 else ''}": {} for line in LINES
}
for key in [name for name in streams if name != "reference"]:
    for row, stream in enumerate(streams[key][:STREAMS]):
        reference = dataset(streams["reference"][row])
        chunks = stream[: len(stream) // CHUNK * CHUNK].reshape(-1, CHUNK)
        scores = np.array([score(chunk, reference) for chunk in chunks])
        for name, line in zip(found, LINES, strict=True):
            alarmed = np.flatnonzero(scores >= line)
            found[name].setdefault(key, []).append(int(alarmed[0] + 1) * CHUNK if alarmed.size else 0)
with open(sys.argv[2], "w") as out:
    json.dump(found, out)
