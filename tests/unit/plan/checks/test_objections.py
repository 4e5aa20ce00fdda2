"""Each check objects to what it is for, names the values and the place, and leaves the harmless twin alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shipworthy.base.kinds import kinds
from shipworthy.plan.check import CHECKS, fit
from shipworthy.plan.schema import Plan

Change = tuple[str, str]
SIMULATED = ("\npeople:", "\ntime: {clock: simulated, start: 2026-03-03}\n\npeople:")
REALTIME = (
    "consumers:\n",
    "consumers:\n  shop: {who: The shop, person: shop-system, mode: realtime, latency: 1s, time_to_act: 1s}\n",
)

LOOSE = ("\ndata:\n", "\nbrokers: {bus: {kind: nats, url: '${BUS}'}}\n\ndata:\n")


def a_stream(**other: str) -> Change:
    """A consumer of a stream, with some of its topics or its latency changed."""
    topics = {"questions": "q", "answers": "a", "dead_letters": "d", "rehearsal": "r", "latency": "1s"} | other
    latency = topics.pop("latency")
    route = ", ".join(f"{key}: {topic}" for key, topic in topics.items())
    told = f"who: The till, person: shop-system, mode: stream, latency: {latency}, time_to_act: 1s"
    return ("consumers:\n", f"consumers:\n  till: {{{told}, stream: {{broker: bus, {route}}}}}\n")


SECOND = (
    "sources:\n",
    "  kiosk: {who: The kiosk, person: shop-system, mode: stream, latency: 1s, time_to_act: 1s, stream: {broker: bus, "
    "questions: q, answers: a, dead_letters: d2, rehearsal: r2}}\n\nsources:\n",
)

# check, changes of a plan with nothing to object to, verdict, where, words of the message
OBJECTIONS: list[tuple[str, list[Change], str, str, str]] = [
    ("streams", [a_stream(answers="q"), LOOSE], "fail", "consumers.till.stream.answers", "questions and answers"),
    ("streams", [a_stream(rehearsal="a"), LOOSE], "fail", "consumers.till.stream.rehearsal", "answers and rehearsal"),
    ("streams", [a_stream(latency="5ms"), LOOSE], "fail", "consumers.till.latency", "5 milliseconds"),
    ("streams", [a_stream(), SECOND, LOOSE], "fail", "consumers.kiosk.stream.answers", "a is answers of kiosk"),
    ("streams", [LOOSE], "warn", "brokers.bus", "No stream"),
    ("time_to_act", [("time_to_act: 5d", "time_to_act: 180d")], "fail", "consumers.service.time_to_act", "180 days"),
    ("deadline", [("deadline: 6h", "deadline: 1w")], "fail", "consumers.service.deadline", "every 7 days"),
    ("deadline", [("time_to_act: 5d", "time_to_act: 2mo")], "fail", "consumers.service.deadline", "6 hours"),
    ("cadence", [("every: 1w", "every: 3mo")], "warn", "consumers.service.every", "3 months"),
    ("cadence", [("every: 1w", "every: 10s")], "fail", "consumers.service.every", "10 seconds"),
    ("cadence", [SIMULATED], "fail", "consumers.service.start", "begins on 2026-03-03"),
    (
        "cadence",
        [("deadline: 6h", "deadline: 6h\n    acknowledge_within: 8d")],
        "warn",
        "consumers.service.acknowledge_within",
        "8 days",
    ),
    ("capacity", [("capacity: 50", "capacity: 49")], "fail", "consumers.service.capacity", "up to 50 times"),
    ("capacity", [("top: 50", "threshold: 0.5")], "warn", "consumers.service.capacity", "any number of times"),
    ("capacity", [("top: 50", "share: 5%")], "warn", "consumers.service.capacity", "any number of times"),
    (
        "by_row",
        [("pipeline: pipeline.py", "pipeline: pipeline.py\n  by_row: visits")],
        "fail",
        "sources.visits.contract.key",
        "subscriber",
    ),
    (
        "independence",
        [("validation: validation-owner", "validation: data-scientist")],
        "fail",
        "people.owners.validation",
        "data-scientist",
    ),
    (
        "independence",
        [("validation: validation-owner", "validation: product-manager")],
        "warn",
        "people.owners.validation",
        "manager",
    ),
    (
        "independence",
        [("validation: validation-owner", "validation: technology-owner")],
        "warn",
        "people.owners.validation",
        "technology",
    ),
    (
        "independence",
        [("technology: technology-owner", "technology: data-scientist")],
        "warn",
        "people.owners.technology",
        "data-scientist",
    ),
    (
        "independence",
        [("operator: night-operator", "operator: night-operator\n  auditors: [data-scientist]")],
        "warn",
        "people.auditors[0]",
        "data-scientist",
    ),
    (
        "right_to_use",
        [("right_to_use: Contract with the subscriber; use of the service may be analysed to improve it.", "url: ''")],
        "fail",
        "sources.visits",
        "subscriber",
    ),
    (
        "personal_kept",
        [("pipeline: pipeline.py", "pipeline: pipeline.py\n  personal_kept: {minutes: hash}")],
        "fail",
        "data.personal_kept.minutes",
        "not declared as personal",
    ),
    (
        "personal_kept",
        [("pipeline: pipeline.py", "pipeline: pipeline.py\n  personal_kept: {subscriber: hash}")],
        "fail",
        "data.personal_kept.subscriber",
        "names the entity",
    ),
    (
        "personal_kept",
        [
            REALTIME,
            ("pipeline: pipeline.py", "pipeline: pipeline.py\n  personal: [minutes]\n  personal_kept: {minutes: drop}"),
        ],
        "fail",
        "data.personal_kept.minutes",
        "shop is answered from the stored features",
    ),
    ("signatures", [("release:", "proof: {reviews: [legal]}\nrelease:")], "fail", "proof.reviews", "privacy"),
    ("signatures", [("release:", "proof: {sign_offs: []}\nrelease:")], "fail", "proof.sign_offs", "empty"),
    (
        "signatures",
        [("release:", "proof: {baseline_sign_offs: []}\nrelease:")],
        "fail",
        "proof.baseline_sign_offs",
        "empty",
    ),
    (
        "signatures",
        [("release:", "proof: {sign_offs: [privacy, business, legal, compliance, technology]}\nrelease:")],
        "warn",
        "proof.sign_offs",
        "validation",
    ),
    (
        "training",
        [("snapshots: 3", "snapshots: 3, first: 2097-04-01")],
        "fail",
        "model.training.first",
        "first list on 2026-03-02",
    ),
    (
        "training",
        [("snapshots: 3", "snapshots: 3, first: 2026-04-01")],
        "warn",
        "model.training.first",
        "Labels of 3 moments",
    ),
    ("future", [("      time: day\n", ""), ("      freshness: 8d\n", "")], "fail", "sources", "No source has a time"),
    (
        "fallback",
        [("column, column: minutes_30, higher_is", "column, higher_is")],
        "fail",
        "model.baseline",
        "column is missing",
    ),
    (
        "fallback",
        [REALTIME, ("time_to_act: 1s}", "time_to_act: 1s, if_stopped: last}")],
        "fail",
        "consumers.shop.if_stopped",
        "no last list",
    ),
    (
        "fallback",
        [("every: 1w", "every: 2mo\n    if_stopped: last")],
        "warn",
        "consumers.service.if_stopped",
        "2 months",
    ),
    (
        "rehearsal",
        [("rehearsal: rehearsal/calls-{as_of}.csv", "rehearsal: ./out//calls-{as_of}.csv")],
        "fail",
        "sinks.call-list.rehearsal",
        "real destination itself",
    ),
    (
        "destinations",
        [("path: out/calls-{as_of}.csv", "path: out/calls.csv")],
        "warn",
        "sinks.call-list.path",
        "same for every list",
    ),
    (
        "destinations",
        [("sinks:\n", "sinks:\n  two: {kind: csv, path: 'out/calls-{as_of}.csv', rehearsal: 'r/{run}'}\n")],
        "fail",
        "sinks.call-list",
        "same place as sinks.two",
    ),
    (
        "destinations",
        [("sinks:\n  ", "sinks:\n  two: {kind: csv, path: 'out/{as_of}', rehearsal: 'r/{run}'}\n  ")],
        "warn",
        "sinks.two",
        "No consumer",
    ),
    (
        "keys",
        [
            (
                "kind: csv\n    path: out/calls-{as_of}.csv",
                "kind: sql\n    url: ${CRM}\n    table: calls\n    key: [account]",
            )
        ],
        "fail",
        "sinks.call-list.key",
        "service gets no column account",
    ),
    (
        "keys",
        [("    path: out/calls", "    key: [subscriber]\n    path: out/calls")],
        "fail",
        "sinks.call-list.key",
        "but no table",
    ),
    (
        "rehearsal",
        [
            (
                "kind: csv\n    path: out/calls-{as_of}.csv\n    rehearsal: rehearsal/calls-{as_of}.csv",
                "kind: webhook\n    url: ${HOOK}\n    secret: ${KEY}\n    rehearsal: ${HOOK}",
            )
        ],
        "fail",
        "sinks.call-list.rehearsal",
        "real destination itself",
    ),
    ("release_steps", [("[rehearsal, shadow, all]", "[shadow, all]")], "fail", "release.steps", "is shadow, all"),
    (
        "release_steps",
        [("[rehearsal, shadow, all]", "[rehearsal, cohort, shadow, all]")],
        "fail",
        "release.steps",
        "rehearsal, cohort, shadow",
    ),
    ("release_steps", [("[rehearsal, shadow, all]", "[rehearsal, shadow]")], "fail", "release.steps", "shadow."),
    ("release_steps", [("[rehearsal, shadow, all]", "[rehearsal, all]")], "warn", "release.steps", "nothing between"),
    (
        "release_steps",
        [("[rehearsal, shadow, all]", "[rehearsal, shadow, all]\n  shadow_lists: 0")],
        "warn",
        "release.shadow_lists",
        "is 0",
    ),
    (
        "release_steps",
        [("[rehearsal, shadow, all]", "[rehearsal, cohort, all]")],
        "warn",
        "release.cohorts.names",
        "one cohort",
    ),
    (
        "release_steps",
        [("[rehearsal, shadow, all]", "[rehearsal, canary, shadow, all]")],
        "fail",
        "release.steps",
        "canary, shadow",
    ),
    (
        "release_steps",
        [("[rehearsal, shadow, all]", "[rehearsal, canary, all]\n  canary_lists: 0")],
        "warn",
        "release",
        "nothing that a canary must have answered",
    ),
    (
        "release_steps",
        [("[rehearsal, shadow, all]", "[rehearsal, canary, all]\n  canary: 60%")],
        "warn",
        "release.canary",
        "60%",
    ),
    (
        "performance",
        [("release:", "proof: {performance: {metric: mae}}\nrelease:")],
        "fail",
        "proof.performance.metric",
        "probability",
    ),
    (
        "performance",
        [("release:", "proof: {performance: {beats_baseline_by: null}}\nrelease:")],
        "fail",
        "proof.performance",
        "neither",
    ),
    (
        "performance",
        [("release:", "proof: {performance: {floor: 0.5}}\nrelease:")],
        "warn",
        "proof.performance.floor",
        "coin",
    ),
    (
        "performance",
        [("release:", "proof: {performance: {floor: 65}}\nrelease:")],
        "fail",
        "proof.performance.floor",
        "between 0 and 1",
    ),
    (
        "performance",
        [("release:", "proof: {performance: {metric: log_loss, floor: 0}}\nrelease:")],
        "fail",
        "proof.performance.floor",
        "log_loss",
    ),
    (
        "performance",
        [("release:", "proof: {performance: {beats_baseline_by: -0.1}}\nrelease:")],
        "warn",
        "proof.performance.beats_baseline_by",
        "-0.1",
    ),
    ("performance", [("release:", "proof: {holdout: 0}\nrelease:")], "fail", "proof.holdout", "0%"),
    ("performance", [("release:", "proof: {holdout: 60%}\nrelease:")], "warn", "proof.holdout", "60%"),
    (
        "calibration",
        [("release:", "proof: {calibration_tolerance: null}\nrelease:")],
        "fail",
        "proof",
        "nothing says how far",
    ),
    (
        "calibration",
        [("release:", "watch: {monitors: {calibration: {tolerance: 0.01}}}\nrelease:")],
        "warn",
        "watch.monitors.calibration.tolerance",
        "0.05",
    ),
    (
        "triggers",
        [("    - {name: stale, on: alarm, do: [notify, retrain], again_after: 1mo}\n", "")],
        "warn",
        "respond.triggers",
        "alarm of calibration",
    ),
    ("triggers", [("on: alarm, do", "on: alarm, of: ranking, do")], "warn", "respond.triggers", "calibration"),
    ("triggers", [("    - {name: late-list, on: late, do: [notify]}\n", "")], "warn", "respond.triggers", "`on: late`"),
    ("triggers", [(", again_after: 1mo", "")], "warn", "respond.triggers[0]", "again_after"),
    (
        "triggers",
        [("on: failed, do: [notify, incident]", "on: failed, do: [notify], again_after: 1d")],
        "warn",
        "respond.triggers[3].again_after",
        "over once it has happened",
    ),
    ("triggers", [("on: late,", "on: unacknowledged,")], "warn", "respond.triggers[2]", "acknowledge_within"),
    (
        "triggers",
        [("deadline: 6h", "deadline: 6h\n    acknowledge_within: 2d\n    use_at_least: 0.5")],
        "warn",
        "respond.triggers",
        "`on: unacknowledged`, `on: unused`",
    ),
    ("messages", [("    service: file:messages\n", "")], "warn", "respond.routes", "service"),
    (
        "messages",
        [("  routes:\n    technology: file:messages\n    service: file:messages\n", "")],
        "warn",
        "respond.triggers",
        "routes is empty",
    ),
    ("guide", [("    guide: guides/service.md\n", "")], "warn", "consumers.service", "no guide"),
    ("freshness", [("      freshness: 8d\n", "")], "warn", "sources.visits.contract", "no freshness"),
    ("freshness", [("freshness: 8d", "freshness: 15d")], "warn", "sources.visits.contract.freshness", "15 days"),
    ("output_columns", [("release:", "proof: {reasons: 0}\nrelease:")], "fail", "consumers.service.columns", "reasons"),
    ("output_columns", [("[rank, subscriber,", "[rank,")], "fail", "consumers.service.columns", "subscriber"),
    (
        "output_columns",
        [("[rank, subscriber,", "[rank, entity, subscriber,")],
        "warn",
        "consumers.service.columns",
        "same",
    ),
    (
        "output_columns",
        [("score, decision,", "score, low, high, decision,")],
        "fail",
        "consumers.service.columns",
        "low and high, but there is no proof.interval",
    ),
    (
        "output_columns",
        [
            ("    capacity: 50", "    needs_values: [minutes_30]\n    capacity: 50"),
            (
                "pipeline: pipeline.py",
                "pipeline: pipeline.py\n  personal: [minutes_30]\n  personal_kept: {minutes_30: hash}",
            ),
        ],
        "fail",
        "consumers.service.needs_values",
        "of which no value is kept",
    ),
    (
        "output_columns",
        [("    capacity: 50", "    needs_values: [score]\n    capacity: 50")],
        "fail",
        "consumers.service.needs_values",
        "a column of the output already",
    ),
    ("output_columns", [("score, decision,", "score,")], "warn", "consumers.service.columns", "no decision"),
    ("decision", [("top: 50", "threshold: 70")], "fail", "decision.threshold", "70"),
    ("decision", [("top: 50", "share: 100%")], "fail", "decision.share", "100%"),
    ("decision", [("no: leave", "no: ' Call'")], "fail", "decision.no", "decision.yes"),
    ("decision", [("top: 50", "top: 50\n  ask: [0.5, 7]")], "fail", "decision.ask", "from 0.5 to 7"),
    ("humility", [("top: 50", "top: 50\n  humility: {}")], "fail", "decision.humility", "no rule"),
    (
        "humility",
        [("top: 50", "top: 50\n  humility: {uncertain: 0.3}")],
        "fail",
        "decision.humility.uncertain",
        "no proof.interval",
    ),
    (
        "humility",
        [("top: 50", "top: 50\n  humility: {missing_at_most: 1, spared: [minutes_30]}")],
        "warn",
        "decision.humility.spared",
        "neither out_of_range nor unseen",
    ),
    (
        "humility",
        [("top: 50", "top: 50\n  humility: {unseen: true}"), ("    sinks:", "    only: chosen\n    sinks:")],
        "fail",
        "decision.humility",
        "chosen rows only",
    ),
    (
        "humility",
        [("top: 50", "top: 50\n  humility: {out_of_range: 10%}"), ("decision, reasons,", "decision,")],
        "warn",
        "consumers.service.columns",
        "not told why",
    ),
    (
        "retraining",
        [("respond:\n", "respond:\n  retraining: {cost: 500}\n")],
        "fail",
        "respond.retraining.cost",
        "more than 500",
    ),
    (
        "retraining",
        [
            ("respond:\n", "respond:\n  retraining: {labels_only_when_acted: true}\n"),
            ("do: [notify]", "do: [notify, retrain], again_after: 45d"),
        ],
        "fail",
        "respond.retraining.labels_only_when_acted",
        "only known of those on whom the product acted",
    ),
    (
        "worth",
        [("respond:\n", "watch: {worth: {yes_right: 3, yes_wrong: -1, at_least: 5}}\nrespond:\n")],
        "fail",
        "watch.worth.at_least",
        "worth -1 to 3",
    ),
    (
        "worth",
        [("respond:\n", "watch: {cost: {per_month: 50, at_most: 40}}\nrespond:\n")],
        "fail",
        "watch.cost.at_most",
        "costs 50 before anybody asks",
    ),
    (
        "exploration",
        [("top: 50", "top: 50\n  explore: {share: 2%, seed: spring}"), ("decision, reasons,", "decision,")],
        "fail",
        "consumers.service.columns",
        "chosen at random",
    ),
    (
        "capacity",
        [("top: 50", "top: 50\n  explore: {share: 2%, seed: spring}")],
        "warn",
        "consumers.service.capacity",
        "decision.explore",
    ),
    ("fairness", [("day: {type: date}", "day: {type: date, personal: true}")], "warn", "proof", "(day)"),
    ("model_file", [("  training:", "  file: model.pkl\n  training:")], "fail", "model.file", "model.pkl"),
    (
        "model_file",
        [("  training:", "  extra_trusted_types: [own.Thing]\n  training:")],
        "warn",
        "model.extra_trusted_types",
        "own.Thing",
    ),
    (
        "envelope",
        [("respond:\n", "respond:\n  envelope: {rank_correlation_at_least: -1}\n")],
        "warn",
        "respond.envelope.rank_correlation_at_least",
        "-1",
    ),
    (
        "envelope",
        [("respond:\n", "respond:\n  envelope: {mean_score_change_at_most: 1}\n")],
        "fail",
        "respond.envelope.mean_score_change_at_most",
        "no probability",
    ),
    (
        "envelope",
        [("respond:\n", "respond:\n  envelope: {within: 1mo}\n")],
        "warn",
        "respond.envelope.within",
        "1 month",
    ),
    (
        "envelope",
        [("respond:\n", "respond:\n  envelope: {}\n"), ("[notify, retrain]", "[notify]")],
        "warn",
        "respond.envelope",
        "no trigger retrains",
    ),
    (
        "false_alarms",
        [
            (
                "release:",
                "watch: {monitors: {calibration: {false_alarms_per_year: 0.6}, ranking: "
                "{false_alarms_per_year: 0.6}}}\nrelease:",
            )
        ],
        "fail",
        "watch.monitors",
        "1.2 false alarms a year, the whole product 0.5",
    ),
    (
        "false_alarms",
        [("release:", "watch: {false_alarms_per_year: 4}\nrelease:")],
        "warn",
        "watch.false_alarms_per_year",
        "accepts 4 false alarms",
    ),
]

# The same kind of change, inside what is right.
HARMLESS: list[list[Change]] = [
    [
        ("sinks: [call-list]", "sinks: [call-list, one, two]"),
        (
            "sinks:\n",
            "sinks:\n"
            "  one: {kind: chat, url: '${CHAT}', rehearsal: '${TRY}'}\n"
            "  two: {kind: chat, url: '${CHAT}', rehearsal: '${TRY}'}\n",
        ),
    ],
    [("    path: out/calls-{as_of}.csv", "    path: s3://lists/calls-{as_of}.csv")],
    [
        (
            "kind: csv\n    path: out/calls-{as_of}.csv\n    rehearsal: rehearsal/calls-{as_of}.csv",
            "kind: delta\n    path: lake/calls\n    rehearsal: lake/try",
        )
    ],
    [("time_to_act: 5d", "time_to_act: 59d")],
    [("deadline: 6h", "deadline: 6d")],
    [("every: 1w", "every: 5d")],
    [("capacity: 50", "capacity: 51")],
    [("validation: validation-owner", "validation: privacy-owner")],
    [("operator: night-operator", "operator: night-operator\n  auditors: [auditor]")],
    [("snapshots: 3", "snapshots: 3, first: 2025-04-01")],
    [REALTIME],
    [
        REALTIME,
        ("pipeline: pipeline.py", "pipeline: pipeline.py\n  personal: [minutes]\n  personal_kept: {minutes: encrypt}"),
        ("release:", "proof: {fairness: [{column: minutes, source: visits}]}\nrelease:"),
    ],
    [REALTIME, ("time_to_act: 1s}", "time_to_act: 1s, if_stopped: nothing}")],
    [("every: 1w", "every: 1w\n    if_stopped: last")],
    [("[rehearsal, shadow, all]", "[rehearsal, shadow, cohort, all]\n  cohorts: {names: [a, b]}")],
    [("[rehearsal, shadow, all]", "[rehearsal, canary, all]\n  canary: 5%")],
    [("release:", "proof: {performance: {floor: 0.6, beats_baseline_by: null}}\nrelease:")],
    [("release:", "watch: {monitors: {calibration: {tolerance: 0.06}}}\nrelease:")],
    [("freshness: 8d", "freshness: 14d")],
    [("release:", "proof: {reasons: 0}\nrelease:"), ("decision, reasons,", "decision,")],
    [("top: 50", "top: 50\n  ask: [0.5, 0.7]")],
    [("top: 50", "top: 50\n  humility: {out_of_range: 10%, missing_at_most: 2, spared: [minutes_30]}")],
    [
        ("score, decision,", "score, low, high, decision,"),
        ("release:", "proof: {interval: 90%}\nrelease:"),
        ("top: 50", "top: 50\n  humility: {uncertain: 0.3}"),
    ],
    [("  training:", "  file: model.onnx\n  training:")],
    [("respond:\n", "respond:\n  envelope: {}\n")],
    [("respond:\n", "respond:\n  retraining: {cost: 500, value: 20, decisions: 20000}\n")],
    [("respond:\n", "watch: {worth: {yes_right: 3, at_least: 1}, cost: {per_answer: 1, at_most: 9}}\nrespond:\n")],
    [
        ("day: {type: date}", "day: {type: date, personal: true}"),
        ("release:", "proof: {fairness: [{column: day, source: visits}]}\nrelease:"),
    ],
]


def objections(plan: Plan) -> list[tuple[str, str, str, str]]:
    return [
        (result.check.removeprefix("plan."), result.verdict, result.where, result.found)
        for result in fit(plan)
        if result.verdict != "pass"
    ]


@pytest.mark.parametrize(("check", "changes", "verdict", "where", "says"), OBJECTIONS)
def test_a_check_objects_and_names_place_and_values(
    planned: Callable[..., Plan], check: str, changes: list[Change], verdict: str, where: str, says: str
) -> None:
    found = objections(planned(*changes))
    matching = [
        message for name, verdict_, where_, message in found if (name, verdict_, where_) == (check, verdict, where)
    ]
    assert any(says in message for message in matching), found


@pytest.mark.parametrize("changes", HARMLESS)
def test_a_harmless_change_is_left_alone(planned: Callable[..., Plan], changes: list[Change]) -> None:
    assert objections(planned(*changes)) == []


def test_every_check_has_a_case_above() -> None:
    assert {check for check, *_ in OBJECTIONS} == set(kinds(CHECKS))
