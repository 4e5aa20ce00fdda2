"""What prediction servers and lists are shown as."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from unit.respond.happenings import AS_OF, delivery, live
from unit.sign.history import MODEL, PRODUCT

from shipworthy.deliver.views import lists, servers
from shipworthy.deliver.words import Beat, Lists, RunFinished, Servers

LATE = "{name: late-list, on: late, do: [notify]}"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEAT = Beat(
    server="one", product=PRODUCT, address="http://127.0.0.1:8800", started=NOW.isoformat(), at=NOW.isoformat(),
    pointer="p", candidates={MODEL: "onnx"}, answered=8, stood_in=2,
)  # fmt: skip


@pytest.mark.parametrize(
    ("beat", "seconds", "state"),
    [
        (BEAT, 59, "answering"),
        (BEAT, 61, "silent"),
        (replace(BEAT, problem="no disk"), 1, "trouble"),
        (replace(BEAT, candidates={"other": "skops"}), 1, "behind"),
        (replace(BEAT, stopped=True), 600, "stopped"),
        (BEAT, -59, "answering"),
        (BEAT, -61, "trouble"),
        (replace(BEAT, stopped=True), -600, "stopped"),
    ],
)
def test_a_server_is_shown_as_what_it_says_and_as_silent_after_a_minute(beat: Beat, seconds: int, state: str) -> None:
    [card] = servers(
        Servers(product=PRODUCT), live(LATE).past, lambda product: [beat], NOW + timedelta(seconds=seconds)
    )
    assert (card.state, card.stood_in) == (state, 0.25)


def test_servers_that_answer_come_first() -> None:
    said = [replace(BEAT, server="gone", stopped=True), replace(BEAT, answered=0)]
    cards = servers(Servers(product=PRODUCT), live(LATE).past, lambda product: said, NOW)
    assert [(card.said.server, card.stood_in) for card in cards] == [("one", None), ("gone", 0.25)]


def test_a_list_is_shown_with_its_state_and_narrowed_to_it() -> None:
    history = live(LATE, first_list="2026-03-03")
    delivery(history, due_by="1990-01-01T00:00:00+00:00")
    history.write(
        RunFinished(
            product=PRODUCT, run="run-1", consumer="service", as_of=AS_OF, due=10, answered=10, refused={},
            delivered={"call-list": 10}, failed={}, snapshot="s",
        )
    )  # fmt: skip
    now = datetime(2026, 3, 10, 1, tzinfo=UTC)
    told = [(card.as_of[:10], card.state) for card in lists(Lists(product=PRODUCT), history.past, now)]
    assert told == [("2026-03-10", "due"), ("2026-03-03", "overdue"), (AS_OF[:10], "late")]
    [late] = lists(Lists(product=PRODUCT, state="late"), history.past, now)
    assert (late.account is not None, late.of, late.late_by != "") == (True, 10, True)
    assert lists(Lists(product=PRODUCT, consumer="nobody"), history.past, now) == []
