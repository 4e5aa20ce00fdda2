"""A share of what lies beside the answers keeps its promise: quiet within the tolerance, an alarm beyond it."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shipworthy.watch.monitor import Counted, Settings, Window
from shipworthy.watch.rates import Telling, judged_shares

TELLING = Telling("answers", "were late", "Nothing was answered.", "a cause", "an advice")
SETTINGS = Settings(tolerance=0.05, phi=1.0, alpha=0.05, updates_per_year=52, declared=True)


def window(**ones: int) -> Window:
    parts = {name: Counted(200, count, ("some",) if count else ()) for name, count in ones.items()}
    return Window("2026-03-02T00:00:00+00:00", np.zeros(0), counted=parts)


def levels(shares: dict[str, float], windows: int, random: np.random.Generator) -> list[str]:
    state: dict[str, Any] = {}
    found: list[str] = []
    for _ in range(windows):
        one = window(**{name: int(random.binomial(200, share)) for name, share in shares.items()})
        judged = judged_shares(state, one, SETTINGS, TELLING)
        state = judged.state
        found.append(judged.level)
    return found


def test_years_at_the_edge_of_the_tolerance_raise_at_most_what_is_promised() -> None:
    random = np.random.default_rng(7)
    raised = sum("alarm" in levels({"web": 0.05, "app": 0.05}, 52, random) for _ in range(150))
    assert raised <= 0.05 * 150 + 3 * np.sqrt(0.05 * 0.95 * 150)


def test_a_share_of_thrice_the_tolerance_is_an_alarm_within_a_few_windows() -> None:
    assert "alarm" in levels({"web": 0.05, "app": 0.15}, 4, np.random.default_rng(8))


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 200), min_size=1))
def test_the_whole_is_the_sum_of_its_parts_and_the_order_of_parts_says_nothing(ones: dict[str, int]) -> None:
    found = judged_shares({}, window(**ones), SETTINGS, TELLING)
    turned = judged_shares({}, window(**dict(reversed(ones.items()))), SETTINGS, TELLING)
    assert found == turned
    assert found.numbers["rows"] == 200 * len(ones)
    assert found.numbers["fell_short"] == sum(ones.values())
    assert (found.level != "quiet") == any(count / 200 > 0.05 for count in ones.values())
    assert bool(found.since) <= (found.level != "quiet")


def test_a_part_without_rows_keeps_its_evidence_and_a_window_without_any_is_not_run() -> None:
    first = judged_shares({}, window(web=40), SETTINGS, TELLING)
    idle = Window("2026-03-03T00:00:00+00:00", np.zeros(0), counted={"web": Counted(0, 0)})
    nothing = judged_shares(first.state, idle, SETTINGS, TELLING)
    assert (nothing.level, nothing.state) == ("not_run", first.state)
