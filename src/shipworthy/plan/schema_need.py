"""Whom the product is for and who answers for it: need, time, people, consumers, sinks."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import ConfigDict, Field

from shipworthy.plan.fields import ClassName, ColumnName, Day, Duration, Function, Name, Section, Share, Topic, Whole


class Need(Section):
    """What people need to know, what they will decide with it, and how far ahead it looks."""

    question: str = Field(
        min_length=8,
        description="The question in one plain sentence.",
        examples=["Which customers will buy in the next three months?"],
    )
    decision: str = Field(
        min_length=8,
        description="What somebody does differently because of the answer.",
        examples=["Sales calls the 200 customers who are most likely to buy."],
    )
    entity: ColumnName = Field(
        description="The column that names what an answer is about: one answer per value of it.",
        examples=["customer_id"],
    )
    answer: Literal["probability", "number", "class"] = Field(
        "probability",
        description=(
            "A `probability` of yes; a `number` such as an amount; or one `class` of a declared list, with the "
            "probability of each."
        ),
    )
    classes: list[ClassName] = Field(
        default=[],
        max_length=100,
        description="With `answer: class`: every class there is, as it is written in the data; the list is closed.",
        examples=[["repair", "replace", "none"]],
    )
    horizon: Duration = Field(
        description="How far ahead the answer looks. The truth about an answer is known after it, and not before.",
        examples=["3mo"],
    )


class Time(Section):
    """Whose clock the product lives by."""

    zone: str = Field("UTC", description="The owner's time zone, used on pages.", examples=["America/New_York"])
    clock: Literal["wall", "simulated"] = Field(
        "wall", description="`simulated` replays history; time moves by `shipworthy advance`."
    )
    start: Day | None = Field(
        None, description="The first day of a simulated clock; needed with `clock: simulated`.", examples=["1997-04-01"]
    )


class Owners(Section):
    """Who answers for the product, by function; each name is a login, and one login may hold several functions."""

    business: Name = Field(description="Answers for the need and its worth.", examples=["business-owner"])
    technology: Name = Field(description="Answers for running it.", examples=["technology-owner"])
    privacy: Name = Field(description="Answers for the use of data about persons.", examples=["privacy-owner"])
    legal: Name = Field(description="Answers for law and contracts.", examples=["legal-owner"])
    compliance: Name = Field(description="Answers for rules of the trade.", examples=["compliance-owner"])
    validation: Name = Field(
        description="Judges the model independently; never a builder.", examples=["validation-owner"]
    )


class People(Section):
    """Who does what; each name is a login made with `shipworthy people add`."""

    product_manager: Name = Field(description="Owns the need and this file.", examples=["product-manager"])
    builders: list[Name] = Field(
        min_length=1,
        description="Data scientists and ML engineers; their own candidates they cannot sign.",
        examples=[["data-scientist"]],
    )
    operator: Name = Field(description="Who runs it, also at night.", examples=["night-operator"])
    owners: Owners = Field(
        description="The owner of each function.",
        examples=[{function: f"{function}-owner" for function in get_args(Function)}],
    )
    auditors: list[Name] = Field(default=[], description="Who may read everything and change nothing.")


class StreamRoute(Section):
    """Where the questions of a stream come from and its answers go to."""

    broker: Name = Field(description="The name of a broker.", examples=["bus"])
    questions: Topic = Field(description="The topic that questions are read from.", examples=["shop.questions"])
    answers: Topic = Field(description="The topic that answers go to.", examples=["shop.answers"])
    dead_letters: Topic = Field(
        description="The topic for what cannot be answered, with the reason; sent again by `shipworthy dead-letters`.",
        examples=["shop.dead-letters"],
    )
    rehearsal: Topic = Field(
        description="The topic that a candidate's answers go to in the step `rehearsal`, in place of the real one.",
        examples=["rehearsal.shop.answers"],
    )
    at_once: Whole = Field(
        256, ge=1, le=10_000, description="The most questions taken together; no more are read before they are settled."
    )


class Consumer(Section):
    """Who acts on the output: in which form, by which route, how often, how soon, and with how much time to act."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"mode": {"enum": ["realtime", "stream"]}}, "required": ["mode"]},
            "then": {
                "required": ["latency"],
                "if": {"properties": {"mode": {"const": "stream"}}},
                "then": {"required": ["stream"]},
            },
            "else": {
                "if": {"properties": {"when": {"const": "arrival"}}, "required": ["when"]},
                "then": {"required": ["deadline", "sinks"]},
                "else": {"required": ["every", "start", "deadline", "sinks"]},
            },
        }
    )

    who: str = Field(
        min_length=3, description="Who they are, in plain words.", examples=["The sales team and its call centres"]
    )
    person: Name = Field(
        description="The login that acknowledges deliveries for this consumer.", examples=["sales-lead"]
    )
    mode: Literal["list", "realtime", "stream"] = Field(
        "list",
        description=(
            "`list`: one table per moment, on a cadence. `realtime`: one answer per request, over HTTP. `stream`: one "
            "answer per message of a broker's topic."
        ),
    )
    columns: list[ColumnName] = Field(
        default=["rank", "entity", "score", "decision", "reasons"],
        description=(
            "Columns of the output, in order, of: rank, entity (or its own name), score, low, high (the interval), "
            "decision, reasons, answer_id, as_of, cohort; of a class also class and probabilities (a column "
            "`p_NAME` for each class)."
        ),
        min_length=1,
    )
    sinks: list[Name] = Field(
        default=[], description="Names of sinks to which lists are brought; a real-time consumer needs none."
    )
    only: Literal["all", "chosen"] = Field(
        "all", description="`chosen`: only the rows whose decision is yes. `all`: every row."
    )
    when: Literal["schedule", "arrival"] = Field(
        "schedule",
        description="`schedule`: a list is made every so often. `arrival`: one is made whenever new data has come in.",
    )
    arrival_of: list[Name] = Field(
        default=[],
        description="With `when: arrival`: the sources whose new data makes a list; any source if none is named.",
        examples=[["purchases"]],
    )
    arrives_every: Duration | None = Field(
        None,
        description=(
            "With `when: arrival`: new data comes at least this often. If none has come for longer, the list counts as "
            "late."
        ),
        examples=["1d"],
    )
    every: Duration | None = Field(
        None, description="Cadence of a list, counted from `start`; needed with `mode: list`.", examples=["1mo"]
    )
    start: Day | None = Field(
        None, description="The day of the first list; needed with `mode: list`.", examples=["2026-05-01"]
    )
    deadline: Duration | None = Field(
        None,
        description=(
            "A list must arrive this long after the moment it is for, or after its data came in; needed with "
            "`mode: list`."
        ),
        examples=["12h"],
    )
    latency: Duration | None = Field(
        None,
        description=(
            "A real-time answer, or one in a stream, must come within this time; needed with `mode: realtime` and "
            "`mode: stream`."
        ),
        examples=["100ms"],
    )
    stream: StreamRoute | None = Field(
        None,
        description="The topics of a stream; needed with `mode: stream`.",
        examples=[
            {
                "broker": "bus",
                "questions": "shop.questions",
                "answers": "shop.answers",
                "dead_letters": "shop.dead-letters",
                "rehearsal": "rehearsal.shop.answers",
            }
        ],
    )
    asks_by: Literal["key", "values", "either"] = Field(
        "key",
        description=(
            "What a real-time question holds: the entity only, answered by the inputs stored with the newest list "
            "(`key`); the entity and every input (`values`); or either."
        ),
    )
    if_invalid: Literal["refuse", "baseline"] = Field(
        "refuse",
        description=(
            "What happens to a real-time question with an input that is not as agreed: refused with the field, or "
            "answered by the signed baseline with a notice."
        ),
    )
    features_within: Duration | None = Field(
        None,
        description=(
            "Stored inputs older than this answer no real-time question; `if_stopped` says what happens instead."
        ),
        examples=["36h"],
    )
    log: Literal["synced", "written"] = Field(
        "synced",
        description=(
            "When a real-time answer may leave: once the disk has it in the prediction log (`synced`), or once the "
            "operating system has it (`written`), which a power cut can lose."
        ),
    )
    time_to_act: Duration = Field(
        description="How long the consumer needs between getting an answer and having acted on it.", examples=["30d"]
    )
    acknowledge_within: Duration | None = Field(
        None, description="A delivery not acknowledged by then is raised.", examples=["14d"]
    )
    use_at_least: Share | None = Field(
        None,
        description=(
            "The share of a list's rows that is acted on within `time_to_act`; a list of which less was used, or "
            "nobody said how much, is raised."
        ),
        examples=["50%"],
    )
    answered_at_least: Share | None = Field(
        None,
        description="The share of those due whom a list must answer; a list that answers fewer is raised as partial.",
        examples=["95%"],
    )
    if_stopped: Literal["baseline", "last", "nothing"] = Field(
        "baseline",
        description=(
            "What the consumer gets when data or model are stopped: the signed baseline on the last good snapshot, "
            "the last list, or only a message."
        ),
    )
    capacity: Whole | None = Field(
        None,
        ge=1,
        description=(
            "How many positive decisions the consumer can act on per delivery; a plan that promises more is refused."
        ),
        examples=[200],
    )
    guide: str = Field(
        "",
        description="Plain-language instructions for this consumer: a file beside product.yaml.",
        examples=["guides/sales.md"],
    )
    needs_values: list[ColumnName] = Field(
        default=[],
        description=(
            "Inputs whose values go with each answer, as they were looked at: behind the columns of a list, as "
            "`values` of an answer in real time or in a stream."
        ),
        examples=[["recency"]],
    )


class Sink(Section):
    """A system that is written to, with a rehearsal destination for trying the real route."""

    kind: Name = Field(description="A member of deliver/sinks: see `shipworthy explain kinds`.", examples=["csv"])
    path: str = Field(
        "",
        description=(
            "File or folder, relative to product.yaml, or an fsspec address such as s3://bucket/file; {as_of} and "
            "{run} are filled in."
        ),
        examples=["out/sales/call-list-{as_of}.csv"],
    )
    url: str = Field(
        "",
        description=(
            "Address of a database, webhook, mail server or chat; ${NAME} is taken from the environment, and no secret "
            "stands in the plan."
        ),
        examples=["${CRM_URL}"],
    )
    table: str = Field("", description="With a database: the table that the rows go to.", examples=["call_list"])
    key: list[ColumnName] = Field(
        default=[],
        description=(
            "With a database: the columns that name a row. The table then holds one current row for each; absent: the "
            "rows of every run."
        ),
        examples=[["customer_id"]],
    )
    sheet: str = Field("", max_length=31, description="With `kind: excel`: the sheet's name.", examples=["Call list"])
    to: list[str] = Field(
        default=[], description="With `kind: email`: who gets it.", examples=[["sales-lead@shop.example"]]
    )
    sender: str = Field("", description="With `kind: email`: whom it comes from.", examples=["ship@shop.example"])
    format: Literal["", "csv", "excel", "event", "batch"] = Field(
        "",
        description=(
            "With `kind: email`: the attachment, `csv` (if absent) or `excel`. With `kind: webhook`: one `event` for "
            "some rows (if absent), or a `batch` with an event for each row."
        ),
    )
    headers: dict[str, str] = Field(
        default={},
        description="With `kind: webhook`: further headers, by name.",
        examples=[{"Authorization": "Bearer ${CRM_TOKEN}"}],
    )
    secret: str = Field(
        "",
        description="With `kind: webhook`: the variable with the secret that requests are signed with.",
        examples=["${CRM_HOOK_SECRET}"],
    )
    rows_at_once: Whole = Field(500, ge=1, le=100_000, description="With `kind: webhook`: rows of one request.")
    link: str = Field(
        "", description="With `kind: chat`: where people find the list.", examples=["https://crm.shop.example/lists"]
    )
    rehearsal: str = Field(
        description="The path, table, url or address that stands for the real one in a rehearsal.",
        examples=["out/rehearsal/call-list-{as_of}.csv"],
    )


class Broker(Section):
    """A system that carries streams of messages."""

    kind: Name = Field(description="A member of edges/brokers: see `shipworthy explain kinds`.", examples=["nats"])
    url: str = Field(
        min_length=1,
        description="Its address, or several separated by commas; ${NAME} is taken from the environment.",
        examples=["${NATS_URL}"],
    )
