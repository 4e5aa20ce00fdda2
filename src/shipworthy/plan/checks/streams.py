"""A stream goes one way.

What it asks: are the topics of a stream, its questions, answers, dead letters and rehearsal, four different ones? Does
each consumer have answers and dead letters of its own, and is every broker used? Is the latency one that a stream can
keep?

Why: a worker that reads what it writes answers itself for ever. Of two streams into one topic nobody can say whose an
answer is; and whoever replays the dead letters of both sends the questions of one to the other.

Example: `questions: shop` with `answers: shop`; or `latency: 5ms`, while messages are collected for 20ms.
"""

from collections import Counter, defaultdict

from shipworthy.plan.check import Finding, PlanCheck, spoken
from shipworthy.plan.schema import Plan

_SHORTEST_SECONDS = 0.05
_KEYS = ("questions", "answers", "dead_letters", "rehearsal")


def _tangled(plan: Plan) -> list[Finding]:
    return [*_circles(plan), *_shared(plan), *_unused(plan), *_hurried(plan)]


def _circles(plan: Plan) -> list[Finding]:
    findings = []
    for name, consumer in plan.consumers.items():
        if consumer.stream is None:
            continue
        topics = {key: getattr(consumer.stream, key) for key in _KEYS}
        for topic, count in Counter(topics.values()).items():
            if count > 1:
                keys = [key for key, value in topics.items() if value == topic]
                findings.append(
                    Finding(
                        path=f"consumers.{name}.stream.{keys[1]}",
                        found=f"consumers.{name}.stream has {topic} for {' and '.join(keys)}.",
                        advice="Give each a topic of its own.",
                    )
                )
    return findings


def _shared(plan: Plan) -> list[Finding]:
    users: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for name, consumer in plan.consumers.items():
        if consumer.stream is None:
            continue
        for key in _KEYS:
            users[(plan.brokers[consumer.stream.broker].url, getattr(consumer.stream, key))].append((name, key))
    findings = []
    for (_, topic), found in users.items():
        others = [(name, key) for name, key in found if name != found[0][0]]
        # Two consumers may read the same questions; nothing else may be shared.
        if others and {key for _, key in found} != {"questions"}:
            name, key = others[0]
            findings.append(
                Finding(
                    path=f"consumers.{name}.stream.{key}",
                    found=f"{topic} is {key} of {name}, and {found[0][1]} of {found[0][0]}.",
                    advice="Give each stream topics of its own; only questions may be read by several.",
                )
            )
    return findings


def _unused(plan: Plan) -> list[Finding]:
    used = {consumer.stream.broker for consumer in plan.consumers.values() if consumer.stream}
    return [
        Finding(
            path=f"brokers.{name}",
            found=f"No stream goes through brokers.{name}.",
            advice="Name it in a consumer's stream, or remove it.",
            verdict="warn",
        )
        for name in plan.brokers
        if name not in used
    ]


def _hurried(plan: Plan) -> list[Finding]:
    return [
        Finding(
            path=f"consumers.{name}.latency",
            found=f"consumers.{name}.latency is {spoken(consumer.latency)}, but a stream collects questions first.",
            why="An answer goes out when its whole batch is on disk and sent.",
            advice="A latency of 50ms or more, or `mode: realtime`.",
            measured=consumer.latency.seconds,
            bound=_SHORTEST_SECONDS,
        )
        for name, consumer in plan.consumers.items()
        if consumer.mode == "stream" and consumer.latency and consumer.latency.days * 86400 < _SHORTEST_SECONDS
    ]


CHECK = PlanCheck(
    name="streams",
    asks="Does every stream go one way, through topics of its own?",
    why="A worker that reads what it writes answers itself for ever; what is shared belongs to nobody.",
    fine="Every stream has topics of its own.",
    run=_tangled,
)
