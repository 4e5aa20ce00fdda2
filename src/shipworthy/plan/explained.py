"""What the mistakes of reading and adopting a plan mean: by code, with an example of each."""

from __future__ import annotations

_ON_THE_FILE = {
    "plan.no_file": (
        "A file that is needed is not there: product.yaml itself (`shipworthy init` makes a first one), or a pipeline, "
        "model file or guide that the plan names. Paths count from the folder of product.yaml."
    ),
    "plan.unreadable": "The file could not be opened, or is not UTF-8 text. Save it as plain text in UTF-8.",
    "plan.not_text": (
        "The file holds a character that is no text: it is binary, or was saved in another encoding than UTF-8. "
        "Save it as plain text in UTF-8."
    ),
    "plan.too_large": (
        "The file is larger than a plan can be (1 MB). Data, model files and long texts are files of their own, "
        "which the plan names."
    ),
    "plan.empty_file": "The file holds nothing but comments. A plan begins with `product: NAME`.",
    "plan.fill_in": (
        "A value or a name still stands in angle brackets, as a starter leaves it to be filled in.\n\n"
        "Example: `entity: <the column that names a row>` becomes `entity: customer`."
    ),
    "plan.broken_yaml": (
        "The text cannot be read as YAML from this line on. Most often the indentation is off, a colon stands "
        "inside text without quotes, or a bracket or quotation mark is not closed.\n\n"
        "Example: `who: Sales: north` needs quotes: `who: 'Sales: north'`."
    ),
    "plan.tab": "A line is indented by a tab. YAML indents with spaces only; two for each level are usual.",
    "plan.several_documents": "A line `---` begins a second document. One file is one product.",
    "plan.tag": (
        "A value carries a tag such as `!!python/object` or `!!str`. Tags ask the reader to make something else "
        "of a value; none are accepted. Put text that looks like a number in quotes."
    ),
    "plan.alias": (
        "An alias `*name` stands for a value that was named `&name` above it. This one names nothing above it, "
        "or the value that it is part of."
    ),
    "plan.too_many_values": (
        "Written out, the file has more values than any plan (20,000). Aliases of aliases multiply."
    ),
    "plan.too_deep": "Values lie deeper inside each other than in any plan (32 levels). A bracket may be open.",
    "plan.key_not_text": "A key is a list, a mapping, an alias, or longer than 128 characters. Keys are words.",
    "plan.duplicate_key": (
        "One key stands twice in the same section. Other readers silently keep the last one; here nothing is "
        "lost without a word.\n\n"
        "Example: two sources that are both called `purchases`."
    ),
    "plan.not_a_mapping": "The file is a list or a single value. A plan is keys and values; the first is `product`.",
    "plan.too_many_mistakes": "Only the first 100 mistakes are listed. Put these right and read the rest.",
}

_ON_VALUES = {
    "plan.unknown_key": (
        "A section has a key that it does not know. A misspelt key would otherwise be a silent default.\n\n"
        "Example: `horzion: 3mo` under `need`."
    ),
    "plan.missing_key": "A section lacks a key that has no default. The message shows an example of it.",
    "plan.empty_value": "A key is followed by nothing. Give it a value, or remove the key.",
    "plan.wrong_type": (
        "A value is of another type than is wanted: a number where text is wanted, or the reverse. `yes`, `no`, "
        "`on` and `off` are text; true and false are the only two flags.\n\n"
        'Example: `top: "200"` is text; write `top: 200`.'
    ),
    "plan.not_a_length": (
        "A length of time is a number and a unit: ms, s, min, h, d, w, mo (calendar month) or y. It is more than "
        "nothing and at most 100 years.\n\n"
        "Example: `90d`, `3mo`, `100ms`; not `3 months`."
    ),
    "plan.not_a_share": "A share is a percentage such as `20%`, or a number from 0 to 1.",
    "plan.not_a_choice": "A value is none of the words that may stand here; the message lists them.",
    "plan.out_of_range": "A number lies outside what makes sense here, or is not finite.",
    "plan.bad_name": (
        "A name begins with a small letter and goes on with small letters, digits, - and _, at most 63 "
        "characters. Names become parts of files, tables, addresses and logins."
    ),
    "plan.wrong_size": "A text or a list is too short or too long for what it must say.",
    "plan.range": "The lower bound lies above the upper one, so nothing can lie between them.",
    "plan.repeated": "A name stands twice in a list in which each stands for one thing.",
}

_ON_REFERENCES = {
    "plan.unknown_source": "Features, labels and fairness groups name a source that is not declared under `sources`.",
    "plan.unknown_broker": "A stream names a broker that is not declared under `brokers`.",
    "plan.unknown_sink": "A consumer names a sink that is not declared under `sinks`.",
    "plan.unknown_column": (
        "A column is named that is not there: not under contract, not among the features, or not one of the "
        "columns of the output."
    ),
    "plan.unknown_kind": (
        "A kind of source, sink, baseline, monitor or action is not a member of its folder. `shipworthy explain "
        "kinds` lists all of them; - and _ are the same."
    ),
    "plan.unknown_object": (
        "A trigger is limited by `of` to something that cannot set it off: an alarm to a monitor, a refusal to a "
        "source, a late or unacknowledged delivery to a consumer, a failed one to a consumer or sink, a revoked "
        "sign-off to a function."
    ),
    "plan.unknown_receiver": (
        "A route is for a function, a role (product_manager, operator, builders, auditors) or a consumer. Nobody "
        "of this name is ever told anything."
    ),
    "plan.unknown_zone": "The time zone is not in the time zone database. Zones have names such as Europe/Berlin.",
}

_ON_STRUCTURE = {
    "plan.decision_rule": (
        "A decision has exactly one rule: `top` (so many highest scores), `share` (of all entities) or "
        "`threshold` (scores at or above).\n\n"
        "Example: `decision: {top: 200, share: 10%}` has two."
    ),
    "plan.free_text": (
        "A feature under `data.words` is text that every row has, and no text of a list (`one_of`): its words are "
        "learnt from."
    ),
    "plan.classes": (
        "With `answer: class` the plan lists every class there is (`need.classes`), and which of them counts as yes "
        "(`decision.yes`). The likeliest class is the decision, so there is no top, share or threshold; `ask` sends "
        "answers of too low a probability to a person. The label's column is text, and its contract's `one_of` lets "
        "nothing through but the classes, so that an unknown one goes to quarantine."
    ),
    "plan.unknown_class": "A class is named that `need.classes` does not list. The list is closed.",
    "plan.features_from": (
        "Features and labels come either from a `pipeline`, or from columns as they stand: `features` and "
        "`label` together. With both there would be two truths, with neither none."
    ),
    "plan.clock_start": "A simulated clock begins on `time.start`; the wall clock has no start.",
    "plan.list_needs": (
        "A consumer of lists needs `every`, `start`, `deadline` and at least one of `sinks`: without them nobody "
        "can say whether a list is late or lost. `latency` belongs to real-time answers."
    ),
    "plan.list_when": (
        "A list comes either on a schedule, with `every` and `start`, or with `when: arrival` whenever new data has "
        "come in, of the sources in `arrival_of`. A mix of both says nothing that could be kept."
    ),
    "plan.trigger_time": (
        "A trigger with `on: schedule` needs `every` and `start`, one with `on: silent` needs `after`, and no other "
        "has them. `escalate` goes on from a message, so the trigger notifies."
    ),
    "plan.realtime_needs": (
        "A consumer of real-time answers needs `latency`. `every`, `start` and `deadline` belong to lists."
    ),
    "plan.stream_needs": (
        "A consumer of a stream needs `latency` and `stream`, which names broker and topics. `every`, `start`, "
        "`deadline` and `sinks` belong to lists."
    ),
    "plan.cohort_column": "With `by: column` the cohort is named by a feature, so `column` must name it.",
    "plan.column_rule": (
        "A rule on a column cannot be held against its type, or contradicts another: `min`, `max` and `typical` "
        "are for integer and number, `pattern` is a valid regular expression for text, `format` is for date and "
        "moment, `missing_at_most` is for columns that are not required, and the `time` column is a date or "
        "moment."
    ),
    "plan.needs_time": (
        "Freshness, and volume for each stretch of time, are judged by the time column of the contract."
    ),
    "plan.address": (
        "A source or sink says in one way where it is: `path` for a file, `url` for a database. A database needs "
        "a `query` to read or a `table` to write."
    ),
    "plan.placeholder": (
        "`${NAME}` is replaced from the environment; in a sink's path `{as_of}` and `{run}` are filled in. "
        "Anything else with these signs would be written as it stands."
    ),
    "plan.secret": (
        "A password or token stands in the file. The plan goes into the ledger, from which nothing is ever "
        "removed. Change the secret, set an environment variable and write `${NAME}`.\n\n"
        "Example: `url: postgresql://app:${DB_PASSWORD}@db/sales`, or the whole address: `url: ${DB_URL}`."
    ),
    "plan.file_outside": (
        "Pipeline, model file and guides lie beside product.yaml or below its folder, because they are kept by "
        "digest together with the product. A pipeline is a .py file."
    ),
    "plan.bad_route": "A route is `file:PATH`, an https address, or `${NAME}`.",
}

_ON_ADOPTING = {
    "plan.none_adopted": "The product has no plan in force. `shipworthy plan` adopts product.yaml.",
    "plan.product_changed": (
        "The file names another product than the one it was handed in for. A product keeps its name for good: "
        "facts, cohorts and held-out entities hang on it."
    ),
    "plan.people_changed": (
        "The plan changes who does what, and only an administrator may adopt that: whoever could name the owners "
        "could sign for them."
    ),
    "plan.clock_back": "The product's time would run backwards, so that facts came before what led to them.",
    "plan.clock_not_simulated": "Only the clock of a plan with `time: {clock: simulated}` is moved.",
}

EXPLAINED: dict[str, str] = {**_ON_THE_FILE, **_ON_VALUES, **_ON_REFERENCES, **_ON_STRUCTURE, **_ON_ADOPTING}
