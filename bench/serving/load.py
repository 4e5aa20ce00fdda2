"""Servers pinned to one core and ended by their number; wrk on the other core asks them for other rows each time."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVER_CORE, LOAD_CORE, CONNECTIONS = "0", "1", 16
START_SECONDS, END_SECONDS = 90.0, 15.0
_TICKS = os.sysconf("SC_CLK_TCK")
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True, slots=True)
class Asked:
    """One address and what it is asked.

    Attributes:
        bodies: sent in turn, each as JSON.
    """

    url: str
    bodies: Sequence[Any]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Round:
    """What wrk saw in one round.

    Attributes:
        p50, p99: milliseconds.
        failed: answers other than 200, and connections that failed.
        cpu: microseconds of the server's processes per request.
    """

    rate: float
    p50: float
    p99: float
    requests: int
    failed: int
    cpu: float


@contextlib.contextmanager
def server(command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path) -> Iterator[int]:
    """A server in a session of its own, on its core, until the block ends; gives its process number."""
    with log.open("ab") as out:
        pinned = ["taskset", "-c", SERVER_CORE, *command]
        process = subprocess.Popen(
            pinned, env=dict(env), cwd=cwd, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        yield process.pid
    finally:
        family = {one: _begun(one) for one in tree(process.pid)}  # some start sessions of their own
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
        for one, begun in family.items():
            if begun and _begun(one) == begun:  # still the same: numbers are used again
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
        process.wait()


def tree(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def await_answer(asked: Asked, pid: int, log: Path) -> Any:
    """The first answer of a server that has just been started.

    Raises:
        RuntimeError: it ended, or gave no good answer in time; with the end of its log.
    """
    until, problem = time.monotonic() + START_SECONDS, ""
    while time.monotonic() < until and _begun(pid):
        request = urllib.request.Request(asked.url, json.dumps(asked.bodies[0]).encode(), dict(asked.headers))
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            problem = f"{error.code} {error.read(300)!r}"
        except (OSError, ValueError) as error:
            problem = str(error)
        time.sleep(0.3)
    said = log.read_text(errors="replace")[-1500:]
    raise RuntimeError(f"no good answer ({problem})\n{said}")


def script(asked: Asked, file: Path) -> Path:
    """A wrk script that sends the bodies in turn."""
    headers = "".join(f"wrk.headers[ {_lua(name)} ] = {_lua(value)}\n" for name, value in asked.headers.items())
    bodies = "".join(f"  wrk.format('POST', nil, nil, {_lua(json.dumps(body))}),\n" for body in asked.bodies)
    # Requests are made once, so that the load costs the same whoever is asked.
    file.write_text(
        f"{headers}local made, place\nfunction init(args)\n place = 0\n made = {{\n{bodies} }}\nend\n"
        "function request()\n place = place % #made + 1\n return made[place]\nend\n"
    )
    return file


def load(asked: Asked, lua: Path, seconds: int, pid: int) -> Round:
    """Ask a server for some seconds."""
    before = _cpu(pid)
    command = ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s"]
    ran = subprocess.run(
        [*command, "--latency", "-s", str(lua), asked.url],
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        check=False,
    )
    if ran.returncode or ran.stderr:  # a broken script is told there, and wrk asks for something else
        raise RuntimeError(ran.stderr)
    told = ran.stdout
    spent = _cpu(pid) - before
    requests = int(_one(r"(\d+) requests in", told))
    errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
    failed = int(_one(r"Non-2xx or 3xx responses: (\d+)", told, "0")) + sum(map(int, errors.groups() if errors else ()))
    p50, p99 = (_milliseconds(_one(rf"(?m)^ +{share}% +(\S+)", told)) for share in (50, 99))
    cpu = spent / max(requests, 1) * 1e6
    return Round(float(_one(r"Requests/sec:\s+([\d.]+)", told)), p50, p99, requests, failed, cpu)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _cpu(pid: int) -> float:
    """Seconds of processor that a process and those it started have used."""
    spent = 0
    for one in tree(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(") ", 1)[1].split()
            spent += int(fields[11]) + int(fields[12])
    return spent / _TICKS


def _begun(pid: int) -> int:
    """When a process began, in ticks since the machine did; 0 where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[19])


def end_in_order() -> None:
    """A bench that is told to end ends its servers first."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def _one(pattern: str, text: str, otherwise: str = "") -> str:
    found = re.search(pattern, text)
    if found is None and not otherwise:
        raise RuntimeError(f"wrk did not say {pattern}:\n{text}")
    return found[1] if found else otherwise


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(\D+)", text).groups()  # type: ignore[union-attr]
    return float(number) * _UNITS[unit]


def _lua(text: str) -> str:
    return "[==[" + text + "]==]"
