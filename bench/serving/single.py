"""Single-row requests against peers: one boosted model, 16 connections, server on one core and load on the other.

All are asked in one run, round by round, so that what else the machine does touches everybody alike. Ours checks the
contract, knows the caller, has each answer on disk before it is given, and counts; the peers log nothing. Needs wrk,
taskset and two cores; `make peers` installs the peers, and one that is missing is said and left out.

    python bench/serving/single.py [--rounds 3] [--seconds 5] [--root FOLDER] [--only "ours,bare echo,MLflow"]

`--root` keeps the product between runs. The last line is the whole result as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import contenders
import numpy as np
from contenders import Contender
from load import Asked, Round, await_answer, end_in_order, free_port, load, script, server
from product import kept_token
from threadpoolctl import threadpool_limits

WARMING = 2
_ALONE = "predict alone"


def main(rounds: int, seconds: int, root: Path | None, only: str) -> None:
    """Make the product and the peers' copies of its model, ask everybody, and print what was seen."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = (root or folder / "product").resolve()
        mine = contenders.ours(home, kept_token(home))
        model = contenders.same_model(home, folder / "model.joblib")
        every = [mine, contenders.echo(mine), *contenders.peers(folder, folder / "model.joblib")]
        chosen = [one for one in every if not only or one.name in only.split(",")]
        truth = float(model.predict_proba(contenders.asked()[:1])[0, 1])
        seen: dict[str, list[Round]] = {_ALONE: []}
        for number in range(rounds):
            seen[_ALONE].append(_alone(model, seconds))
            for one in chosen:
                try:
                    seen.setdefault(one.name, []).append(_round(one, seconds, folder, truth))
                except (RuntimeError, ValueError, LookupError, TypeError) as error:
                    print(f"{one.name}, round {number + 1}: {error}", file=sys.stderr)
        _tell({name: _median(found) for name, found in seen.items() if found}, rounds, seconds)


def _round(one: Contender, seconds: int, folder: Path, truth: float) -> Round:
    """Start one, see that it gives the model's number, warm it, and measure it."""
    log, port = folder / f"{one.name}.log", free_port()
    headers = {"Content-Type": "application/json", **one.headers}
    asked = Asked(f"http://127.0.0.1:{port}{one.path}", one.bodies, headers)
    lua = script(asked, folder / "bodies.lua")
    with server(one.command(port), log, one.env, one.folder) as pid:
        answer = await_answer(asked, pid, log)
        if one.score is not None and abs(one.score(answer) - truth) > 1e-4:
            raise ValueError(f"{one.score(answer)} instead of {truth}: that is another model")
        load(asked, lua, WARMING, pid)
        return load(asked, lua, seconds, pid)


def _alone(model: Any, seconds: int) -> Round:
    """The library's own predict, one row after the other on one core, without a server."""
    before, rows = os.sched_getaffinity(0), contenders.asked()
    os.sched_setaffinity(0, {0})
    times: list[float] = []
    spent, until = time.process_time(), time.monotonic() + seconds
    try:
        with threadpool_limits(1):  # as many threads as the core that it has, which the servers see by themselves
            while time.monotonic() < until:
                began = time.perf_counter()
                model.predict_proba(rows[len(times) % len(rows)].reshape(1, -1))
                times.append(time.perf_counter() - began)
    finally:
        os.sched_setaffinity(0, before)
    p50, p99 = (float(number) * 1e3 for number in np.quantile(times, (0.5, 0.99)))
    cpu = (time.process_time() - spent) / len(times) * 1e6
    return Round(len(times) / seconds, p50, p99, len(times), 0, cpu)


def _median(found: Sequence[Round]) -> dict[str, float]:
    """The middle of each number; failures of all rounds together."""
    middle = {
        name: round(statistics.median(getattr(one, name) for one in found), 3) for name in ("rate", "p50", "p99", "cpu")
    }
    return middle | {"failed": sum(one.failed for one in found), "rounds": len(found)}


def _tell(seen: dict[str, dict[str, float]], rounds: int, seconds: int) -> None:
    ours, bare = (seen.get(name, {}).get("rate", float("nan")) for name in ("ours", "bare echo"))
    print("| server | requests/s | p50 ms | p99 ms | cpu µs | failed | ours is | of the echo |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, one in sorted(seen.items(), key=lambda item: -item[1]["rate"]):
        figures = f"{one['rate']:,.0f} | {one['p50']:.2f} | {one['p99']:.2f} | {one['cpu']:,.0f} | {one['failed']:.0f}"
        print(f"| {name} | {figures} | {ours / one['rate']:.1f}x | {one['rate'] / bare:.0%} |")
    run = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "busy": round(os.getloadavg()[0], 1),
        "rounds": rounds,
        "seconds": seconds,
    }
    print(json.dumps(run | {"seen": seen}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--root", type=Path)
    parser.add_argument("--only", default="")
    chosen = parser.parse_args()
    end_in_order()
    main(chosen.rounds, chosen.seconds, chosen.root, chosen.only)
