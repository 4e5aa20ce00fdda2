"""The shape of product.yaml: every section, field and choice, with the words that editors show.

Nothing here reads a file or knows a line number; `plan.reading` does that. Unknown keys are refused.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from shipworthy.base.times import Length, length

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
ColumnName = Annotated[str, Field(min_length=1, max_length=128)]


def _read_length(value: object) -> object:
    return length(value) if isinstance(value, str) else value


def _read_share(value: object) -> object:
    if isinstance(value, str) and value.strip().endswith("%"):
        return float(value.strip()[:-1]) / 100
    return value


Duration = Annotated[
    Length,
    BeforeValidator(_read_length),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": r"^\d+\s*(ms|s|min|h|d|w|mo|y)$", "examples": ["90d", "3mo", "100ms"]}
    ),
]
Share = Annotated[
    float,
    BeforeValidator(_read_share),
    Field(ge=0, le=1),
    WithJsonSchema(
        {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": r"^[0-9.]+%$"}]}
    ),
]


class Section(BaseModel):
    """A part of the plan: frozen, and strict about unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Need(Section):
    """What people need to know, what they will decide with it, and how far ahead it looks."""

    question: str = Field(min_length=8, description="The question in one plain sentence.")
    decision: str = Field(min_length=8, description="What somebody does differently because of the answer.")
    entity: ColumnName = Field(description="The column that names what an answer is about, such as customer_id.")
    answer: Literal["probability", "number"] = Field("probability", description="A probability of yes, or a number.")
    horizon: Duration = Field(description="How far ahead the answer looks; the truth is known after it.")


class Time(Section):
    """Whose clock the product lives by."""

    zone: str = Field("UTC", description="The owner's time zone, used on pages.")
    clock: Literal["wall", "simulated"] = Field(
        "wall", description="`simulated` replays history; time moves by `shipworthy advance`."
    )
    start: date | None = Field(None, description="The first day of a simulated clock.")


class Owners(Section):
    """Who answers for the product, by function; each name is a login."""

    business: Name
    technology: Name
    privacy: Name
    legal: Name
    compliance: Name
    validation: Name


class People(Section):
    """Who does what; each name is a login made with `shipworthy people add`."""

    product_manager: Name
    builders: list[Name] = Field(
        min_length=1, description="Data scientists and ML engineers; their candidates they cannot sign."
    )
    operator: Name = Field(description="Who runs it, also at night.")
    owners: Owners
    auditors: list[Name] = []


class Consumer(Section):
    """Who acts on the output: in which form, by which route, how often, how soon, and with how much time to act."""

    who: str = Field(min_length=3)
    person: Name = Field(description="The login that acknowledges deliveries for this consumer.")
    mode: Literal["list", "realtime"] = "list"
    columns: list[ColumnName] = Field(
        default=["rank", "entity", "score", "decision", "reasons"],
        description="Columns of the output, of: rank, entity (or its own name), score, decision, reasons, answer_id, as_of, cohort.",
        min_length=1,
    )
    sinks: list[Name] = Field(default=[], description="Where lists are brought; a real-time consumer needs none.")
    only: Literal["all", "chosen"] = Field("all", description="`chosen`: only the rows whose decision is yes.")
    every: Duration | None = Field(None, description="Cadence of a list, counted from `start`.")
    start: date | None = Field(None, description="The day of the first list.")
    deadline: Duration | None = Field(None, description="A list must arrive this long after the moment it is for.")
    latency: Duration | None = Field(None, description="A real-time answer must come within this time.")
    time_to_act: Duration = Field(
        description="How long the consumer needs between getting an answer and having acted on it."
    )
    acknowledge_within: Duration | None = Field(None, description="A delivery not acknowledged by then is raised.")
    if_stopped: Literal["baseline", "last", "nothing"] = Field(
        "baseline",
        description="What the consumer gets when data or model are stopped: the signed baseline on the last good snapshot, the last list, or only a message.",
    )
    capacity: int | None = Field(
        None, ge=1, description="How many positive decisions the consumer can act on per delivery."
    )
    guide: str = Field("", description="Plain-language instructions for this consumer: a file beside product.yaml.")
    needs_values: list[ColumnName] = Field(default=[], description="Input columns whose values go with each row.")


class Typical(Section):
    """A value that a whole feed shows, held within bounds for each stretch of time."""

    median: tuple[float, float] | None = Field(None, description="The median of each stretch lies between these.")
    mean: tuple[float, float] | None = None
    each: Duration = Field(default=Length(months=1), description="The stretch of time that is judged by itself.")


class Column(Section):
    """One column of a source and what it must look like."""

    type: Literal["text", "integer", "number", "date", "moment", "flag"]
    required: bool = Field(True, description="False: the value may be missing in a row.")
    missing_at_most: Share = Field(0.0, description="The share of rows in which it may be missing, where not required.")
    min: float | None = None
    max: float | None = None
    one_of: list[str] | None = Field(None, description="The only values it may take.")
    pattern: str | None = Field(None, description="A regular expression that text must match whole.")
    format: str | None = Field(
        None, description="How a date or moment is written, in strptime's terms; ISO 8601 if absent."
    )
    unit: str | None = None
    typical: Typical | None = None
    personal: bool = Field(False, description="Says something about a person.")


class RemovalRule(Section):
    """Rows that are removed on purpose, with a name under which they are counted."""

    name: Name
    where: str = Field(min_length=3, description="A SQL condition over the source's columns.")
    why: str = ""


class Volume(Section):
    """How many rows a stretch of time brings."""

    rows: tuple[int, int]
    each: Duration | None = Field(None, description="Absent: rows of the whole source.")


class Contract(Section):
    """What a table must look like before anything downstream may read it."""

    columns: dict[ColumnName, Column] = Field(min_length=1)
    other_columns: Literal["ignore", "refuse"] = "ignore"
    time: ColumnName | None = Field(
        None, description="The column that says when a row became true; rows at or after `as_of` are not read."
    )
    key: list[ColumnName] = Field(
        default=[], description="Columns that together name a row; a repeated key goes to quarantine."
    )
    duplicates: Literal["remove", "quarantine", "keep"] = Field("quarantine", description="Exactly repeated rows.")
    remove: list[RemovalRule] = []
    quarantine_at_most: Share = Field(
        0.01, description="More bad rows than this share and the whole source is stopped."
    )
    volume: Volume | None = None
    freshness: Duration | None = Field(None, description="The newest row is at most this old.")
    vendor: str = ""


class Source(Section):
    """A system that is read from."""

    kind: Name = Field(description="A member of data/sources: see `shipworthy explain kinds`.")
    path: str = Field("", description="File or pattern, relative to product.yaml, or an fsspec address.")
    url: str = Field("", description="Database address; ${NAME} is taken from the environment.")
    query: str = ""
    right_to_use: str = Field("", description="On what ground the data may be used for this need.")
    contract: Contract


class Sink(Section):
    """A system that is written to, with a rehearsal destination for trying the real route."""

    kind: Name
    path: str = Field("", description="File; {as_of} and {run} are filled in.")
    url: str = ""
    table: str = ""
    rehearsal: str = Field(description="The path or table that stands for this one in a rehearsal.")


class ColumnsFrom(Section):
    """Features or labels that are columns of a source as they stand."""

    source: Name
    columns: list[ColumnName] = Field(min_length=1)


class LabelFrom(Section):
    """A label that is a column of a source."""

    source: Name
    column: ColumnName
    yes: str | None = Field(
        None, description="The value that counts as yes; absent where the column is 0/1 or true/false."
    )


class Data(Section):
    """How sources become features and labels: the team's pipeline, or columns as they stand."""

    pipeline: str = Field("", description="A Python file beside product.yaml with features(), label() and train().")
    features: ColumnsFrom | None = None
    label: LabelFrom | None = None
    ages: list[ColumnName] = Field(default=[], description="Features that grow by themselves; their drift is expected.")
    personal: list[ColumnName] = []


class Baseline(Section):
    """The simple rule that answers when no model can."""

    kind: Name = Field(description="A member of model/baselines.")
    column: ColumnName | None = None
    higher_is: Literal["more", "less"] = Field("more", description="Whether a higher value means a more likely yes.")


class Training(Section):
    """Which moments a candidate learns from: the newest ones whose labels are mature."""

    snapshots: int = Field(1, ge=1, le=120)
    every: Duration = Length(months=1)
    first: date | None = Field(None, description="The earliest moment that may be learnt from.")


class Model(Section):
    """What answers."""

    baseline: Baseline
    file: str = Field("", description="A model made elsewhere (.onnx or .skops) in place of training by the pipeline.")
    training: Training = Training()
    extra_trusted_types: list[str] = Field(
        default=[],
        description="Types in a skops file that this product trusts beyond the standard list; a reviewed exception.",
    )


class Decision(Section):
    """How a score becomes an action; exactly one of top, share, threshold."""

    top: int | None = Field(None, ge=1, description="The so many highest scores.")
    share: Share | None = None
    threshold: float | None = None
    ask: tuple[float, float] | None = Field(None, description="Scores in this band go to a person.")
    yes: str = "yes"
    no: str = "no"
    ask_name: str = "ask a person"


class Performance(Section):
    """How good is good enough."""

    metric: Literal["auc", "average_precision", "brier", "log_loss", "mae", "rmse"] = "auc"
    floor: float | None = Field(None, description="The pessimistic end of the interval must reach this.")
    beats_baseline_by: float | None = Field(
        0.0, description="By how much it must beat the baseline, at the pessimistic end."
    )
    confidence: float = Field(0.95, gt=0.5, lt=1)


class Fairness(Section):
    """For whom decisions are compared."""

    column: ColumnName = Field(description="Column of the features or of a source with one row per entity.")
    source: Name | None = None
    disparity_at_most: Share = 0.2
    group_at_least: int = 100


class Proof(Section):
    """What must be shown before anybody signs, and who must sign."""

    holdout: Share = Field(
        0.2, description="Share of entities, chosen by a hash of their name, that training never sees."
    )
    performance: Performance = Performance()
    calibration_tolerance: Share | None = Field(0.05, description="How far promised and real share may lie apart.")
    reasons: int = Field(0, ge=0, le=10, description="How many reasons every row carries.")
    fairness: list[Fairness] = []
    reviews: list[Literal["business", "technology", "privacy", "legal", "compliance", "validation"]] = [
        "privacy",
        "legal",
        "compliance",
        "validation",
    ]
    sign_offs: list[Literal["business", "technology", "privacy", "legal", "compliance", "validation"]] = [
        "business",
        "technology",
        "privacy",
        "legal",
        "compliance",
        "validation",
    ]
    baseline_sign_offs: list[Literal["business", "technology", "privacy", "legal", "compliance", "validation"]] = [
        "business",
        "technology",
    ]


class Cohorts(Section):
    """Named parts of the consumers, switched on together."""

    by: Literal["hash", "column"] = "hash"
    column: ColumnName | None = Field(None, description="With `by: column`: the feature that names the cohort.")
    names: list[Name] = Field(min_length=1)
    simulated: bool = Field(False, description="Said on every page: these parts are made up for a rehearsal or a demo.")


class Release(Section):
    """In which steps a candidate reaches people."""

    steps: list[Literal["rehearsal", "shadow", "cohort", "all"]] = ["rehearsal", "shadow", "cohort", "all"]
    shadow_lists: int = Field(
        1, ge=0, description="How many lists a challenger answers in shadow before a cohort gets it."
    )
    cohorts: Cohorts = Cohorts(names=["everyone"])


class MonitorPlan(Section):
    """One monitor's tolerance and error rate."""

    tolerance: float | None = Field(None, gt=0, description="What may change without harm.")
    phi: float | None = Field(
        None,
        ge=1,
        description="Declared bound on overdispersion: how many times dependence between rows inflates variance.",
    )
    false_alarms_per_year: float = Field(0.05, gt=0, lt=1)


class Watch(Section):
    """What is watched for life."""

    monitors: dict[Name, MonitorPlan] = Field(
        default={}, description="Members of watch/monitors that differ from their defaults; every monitor runs."
    )
    updates_per_year: int | None = Field(None, ge=1, description="Windows per year; from the cadence if absent.")


class Trigger(Section):
    """What happens when: one trigger, any number of actions."""

    name: Name
    on: Literal["alarm", "refusal", "late", "failed", "revoked", "unacknowledged"]
    of: Name | None = Field(None, description="Only of this monitor, source or consumer.")
    do: list[Name] = Field(min_length=1, description="Members of respond/actions, in order.")
    again_after: Duration | None = Field(None, description="While the cause lasts, act again after this time.")


class Envelope(Section):
    """The bounds, signed beforehand, inside which a retrained candidate may go live without a new sign-off."""

    same_features: bool = True
    same_family: bool = True
    mean_score_change_at_most: float = Field(
        0.2, gt=0, description="How far its mean score may lie from the champion's on the same rows."
    )
    rank_correlation_at_least: float = Field(0.8, ge=-1, le=1)
    within: Duration = Field(default=Length(months=12), description="How long after its signing the envelope holds.")


class RespondPlan(Section):
    """What is done about it."""

    triggers: list[Trigger] = []
    envelope: Envelope | None = None
    routes: dict[Name, str] = Field(
        default={},
        description="Where messages for a function or consumer go: file:PATH or https address; ${NAME} from the environment.",
    )


class Plan(Section):
    """One product, declared on day one."""

    product: Name
    need: Need
    time: Time = Time()
    people: People
    consumers: dict[Name, Consumer] = Field(min_length=1)
    sources: dict[Name, Source] = Field(min_length=1)
    sinks: dict[Name, Sink] = {}
    data: Data
    model: Model
    decision: Decision
    proof: Proof = Proof()
    release: Release = Release()
    watch: Watch = Watch()
    respond: RespondPlan = RespondPlan()

    def values(self) -> dict[str, Any]:
        """The plan in JSON's types, as it goes into a fact."""
        return self.model_dump(mode="json", exclude_none=True)


def plan_of(values: dict[str, Any]) -> Plan:
    """The plan that a fact holds."""
    return Plan.model_validate(values)
