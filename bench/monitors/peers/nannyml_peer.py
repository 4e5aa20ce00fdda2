"""NannyML's realised performance on streams of errors, in chunks of 500 rows, with ever wider bands.

`python nannyml_peer.py STREAMS.npz OUT.json`, in an environment of its own.
"""

import json
import os
import sys
import warnings
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"  # it reports its use to its maker

import nannyml
import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
CHUNK, STREAMS = 500, 20
WIDTHS = (3, 4, 5, 6, 8, 10)


def frame(errors: np.ndarray[Any, Any]) -> pd.DataFrame:
    """An error is a truth of 1 where 0 was answered."""
    return pd.DataFrame({"truth": errors.astype(int), "answer": 0, "score": 0.1})


streams = np.load(sys.argv[1])
found: dict[str, dict[str, list[int]]] = {
    f"NannyML|{width} sd{' (default)' if width == 3 else ''}": {} for width in WIDTHS
}
for key in [name for name in streams if name != "reference"]:
    for row, stream in enumerate(streams[key][:STREAMS]):
        calculator = nannyml.PerformanceCalculator(
            problem_type="classification_binary", y_true="truth", y_pred="answer", y_pred_proba="score",
            metrics=["accuracy"], chunk_size=CHUNK,
        )  # fmt: skip
        calculator.fit(frame(streams["reference"][row]))
        shares = calculator.calculate(frame(stream)).filter(period="analysis").to_df()[("accuracy", "value")].to_numpy()
        reference = 1 - streams["reference"][row].reshape(-1, CHUNK).mean(axis=1)
        for name, width in zip(found, WIDTHS, strict=True):
            # Its default threshold: the mean of the reference chunks, so many of their standard deviations around.
            alarmed = np.flatnonzero(shares < reference.mean() - width * reference.std())
            found[name].setdefault(key, []).append(int(alarmed[0] + 1) * CHUNK if alarmed.size else 0)
with open(sys.argv[2], "w") as out:
    json.dump(found, out)
