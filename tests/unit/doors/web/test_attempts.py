from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shipworthy.doors.web.attempts import MOST_KEPT, MOST_PER_ADDRESS, MOST_PER_NAME, WINDOW, Attempts

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_name_is_paused_at_one_address_only() -> None:
    attempts = Attempts()
    for _ in range(MOST_PER_NAME):
        attempts.failed("10.0.0.1", "legal-owner", NOON)
    assert attempts.pause("10.0.0.1", "legal-owner", NOON) == WINDOW
    assert attempts.pause("10.0.0.2", "legal-owner", NOON) == timedelta(0)
    assert attempts.pause("10.0.0.1", "auditor", NOON) == timedelta(0)


def test_an_address_that_tries_many_names_is_paused_for_all() -> None:
    attempts = Attempts()
    for number in range(MOST_PER_ADDRESS):
        attempts.failed("10.0.0.1", f"name-{number}", NOON)
    assert attempts.pause("10.0.0.1", "never-tried", NOON) > timedelta(0)


def test_a_login_forgets_the_failures_of_its_name() -> None:
    attempts = Attempts()
    for _ in range(MOST_PER_NAME):
        attempts.failed("10.0.0.1", "auditor", NOON)
    attempts.succeeded("10.0.0.1", "auditor")
    assert attempts.pause("10.0.0.1", "auditor", NOON) == timedelta(0)


@given(st.lists(st.integers(0, 3600), min_size=MOST_PER_NAME, max_size=20).map(sorted))
def test_after_the_pause_that_is_named_one_more_try_is_free(seconds: list[int]) -> None:
    attempts = Attempts()
    for second in seconds:
        attempts.failed("a", "b", NOON + timedelta(seconds=second))
    last = NOON + timedelta(seconds=seconds[-1])
    pause = attempts.pause("a", "b", last)
    assert pause <= WINDOW
    assert attempts.pause("a", "b", last + pause) == timedelta(0)


def test_memory_does_not_grow_without_end() -> None:
    attempts = Attempts()
    for number in range(MOST_KEPT):
        attempts.failed(f"address-{number}", "name", NOON)
    assert len(attempts._failed) <= MOST_KEPT
