"""Every slip of the pen is found, at its line and column, with what would be right; all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from shipworthy.base.errors import UserError
from shipworthy.base.times import Length
from shipworthy.plan.reading import marks, read_plan

HERE = "§"  # stands in a broken text where the message must point

BROKEN = [
    # keys
    ("  horizon: 2mo", "  §horzion: 2mo", "plan.unknown_key", "Did you mean horizon?"),
    ("decision:\n  top: 50", "decision:\n  top: 50\n  §bottom: 5", "plan.unknown_key", "Known: top, share"),
    ("need:\n  question: Which", "§need:\n  # question: Which", "plan.missing_key", "for example `question: "),
    ("  horizon: 2mo\n", "  horizon: 2mo\n  §horizon: 3mo\n", "plan.duplicate_key", "in line"),
    ("  operator: night-operator", "  §operator:", "plan.empty_value", "operator: night-operator"),
    ("consumers:\n  service:", "consumers:\n  §Service:", "plan.bad_name", "small letter"),
    # values
    ("top: 50", '§top: "50"', "plan.wrong_type", "without quotes"),
    ("top: 50", "§top: true", "plan.wrong_type", "whole number"),
    ("top: 50", "§top: 1_000", "plan.wrong_type", "without separators"),
    ("top: 50", "§top: 0", "plan.out_of_range", "at least 1"),
    ("horizon: 2mo", "§horizon: 2 months", "plan.not_a_length", "90d, 3mo"),
    ("horizon: 2mo", "§horizon: 60", "plan.not_a_length", "90d, 3mo"),
    ("horizon: 2mo", "§horizon: 0d", "plan.not_a_length", "more than nothing"),
    ("horizon: 2mo", "§horizon: 101y", "plan.not_a_length", "100 years"),
    ("top: 50", "§share: 10", "plan.not_a_share", "20%"),
    ("top: 50", "§share: 101%", "plan.not_a_share", "20%"),
    ("start: 2026-03-02", "§start: 2 March", "plan.wrong_type", "1997-04-01"),
    ("start: 2026-03-02", "§start: 2026-02-30", "plan.wrong_type", "1997-04-01"),
    ("start: 2026-03-02", "§start: 0026-03-02", "plan.wrong_type", "between 1900"),
    ("start: 2026-03-02", "§start: 20260302", "plan.wrong_type", "1997-04-01"),
    ("who: The service team, which calls subscribers", "§who: 12345", "plan.wrong_type", 'in quotes: "12345"'),
    ("builders: [data-scientist]", "§builders: data-scientist", "plan.wrong_type", "[data-scientist]"),
    ("builders: [data-scientist]", "§builders: []", "plan.wrong_size", "at least 1"),
    ("builders: [data-scientist]", "builders: [§Builder]", "plan.bad_name", "small letter"),
    ("entity: subscriber\n", "entity: subscriber\n  §answer: probabilty\n", "plan.not_a_choice", "probability?"),
    ("{type: text, personal: true}", "{type: text, §personal: yes}", "plan.wrong_type", "true or false"),
    ("min: 0, max: 1440", "§min: .nan, max: 1440", "plan.wrong_type", "not a number"),
    ("sources:\n  visits:", "sources:\n  §other: 5\n  visits:", "plan.wrong_type", "keys of its own"),
    # names of things
    ("sinks: [call-list]", "sinks: [§call-lst]", "plan.unknown_sink", "call-list?"),
    ("sinks:\n  call-list:\n    kind: csv", "sinks:\n  call-list:\n    §kind: cvs", "plan.unknown_kind", "csv?"),
    ("baseline: {kind: column", "baseline: {§kind: colum", "plan.unknown_kind", "column?"),
    ("do: [notify, retrain]", "do: [notify, §retrian]", "plan.unknown_kind", "retrain?"),
    ("respond:", "watch: {monitors: {§calibratoin: {}}}\nrespond:", "plan.unknown_kind", "calibration?"),
    ("release:", "proof: {must_tell: [§performence]}\nrelease:", "plan.unknown_kind", "performance?"),
    ("on: alarm, do", "on: alarm, §of: visits, do", "plan.unknown_object", "the monitor 'visits'"),
    ("on: refusal, do", "on: refusal, §of: vists, do", "plan.unknown_object", "visits?"),
    ("on: late, do", "on: late, §of: call-list, do", "plan.unknown_object", "the consumer 'call-list'"),
    ("    service: file", "    §servise: file", "plan.unknown_receiver", "service?"),
    ("columns: [rank, subscriber,", "columns: [rank, §subscribr,", "plan.unknown_column", "subscriber?"),
    ("key: [subscriber, day]", "key: [subscriber, §dya]", "plan.unknown_column", "day?"),
    ("time: day", "§time: date", "plan.unknown_column", "Known: cancelled, day"),
    ("\npeople:", "\ntime:\n  §zone: Europe/Berln\n\npeople:", "plan.unknown_zone", "Europe/Berlin?"),
    # how keys hang together
    ("decision:\n  top: 50", "§decision:\n  top: 50\n  share: 10%", "plan.decision_rule", "top and share"),
    ("decision:\n  top: 50", "§decision:\n  ask: [0.1, 0.2]", "plan.decision_rule", "none of top"),
    ("data:\n  pipeline: pipeline.py", "§data: {}", "plan.features_from", "no features and no label"),
    (
        "pipeline: pipeline.py",
        "pipeline: p.py\n  §label: {source: visits, column: cancelled}",
        "plan.features_from",
        "both",
    ),
    ("  pipeline: pipeline.py", "  pipeline: pipeline.py\n  due: {§source: visit}", "plan.unknown_source", "visits?"),
    ("\npeople:", "\n§time:\n  clock: simulated\n\npeople:", "plan.clock_start", "start is missing"),
    ("\npeople:", "\ntime:\n  §start: 2026-01-01\n\npeople:", "plan.clock_start", "not simulated"),
    ("consumers:\n  service:", "consumers:\n  §service:\n    mode: realtime", "plan.realtime_needs", "no latency"),
    ("    deadline: 6h\n", "    deadline: 6h\n    §latency: 1s\n", "plan.list_needs", "for mode realtime"),
    ("    deadline: 6h\n", "    deadline: 6h\n    §asks_by: values\n", "plan.list_needs", "for mode realtime"),
    ("consumers:\n  service:", "consumers:\n  §service:\n    mode: stream", "plan.stream_needs", "no stream"),
    ("    deadline: 6h\n", "    deadline: 6h\n    §stream: {}\n", "plan.list_needs", "for mode stream"),
    (
        "    deadline: 6h\n",
        "    deadline: 6h\n    stream: {§broker: bus}\n",
        "plan.unknown_broker",
        "none yet",
    ),
    ("release:", "brokers: {bus: {§kind: rabbit, url: x}}\nrelease:", "plan.unknown_kind", "kafka, nats"),
    ("release:", "brokers: {bus: {kind: nats, §url: 'nats://u:pw@b'}}\nrelease:", "plan.secret", "plain text"),
    ("release:", "release:\n  §cohorts: {by: column, names: [a, b]}", "plan.cohort_column", "column is missing"),
    ("steps: [rehearsal, shadow, all]", "§steps: [rehearsal, rehearsal, all]", "plan.repeated", "2 times"),
    ("respond:", "watch:\n  §monitors: {input-drift: {}, input_drift: {}}\nrespond:", "plan.repeated", "2 times"),
    ("top: 50", "top: 50\n  §ask: [0.7, 0.2]", "plan.range", "[0.2, 0.7]"),
    ("min: 0, max: 1440", "§min: 1440, max: 0", "plan.range", "min: 0"),
    ("{type: text, personal: true}", "{type: text, §min: 3}", "plan.column_rule", "integer and number"),
    ("{type: text, personal: true}", "{type: text, §pattern: '(['}", "plan.column_rule", "no regular expression"),
    ("{type: text, personal: true}", "{type: text, §missing_at_most: 5%}", "plan.column_rule", "required: false"),
    ("day: {type: date}", "day: {type: date}\n        §day: {type: text}", "plan.duplicate_key", "'day'"),
    ("      time: day\n", "", "plan.needs_time", "freshness"),
    # addresses
    ("path: out/calls-{as_of}.csv", "§path: out/calls-{date}.csv", "plan.placeholder", "{as_of}, {run}"),
    ("path: feed/visits-*.csv", "§path: $HOME/visits.csv", "plan.placeholder", "${NAME}"),
    ("  visits:\n", "  §visits:\n    url: ${URL}\n", "plan.address", "both path and url"),
    (
        "  visits:\n    kind: csv\n    path: feed",
        "  §visits:\n    kind: csv\n    url: feed",
        "plan.address",
        "needs path",
    ),
    ("  call-list:\n    kind: csv", "  §call-list:\n    kind: sql", "plan.address", "needs url"),
    ("pipeline: pipeline.py", "§pipeline: ../other/pipeline.py", "plan.file_outside", "beside product.yaml"),
    ("pipeline: pipeline.py", "§pipeline: pipeline.ipynb", "plan.file_outside", ".py"),
    ("guide: guides/service.md", "§guide: /home/guide.md", "plan.file_outside", "beside product.yaml"),
    ("technology: file:messages", "§technology: http://example.org", "plan.bad_route", "https://"),
    ("    path: out/calls", "    §secret: whsec_abc\n    path: out/calls", "plan.secret", "in plain text"),
    (
        "    path: out/calls",
        "    headers:\n      §Authorization: Bearer abc\n    path: out/calls",
        "plan.secret",
        "in plain text",
    ),
    ("technology: file:messages", "§technology: https://h.example?token=abc", "plan.secret", "environment"),
    # the text itself
    ("need:\n", "need:\n§\t", "plan.tab", "spaces"),
    ("product: renewals", "product: §!!str renewals", "plan.tag", "quotes"),
    ("product: renewals", "product: §*name", "plan.alias", "nothing above"),
    ("product: renewals", "product: renewals\n? §[a]\n: b", "plan.key_not_text", "Use a word"),
    ("product: renewals", "product: renewals\n§---\nmore: 1", "plan.several_documents", "second document"),
    ("question: Which", "question: a§: Which", "plan.broken_yaml", "quotes"),
    ("product: renewals", "product: ren§\x00wals", "plan.not_text", "UTF-8"),
]


def broken_by(text: str | bytes) -> list[tuple[str, str, str]]:
    with pytest.raises(UserError) as error:
        read_plan(text)
    return [(mistake.code, mistake.where, str(mistake)) for mistake in error.value.mistakes]


def place_of(text: str) -> str:
    before = text[: text.rindex(HERE)].replace(HERE, "")
    return f"product.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


@pytest.mark.parametrize(("old", "new", "code", "says"), [case for case in BROKEN if HERE in case[1]])
def test_a_mistake_is_found_where_it_is_with_what_would_be_right(
    changed: Callable[..., str], old: str, new: str, code: str, says: str
) -> None:
    text = changed((old, new))
    found = broken_by(text.replace(HERE, ""))
    matching = [message for found_code, where, message in found if (found_code, where) == (code, place_of(text))]
    assert matching, found
    assert any(says in message for message in matching), matching


@pytest.mark.parametrize(("old", "new", "code", "says"), [case for case in BROKEN if HERE not in case[1]])
def test_a_mistake_that_is_an_absence_is_found(
    changed: Callable[..., str], old: str, new: str, code: str, says: str
) -> None:
    assert any(found == code and says in message for found, _, message in broken_by(changed((old, new))))


def test_all_mistakes_come_at_once_in_the_order_of_the_lines(changed: Callable[..., str]) -> None:
    text = changed(
        ("horizon: 2mo", "horizon: soon"),
        ("sinks: [call-list]", "sinks: [nowhere]"),
        ("top: 50", "top: 50\n  share: 5%"),
        ("do: [notify, retrain]", "do: [sing]"),
    )
    found = broken_by(text)
    assert [code for code, _, _ in found] == [
        "plan.not_a_length",
        "plan.unknown_sink",
        "plan.decision_rule",
        "plan.unknown_kind",
    ]
    lines = [int(where.split(":")[1]) for _, where, _ in found]
    assert lines == sorted(lines)


def test_a_missing_section_is_missed_once_and_not_in_every_rule_that_reads_it() -> None:
    codes = {code for code, _, _ in broken_by("product: empty\n")}
    assert codes == {"plan.missing_key"}


def test_a_password_is_refused_and_not_repeated_in_the_message(changed: Callable[..., str]) -> None:
    text = changed(
        (
            "kind: csv\n    path: feed/visits-*.csv",
            "kind: sql\n    url: postgresql://app:hunter2@db/sales\n    query: SELECT 1",
        )
    )
    found = broken_by(text)
    assert [code for code, _, _ in found] == ["plan.secret"]
    assert "hunter2" not in str(found)


def test_a_password_from_the_environment_is_welcome(changed: Callable[..., str]) -> None:
    address = "kind: sql\n    url: postgresql://app:${DB_PASSWORD}@db/sales\n    query: SELECT 1"
    assert (
        read_plan(changed(("kind: csv\n    path: feed/visits-*.csv", address)))
        .sources["visits"]
        .url.startswith("postgresql://")
    )


def test_words_that_other_readers_take_for_flags_are_text(changed: Callable[..., str]) -> None:
    plan = read_plan(changed(("yes: call", "yes: on"), ("no: leave", "no: off")))
    assert (plan.decision.yes, plan.decision.no) == ("on", "off")
    assert plan.respond.triggers[0].on == "alarm"


def test_values_are_read_as_what_they_are(text: str) -> None:
    plan = read_plan(text)
    assert plan.consumers["service"].start == date(2026, 3, 2)
    assert plan.need.horizon == Length(months=2)
    assert plan.consumers["service"].deadline == Length(seconds=6 * 3600)
    assert plan.sources["visits"].contract.columns["subscriber"].personal is True
    assert plan.proof.holdout == 0.2


def test_shares_are_percentages_or_numbers(changed: Callable[..., str]) -> None:
    for written in ("5%", "0.05", "5.0 %"):
        assert read_plan(changed(("top: 50", f"share: {written}"))).decision.share == pytest.approx(0.05)


def test_an_alias_stands_for_what_it_names(changed: Callable[..., str]) -> None:
    plan = read_plan(changed(("key: [subscriber, day]", "key: &key [subscriber, day]\n      remove: []")))
    assert plan.sources["visits"].contract.key == ["subscriber", "day"]
    shared = changed(
        ("technology: file:messages", "technology: &m file:messages"), ("service: file:messages", "service: *m")
    )
    assert read_plan(shared).respond.routes == {"technology": "file:messages", "service": "file:messages"}


def test_dashes_and_underscores_in_kinds_are_the_same(changed: Callable[..., str]) -> None:
    for written in ("input-drift", "input_drift"):
        text = changed(("respond:", f"watch: {{monitors: {{{written}: {{tolerance: 0.1}}}}}}\nrespond:"))
        assert written in read_plan(text).watch.monitors


def test_an_unknown_kind_lists_those_there_are(text: str) -> None:
    members = {"data/sources": ("csv", "fax"), "deliver/sinks": ("fax",)}
    with pytest.raises(UserError) as error:
        read_plan(text, members=lambda folder: members.get(folder, ("column", "notify", "retrain", "incident")))
    assert [mistake.found for mistake in error.value.mistakes] == [
        "sinks.call-list.kind names the kind 'csv'. Known: fax."
    ]


def test_columns_of_a_product_without_code_are_those_under_contract(
    changed: Callable[..., str], codeless_text: str
) -> None:
    changes = (
        ("columns: [income, debt_ratio]}", "columns: [income, debt]}"),
        ("column: repaid, yes", "column: payed, yes"),
        ("- {column: region, source: applications}", "- {column: regoin, source: applications}"),
    )
    found = broken_by(changed(*changes, of=codeless_text))
    assert [code for code, _, _ in found] == ["plan.unknown_column"] * 4
    assert [message.split(" names")[0].split("  ")[-1] for _, _, message in found] == [
        "data.features.columns[1]",
        "data.label.column",
        "model.baseline.column",
        "proof.fairness[0].column",
    ]


def test_a_source_that_is_not_declared_is_not_read(changed: Callable[..., str], codeless_text: str) -> None:
    found = broken_by(changed(("source: outcomes,", "source: outcome,"), of=codeless_text))
    assert [(code, "outcomes?" in message) for code, _, message in found] == [("plan.unknown_source", True)]


def test_messages_name_the_file_they_were_given(text: str) -> None:
    with pytest.raises(UserError) as error:
        read_plan("products: x", "other/plan.yaml")
    assert all(mistake.where.startswith("other/plan.yaml:") for mistake in error.value.mistakes)


def test_marks_give_line_and_column_of_keys_items_and_the_nearest_key_above(text: str) -> None:
    here = marks(text)
    lines = text.splitlines()
    line = next(number for number, content in enumerate(lines, 1) if "time_to_act" in content)
    assert here.at("consumers.service.time_to_act") == f"product.yaml:{line}:5"
    sinks = next(number for number, content in enumerate(lines, 1) if "sinks: [call-list]" in content)
    assert here.at("consumers.service.sinks[0]") == f"product.yaml:{sinks}:13"
    assert here.at("consumers.service.sinks[7]") == here.at("consumers.service.sinks") == f"product.yaml:{sinks}:5"
    assert here.at("proof.holdout") == "product.yaml:1:1"
    assert marks("a: [").at("need") == "product.yaml:1:1"


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words", "42", "[1, 2]"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    assert [code for code, _, _ in broken_by(text)] == ["plan.not_a_mapping"]


@pytest.mark.parametrize("text", ["", "# nothing\n", b"", "\ufeff"])
def test_an_empty_file_is_refused(text: str | bytes) -> None:
    assert [code for code, _, _ in broken_by(text)] == ["plan.empty_file"]


def test_a_byte_order_mark_and_foreign_line_ends_do_no_harm(text: str) -> None:
    assert read_plan("\ufeff" + text) == read_plan(text.replace("\n", "\r\n").encode()) == read_plan(text)
