"""A window is read from sealed segments: each entity once, without rehearsals, with the inputs it was answered on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from shipworthy.base.errors import Tampered
from shipworthy.deliver.log import ANSWERS, answers_table, windows
from shipworthy.edges.files import Files
from shipworthy.watch.rules import Answered
from shipworthy.watch.windows import answers_of, features_of

JUNE = datetime(1997, 6, 1, tzinfo=UTC)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


def segment(
    files: Files,
    run: str,
    scores: dict[str, float],
    step: str = "all",
    candidate: str = "c",
    late: int = 0,
    ref: str = "",
    as_of: datetime = JUNE,
) -> str:
    names = list(scores)
    table = answers_table(
        run=run,
        time=JUNE + timedelta(hours=late),
        as_of=as_of,
        candidate=candidate,
        entities=names,
        scores=list(scores.values()),
        decisions=["no"] * len(names),
        reasons=[[] for _ in names],
        cohorts=["north"] * len(names),
        steps=[step] * len(names),
        consumer="sales",
        inputs_ref=ref,
    )
    return files.put_table(table)


def test_an_entity_that_several_consumers_and_steps_asked_for_counts_once(files: Files) -> None:
    parts = (
        segment(files, "later", {"a": 0.9, "b": 0.2}, step="shadow", late=5),
        segment(files, "first", {"a": 0.1, "c": 0.3}),
    )
    found = answers_of(files, Answered("c", JUNE.isoformat(), parts))
    assert dict(zip(found["entity"], found["score"], strict=True)) == {"a": 0.1, "b": 0.2, "c": 0.3}


def test_rehearsals_and_other_candidates_are_left_out(files: Files) -> None:
    parts = (
        segment(files, "r1", {"a": 0.1}, step="rehearsal"),
        segment(files, "r2", {"b": 0.2}, candidate="other"),
        segment(files, "r3", {"d": 0.4}),
    )
    assert list(answers_of(files, Answered("c", JUNE.isoformat(), parts))["entity"]) == ["d"]


def test_inputs_come_from_the_feature_table_and_from_requests_alike(files: Files) -> None:
    ref = files.put_table(pa.table({"entity": ["b", "a"], "spend": [2.0, 1.0], "channel": ["web", None]}))
    listed = segment(files, "list", {"a": 0.1, "b": 0.2, "gone": 0.3}, ref=ref)
    asked = files.table(segment(files, "live", {"z": 0.4}, late=1))
    written = asked.set_column(
        ANSWERS.get_field_index("inputs"), "inputs", pa.array(['{"spend": 9.5, "channel": "app"}'])
    )
    found = answers_of(files, Answered("c", JUNE.isoformat(), (listed, files.put_table(written))))
    inputs = features_of(files, found)
    assert list(found["entity"]) == ["a", "b", "gone", "z"]
    assert inputs["spend"][[0, 1, 3]].tolist() == [1.0, 2.0, 9.5]
    assert np.isnan(inputs["spend"][2])
    assert [value for value in inputs["channel"] if isinstance(value, str)] == ["web", "app"]


def test_answers_without_any_inputs_have_no_features(files: Files) -> None:
    found = answers_of(files, Answered("c", JUNE.isoformat(), (segment(files, "r", {"a": 0.1}),)))
    assert features_of(files, found) == {}
    assert features_of(files, found.iloc[:0]) == {}


def test_a_stretch_of_the_server_that_holds_two_moments_is_taken_apart(files: Files) -> None:
    both = pa.concat_tables(
        [
            files.table(segment(files, "serve/1", {"a": 0.1})),
            files.table(segment(files, "serve/1", {"a": 0.9, "b": 0.2}, as_of=JUNE + timedelta(days=30))),
        ]
    )
    digest = files.put_table(both)
    assert list(answers_of(files, Answered("c", JUNE.isoformat(), (digest,)))["score"]) == [0.1]


def test_answers_on_inputs_of_their_own_are_read_by_the_day(files: Files) -> None:
    """A stretch over midnight is taken apart; what was answered from stored inputs stays with their moment."""
    ref = files.put_table(pa.table({"entity": ["s"], "spend": [2.0]}))
    stretch = pa.concat_tables(
        [
            files.table(segment(files, "serve/1", {"a": 0.1}, as_of=JUNE + timedelta(hours=3))),
            files.table(segment(files, "serve/1", {"a": 0.5, "b": 0.2}, late=1, as_of=JUNE + timedelta(hours=23))),
            files.table(segment(files, "serve/1", {"c": 0.3}, as_of=JUNE + timedelta(hours=24))),
            files.table(segment(files, "serve/1", {"s": 0.4}, as_of=JUNE + timedelta(hours=3), ref=ref)),
        ]
    )
    assert windows(stretch) == {
        "1997-06-01": {"c": 3},
        "1997-06-01T03:00:00+00:00": {"c": 1},
        "1997-06-02": {"c": 1},
    }
    parts = (files.put_table(stretch),)
    whole = Answered("c", JUNE.isoformat(), parts, until=(JUNE + timedelta(days=1)).isoformat())
    found = answers_of(files, whole)
    assert dict(zip(found["entity"], found["score"], strict=True)) == {"a": 0.1, "b": 0.2}
    stored = answers_of(files, Answered("c", (JUNE + timedelta(hours=3)).isoformat(), parts))
    assert list(stored[stored["inputs_ref"] != ""]["entity"]) == ["s"]


def test_a_missing_score_stays_missing(files: Files) -> None:
    table = files.table(segment(files, "r", {"a": 0.1}))
    empty = pc.if_else(pa.array([True]), pa.scalar(None, pa.float64()), table["score"].combine_chunks())
    digest = files.put_table(table.set_column(ANSWERS.get_field_index("score"), "score", empty))
    found = answers_of(files, Answered("c", JUNE.isoformat(), (digest,)))
    assert np.isnan(np.asarray(found["score"], dtype=np.float64)).all()


def test_a_segment_that_was_changed_is_not_read(files: Files, tmp_path: Path) -> None:
    digest = segment(files, "r", {"a": 0.1})
    place = next(path for path in (tmp_path / "files").rglob("*") if path.is_file())
    place.write_bytes(place.read_bytes() + b"x")
    with pytest.raises(Tampered):
        answers_of(files, Answered("c", JUNE.isoformat(), (digest,)))
