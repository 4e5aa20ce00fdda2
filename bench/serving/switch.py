"""Release and rollback under load: a second candidate goes to everybody and is taken back while 16 callers ask on.

No request may fail. Told are the answers by each candidate, and how long after the fact of the ledger the first answer
of the other candidate came; a server looks at the release pointer once a second.

    python bench/serving/switch.py [--seconds 20] [--root FOLDER]

`--root` keeps the product between runs. The last line is the whole result as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import contenders
import orjson
from load import CONNECTIONS, LOAD_CORE, Asked, await_answer, end_in_order, free_port, server
from product import PRODUCT, kept_token, second

from shipworthy.app.desk import Desk
from shipworthy.app.rights import Identity
from shipworthy.app.settings import settings
from shipworthy.app.wiring import close_desk, open_desk
from shipworthy.release.words import ReleaseCandidate, ReleaseStepped, RollBack, RolledBack

LONGEST = 10.0  # seconds for one answer; later is a failure
Seen = tuple[float, int, str, float]
"""When an answer came, its status (0: none), who answered, and how many seconds it took."""


def main(seconds: int, root: Path | None) -> int:
    """Ask, release, take back, and print what the callers saw; 1 where a request failed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = (root or folder / "product").resolve()
        mine, env, log = contenders.ours(home, kept_token(home)), contenders.our_env(home), folder / "serve.log"
        desk = open_desk(settings(env), clock=lambda: datetime.now(UTC))
        with contextlib.closing(_Closed(desk)):
            candidate, port = second(desk, home), free_port()
            asked = Asked(f"http://127.0.0.1:{port}{mine.path}", mine.bodies, mine.headers)
            with server(mine.command(port), log, env, home) as pid:
                first = await_answer(asked, pid, log)["candidate"]
                seen, moments = _under_load(desk, candidate, asked, port, seconds)
    return _tell(seen, moments, first, candidate, seconds)


class _Closed:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def close(self) -> None:
        close_desk(self.desk)


def _under_load(desk: Desk, candidate: str, asked: Asked, port: int, seconds: int) -> tuple[list[Seen], list[float]]:
    """What callers in a process of their own see, and the moments of the two facts."""
    manager = Identity("product-manager", frozenset())
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as callers:
        began = time.time()
        stream = callers.submit(stream_of, port, asked.bodies, dict(asked.headers), began + seconds)
        time.sleep(seconds * 0.25)
        desk.do(ReleaseCandidate(product=PRODUCT, candidate=candidate, step="all"), manager)
        time.sleep(max(0.0, began + seconds * 0.6 - time.time()))
        desk.do(RollBack(product=PRODUCT, candidate=candidate, reason="The benchmark takes it back."), manager)
        seen = stream.result(timeout=seconds + 60)
    past = desk.store.ledger.past(PRODUCT)
    last = (past.of(ReleaseStepped)[-1], past.of(RolledBack)[-1])
    return seen, [one.at.timestamp() for one in last]


def stream_of(port: int, bodies: Sequence[object], headers: dict[str, str], until: float) -> list[Seen]:
    """Ask without a pause on all connections until a moment; every answer and every failure is seen."""
    os.sched_setaffinity(0, {int(LOAD_CORE)})
    requests = [_request(orjson.dumps(body), headers) for body in bodies]
    seen: list[Seen] = []

    async def everybody() -> None:
        await asyncio.gather(*(_caller(port, requests, number, until, seen) for number in range(CONNECTIONS)))

    asyncio.run(everybody())
    return sorted(seen)


async def _caller(port: int, requests: Sequence[bytes], place: int, until: float, seen: list[Seen]) -> None:
    while time.time() < until:
        writer = None
        began = time.time()
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), LONGEST)
            while time.time() < until:
                began, place = time.time(), place + 1
                writer.write(requests[place % len(requests)])
                status, body = await asyncio.wait_for(_answer(reader), LONGEST)
                by = str(orjson.loads(body).get("candidate", "")) if status == 200 else ""
                seen.append((time.time(), status, by, time.time() - began))
        except (OSError, EOFError, ValueError, TimeoutError):
            seen.append((time.time(), 0, "", time.time() - began))
            await asyncio.sleep(0.05)
        finally:
            if writer is not None:
                writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = (line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return int(head.split(b" ", 2)[1]), await reader.readexactly(int(next(lengths, b"0")))


def _request(body: bytes, headers: dict[str, str]) -> bytes:
    named = {"Host": "127.0.0.1", "Content-Type": "application/json", **headers, "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST /predict HTTP/1.1\r\n{lines}\r\n".encode() + body


def _tell(seen: Sequence[Seen], moments: Sequence[float], first: str, candidate: str, seconds: int) -> int:
    released, taken_back = moments
    by = Counter(who for _, status, who, _ in seen if status == 200)
    failed = Counter(status for _, status, _, _ in seen if status != 200)
    to_second = next((came - released for came, _, who, _ in seen if who == candidate), None)
    to_first = next((came - taken_back for came, _, who, _ in seen if who == first and came > taken_back), None)
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "requests": len(seen),
        "per_second": round(len(seen) / seconds),
        "failed": sum(failed.values()),
        "failed_by_status": dict(failed),
        "by_first": by[first],
        "by_second": by[candidate],
        "by_others": sum(by.values()) - by[first] - by[candidate],
        "seconds_to_second": to_second and round(to_second, 3),
        "seconds_to_first_again": to_first and round(to_first, 3),
        "slowest_ms": round(max((took for *_, took in seen), default=0.0) * 1e3, 1),
    }
    for name, value in told.items():
        print(f"{name:>24}  {value}", file=sys.stderr)
    print(json.dumps(told))
    return 0 if not failed and to_second and to_first else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--root", type=Path)
    chosen = parser.parse_args()
    end_in_order()
    sys.exit(main(chosen.seconds, chosen.root))
