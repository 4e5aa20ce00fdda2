"""Detectors of river on streams of errors: `python river_peer.py STREAMS.npz OUT.json`, in an environment of its own.

Each is run with its defaults and with ever stricter settings; what comes out is the row of the first alarm per stream.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from river import drift

Setting = tuple[str, Callable[[], Any]]


def _adwin(delta: float) -> Setting:
    return f"delta={delta:g}", lambda: drift.ADWIN(delta=delta)


def _page_hinkley(threshold: float) -> Setting:
    return f"threshold={threshold}", lambda: drift.PageHinkley(mode="up", threshold=threshold)


def _ddm(times: float) -> Setting:
    return f"drift={times}", lambda: drift.binary.DDM(drift_threshold=times)


def _kswin(alpha: float) -> Setting:
    return f"alpha={alpha:g}", lambda: drift.KSWIN(alpha=alpha, seed=1)


# The first of each is the default, the others are ever stricter.
SETTINGS = {
    "ADWIN": [_adwin(delta) for delta in (0.002, 1e-6, 1e-13, 1e-25)],
    "Page-Hinkley": [_page_hinkley(threshold) for threshold in (50, 75, 100, 150, 200, 300)],
    "DDM": [_ddm(times) for times in (3, 4, 5, 6, 8, 10, 14, 20)],
    "KSWIN": [_kswin(alpha) for alpha in (0.005,)],
}
SLOW = {"KSWIN": 2}  # streams; each row is a test of two samples


def first(make: Callable[[], Any], stream: np.ndarray[Any, Any]) -> int:
    """The row, counted from 1, of the first alarm; 0 for none."""
    detector = make()
    for row, error in enumerate(stream.tolist(), start=1):
        detector.update(error)
        if detector.drift_detected:
            return row
    return 0


streams = np.load(sys.argv[1])
found = {}
for name, settings in SETTINGS.items():
    for setting, make in settings:
        found[f"{name}|{setting}"] = {
            key: [first(make, stream) for stream in streams[key][: SLOW.get(name, len(streams[key]))]]
            for key in streams
        }
        print(name, setting, file=sys.stderr, flush=True)
        with open(sys.argv[2], "w") as out:  # what there is so far: the slow one comes last
            json.dump(found, out)
