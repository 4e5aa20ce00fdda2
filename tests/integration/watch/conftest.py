"""The product of visits, released once for a module, and a copy of it for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.watch.visits import PIPELINE, PLAN, World, month, people, visits


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with an adopted plan and one candidate, trained in April on what happened in March, released to all."""
    root = tmp_path_factory.mktemp("visits")
    (root / "pipeline.py").write_text(PIPELINE)
    visits().to_csv(root / "visits.csv", index=False)
    people().to_csv(root / "people.csv", index=False)
    world = World(root)
    world.now = month(4)
    world.adopt(PLAN)
    world.release(world.train())
    world.engine.dispose()
    return root


@pytest.fixture
def world(released: Path, tmp_path: Path) -> Iterator[World]:
    root = tmp_path / "visits"
    shutil.copytree(released, root)
    made = World(root)
    made.now = month(4)
    yield made
    made.engine.dispose()
