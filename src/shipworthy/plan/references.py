"""Names in product.yaml that stand for something declared elsewhere in it, or for a member of an open folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import get_args

from shipworthy.plan.fields import Function
from shipworthy.plan.raw import Ground, Rule, Values, contract_columns, items, listed, named, part, word, words
from shipworthy.plan.slip import Slip, unknown

FUNCTIONS: tuple[str, ...] = get_args(Function)
OUTPUT_COLUMNS = ("rank", "entity", "score", "low", "high", "decision", "reasons", "answer_id", "as_of", "cohort")
ATTEMPTS = ("rollback", "fallback", "pause", "retrain", "prove", "rehearse", "release")
"""What is tried by itself, and may fail."""
CLASS_COLUMNS = ("class", "probabilities")
_ROLES = ("product_manager", "operator", "builders", "auditors")
_NO_SOURCE = "What is read must be a declared source with a contract."


def kind_names(ground: Ground) -> Iterator[Slip]:
    """Every kind is a member of its open folder."""
    values = ground.values
    for name, source in named(values, "sources"):
        yield from _kind(ground, "data/sources", f"sources.{name}.kind", word(source, "kind"))
    for name, sink in named(values, "sinks"):
        yield from _kind(ground, "deliver/sinks", f"sinks.{name}.kind", word(sink, "kind"))
    for name, broker in named(values, "brokers"):
        yield from _kind(ground, "edges/brokers", f"brokers.{name}.kind", word(broker, "kind"))
    baseline = word(part(values, "model", "baseline"), "kind")
    yield from _kind(ground, "model/baselines", "model.baseline.kind", baseline)
    for name in part(values, "watch", "monitors"):
        yield from _kind(ground, "watch/monitors", f"watch.monitors.{name}", name)
    for number, name in words(part(values, "proof"), "must_tell"):
        yield from _kind(ground, "watch/monitors", f"proof.must_tell[{number}]", name)
    for number, trigger in listed(part(values, "respond"), "triggers"):
        for place, action in words(trigger, "do"):
            yield from _kind(ground, "respond/actions", f"respond.triggers[{number}].do[{place}]", action)


def sink_names(ground: Ground) -> Iterator[Slip]:
    """Every sink that a consumer names is declared."""
    sinks = part(ground.values, "sinks")
    for name, consumer in named(ground.values, "consumers"):
        for number, sink in words(consumer, "sinks"):
            if sink not in sinks:
                why = "A list can only be brought to a declared destination, with a rehearsal of its own."
                yield unknown(f"consumers.{name}.sinks[{number}]", "plan.unknown_sink", "sink", sink, sinks, why)


def broker_names(ground: Ground) -> Iterator[Slip]:
    """The broker of every stream is declared."""
    brokers = part(ground.values, "brokers")
    for name, consumer in named(ground.values, "consumers"):
        broker = word(part(consumer, "stream"), "broker")
        if broker and broker not in brokers:
            why = "A stream needs a declared broker, with an address."
            yield unknown(f"consumers.{name}.stream.broker", "plan.unknown_broker", "broker", broker, brokers, why)


def source_names(ground: Ground) -> Iterator[Slip]:
    """Every source that features, labels, those due, fairness and lists by arrival name is declared."""
    sources = part(ground.values, "sources")
    data = part(ground.values, "data")
    places = [(f"data.{key}.source", word(part(data, key), "source")) for key in ("features", "label", "due")]
    places.append(("data.by_row", word(data, "by_row")))
    for number, group in listed(part(ground.values, "proof"), "fairness"):
        places.append((f"proof.fairness[{number}].source", word(group, "source")))
    for name, consumer in named(ground.values, "consumers"):
        places += [(f"consumers.{name}.arrival_of[{number}]", text) for number, text in words(consumer, "arrival_of")]
    for path, source in places:
        if source and source not in sources:
            yield unknown(path, "plan.unknown_source", "source", source, sources, _NO_SOURCE)


def output_columns(ground: Ground) -> Iterator[Slip]:
    """A consumer asks for columns that the output has."""
    entity = word(part(ground.values, "need"), "entity")
    if not entity:
        return  # the entity may be asked for by its own name, which is not known yet
    known = {*OUTPUT_COLUMNS, entity}
    if part(ground.values, "need").get("answer") == "class":
        known |= {*CLASS_COLUMNS}
    for name, consumer in named(ground.values, "consumers"):
        for number, column in words(consumer, "columns"):
            if column not in known:
                fix = "Take it out; values of inputs go into needs_values."
                why = "The output has these columns and no others."
                path = f"consumers.{name}.columns[{number}]"
                yield unknown(path, "plan.unknown_column", "output column", column, known, why, fix)


def feature_columns(ground: Ground) -> Iterator[Slip]:
    """Without a pipeline the columns of features and labels are those of their sources' contracts."""
    values, data = ground.values, part(ground.values, "data")
    features = part(data, "features")
    source = word(features, "source")
    columns = contract_columns(values, source)
    for number, column in words(features, "columns"):
        yield from _column(f"data.features.columns[{number}]", column, columns)
    label = part(data, "label")
    truth = contract_columns(values, word(label, "source"))
    yield from _column("data.label.column", word(label, "column"), truth)
    if features:
        entity = word(part(values, "need"), "entity")
        yield from _column("need.entity", entity, columns)
        if columns and entity in columns:
            yield from _column("need.entity", entity, truth)
        yield from _uses_of_features(values, {column for _, column in words(features, "columns")})


def those_due(ground: Ground) -> Iterator[Slip]:
    """The source that says who is due names the entity, and when, where only recent rows count."""
    due = part(part(ground.values, "data"), "due")
    source = word(due, "source")
    yield from _column(
        "need.entity", word(part(ground.values, "need"), "entity"), contract_columns(ground.values, source)
    )
    contract = part(part(part(ground.values, "sources"), source), "contract")
    if due.get("within") is not None and contract and not word(contract, "time"):
        found = f"data.due.within is given, but sources.{source}.contract.time is not."
        why = "Without a time nobody can say which rows are recent."
        yield Slip(
            "data.due.within", "plan.needs_time", found, why, "Name the time column of that source, or remove within."
        )


def group_columns(ground: Ground) -> Iterator[Slip]:
    """A fairness column exists in its source."""
    for number, group in listed(part(ground.values, "proof"), "fairness"):
        columns = contract_columns(ground.values, word(group, "source"))
        yield from _column(f"proof.fairness[{number}].column", word(group, "column"), columns)


def trigger_objects(ground: Ground) -> Iterator[Slip]:
    """What a trigger is limited to exists."""
    values = ground.values
    consumers, sinks = list(part(values, "consumers")), list(part(values, "sinks"))
    known: dict[str, tuple[str, list[str]]] = {
        "alarm": ("monitor", [_dashed(name) for name in ground.members("watch/monitors")]),
        "note": ("monitor", [_dashed(name) for name in ground.members("watch/monitors")]),
        "silent": ("monitor", [*(_dashed(name) for name in ground.members("watch/monitors")), "retraining"]),
        "refusal": ("source", list(part(values, "sources"))),
        "breach": ("source", list(part(values, "sources"))),
        "overdue": ("severity", ["low", "high", "critical"]),
        "plan": ("section", list(values)),
        "paused": ("consumer", consumers),
        "late": ("consumer", consumers),
        "partial": ("consumer", consumers),
        "failed": ("consumer, sink or attempt", [*consumers, *sinks, *ATTEMPTS]),
        "unacknowledged": ("consumer", consumers),
        "unused": ("consumer", consumers),
        "revoked": ("function", list(FUNCTIONS)),
    }
    for number, trigger in listed(part(values, "respond"), "triggers"):
        of, on = word(trigger, "of"), word(trigger, "on")
        what, names = known.get(on, ("", [of]))
        if of and of not in names and _dashed(of) not in names:
            why = f"It would never act: nothing of that name can have the cause {on!r}."
            yield unknown(f"respond.triggers[{number}].of", "plan.unknown_object", what, of, names, why)


def envelope_sources(ground: Ground) -> Iterator[Slip]:
    """Sources whose age the envelope bounds exist."""
    known = list(part(ground.values, "sources"))
    for name in part(ground.values, "respond", "envelope", "data_at_most"):
        if name not in known:
            why = "The age of data that nobody reads is never known, so nothing would ever be inside the envelope."
            yield unknown(f"respond.envelope.data_at_most.{name}", "plan.unknown_source", "source", name, known, why)


def trigger_receivers(ground: Ground) -> Iterator[Slip]:
    """Whom a trigger tells has a route."""
    routes = list(part(ground.values, "respond", "routes"))
    for number, trigger in listed(part(ground.values, "respond"), "triggers"):
        here = f"respond.triggers[{number}]"
        named_here = [(f"{here}.to[{place}]", name) for place, name in words(trigger, "to")]
        for step, escalation in listed(trigger, "escalate"):
            named_here += [(f"{here}.escalate[{step}].to[{place}]", name) for place, name in words(escalation, "to")]
        for path, name in named_here:
            if name not in routes:
                why = "Without a route nobody of that name is ever told anything."
                yield unknown(path, "plan.unknown_receiver", "receiver", name, routes, why, "Add it to respond.routes.")


def route_names(ground: Ground) -> Iterator[Slip]:
    """Routes are for functions, roles and consumers."""
    known = {*FUNCTIONS, *_ROLES, *part(ground.values, "consumers")}
    for name in part(ground.values, "respond", "routes"):
        if name not in known:
            why = "Nobody of that name is ever told anything."
            yield unknown(f"respond.routes.{name}", "plan.unknown_receiver", "receiver", name, known, why)


def _kind(ground: Ground, folder: str, path: str, name: str) -> Iterator[Slip]:
    if name and name.replace("-", "_") not in ground.members(folder):
        known = [_dashed(member) for member in ground.members(folder)]
        fix = f"Write one of them; a new kind is one new file in {folder}/."
        yield unknown(path, "plan.unknown_kind", "kind", name, known, f"Kinds are the members of {folder}.", fix)


def _column(path: str, column: str, known: Collection[str]) -> Iterator[Slip]:
    if column and known and column not in known:
        why = "Only columns under contract are read."
        yield unknown(path, "plan.unknown_column", "column", column, known, why, "Declare it in the source's contract.")


def _uses_of_features(values: Values, features: set[str]) -> Iterator[Slip]:
    yield from _column("model.baseline.column", word(part(values, "model", "baseline"), "column"), features)
    yield from _column("release.cohorts.column", word(part(values, "release", "cohorts"), "column"), features)
    for number, column in words(part(values, "data"), "ages"):
        yield from _column(f"data.ages[{number}]", column, features)
    for number, column in words(part(values, "data"), "words"):
        yield from _column(f"data.words[{number}]", column, features)
        yield from _free_text(f"data.words[{number}]", column, part(values, "data", "features"), values)
    for name, consumer in named(values, "consumers"):
        for number, column in words(consumer, "needs_values"):
            yield from _column(f"consumers.{name}.needs_values[{number}]", column, features)
    for number, group in listed(part(values, "proof"), "fairness"):
        if not group.get("source"):
            yield from _column(f"proof.fairness[{number}].column", word(group, "column"), features)
    columns = {column for name, _ in named(values, "sources") for column in contract_columns(values, name)}
    for number, column in enumerate(items(part(values, "data"), "personal")):
        if isinstance(column, str):
            yield from _column(f"data.personal[{number}]", column, columns)


def _free_text(path: str, column: str, features: Values, values: Values) -> Iterator[Slip]:
    """Free text is text, there in every row, and not one of a list."""
    rules = contract_columns(values, word(features, "source")).get(column)
    if not isinstance(rules, dict):
        return
    if word(rules, "type") not in ("", "text") or rules.get("one_of") or rules.get("required") is False:
        found = f"{path} is {column}, which is {word(rules, 'type')}"
        found += (
            " of a list" if rules.get("one_of") else " that may be missing" if rules.get("required") is False else ""
        )
        why = "Words are read from a text that every row has; a text of a list is told apart as it is."
        fix = "Declare the column as `type: text` without one_of and required, or take it out of data.words."
        yield Slip(path, "plan.free_text", f"{found}.", why, fix)


def _dashed(member: str) -> str:
    return member.replace("_", "-")


RULES: tuple[Rule, ...] = (
    kind_names,
    sink_names,
    broker_names,
    source_names,
    output_columns,
    feature_columns,
    those_due,
    group_columns,
    trigger_objects,
    envelope_sources,
    trigger_receivers,
    route_names,
)
