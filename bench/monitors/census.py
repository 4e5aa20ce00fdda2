"""Estimates without labels against the truth, on the MA employment census data that ships in the nannyml package.

Run `make peers`, then `python bench/monitors/census.py .venv-peers/nannyml.txt/bin/python`: an interpreter that has
nannyml, for its data and for its own estimates. The reference is 2015; 2016 to 2018 come in 42 chunks of 5,000 rows.
Prints one JSON line: the mean absolute error of AUC, accuracy and F1 over the chunks for each way to estimate, and
chunk 27, whose people live almost all in group quarters. It ends with exit code 1 where the isotonic estimate errs
otherwise than that of nannyml does (.00404, .00514, .00656), the weighted one does not err less in all three, or its
AUC of chunk 27 is off by more than .015. On two cores it takes a minute and a half.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from shipworthy.model.estimates import calibrated
from shipworthy.watch.domain import Domain
from shipworthy.watch.estimate import estimated, weights

CHUNK, SHIFTED = 5_000, 27
NAMES = ("auc", "accuracy", "f1")
EXPECTED, WITHIN, FAR = np.array([0.00404, 0.00514, 0.00656]), 0.0002, 0.015
PEER = """
import json, os, warnings
warnings.filterwarnings("ignore")
import nannyml, pandas as pd
folder = os.path.join(os.path.dirname(nannyml.__file__), "datasets", "data")
reference, analysis = (os.path.join(folder, f"employment_MA_{name}.pq") for name in ("reference", "analysis"))
cbpe = nannyml.CBPE(y_pred_proba="predicted_probability", y_pred="prediction", y_true="employed",
    problem_type="classification_binary", metrics=["roc_auc", "accuracy", "f1"], chunk_size=5000)
cbpe.fit(pd.read_parquet(reference))
found = cbpe.estimate(pd.read_parquet(analysis)).filter(period="analysis").to_df()
rows = [[row[(name, "value")] for name in ("roc_auc", "accuracy", "f1")] for _, row in found.iterrows()]
print(json.dumps([folder, rows]))
"""


def main() -> int:
    """Measure, print one line, and say by the exit code whether it is as expected."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("peer", help="an interpreter that has nannyml")
    done = subprocess.run([asked.parse_args().peer, "-c", PEER], capture_output=True, text=True, check=True)
    folder, theirs = json.loads(done.stdout.splitlines()[-1])
    reference, analysis = (_read(Path(folder), name) for name in ("reference", "analysis"))
    truth = _read(Path(folder), "analysis_target").set_index("id")["employed"]
    analysis = analysis.assign(employed=truth.reindex(analysis["id"]).to_numpy())
    inputs = [name for name in reference.columns if name not in _OTHERS]
    chunks = [analysis[start : start + CHUNK] for start in range(0, len(analysis), CHUNK)]
    real = np.array([_measured(chunk) for chunk in chunks])
    ways = {
        "nannyml": np.array(theirs),
        "isotonic": np.array([_isotonic(reference, chunk) for chunk in chunks]),
        "weighted": np.array([_weighted(reference, chunk, inputs) for chunk in chunks]),
        "same as reference": np.tile(_measured(reference), (len(chunks), 1)),
    }
    print(json.dumps({name: _errors(found, real) for name, found in ways.items()} | {"chunks": len(chunks)}))
    isotonic, weighted = (np.abs(ways[name] - real).mean(axis=0) for name in ("isotonic", "weighted"))
    held = [
        bool((np.abs(isotonic - EXPECTED) <= WITHIN).all()),
        bool((weighted < isotonic).all()),
        abs(float(ways["weighted"][SHIFTED][0] - real[SHIFTED][0])) <= FAR,
    ]
    return 0 if all(held) else 1


_OTHERS = ("id", "employed", "year", "prediction", "predicted_probability")


def _read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / f"employment_MA_{name}.pq")


def _scores(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return rows["predicted_probability"].to_numpy(np.float64), rows["prediction"].to_numpy() == 1


def _measured(rows: pd.DataFrame) -> list[float]:
    """What came true: the estimate of a calibration that knows every label."""
    scores, yes = _scores(rows)
    found = estimated(scores, rows["employed"].to_numpy(np.float64), yes)
    return [getattr(found, name) for name in NAMES]


def _isotonic(reference: pd.DataFrame, chunk: pd.DataFrame, counts: np.ndarray | None = None) -> list[float]:
    learnt = calibrated(_scores(reference)[0], reference["employed"].to_numpy(np.float64), counts)
    scores, yes = _scores(chunk)
    found = estimated(scores, learnt.of(scores), yes)
    return [getattr(found, name) for name in NAMES]


def _weighted(reference: pd.DataFrame, chunk: pd.DataFrame, inputs: list[str]) -> list[float]:
    known, new = ({name: rows[name].to_numpy() for name in inputs} for rows in (reference, chunk))
    odds = Domain.learnt(known, new).of(known)
    return _isotonic(reference, chunk, weights(odds, len(reference), len(chunk)))


def _errors(found: np.ndarray, real: np.ndarray) -> dict[str, object]:
    mean = np.abs(found - real).mean(axis=0).round(5).tolist()
    return {
        "mean absolute error": dict(zip(NAMES, mean, strict=True)),
        "chunk 27": dict(zip(NAMES, found[SHIFTED].round(4).tolist(), strict=True)),
        "chunk 27 came true": dict(zip(NAMES, real[SHIFTED].round(4).tolist(), strict=True)),
    }


if __name__ == "__main__":
    sys.exit(main())
