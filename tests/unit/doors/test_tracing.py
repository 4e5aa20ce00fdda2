"""A trace is taken from a caller only as the standard has it."""

from __future__ import annotations

import pytest

from shipworthy.doors.predict.tracing import read, response, trace_of

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize(
    "given",
    [f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-00", f"cc-{TRACE}-{PARENT}-01", f"cc-{TRACE}-{PARENT}-01-more"],
)
def test_what_the_standard_allows_is_read(given: str) -> None:
    assert read(given.encode())[:32] == TRACE
    assert read(f" {given}\t".encode())[:32] == TRACE


@pytest.mark.parametrize(
    "given",
    [
        "",
        f"00-{TRACE}-{PARENT}",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE}-{PARENT}-01.",
        f"cc-{TRACE}-{PARENT}-01.more",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{PARENT}-1",
        f"00-{TRACE}-{PARENT}-zz",
        f"0-{TRACE}-{PARENT}-01",
        "00-someone@mail.example-0000000000000001-01",
        f"00-{TRACE}-{PARENT}-01\n",
        f"00-{TRACE}-{PARENT}-01\x00",
    ],
)
def test_what_it_does_not_is_as_if_it_had_not_been_sent(given: str) -> None:
    assert read(given.encode()) == ""


def test_two_traces_are_none() -> None:
    one = (b"traceparent", f"00-{TRACE}-{PARENT}-01".encode())
    assert trace_of([one])[:32] == TRACE
    assert trace_of([one, one]) == ""


def test_the_answer_is_a_span_of_the_trace() -> None:
    told = response(f"{TRACE}ff", "f" * 16 + "1234567890abcdef")
    assert told == f"00-{TRACE}-1234567890abcdef-01".encode()
    assert read(response(f"{TRACE}00"))[:32] == TRACE
