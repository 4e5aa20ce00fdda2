"""How keys of product.yaml hang together: what needs what, and what excludes what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from zoneinfo import ZoneInfo, available_timezones

from shipworthy.plan.raw import Ground, Rule, Values, items, listed, named, part, word, words
from shipworthy.plan.shape import example_text
from shipworthy.plan.slip import Slip, pair_in_order, suggestion

_LIST_ONLY = ("every", "start", "deadline")
_LISTED = (*_LIST_ONLY, "when", "arrival_of", "arrives_every")
_ASKED_ONLY = ("latency", "asks_by", "if_invalid", "features_within", "log")


def decision_rule(ground: Ground) -> Iterator[Slip]:
    """Exactly one way in which a score becomes a yes."""
    decision = ground.values.get("decision")
    if not isinstance(decision, dict) or part(ground.values, "need").get("answer") == "class":
        return  # plan.classes looks at the latter
    given = [key for key in ("top", "share", "threshold") if decision.get(key) is not None]
    if len(given) != 1:
        found = f"decision has {' and '.join(given) or 'none of top, share and threshold'}; it needs exactly one."
        why = "Proof, fairness and capacity are judged on decisions, so there must be one rule that makes them."
        fix = "Keep one of them." if given else "Add for example `top: 200`, `share: 10%` or `threshold: 0.7`."
        yield Slip("decision", "plan.decision_rule", found, why, fix)


def features_from(ground: Ground) -> Iterator[Slip]:
    """Features and label come from a pipeline, or from columns as they stand."""
    data = ground.values.get("data")
    if not isinstance(data, dict):
        return
    pipeline, features, label = (data.get(key) for key in ("pipeline", "features", "label"))
    why = "There must be one way in which sources become features and labels, in training and when answering alike."
    if pipeline and (features or label):
        other = "features" if features else "label"
        found = f"data has both pipeline and {other}."
        yield Slip(f"data.{other}", "plan.features_from", found, why, f"Remove pipeline, or remove {other}.")
    elif not pipeline and not (features and label):
        lacking = [key for key in ("features", "label") if not data.get(key)]
        found = f"data has no pipeline and no {' and no '.join(lacking)}."
        fix = (
            "Add `pipeline: pipeline.py`, or `features: {source: …, columns: […]}` and `label: {source: …, column: …}`."
        )
        yield Slip("data", "plan.features_from", found, why, fix)


def clock(ground: Ground) -> Iterator[Slip]:
    """A simulated clock begins somewhere; the wall clock does not; the zone exists."""
    time = part(ground.values, "time")
    simulated, start = time.get("clock") == "simulated", time.get("start") is not None
    why = "A replay of history needs a first day; a product on the wall clock lives now."
    if simulated and not start:
        fix = f"Add for example `{example_text(('time', 'start'))}`."
        yield Slip("time", "plan.clock_start", "time.clock is simulated, but time.start is missing.", why, fix)
    if start and not simulated:
        found = "time.start is given, but time.clock is not simulated."
        yield Slip("time.start", "plan.clock_start", found, why, "Remove start, or add `clock: simulated`.")
    zone = word(time, "zone")
    if zone and not _is_zone(zone):
        near = suggestion(zone, sorted(available_timezones()), most=1000)
        fix = near or "Write a name of the time zone database, such as Europe/Berlin or UTC."
        yield Slip("time.zone", "plan.unknown_zone", f"time.zone is {zone[:60]!r}, which is no time zone.", "", fix)


def consumer_mode(ground: Ground) -> Iterator[Slip]:
    """A list has cadence and start, or comes by arrival; a real-time answer has a latency, a stream topics as well."""
    for name, consumer in named(ground.values, "consumers"):
        path, mode = f"consumers.{name}", consumer.get("mode", "list")
        if mode == "list":
            yield from _list_needs(path, consumer)
            yield from _useless(path, consumer, "list", (*_ASKED_ONLY, "stream"))
        elif mode == "realtime":
            yield from _needs(path, consumer, "realtime", ("latency",))
            yield from _useless(path, consumer, "realtime", (*_LISTED, "stream"))
        elif mode == "stream":
            yield from _needs(path, consumer, "stream", ("latency", "stream"))
            yield from _useless(path, consumer, "stream", (*_LISTED, "sinks"))


def _list_needs(path: str, consumer: Values) -> Iterator[Slip]:
    if consumer.get("when") != "arrival":
        yield from _needs(path, consumer, "list", (*_LIST_ONLY, "sinks"))
        if consumer.get("arrives_every") is not None:
            found = f"{path}.arrives_every says how often data comes, but {path}.when is not arrival."
            why = "A list on a schedule is due by its schedule."
            fix = "Add `when: arrival`, or remove arrives_every."
            yield Slip(f"{path}.arrives_every", "plan.list_when", found, why, fix)
        if consumer.get("arrival_of"):
            found = f"{path}.arrival_of names sources, but {path}.when is not arrival."
            why = "Their new data would make no list."
            yield Slip(f"{path}.arrival_of", "plan.list_when", found, why, "Add `when: arrival`, or remove arrival_of.")
        return
    yield from _needs(path, consumer, "list", ("deadline", "sinks"))
    for key in ("every", "start"):
        if consumer.get(key) is not None:
            found = f"{path}.when is arrival, but it has {key}."
            why = "A list by arrival is made when data has come in, and at no other moment."
            yield Slip(f"{path}.{key}", "plan.list_when", found, why, f"Remove {key}, or write `when: schedule`.")


def trigger_times(ground: Ground) -> Iterator[Slip]:
    """A trigger on a schedule says when, one on silence how long; escalation goes on from somebody who was told."""
    for number, trigger in listed(part(ground.values, "respond"), "triggers"):
        path, on = f"respond.triggers[{number}]", word(trigger, "on")
        for wanted, keys in (("schedule", ("every", "start")), ("silent", ("after",))):
            for key in keys:
                given = trigger.get(key) is not None
                if on == wanted and not given:
                    fix = f"Add for example `{example_text(('respond', 'triggers', 0, key))}`."
                    yield Slip(path, "plan.trigger_time", f"{path} has `on: {on}`, but no {key}.", "", fix)
                if given and on != wanted:
                    found = f"{path} has {key}, which only `on: {wanted}` reads."
                    yield Slip(f"{path}.{key}", "plan.trigger_time", found, "", f"Remove {key}.")
        if trigger.get("escalate") and "notify" not in [action for _, action in words(trigger, "do")]:
            found = f"{path} escalates, but does not notify."
            why = "Whoever is to be told next is told when those told first have not answered."
            yield Slip(f"{path}.escalate", "plan.trigger_time", found, why, "Add notify to `do`, or remove escalate.")


def cohort_column(ground: Ground) -> Iterator[Slip]:
    """Cohorts by column need the column."""
    cohorts = part(ground.values, "release", "cohorts")
    if cohorts.get("by") == "column" and not cohorts.get("column"):
        found = "release.cohorts.by is column, but release.cohorts.column is missing."
        why = "Without it nobody can be told to belong to a cohort."
        yield Slip("release.cohorts", "plan.cohort_column", found, why, "Add `column: NAME`, a feature that names it.")


def repeated_items(ground: Ground) -> Iterator[Slip]:
    """Nothing stands twice in a list whose items are names."""
    values = ground.values
    for name, consumer in named(values, "consumers"):
        for key in ("columns", "sinks", "needs_values", "arrival_of"):
            yield from _repeats(f"consumers.{name}.{key}", [text for _, text in words(consumer, key)])
    for keys in (("proof", "reviews"), ("proof", "sign_offs"), ("proof", "baseline_sign_offs"), ("release", "steps")):
        yield from _repeats(".".join(keys), [text for _, text in words(part(values, keys[0]), keys[1])])
    for path, key in (("people", "builders"), ("data", "ages"), ("data", "words")):
        yield from _repeats(f"{path}.{key}", [text for _, text in words(part(values, path), key)])
    cohorts = part(values, "release", "cohorts")
    yield from _repeats("release.cohorts.names", [text for _, text in words(cohorts, "names")])
    features = part(values, "data", "features")
    yield from _repeats("data.features.columns", [text for _, text in words(features, "columns")])
    triggers = [word(trigger, "name") for _, trigger in listed(part(values, "respond"), "triggers")]
    yield from _repeats("respond.triggers", triggers)
    monitors = [name.replace("_", "-") for name in part(values, "watch", "monitors")]
    yield from _repeats("watch.monitors", monitors)


def ranges(ground: Ground) -> Iterator[Slip]:
    """Low comes before high."""
    yield from pair_in_order("decision.ask", items(part(ground.values, "decision"), "ask"))


def _is_zone(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):  # a name, a folder or a path that is none
        return False
    return True


def _needs(path: str, consumer: Values, mode: str, keys: tuple[str, ...]) -> Iterator[Slip]:
    why = {
        "list": "Without cadence, first day, deadline and destination nobody can say whether a list is late or lost.",
        "realtime": "Without a latency nobody can say whether an answer came in time.",
        "stream": "Without topics nothing is read; without a latency nobody can say whether an answer came in time.",
    }[mode]
    for key in keys:
        if consumer.get(key) in (None, []):
            example = example_text(("consumers", "x", key)) or f"{key}: [NAME]"
            found = f"{path} has mode {mode}, but no {key}."
            yield Slip(path, f"plan.{mode}_needs", found, why, f"Add it, for example `{example}`.")


def _useless(path: str, consumer: Values, mode: str, keys: tuple[str, ...]) -> Iterator[Slip]:
    for key in keys:
        if consumer.get(key) not in (None, []):
            other = "list" if key in (*_LISTED, "sinks") else "stream" if key == "stream" else "realtime"
            found = f"{path}.{key} is for mode {other}, but the mode is {mode}."
            why = "A promise that is never looked at is none."
            yield Slip(f"{path}.{key}", f"plan.{mode}_needs", found, why, f"Remove it, or write `mode: {other}`.")


def _repeats(path: str, names: list[str]) -> Iterator[Slip]:
    for name, count in Counter(names).items():
        if count > 1 and name:
            found = f"{path} has {name[:60]!r} {count} times."
            yield Slip(path, "plan.repeated", found, "Each stands for one thing.", "Keep one, or rename the other.")


RULES: tuple[Rule, ...] = (
    decision_rule,
    features_from,
    clock,
    consumer_mode,
    cohort_column,
    trigger_times,
    repeated_items,
    ranges,
)
