"""What happens once there is a candidate: release, watch, response."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shipworthy.base.times import Length
from shipworthy.plan.fields import ClockTime, ColumnName, Day, Duration, Flag, Name, Number, Section, Share, Whole


class Cohorts(Section):
    """Named parts of the consumers, switched on together."""

    by: Literal["hash", "column"] = Field(
        "hash", description="`hash`: by a hash of the entity's name. `column`: by a feature that names the cohort."
    )
    column: ColumnName | None = Field(None, description="With `by: column`: the feature that names the cohort.")
    names: list[ColumnName] = Field(
        min_length=1,
        description="The cohorts, in the order in which they are switched on; with `by: column`, values of the column.",
        examples=[["north"]],
    )
    simulated: Flag = Field(False, description="Said on every page: these parts are made up for a rehearsal or a demo.")


class Evidence(Section):
    """By which evidence a candidate in shadow, canary or full use is let on or taken back."""

    harm: Share = Field(0.0, lt=1, description="The rise of the mean loss, of 0 to 1 a row, that is tolerated.")
    margin: Share = Field(
        0.02, gt=0, lt=1, description="By how much the mean loss would have to rise for it to be too much worse."
    )
    error: Share = Field(
        0.05,
        gt=0,
        lt=1,
        description=(
            "The chance of a wrong verdict at a step, of either kind, however often one looks: of going back for "
            "whatever reason, and of being let on."
        ),
    )
    row_limit: Whole = Field(
        20_000, ge=1, description="Compared rows after which a candidate in shadow or canary goes back undecided."
    )
    phi: Number = Field(
        10.0,
        ge=1,
        description=(
            "Declared bound on overdispersion of the differences of two candidates: how many times dependence between "
            "the rows of a moment inflates the variance of their mean; until 20 moments are known, which it is then "
            "measured on."
        ),
    )
    late_or_failed_at_most: Share = Field(
        0.01,
        gt=0,
        lt=1,
        description=(
            "The share of questions in real time that a candidate in shadow or canary may answer too late, and the "
            "share that it may fail to answer."
        ),
    )
    required: Flag = Field(
        False, description="Whether nobody gets more from a candidate before its trial has shown that it is not worse."
    )


class Release(Section):
    """In which steps a candidate reaches people."""

    steps: list[Literal["rehearsal", "shadow", "canary", "cohort", "all"]] = Field(
        default=["rehearsal", "shadow", "cohort", "all"],
        min_length=1,
        description=(
            "The steps in order: the real route to a rehearsal destination, silently beside the champion, for real for "
            "a small share of everybody, one cohort after the other, everybody."
        ),
    )
    shadow_lists: Whole = Field(
        1, ge=0, description="How many lists a challenger answers in shadow before a cohort gets it."
    )
    canary: Share = Field(
        0.05,
        gt=0,
        lt=1,
        description=(
            "The share of entities, chosen by a hash of their name, whom a challenger answers in the step `canary`; "
            "whoever is in a small share is in every larger one."
        ),
        examples=["5%"],
    )
    canary_lists: Whole = Field(
        1, ge=0, description="How many lists a canary must have had a part in before the next step."
    )
    canary_answers: Whole = Field(
        0, ge=0, description="How many answers a canary must have given in real time before the next step."
    )
    evidence: Evidence = Field(default=Evidence(), description="By which evidence a candidate is let on or taken back.")
    cohorts: Cohorts = Field(default=Cohorts(names=["everyone"]), description="Who gets it together.")


class MonitorPlan(Section):
    """One monitor's tolerance and error rate."""

    tolerance: Number | None = Field(None, gt=0, description="What may change without harm.", examples=[0.05])
    phi: Number | None = Field(
        None,
        ge=1,
        description="Declared bound on overdispersion: how many times dependence between rows inflates variance.",
    )
    false_alarms_per_year: Number | None = Field(
        None,
        gt=0,
        lt=1,
        description=(
            "The chance of a false alarm in a year that is accepted of this monitor; absent: an equal part of what the "
            "declared ones leave of `watch.false_alarms_per_year`, at most 0.05."
        ),
        examples=[0.05],
    )


class Audit(Section):
    """Answers of each window that are drawn at random, for people to say what is true of them."""

    rows: Whole = Field(ge=1, description="How many of each window.", examples=[50])


class Worth(Section):
    """What a decision is worth by how it came out, in any unit, and what the plan counts on."""

    yes_right: Number = Field(0.0, description="Of a yes that came true.", examples=[30])
    yes_wrong: Number = Field(0.0, description="Of a yes that did not; below 0 where it costs.", examples=[-2])
    no_right: Number = Field(0.0, description="Of a no that did not come true.")
    no_wrong: Number = Field(0.0, description="Of a no that came true: a chance that was missed.", examples=[-5])
    at_least: Number = Field(description="What an answer is worth on average, at the least.", examples=[1.5])
    unit: str = Field("", description="The unit, for people to read.", examples=["EUR"])


class Cost(Section):
    """What answers and training cost, as the plan reckons it, in any currency."""

    per_answer: Number = Field(0.0, ge=0, description="Of one answer, to people or in shadow.", examples=[0.002])
    per_list: Number = Field(0.0, ge=0, description="Of making one list.", examples=[4])
    per_training: Number = Field(0.0, ge=0, description="Of making one model, by hand or by a trigger.", examples=[25])
    per_month: Number = Field(0.0, ge=0, description="Of a month whatever is answered.", examples=[120])
    at_most: Number = Field(gt=0, description="What a calendar month may cost.", examples=[200])
    unit: str = Field("", description="The currency, for people to read.", examples=["EUR"])


class Watch(Section):
    """What is watched for life."""

    monitors: dict[Name, MonitorPlan] = Field(
        default={},
        description="Members of watch/monitors that differ from their defaults; every monitor runs.",
        examples=[{"calibration": {"tolerance": 0.05}}],
    )
    false_alarms_per_year: Number = Field(
        0.5,
        gt=0,
        description=(
            "The false alarms a year that people accept of the whole product, all monitors together; 0.5 is one in two "
            "years."
        ),
    )
    updates_per_year: Whole | None = Field(None, ge=1, description="Windows per year; from the cadence if absent.")
    answers_per_update: Whole | None = Field(
        None,
        ge=1,
        description=(
            "How many answers a window is expected to bring, by which a proof says what monitors will be able to tell; "
            "absent: everybody who is due at the proof, and without a list each of them once a year."
        ),
        examples=[2000],
    )
    audit: Audit | None = Field(
        None, description="Answers drawn at random for people to label.", examples=[{"rows": 50}]
    )
    worth: Worth | None = Field(
        None,
        description="What decisions are worth, held against what comes of them once the truth is known.",
        examples=[{"yes_right": 30, "yes_wrong": -2, "at_least": 1.5}],
    )
    cost: Cost | None = Field(
        None,
        description="What answers and training cost, counted for each month.",
        examples=[{"per_answer": 0.002, "at_most": 200}],
    )


Severity = Literal["low", "high", "critical"]


class Escalation(Section):
    """Who is told next when nobody has answered."""

    after: Duration = Field(description="How long after the first message, while nobody has answered.", examples=["4h"])
    to: list[Name] = Field(
        min_length=1, description="Functions, roles or consumers with a route.", examples=[["technology"]]
    )


class Trigger(Section):
    """What happens when: one trigger, any number of actions."""

    name: Name = Field(description="Its name in the ledger.", examples=["stale-model"])
    on: Literal[
        "alarm",
        "note",
        "refusal",
        "breach",
        "late",
        "partial",
        "failed",
        "revoked",
        "unacknowledged",
        "unused",
        "schedule",
        "new-data",
        "code",
        "plan",
        "overdue",
        "silent",
        "paused",
        "fallback",
    ] = Field(
        description=(
            "What sets it off: a monitor's alarm or note, a refused source, a source that was accepted with a warning "
            "(breach), a late list, a list that answered too few or reached only some of its destinations, a failed "
            "delivery or a model that could not answer or was taken back for harm or something that a trigger asked "
            "for and that could not be done, a revoked sign-off, a delivery "
            "that nobody acknowledged, a "
            "list of which too little was used, a schedule, data that was not there before, a model made from changed "
            "code, a changed plan, an incident that is overdue, a monitor that has judged nothing for too long, "
            "deliveries that are paused, a baseline that answers in place of the model."
        ),
        examples=["alarm"],
    )
    of: Name | None = Field(
        None,
        description=(
            "Only of this monitor (alarm, note, silent), source (refusal, breach), consumer (late, partial, failed, "
            "unacknowledged, unused, paused), sink that a list did not reach (failed), function (revoked), severity "
            "(overdue), section of the plan (plan) or failed attempt (failed: rollback, fallback, pause, retrain, "
            "prove, rehearse, release)."
        ),
    )
    do: list[Name] = Field(
        min_length=1, description="Members of respond/actions, in order.", examples=[["notify", "retrain"]]
    )
    again_after: Duration | None = Field(
        None, description="While the cause lasts, act again after this time.", examples=["45d"]
    )
    every: Duration | None = Field(None, description="With `on: schedule`: how often.", examples=["1mo"])
    start: Day | None = Field(None, description="With `on: schedule`: the first time.", examples=["2026-01-01"])
    after: Duration | None = Field(
        None, description="With `on: silent`: how long a monitor may go without a judged window.", examples=["45d"]
    )
    severity: Severity = Field(
        "high", description="How bad it is: of the incident it opens, and for the quiet hours.", examples=["critical"]
    )
    to: list[Name] = Field(
        default=[],
        description="Whom `notify` tells; absent: every function with a route, and the consumers concerned.",
        examples=[["technology"]],
    )
    cool_down: Duration | None = Field(
        None,
        description=(
            "For so long after it acted it does not act on another cause: what lasts, such as an alarm, a refused "
            "source or a list not made, is taken up afterwards; what is over by then is passed over."
        ),
        examples=["6h"],
    )
    escalate: list[Escalation] = Field(
        default=[],
        description="Who is told next, step by step, while nobody has answered.",
        examples=[[{"after": "4h", "to": ["business"]}]],
    )
    dry: Flag = Field(False, description="Only put on record what it would have done, and do nothing.", examples=[True])


class QuietHours(Section):
    """When messages that can wait do wait, in the product's time zone."""

    start: ClockTime = Field(description="When they begin, each day.", examples=["22:00"])
    end: ClockTime = Field(description="When they end; what waited is told then.", examples=["07:00"])
    through: Literal["high", "critical"] = Field(
        "high", description="The least severity of a trigger whose messages go out all the same.", examples=["critical"]
    )


class IncidentDeadlines(Section):
    """Within which time an incident of each severity is closed; later it is overdue."""

    critical: Duration = Field(default=Length(seconds=86_400), description="A critical one.", examples=["1d"])
    high: Duration = Field(default=Length(seconds=14 * 86_400), description="One of high severity.", examples=["2w"])
    low: Duration = Field(default=Length(months=3), description="One of low severity.", examples=["3mo"])


class Envelope(Section):
    """The bounds, signed beforehand, inside which a retrained candidate may go live without a new sign-off."""

    same_features: Flag = Field(True, description="It must have the same features.")
    same_family: Flag = Field(True, description="It must be the same kind of model.")
    mean_score_change_at_most: Number = Field(
        0.2, gt=0, description="How far its mean score may lie from the champion's on the same rows."
    )
    rank_correlation_at_least: Number = Field(
        0.8, ge=-1, le=1, description="How alike it must rank the same rows as the champion."
    )
    floor: Number | None = Field(
        None,
        description=(
            "The pessimistic end of `proof.performance.metric` must reach this; absent: the floor of the proof alone."
        ),
        examples=[0.7],
    )
    newest_truth_at_most: Duration | None = Field(
        None,
        description="How old the newest moment that it has learnt from may be when it is let on; absent: any age.",
        examples=["6mo"],
    )
    data_at_most: dict[Name, Duration] = Field(
        default={},
        description="By source, how old the newest row that it has learnt from may be when it is let on.",
        examples=[{"purchases": "45d"}],
    )
    model_at_most: Duration | None = Field(
        None,
        description="How long after it was made it may be let on; absent: as long as the envelope holds.",
        examples=["30d"],
    )
    within: Duration = Field(default=Length(months=12), description="How long after its signing the envelope holds.")


class Retraining(Section):
    """When a retrained candidate pays for itself; without it every step of its release is as for any other."""

    cost: Number = Field(0.0, ge=0, description="Of training, proving and releasing once, in any currency.")
    value: Number = Field(
        1.0, gt=0, description="Of one unit of loss less in one decision, in the same currency; a loss is 0 to 1."
    )
    decisions: Whole = Field(
        1, ge=1, description="How many decisions it takes before it is replaced in turn.", examples=[20_000]
    )
    evaluated_within: Duration | None = Field(
        None,
        description=(
            "So long may pass without a challenger compared with what is in use; then `dead-man` raises an alarm and "
            "the owners are told, whatever the triggers say. Absent: nobody is."
        ),
        examples=["3mo"],
    )
    labels_only_when_acted: Flag = Field(
        False,
        description=(
            "Whether the truth is only known of those on whom the product acted. Then a trigger retrains only where "
            "`decision.explore` declares a slice that is acted on at random, and truths count by one over their "
            "chance, in learning, proof and monitors."
        ),
    )


class RespondPlan(Section):
    """What is done about it."""

    triggers: list[Trigger] = Field(default=[], description="What happens when.")
    envelope: Envelope | None = Field(
        None, description="Bounds for retraining without a new sign-off; absent: every candidate is signed anew."
    )
    retraining: Retraining | None = Field(
        None,
        description=(
            "What a retrained candidate must gain, as shown on truths it has not learnt, before it goes on by itself; "
            "absent: the proof and the envelope are enough."
        ),
        examples=[{"cost": 500, "value": 20, "decisions": 20_000}],
    )
    routes: dict[Name, str] = Field(
        default={},
        description=(
            "Where messages for a function, role or consumer go: file:PATH, an https address that gets a signed POST, "
            "or a mail or chat address as apprise writes it (mailtos://…, slack://…); ${NAME} from the environment."
        ),
        examples=[{"technology": "file:out/messages"}],
    )
    quiet: QuietHours | None = Field(
        None,
        description="Hours in which only urgent messages go out.",
        examples=[{"start": "22:00", "end": "07:00"}],
    )
    incidents: IncidentDeadlines = Field(
        default=IncidentDeadlines(),
        description="Within which time incidents are closed.",
        examples=[{"critical": "1d", "high": "2w", "low": "3mo"}],
    )
