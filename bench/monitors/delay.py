"""How soon a monitor alarms after errors rise, with false alarms matched under the worst change still tolerated.

Simulated streams: 5,000 rows at an error of .10, then .10 plus 1.5, 3, 5, 10 or 20 times the tolerance of .02. Matched
means: among each method's settings the most sensitive one that raises an alarm in at most 5% of years (52,000 rows)
whose error rises to .12, which the plan tolerates. Ours is what runs in the product, once on rows and once on windows
of 500 rows; its threshold follows from the promise and is not tuned. Peers run in environments of their own
(`make peers`); one that is missing is said and left out.

    python bench/monitors/delay.py [--peers .venv-peers] [--streams 40]

The last line is the whole result as JSON.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from shipworthy.watch.evidence import BETS, Counts, Floats, above, calm, strength, threshold, updated

BEFORE, TOLERANCE, ALPHA, YEAR, CALM, REFERENCE = 0.10, 0.02, 0.05, 52_000, 5_000, 5_000
# Times the tolerance, and how many rows are waited for an alarm.
TIMES = {1.5: 10_000, 3.0: 5_000, 5.0: 3_000, 10.0: 1_500, 20.0: 1_000}
WINDOW = 500
PEERS = {"river": "river_peer.py", "nannyml": "nannyml_peer.py", "evidently": "evidently_peer.py"}
NULL = "tolerated"
First = dict[str, dict[str, list[int]]]


def drawn(streams: int) -> dict[str, Any]:
    """Streams of errors by name: a reference, a year whose change is tolerated, and one set for each change."""
    random = np.random.default_rng(26)
    found = {"reference": random.random((streams, REFERENCE)) < BEFORE}
    calm_rows = random.random((streams, CALM)) < BEFORE
    found[NULL] = np.hstack([calm_rows, random.random((streams, YEAR - CALM)) < BEFORE + TOLERANCE])
    for times, waited in TIMES.items():
        after = random.random((streams, waited)) < BEFORE + times * TOLERANCE
        found[f"{times:g}"] = np.hstack([calm_rows, after])
    return {name: rows.astype(np.int8) for name, rows in found.items()}


def ours(streams: Any, window: int, tau: float, phi: Any = 1.0) -> list[int]:
    """The row of the first alarm of each stream, judged in windows of so many rows; 0 for none.

    Args:
        phi: by how much evidence is divided, of each stream or of all.
    """
    divisor = np.broadcast_to(np.asarray(phi, dtype=np.float64), len(streams))[:, None]
    counts = streams[:, : streams.shape[1] // window * window].reshape(len(streams), -1, window).sum(axis=2)
    factors: Floats = np.array([above(Counts(window, ones), tau) for ones in range(window + 1)])
    bar = np.log1p(threshold(YEAR // window, ALPHA))
    state, first = calm(len(streams), len(BETS)), np.zeros(len(streams), dtype=int)
    for number in range(counts.shape[1]):
        state = updated(state, factors[counts[:, number]] / divisor)
        first[(first == 0) & (strength(state) >= bar)] = (number + 1) * window
    return [int(row) for row in first]


def peers(folder: Path, streams: dict[str, Any]) -> First:
    """The row of the first alarm by method and setting, name of the streams, and stream."""
    found: First = {}
    with tempfile.TemporaryDirectory() as name:
        given, out = Path(name) / "streams.npz", Path(name) / "out.json"
        np.savez(given, **streams)
        for peer, script in PEERS.items():
            python = folder / peer / "bin" / "python"
            if not python.exists():
                print(f"{peer} is not installed: make peers", file=sys.stderr)
                continue
            done = subprocess.run([python, Path(__file__).parent / "peers" / script, given, out], check=False)
            if done.returncode:
                print(f"{peer} failed", file=sys.stderr)
                continue
            found |= json.loads(out.read_text())
    return found


def false_alarms(first: list[int]) -> float:
    """The share of years with an alarm."""
    return sum(row > 0 for row in first) / len(first)


def delay(first: list[int]) -> tuple[float, float, float]:
    """Median rows from change to alarm among streams quiet until then (inf where most miss), misses, too early ones."""
    quiet = [row for row in first if not 0 < row <= CALM]
    if not quiet:
        return np.inf, 1.0, 1.0
    delays = np.array([row - CALM if row else np.inf for row in quiet])
    return float(np.median(delays)), float(np.isinf(delays).mean()), 1 - len(quiet) / len(first)


def main(folder: Path, streams: int) -> None:
    """Draw the streams, ask everybody, and print the table."""
    rows = drawn(streams)
    found: First = {
        f"ours, {what}|as promised": {
            name: ours(rows[name], window, BEFORE + TOLERANCE) for name in rows if name != "reference"
        }
        for what, window in (("row by row", 1), (f"windows of {WINDOW}", WINDOW))
    }
    tabled(found | peers(folder, rows))


def tabled(found: First) -> None:
    """Print the table: of each method its default and its matched setting; the last line is all of it as JSON."""
    methods = dict.fromkeys(name.partition("|")[0] for name in found)
    print("| method | setting | alarms in a tolerated year |", *(f"{times:g}x |" for times in TIMES))
    print("| --- | --- | --- |", *("--- |" for _ in TIMES))
    table = []
    for method in methods:
        settings = [name for name in found if name.partition("|")[0] == method]
        matched = next((name for name in settings if false_alarms(found[name][NULL]) <= ALPHA), None)
        default = next((name for name in settings if name.endswith("(default)")), settings[0])
        for name in dict.fromkeys([default, matched or settings[-1]]):
            cells = [delay(found[name][f"{times:g}"]) for times in TIMES]
            share = false_alarms(found[name][NULL])
            said = [f"{_rows(median)}{f' [{missed:.0%}]' if missed else ''} |" for median, missed, _ in cells]
            mark = "" if name == matched else ", not matched"
            print(f"| {method} | {name.partition('|')[2]}{mark} | {share:.0%} |", *said)
            table.append({"method": name, "matched": name == matched, "false": share, "delays": cells})
    print(json.dumps(table))


def _rows(median: float) -> str:
    return "never" if np.isinf(median) else f"{median:,.0f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers"))
    parser.add_argument("--streams", type=int, default=40)
    given = parser.parse_args()
    main(given.peers, given.streams)
