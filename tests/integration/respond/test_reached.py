"""Whom an incident reached, counted in real segments of the prediction log."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.respond.happenings import AS_OF, alarm, delivery, live, run
from unit.sign.history import MODEL, PRODUCT, History

from shipworthy.base.fact import Past
from shipworthy.deliver.log import ANSWERS
from shipworthy.deliver.words import AnswersSealed
from shipworthy.edges.files import Files
from shipworthy.respond.incidents import Reach, incident_for, reach
from shipworthy.respond.reached import counted, people
from shipworthy.respond.words import IncidentClosed, IncidentOpened
from shipworthy.watch.words import AlarmRaised

SINCE = datetime.fromisoformat(AS_OF)
Row = tuple[str, str, str, int]  # entity, candidate, step, hours since the alarm goes on


def seal(history: History, files: Files, name: str, rows: list[Row]) -> None:
    """One segment of a run, as a fact."""
    moments = [SINCE + timedelta(hours=hours) for *_, hours in rows]
    columns: dict[str, list[Any]] = {name: [""] * len(rows) for name in ANSWERS.names}
    columns |= {
        "time": moments,
        "as_of": moments,
        "entity": [row[0] for row in rows],
        "candidate": [row[1] for row in rows],
        "score": [0.5] * len(rows),
        "reasons": [[] for _ in rows],
        "step": [row[2] for row in rows],
    }
    count = [row[1] for row in rows].count
    steps = [row[2] for row in rows].count
    history.write(
        AnswersSealed(
            product=PRODUCT,
            segment=files.put_table(pa.table(columns, schema=ANSWERS)),
            rows=len(rows),
            run=name,
            as_of=AS_OF,
            candidates={one: count(one) for one in {row[1] for row in rows}},
            steps={one: steps(one) for one in {row[2] for row in rows}},
            mean_score={},
            snapshot="",
            features="",
        )
    )


def opened(history: History) -> IncidentOpened:
    """An incident about the alarm, with since when it goes on."""
    [raised] = [place for place, fact in enumerate(history.facts) if isinstance(fact.what, AlarmRaised)]
    fact = history.facts[raised]
    history.facts[raised] = replace(fact, what=replace(fact.what, since=AS_OF))
    return incident_for(history.plan, history.past, "The list is wrong", "alarm-1", "high")


def test_lists_and_real_time_are_counted_and_everybody_once(tmp_path: Path) -> None:
    files, history = Files(tmp_path), live("{name: mine, on: alarm, do: [notify]}")
    alarm(history)
    run(history, "run-1")
    delivery(history)
    delivery(history, "rehearsed", step="rehearsal")
    seal(history, files, "run-1", [("a", MODEL, "all", 0), ("b", MODEL, "all", 0), ("c", "other", "all", 0)])
    seal(history, files, "serve/x", [("a", MODEL, "all", 1), ("a", MODEL, "all", 2), ("d", MODEL, "canary", 3)])
    seal(history, files, "serve/y", [("e", MODEL, "all", -1), ("f", MODEL, "shadow", 1)])
    found = counted(files, history.past, opened(history))
    assert found == Reach(["run-1", "serve/x", "serve/y"], 1, 5, 3, 3)


def test_everybody_whom_it_reached_is_listed_with_how_often_and_when(tmp_path: Path) -> None:
    files, history = Files(tmp_path), live("{name: mine, on: alarm, do: [notify]}")
    alarm(history)
    run(history, "run-1")
    delivery(history)
    seal(history, files, "run-1", [("a", MODEL, "all", 0), ("b", MODEL, "all", 0), ("c", "other", "all", 0)])
    seal(history, files, "serve/x", [("a", MODEL, "all", 1), ("a", MODEL, "all", 2), ("d", MODEL, "shadow", 3)])
    incident = opened(history)
    history.write(incident, "night-operator")
    found = people(files, history.past, incident)
    assert [(one.entity, one.answers) for one in found] == [("a", 3), ("b", 1)]
    assert (found[0].first, found[0].last) == (SINCE.isoformat(), (SINCE + timedelta(hours=2)).isoformat())
    closed = IncidentClosed(product=PRODUCT, incident=incident.incident, root_cause="a", fix="b", check="c")
    history.write(closed, "technology-owner")
    seal(history, files, "serve/y", [("e", MODEL, "all", 4)])
    assert people(files, history.past, incident) == found, "of a closed one it is as it was then"


def test_of_an_alarm_about_no_candidate_all_who_were_answered_since_are_counted(tmp_path: Path) -> None:
    files, history = Files(tmp_path), live("{name: mine, on: alarm, do: [notify]}")
    run(history, "run-0")
    seal(history, files, "run-0", [("z", MODEL, "all", -48)])
    alarm(history, monitor="freshness", candidate="")
    run(history, "run-1")
    delivery(history)
    seal(history, files, "run-1", [("a", MODEL, "all", -1), ("b", "other", "all", 0)])
    seal(history, files, "serve/x", [("c", MODEL, "all", 1), ("d", "other", "canary", 2), ("e", MODEL, "all", -1)])
    assert counted(files, history.past, opened(history)) == Reach(["run-1", "serve/x"], 1, 4, 4, 4)


NAMES = st.sampled_from([*"abcdef"])
ROWS = st.lists(
    st.tuples(NAMES, st.just(MODEL), st.sampled_from(["all", "shadow"]), st.integers(0, 5)), min_size=1, max_size=8
)


@settings(max_examples=30, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=4))
def test_the_count_lies_within_what_the_facts_tell(
    tmp_path_factory: pytest.TempPathFactory, segments: list[list[Row]]
) -> None:
    folder = tmp_path_factory.mktemp("files")
    files, history = Files(folder), live("{name: mine, on: alarm, do: [notify]}")
    alarm(history)
    for number, rows in enumerate(segments):
        seal(history, files, f"serve/{number}", rows)
    incident = opened(history)
    past: Past = history.past
    bounds, exact = reach(past, incident), counted(files, past, incident)
    people = {entity for rows in segments for entity, _, step, _ in rows if step == "all"}
    assert exact.people_at_least == exact.people_at_most == len(people)
    assert bounds.people_at_least <= len(people) <= bounds.people_at_most
    assert exact.answers == bounds.answers
