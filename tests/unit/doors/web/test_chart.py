from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipworthy.doors.web.chart import Point, chart
from shipworthy.doors.web.pages.monitor import DRAWN

MONTHS = [f"1997-{month:02}-01T00:00:00+00:00" for month in range(1, 13)]


def points(values: list[float], group: str = "a") -> list[Point]:
    return [Point(moment, {"real": value}, group) for moment, value in zip(MONTHS, values, strict=False)]


def test_without_a_value_there_is_no_chart() -> None:
    assert chart([Point(MONTHS[0], {}), Point(MONTHS[1], {"other": 1.0})], ["real"], width=400, height=200) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12))
def test_everything_lies_inside_the_frame_and_higher_values_lie_higher(values: list[float]) -> None:
    found = chart(points(values), ["real"], width=400, height=200)
    assert found is not None
    dots = found.lines[0].dots
    assert all(found.left <= x <= found.right and found.top - 0.1 <= y <= found.bottom + 0.1 for x, y, _ in dots)
    for (_, one, _), (_, other, _), value, next_value in zip(dots, dots[1:], values, values[1:], strict=False):
        assert (value < next_value) is False or one >= other


def test_an_axis_does_not_blow_up_a_wobble() -> None:
    found = chart(points([0.770, 0.771, 0.772]), ["real"], width=400, height=200)
    assert found is not None
    heights = [y for _, y, _ in found.lines[0].dots]
    assert max(heights) - min(heights) < 10


def test_lines_of_two_candidates_are_not_joined_and_the_change_is_marked() -> None:
    both = [*points([0.2, 0.3]), Point(MONTHS[2], {"real": 0.1}, "b")]
    found = chart(both, ["real"], width=400, height=200)
    assert found is not None
    assert found.lines[0].path.count("M") == 2
    assert [text for _, text in found.changes] == ["b"]


def test_the_band_reaches_as_far_as_is_tolerated() -> None:
    found = chart(points([0.2, 0.2]), ["real"], width=400, height=200, band_of="real", tolerance=0.1)
    assert found is not None
    at = {text: y for y, text in found.rules}
    heights = {float(pair.split(" ")[1]) for pair in found.band[0].strip("MZ").split("L")}
    assert sorted(heights) == pytest.approx(sorted([at["0.3"], at["0.1"]]), abs=0.1)


def test_names_of_lines_do_not_lie_on_each_other() -> None:
    close = [Point(moment, {"promised": 0.5, "real": 0.501, "third": 0.499}) for moment in MONTHS[:3]]
    found = chart(close, ["promised", "real", "third"], width=400, height=200)
    assert found is not None
    heights = sorted(line.label_at[1] for line in found.lines if line.label_at)
    assert all(after - before >= 14.9 for before, after in itertools.pairwise(heights))


def test_shares_are_written_in_per_cent_and_alarms_keep_their_words() -> None:
    found = chart([Point(MONTHS[0], {"real": 0.2}, alarm=True, text="too far")], ["real"],
                  width=400, height=200, share=True)  # fmt: skip
    assert found is not None
    assert all(text.endswith("%") for _, text in found.rules)
    assert [text for _, text in found.alarms] == ["too far"]


def test_a_release_is_marked_where_it_lies_on_the_chart_and_left_out_where_it_does_not() -> None:
    points = [Point(f"1998-0{month}-01T00:00:00+00:00", {"a": 0.1 * month}) for month in (1, 2, 3)]
    releases = [
        ("1997-12-31T00:00:00+00:00", "before"),
        ("1998-02-01T00:00:00+00:00", "within"),
        ("1998-03-02T00:00:00+00:00", "after"),
    ]
    drawn = chart(points, ["a"], width=400, height=200, releases=releases)
    assert drawn
    assert [text for _, text in drawn.releases] == ["within"]
    assert drawn.releases[0][0] == drawn.lines[0].dots[1][0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_no_axis_of_shares_reaches_below_none_or_above_all(values: list[float]) -> None:
    found = chart(points(values), ["real"], width=400, height=200, band_of="real", tolerance=0.2, share=True)
    assert found is not None
    assert all(0 <= float(text.removesuffix("%")) <= 100 for _, text in found.rules)


def test_moments_on_the_axis_are_told_apart_and_do_not_overlap() -> None:
    days = ["2025-03-01T00:00:00+00:00", "2025-03-15T00:00:00+00:00"]
    hours = ["2025-03-01T07:00:00+00:00", "2025-03-01T19:00:00+00:00"]
    close = ["1997-01-01T00:00:00+00:00", "1999-01-01T00:00:00+00:00", "1999-01-03T00:00:00+00:00"]
    told = []
    for moments in (days, hours, close):
        found = chart([Point(one, {"real": 0.5}) for one in moments], ["real"], width=400, height=200)
        assert found is not None
        told.append([text for _, text in found.days])
    assert told == [["1 Mar 2025", "15 Mar 2025"], ["1 Mar, 07:00", "1 Mar, 19:00"], ["Jan 1997", "Jan 1999"]]


def test_the_name_of_each_line_fits_beside_its_chart() -> None:
    assert all(len(name) <= 11 for names in DRAWN.values() for name in names.values())


def test_a_count_that_stays_at_one_is_not_drawn_as_the_most_there_can_be() -> None:
    found = chart(points([1.0, 1.0, 1.0]), ["real"], width=400, height=200)
    assert found is not None
    assert found.lines[0].dots[0][1] > found.top + 10
