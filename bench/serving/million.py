"""Many callers at once, some of whom give up, and a server that is killed: is every answer right, and is it in the log?

Run `python bench/serving/million.py [requests] [callers] [kills]` (1,000,000, 200 and 10). Each caller keeps a
connection and asks about one row after another; one in a hundred hangs up before the answer. The server is killed
(SIGKILL) so many times on the way and started again. Then, from the sealed log and what the callers heard:

- every answer is the number that its row gets when it is asked for alone;
- every answer that somebody heard is in the log, once;
- as many lines are in the log as questions reached the server: those heard, and those that nobody waited for or that a
  kill cut off between the log and the caller.

Prints one JSON line; ends with 1 where something of that does not hold.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from product import COLUMNS, PRODUCT, released, rows

from shipworthy.app.settings import settings
from shipworthy.app.wiring import close_desk, open_desk
from shipworthy.deliver.journal import seal_left_over
from shipworthy.deliver.loading import load_serving
from shipworthy.deliver.words import AnswersSealed
from shipworthy.model.rules import DIGITS

HANG_UP = 0.01
START_SECONDS = 60.0


@dataclass
class Heard:
    """What the callers heard."""

    wanted: int
    sent: int = 0
    hung_up: int = 0
    cut_off: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: int = 0
    answers: list[str] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether everybody was heard."""
        return len(self.answers) + self.hung_up >= self.wanted


def started(root: Path, port: int) -> subprocess.Popen[bytes]:
    """A prediction server, once it answers."""
    environ = {**os.environ, "SHIPWORTHY_ROOT": str(root), "HOME": str(root), "XDG_CONFIG_HOME": str(root / ".config")}
    command = [sys.executable, "-m", "shipworthy", "serve", "--product", PRODUCT, "--port", str(port)]
    process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    raise SystemExit("The server does not start.")


async def caller(port: int, questions: list[bytes], expected: list[float], heard: Heard, seed: int) -> None:
    """One caller, who asks until enough was heard."""
    chance = random.Random(seed)
    reader: asyncio.StreamReader | None = None
    while not heard.done:
        try:
            if reader is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            row = chance.randrange(len(questions))
            writer.write(questions[row])
            heard.sent += 1
            if chance.random() < HANG_UP:
                await asyncio.sleep(chance.random() * 0.01)
                writer.close()
                reader, heard.hung_up = None, heard.hung_up + 1
                continue
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
        except (OSError, asyncio.IncompleteReadError):
            heard.cut_off += reader is not None
            reader = None
            await asyncio.sleep(0.05)
            continue
        status = int(head[9:12])
        heard.statuses[status] += 1
        if status == 200:
            told = json.loads(body)
            heard.answers.append(told["answer_id"])
            heard.wrong += told["score"] != expected[row]


async def killed(
    root: Path, port: int, kills: int, heard: Heard, server: subprocess.Popen[bytes]
) -> subprocess.Popen[bytes]:
    """Kill and start the server so many times while the callers ask."""
    for number in range(1, kills + 1):
        while len(heard.answers) < heard.wanted * number / (kills + 1):
            await asyncio.sleep(0.01)
        server.send_signal(signal.SIGKILL)
        await asyncio.to_thread(server.wait)
        server = await asyncio.to_thread(started, root, port)
    return server


async def asked(root: Path, port: int, heard: Heard, callers: int, kills: int, token: str) -> None:
    """Everybody asks, and the server is killed meanwhile."""
    table = rows()
    lines = zip(*(table[name].to_pylist() for name in ("row", *COLUMNS)), strict=True)
    questions = [_request({"row": row, **dict(zip(COLUMNS, values, strict=True))}, token) for row, *values in lines]
    server = started(root, port)
    try:
        expected = _alone(root)
        everybody = [caller(port, questions, expected, heard, seed) for seed in range(callers)]
        killing = asyncio.create_task(killed(root, port, kills, heard, server))
        await asyncio.gather(killing, *everybody)
        server = killing.result()
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def _request(question: dict[str, object], token: str) -> bytes:
    body = json.dumps(question).encode()
    head = f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _alone(root: Path) -> list[float]:
    """The score of each row, asked for by itself."""
    desk = open_desk(settings({"SHIPWORTHY_ROOT": str(root), "HOME": str(root)}))
    try:
        serving = load_serving(desk.store, PRODUCT)
        answerer = serving.ready[next(iter(serving.pointer.champion.values()))].answerer
        form = answerer.compiled
        if form is None:
            raise SystemExit("The model of the benchmark has no compiled form here: install the extra `onnx`.")
        matrix = form.matrix(rows().to_pandas()[COLUMNS].astype(np.float64))
        return [round(float(form.scores_of(matrix[row : row + 1])[0]), DIGITS) for row in range(len(matrix))]
    finally:
        close_desk(desk)


def logged(root: Path) -> pa.Table:
    """The names of all answers in the log, once everything is sealed."""
    desk = open_desk(settings({"SHIPWORTHY_ROOT": str(root), "HOME": str(root)}))
    try:
        seal_left_over(desk.store, PRODUCT, "prediction-server", desk.now(PRODUCT))
        sealed = [fact.what for fact in desk.store.ledger.past(PRODUCT).of(AnswersSealed)]
        served = [what for what in sealed if what.run.startswith("serve/")]
        return pa.concat_tables([desk.store.files.table(what.segment).select(["answer_id"]) for what in served])
    finally:
        close_desk(desk)


def main() -> None:
    """Ask, kill, and hold the log against what was heard."""
    given = [int(text) for text in sys.argv[1:]]
    wanted, callers, kills = [*given, *[1_000_000, 200, 10][len(given) :]]
    with tempfile.TemporaryDirectory(prefix="shipworthy-bench-") as folder:
        root = Path(folder)
        token = released(root)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        heard, began = Heard(wanted), time.monotonic()
        asyncio.run(asked(root, port, heard, callers, kills, token))
        seconds = time.monotonic() - began
        log = logged(root)["answer_id"]
        names = pa.array(heard.answers)
        found = {
            "requests": heard.sent,
            "answers heard": len(heard.answers),
            "statuses": dict(heard.statuses),
            "hung up": heard.hung_up,
            "cut off by a kill": heard.cut_off,
            "kills": kills,
            "answers that differ from the unbatched one": heard.wrong,
            "heard and not in the log": len(names) - int(pc.sum(pc.is_in(names, log)).as_py() or 0),
            "lines in the log": len(log),
            "lines twice": len(log) - len(log.unique()),
            "lines more than requests": max(0, len(log) - heard.sent),
            "seconds": round(seconds),
        }
        print(json.dumps(found))
        bad = (
            "answers that differ from the unbatched one",
            "heard and not in the log",
            "lines twice",
            "lines more than requests",
        )
        lines = len(heard.answers) <= len(log) <= len(heard.answers) + heard.hung_up + heard.cut_off
        raise SystemExit(1 if any(found[name] for name in bad) or not lines or set(heard.statuses) != {200} else 0)


if __name__ == "__main__":
    main()
