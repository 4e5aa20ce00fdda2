"""A window that is too large to be held is read some entities at a time: the same answers with the same inputs."""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipworthy.base.errors import NotFound
from shipworthy.deliver.log import ANSWERS, answers_table
from shipworthy.edges import drafts
from shipworthy.edges.files import Files
from shipworthy.edges.pseudonyms import Pseudonyms
from shipworthy.edges.sealing import kept_column, opened_table, sealed_value
from shipworthy.watch import pieces
from shipworthy.watch.counting import Inputs
from shipworthy.watch.pieces import Large, NotInOrder, Piece
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


def of_every_kind(names: Any) -> pa.Table:
    """Inputs with a column of every kind that a source may have."""
    places = range(ROWS)
    days = [date(2026, 1, 1) + timedelta(days=place) for place in places]
    words = ["web", "shop", "phone", "post"] * (ROWS // 4)
    return pa.table(
        {
            "customer": names,
            "flag": [place % 2 == 0 for place in places],
            "maybe": some_missing([place % 2 == 0 for place in places]),
            "whole": some_missing(list(places)),
            "large whole": [2**60 + place for place in places],
            "exact": some_missing([Decimal(place) / 4 for place in places]),
            "day": some_missing(days),
            "large text": pa.array(some_missing(words), pa.large_string()),
            "a.b": pa.array(some_missing(words)).dictionary_encode(),
            "a": words,
            "nothing": pa.nulls(ROWS),
        }
    )


def some_missing(values: list[Any]) -> list[Any]:
    return [None if place % 7 == 0 else value for place, value in enumerate(values)]


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


def test_inputs_that_nobody_wants_are_not_read(files: Files) -> None:
    parts = (segment(files, NAMES[::-1], "1" * 64),)  # there is no such table
    with_names = replace(large(files, parts), columns=[])
    assert sum(len(answers) for answers, _ in with_names._by_parts()) == ROWS
    with pytest.raises(NotFound):
        list(large(files, parts)._by_parts())


@pytest.mark.parametrize("names", [NAMES, NAMES[::-1]], ids=["in order", "in other order"])
def test_inputs_that_are_nowhere_are_none(files: Files, names: list[str]) -> None:
    parts = (segment(files, names, inputs_of(files)),)
    answers = answers_of(files, Answered("c", JUNE.isoformat(), parts))
    assert features_of(files, answers, entity="customer", columns=["region"]) == {}
    found, inputs = replace(large(files, parts), columns=["region"]).held()
    assert (found["entity"].tolist(), inputs) == (NAMES, {})


def test_no_more_than_a_part_is_held_of_what_is_not_in_order(files: Files) -> None:
    parts = (segment(files, NAMES[::-1], inputs_of(files)),)
    sizes = large(files, parts).read(lambda found: [len(answers) for answers, _ in found])
    assert sum(sizes) == ROWS
    assert len(sizes) == 4
    assert max(sizes) < 160


def test_inputs_of_every_kind_are_the_same(files: Files) -> None:
    inputs = of_every_kind(NAMES)
    columns = [name for name in inputs.column_names if name != "customer"]
    parts = (segment(files, NAMES, files.put_table(inputs)),)
    wanted = replace(large(files, parts), columns=[*columns, "lacking"], texts=["large text", "a.b", "a", "flag"])
    same(whole(wanted._in_order()), held(files, parts))
    same(whole(wanted._by_parts()), held(files, parts))
    for found in (whole(wanted._in_order()), held(files, parts)):
        assert set(map(str, found["maybe"].dropna())) == {"0.0", "1.0"}, "so are the groups that it tells"


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.large_string()])
def test_entities_that_are_no_texts_are_found_by_their_names(files: Files, kind: pa.DataType) -> None:
    names = [str(10_000 + place) for place in range(ROWS)]
    ref = files.put_table(of_every_kind(pa.array(range(10_000, 10_000 + ROWS)).cast(kind)))
    parts = (segment(files, [f"c{place:04}" for place in range(ROWS)], ref),)
    table = files.table(parts[0])
    parts = (files.put_table(table.set_column(ANSWERS.get_field_index("entity"), "entity", pa.array(names))),)
    wanted = replace(large(files, parts), columns=["whole", "a"], texts=["a"])
    found = whole(wanted._in_order())
    same(found, held(files, parts)[found.columns])
    assert found["whole"].notna().sum() == ROWS - len(range(0, ROWS, 7))


def test_somebody_whom_the_inputs_name_twice_has_the_first_of_them(files: Files) -> None:
    inputs = pa.table({"customer": [*NAMES[:50], NAMES[49], *NAMES[50:]], "spend": range(ROWS + 1)})
    parts = (segment(files, NAMES, files.put_table(inputs)),)
    found = whole(iter(replace(large(files, parts), columns=["spend"]).read(list)))
    same(found, held(files, parts))
    assert found["spend"].tolist() == [*range(50), *range(51, ROWS + 1)]


def test_sealed_categories_are_opened_piece_by_piece(tmp_path: Path) -> None:
    pseudonyms = Pseudonyms(tmp_path / "keys")
    files = Files(tmp_path / "files", opened=lambda table: opened_table(table, pseudonyms))
    plain = files.table(inputs_of(files))
    sealed = plain
    for name in ("spend", "channel", "visits"):
        sealed = kept_column(sealed, name, sealed_value, pseudonyms)
    parts = (segment(files, NAMES, files.put_table(sealed)),)
    found = in_order(files, parts)
    same(found, held(files, parts))
    assert as_objects(found["channel"]) == plain["channel"].to_pylist()


def test_inputs_that_questions_brought_are_the_same_whatever_they_lack(files: Files, tmp_path: Path) -> None:
    pseudonyms = Pseudonyms(tmp_path / "keys")
    sealed = json.dumps({"spend": 2, "channel": sealed_value(pseudonyms, "channel", "web")})
    parts = (
        segment(files, NAMES[:150], "", inputs='{"spend": NaN, "channel": null, "visits": true}'),
        segment(files, NAMES[100:250], "", inputs=sealed, late=1),
        segment(files, [*NAMES[240:], NAMES[399]], "", inputs="{}", late=2),
        segment(files, [], ""),
    )
    answers = answers_of(files, Answered("c", JUNE.isoformat(), parts))
    inputs: Mapping[str, Any] = features_of(files, answers, pseudonyms, "customer")
    wanted = replace(large(files, parts), pseudonyms=pseudonyms)
    found, brought = wanted.held()
    assert found["entity"].tolist() == answers["entity"].tolist() == NAMES
    assert found["score"].tolist() == answers["score"].tolist()
    assert {name: as_objects(values) for name, values in brought.items()} == {
        name: as_objects(values) for name, values in inputs.items()
    }


def test_what_is_held_is_sorted_by_entity_as_a_smaller_window_is(files: Files) -> None:
    shuffled = [NAMES[place * 7 % ROWS] for place in range(ROWS)]
    parts = (segment(files, shuffled, inputs_of(files, shuffled)),)
    found, inputs = large(files, parts).held()
    assert found["entity"].tolist() == NAMES
    assert inputs["visits"].tolist() == [shuffled.index(name) for name in NAMES]


def test_what_was_taken_in_vain_is_let_go_before_all_is_read_anew(files: Files) -> None:
    late = [*NAMES[:399], "c9999"]  # out of order is only the last
    parts = (segment(files, late, inputs_of(files)), segment(files, NAMES[:70], inputs_of(files), late=1))
    taken: list[weakref.ref[Any]] = []

    def take(found: Iterator[Piece]) -> int:
        if taken:
            assert [one() for one in taken] == [None] * len(taken)
            assert not [one for one in threading.enumerate() if one.name == "ahead"]
        kept = []
        for answers, inputs in found:
            kept.append((answers, inputs))
            taken.append(weakref.ref(inputs if isinstance(inputs, Inputs) else answers))
        return sum(len(answers) for answers, _ in kept)

    assert large(files, parts).read(take) == ROWS
    assert len(taken) > 4, "some pieces were taken in vain"


@pytest.mark.parametrize("many", [2, 40])
def test_the_many_segments_of_a_server_are_not_all_held_to_find_out_that_they_are_in_no_order(
    files: Files, many: int
) -> None:
    brought = '{"spend": 1.5}'
    first = segment(files, NAMES[:9], "", inputs=brought) if many == 2 else segment(files, NAMES[:9], inputs_of(files))
    parts = (first, *("0" * 63 + str(place % 10) for place in range(1, many)))  # none of which is there
    with pytest.raises(NotInOrder):
        list(large(files, parts)._in_order())


def test_files_are_closed_where_whoever_takes_pieces_fails(files: Files) -> None:
    ref = inputs_of(files)

    def take(found: Iterator[Piece]) -> None:
        next(found)
        raise LookupError

    for names in (NAMES, NAMES[::-1]):  # in order, and not
        with suppress(LookupError):
            large(files, (segment(files, names, ref), segment(files, names, ref, late=1))).read(take)
        assert not [one for one in threading.enumerate() if one.name == "ahead"]


def test_nobody_is_no_piece(files: Files) -> None:
    parts = (segment(files, NAMES, inputs_of(files), step="rehearsal"),)
    assert large(files, parts).read(list) == []
