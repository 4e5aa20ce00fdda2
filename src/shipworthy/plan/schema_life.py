"""What happens once there is a candidate: release, watch, response."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shipworthy.base.times import Length
from shipworthy.plan.fields import ColumnName, Duration, Flag, Name, Number, Section, Share, Whole


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
    cohorts: Cohorts = Field(default=Cohorts(names=["everyone"]), description="Who gets it together.")


class MonitorPlan(Section):
    """One monitor's tolerance and error rate."""

    tolerance: Number | None = Field(None, gt=0, description="What may change without harm.", examples=[0.05])
    phi: Number | None = Field(
        None,
        ge=1,
        description="Declared bound on overdispersion: how many times dependence between rows inflates variance.",
    )
    false_alarms_per_year: Number = Field(
        0.05, gt=0, lt=1, description="The chance of a false alarm in a year that the product accepts."
    )


class Audit(Section):
    """Answers of each window that are drawn at random, for people to say what is true of them."""

    rows: Whole = Field(ge=1, description="How many of each window.", examples=[50])


class Watch(Section):
    """What is watched for life."""

    monitors: dict[Name, MonitorPlan] = Field(
        default={},
        description="Members of watch/monitors that differ from their defaults; every monitor runs.",
        examples=[{"calibration": {"tolerance": 0.05}}],
    )
    updates_per_year: Whole | None = Field(None, ge=1, description="Windows per year; from the cadence if absent.")
    audit: Audit | None = Field(
        None, description="Answers drawn at random for people to label.", examples=[{"rows": 50}]
    )


class Trigger(Section):
    """What happens when: one trigger, any number of actions."""

    name: Name = Field(description="Its name in the ledger.", examples=["stale-model"])
    on: Literal["alarm", "refusal", "late", "partial", "failed", "revoked", "unacknowledged", "unused"] = Field(
        description=(
            "What sets it off: a monitor's alarm, a refused source, a late list, a list that answered too few or "
            "reached only some of its destinations, a failed delivery or a model that could not answer, a revoked "
            "sign-off, a delivery that nobody acknowledged, a list of which too little was used."
        ),
        examples=["alarm"],
    )
    of: Name | None = Field(
        None,
        description=(
            "Only of this monitor (alarm), source (refusal), consumer (late, partial, failed, unacknowledged, unused) "
            "or function (revoked)."
        ),
    )
    do: list[Name] = Field(
        min_length=1, description="Members of respond/actions, in order.", examples=[["notify", "retrain"]]
    )
    again_after: Duration | None = Field(
        None, description="While the cause lasts, act again after this time.", examples=["45d"]
    )


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
    within: Duration = Field(default=Length(months=12), description="How long after its signing the envelope holds.")


class RespondPlan(Section):
    """What is done about it."""

    triggers: list[Trigger] = Field(default=[], description="What happens when.")
    envelope: Envelope | None = Field(
        None, description="Bounds for retraining without a new sign-off; absent: every candidate is signed anew."
    )
    routes: dict[Name, str] = Field(
        default={},
        description=(
            "Where messages for a function or consumer go: file:PATH or https address; ${NAME} from the environment."
        ),
        examples=[{"technology": "file:out/messages"}],
    )
