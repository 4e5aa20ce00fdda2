"""A window that is too large to be held is read some entities at a time: the same answers with the same inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipworthy.deliver.log import ANSWERS, answers_table
from shipworthy.edges import drafts
from shipworthy.edges.files import Files
from shipworthy.watch import pieces
from shipworthy.watch.pieces import Large, Piece
from shipworthy.watch.rules import Answered
from shipworthy.watch.windows import answers_of, features_of

JUNE = datetime(1997, 6, 1, tzinfo=UTC)
ROWS = 400
NAMES = [f"c{number:04}" for number in range(ROWS)]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces and parts of few rows."""
    monkeypatch.setattr(drafts, "PIECE", 64)
    monkeypatch.setattr(pieces, "HELD", 100)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


def inputs_of(files: Files, names: list[str] = NAMES, seed: int = 1) -> str:
    draw = np.random.default_rng(seed)
    spend = draw.normal(size=len(names))
    channel = draw.choice(np.array(["web", "shop", None], dtype=object), len(names))
    return files.put_table(
        pa.table({"customer": names, "spend": spend, "channel": channel, "visits": range(len(names))})
    )


def segment(files: Files, names: list[str], ref: str, *, late: int = 0, step: str = "all", inputs: str = "") -> str:
    table = answers_table(
        run=f"run {late}",
        time=JUNE + timedelta(hours=late),
        as_of=JUNE,
        candidate="c",
        entities=names,
        scores=[int(name[1:]) / ROWS + late for name in names],
        decisions=["yes" if int(name[1:]) % 3 else "no" for name in names],
        reasons=None,
        cohorts=["all"] * len(names),
        steps=[step] * len(names),
        consumer="sales",
        inputs_ref=ref,
    )
    if inputs:
        written = pa.array([inputs] * len(names))
        table = table.set_column(ANSWERS.get_field_index("inputs"), "inputs", written)
    return files.put_table(table)


def large(files: Files, parts: tuple[str, ...]) -> Large:
    answered = Answered("c", JUNE.isoformat(), parts)
    return Large(files, answered, ROWS, "customer", None, ["spend", "channel", "visits"], ["channel"])


def whole(found: Iterator[Piece]) -> pd.DataFrame:
    """All pieces one below the other, by entity."""
    frames = []
    for answers, inputs in found:
        told = answers[["answer_id", "entity", "score"]].assign(decision=answers["decision"].astype(object))
        frames.append(told.assign(**{name: as_objects(inputs[name]) for name in inputs if name != "customer"}))
    together = pd.concat(frames, ignore_index=True)
    return together.sort_values("entity", ignore_index=True)[sorted(together.columns)]


def as_objects(values: Any) -> Any:
    return [None if pd.isna(value) else value for value in np.asarray(values, dtype=object).tolist()]


def held(files: Files, parts: tuple[str, ...]) -> pd.DataFrame:
    """The same as a window that is held."""
    answers = answers_of(files, Answered("c", JUNE.isoformat(), parts))
    inputs: Mapping[str, Any] = features_of(files, answers, entity="customer")
    return whole(iter([(answers, inputs)]))


def in_order(files: Files, parts: tuple[str, ...]) -> pd.DataFrame:
    """As they are read where they must be in order."""
    return whole(large(files, parts)._in_order())


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one.astype(object), other.astype(object), check_dtype=False)


@given(left_out=st.sets(st.integers(0, ROWS - 1), max_size=ROWS - 1))
@settings(max_examples=25, deadline=None)
def test_a_list_is_read_beside_its_inputs_whoever_is_left_out(
    tmp_path_factory: pytest.TempPathFactory, left_out: set[int]
) -> None:
    files = Files(tmp_path_factory.mktemp("files"))
    names = [name for place, name in enumerate(NAMES) if place not in left_out]
    parts = (segment(files, names, inputs_of(files)),)
    same(in_order(files, parts), held(files, parts))


def test_lists_of_several_consumers_are_read_side_by_side_and_the_first_answer_counts(files: Files) -> None:
    ref = inputs_of(files)
    parts = (
        segment(files, NAMES[100:], ref, late=1),
        segment(files, NAMES[:300], ref),
        segment(files, NAMES[::7], ref, late=2, step="rehearsal"),
    )
    found = in_order(files, parts)
    same(found, held(files, parts))
    assert len(found) == ROWS
    assert (found["score"] >= 1).sum() == 100, "only the later list has the last hundred"


def test_people_who_were_erased_are_gone_from_both_and_nobody_else(files: Files) -> None:
    left = [name for place, name in enumerate(NAMES) if place not in (5, 64, 399)]
    parts = (segment(files, left, inputs_of(files, left)),)
    same(in_order(files, parts), held(files, parts))


@pytest.mark.parametrize("why", ["other order", "two tables", "inputs of their own", "somebody without inputs"])
def test_what_is_not_in_order_is_read_once_for_each_part(files: Files, why: str) -> None:
    ref = inputs_of(files)
    parts = {
        "other order": (segment(files, NAMES[::-1], ref),),
        "two tables": (segment(files, NAMES[:200], ref), segment(files, NAMES[200:], inputs_of(files, seed=2), late=1)),
        "inputs of their own": (segment(files, NAMES, "", inputs='{"spend": 1.5, "channel": null, "visits": 2}'),),
        "somebody without inputs": (segment(files, [*NAMES[:50], "c9999", *NAMES[50:]], ref),),
    }[why]
    taken = []

    def take(found: Iterator[Piece]) -> pd.DataFrame:
        taken.append(found)
        return whole(found)

    found = large(files, parts).read(take)
    assert len(taken) == 2
    same(found, held(files, parts))


def test_no_more_than_a_part_is_held_of_what_is_not_in_order(files: Files) -> None:
    parts = (segment(files, NAMES[::-1], inputs_of(files)),)
    sizes = large(files, parts).read(lambda found: [len(answers) for answers, _ in found])
    assert sum(sizes) == ROWS
    assert len(sizes) == 4
    assert max(sizes) < 160


def test_nobody_is_no_piece(files: Files) -> None:
    parts = (segment(files, NAMES, inputs_of(files), step="rehearsal"),)
    assert large(files, parts).read(list) == []
