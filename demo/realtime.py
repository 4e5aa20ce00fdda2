"""Every customer asked of the prediction server, a process of its own, and held against the newest list."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from demo.cast import PRODUCT, Cast
from shipworthy.deliver.words import AnswersSealed

CALLERS = 16
START_SECONDS = 60


def same_numbers(cast: Cast) -> None:
    """Ask for every customer and compare score, decision and reasons with those of the list.

    Raises:
        SystemExit: an answer differs, so the story did not come true.
    """
    day, listed = newest_list(cast)
    began = time.monotonic()
    with served(cast) as port, ThreadPoolExecutor(CALLERS) as callers:
        shares = [list(listed)[start::CALLERS] for start in range(CALLERS)]
        began = time.monotonic()
        told = dict(pair for share in callers.map(lambda share: asked(cast, port, share), shares) for pair in share)
        seconds = time.monotonic() - began
    different = [name for name, answer in told.items() if answer != listed[name]]
    if different or len(told) != len(listed):
        raise SystemExit(f"The story did not come true: {len(different)} real-time answers differ from the list.")
    cast.say(
        f"asked of the prediction server one by one: {len(told):,} customers, each with the number, decision and "
        f"reasons of the list of {day} ({len(told) / seconds:,.0f} answers a second, each on disk before it left)"
    )


def newest_list(cast: Cast) -> tuple[str, dict[str, tuple[object, ...]]]:
    """The day of the newest list, and what it says of each customer."""
    past = cast.desk.store.ledger.past(PRODUCT)
    last = [fact.what for fact in past.of(AnswersSealed) if "all" in fact.what.steps][-1]
    rows = cast.desk.store.files.table(last.segment).to_pylist()
    return last.as_of[:10], {row["entity"]: (row["score"], row["decision"], tuple(row["reasons"])) for row in rows}


def asked(cast: Cast, port: int, customers: list[str]) -> list[tuple[str, tuple[object, ...]]]:
    """The answers to one caller, who asks over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {cast.tokens['shop-system']}"}
    found: list[tuple[str, tuple[object, ...]]] = []
    for customer in customers:
        connection.request("POST", "/predict", json.dumps({"customer_id": customer}), headers)
        told = json.loads(connection.getresponse().read())
        found.append((customer, (told["score"], told["decision"], tuple(told["reasons"]))))
    connection.close()
    return found


@contextmanager
def served(cast: Cast) -> Iterator[int]:
    """The prediction server, from the command line, for as long as the block lasts; gives its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environ = {
        **os.environ,
        "SHIPWORTHY_ROOT": str(cast.found.root),
        "XDG_CONFIG_HOME": str(cast.found.root / ".config"),
    }
    command = [sys.executable, "-m", "shipworthy", "serve", "--product", PRODUCT, "--port", str(port)]
    cast.say(f"$ shipworthy serve --port {port}")
    process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        wait_until_healthy(process, port)
        yield port
    finally:
        process.terminate()
        process.wait()


def wait_until_healthy(process: subprocess.Popen[bytes], port: int) -> None:
    """Nothing, once the server answers.

    Raises:
        SystemExit: it ended, or did not answer in time.
    """
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    raise SystemExit("The prediction server did not start.")
