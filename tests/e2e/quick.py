"""Our command line without waiting for its libraries: each command is forked from one process that has loaded them.

Usage: quick.py PLACE: listens at a socket there until it is ended. The program `shipworthy` of `quick_commands` has a
command carried out by it, in the caller's folder and environment and with the caller's input and output; `init` and
`serve` are started as they are.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).parents[1]
CLIENT = """\
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({place!r})
    told = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(told).to_bytes(4)], [0, 1, 2])
    server.sendall(told)
    code = server.recv(1)
sys.exit(code[0] if code else 3)
"""


@contextmanager
def quick_commands(folder: Path) -> Iterator[Path]:
    """A folder with a program `shipworthy` in it, to be the first on the path, for as long as the block lasts."""
    place, client, program = folder / "socket", folder / "client.py", folder / "shipworthy"
    client.write_text(CLIENT.format(place=str(place)))
    real = Path(sys.executable).with_name("shipworthy")
    program.write_text(
        f'#!/bin/sh\ncase "$1" in init|serve) exec {real} "$@";; esac\nexec {sys.executable} -I -S {client} "$@"\n'
    )
    program.chmod(0o755)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])}
    command = [sys.executable, __file__, str(place)]
    server = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        yield folder
    finally:
        server.kill()
        server.communicate()


def serve(place: str) -> None:
    """Carry out one command after the other."""
    import e2e.voyage.preloaded  # noqa: F401

    import shipworthy.doors.cli.main  # noqa: F401

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        listening.listen()
        print("ready", flush=True)
        while True:
            asking, _ = listening.accept()
            with asking:
                asking.sendall(bytes([_carried_out(asking)]))


def _carried_out(asking: socket.socket) -> int:
    size, files, _, _ = socket.recv_fds(asking, 4, 3)
    told = b""
    while len(told) < int.from_bytes(size):
        told += asking.recv(65_536)
    words, folder, environ = json.loads(told)
    child = os.fork()
    if child == 0:
        for at, file in enumerate(files):
            os.dup2(file, at)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environ)
        os._exit(_ended(words))
    for file in files:
        os.close(file)
    return max(0, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _ended(words: list[str]) -> int:
    from shipworthy.doors.cli.main import run

    code: object = 0
    try:
        run(words)
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
        code = 3
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 1


if __name__ == "__main__":
    serve(sys.argv[1])
