"""What answers, how a score becomes an action, and what must be shown before anybody signs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from shipworthy.base.times import Length
from shipworthy.plan.fields import ColumnName, Day, Duration, Flag, Function, Name, Number, Section, Share, Span, Whole

FITTING = {
    "probability": ("auc", "average_precision", "brier", "log_loss"),
    "number": ("mae", "rmse"),
    "class": ("accuracy", "macro_f1", "brier", "log_loss"),
}
"""The measures of each kind of answer."""


class Baseline(Section):
    """The simple rule that answers when no model can."""

    kind: Name = Field(description="A member of model/baselines: see `shipworthy explain kinds`.", examples=["column"])
    column: ColumnName | None = Field(
        None, description="The feature that the rule looks at, where the kind needs one.", examples=["recency"]
    )
    higher_is: Literal["more", "less"] = Field(
        "more", description="Whether a higher value of the column means a more or a less likely yes."
    )


class Training(Section):
    """Which moments a candidate learns from: the newest ones whose labels are mature."""

    snapshots: Whole = Field(1, ge=1, le=120, description="How many moments are learnt from.")
    every: Duration = Field(default=Length(months=1), description="How far apart they lie.")
    first: Day | None = Field(None, description="The earliest moment that may be learnt from.", examples=["2025-01-01"])


class Model(Section):
    """What answers."""

    baseline: Baseline = Field(
        description="The simple rule that answers before there is a model, and when it cannot.",
        examples=[{"kind": "column", "column": "recency", "higher_is": "less"}],
    )
    file: str = Field(
        "",
        description=(
            "A model made elsewhere (.onnx or .skops). Absent: train() of the pipeline makes it, "
            "or without a pipeline a linear standard model is trained."
        ),
        examples=["model.onnx"],
    )
    training: Training = Field(default=Training(), description="What is learnt from, unless the model comes as a file.")
    extra_trusted_types: list[str] = Field(
        default=[],
        description="Types in a skops file that this product trusts beyond the standard list; a reviewed exception.",
    )


class Humility(Section):
    """When the model must not answer alone: what breaks a rule goes to a person, whatever the score says."""

    out_of_range: Share | None = Field(
        None,
        description=(
            "A number outside the range that was learnt from asks a person; so much slack is given on either side, "
            "as a share of that range."
        ),
        examples=["10%"],
    )
    unseen: Flag = Field(False, description="A text that hardly ever came in training asks a person.")
    missing_at_most: Whole | None = Field(
        None, ge=0, description="More missing inputs than this ask a person.", examples=[2]
    )
    uncertain: Number | None = Field(
        None,
        gt=0,
        description="An answer whose interval (`proof.interval`) is wider than this asks a person.",
        examples=[0.3],
    )
    spared: list[ColumnName] = Field(
        default=[],
        description="Features that `out_of_range` and `unseen` pass over, such as those that grow with the calendar.",
        examples=[["tenure"]],
    )


class Exploration(Section):
    """People who are acted on at random, so that the truth about those whom the rule leaves out becomes known."""

    share: Share = Field(
        gt=0,
        lt=1,
        description="So many of those whom the rule says no to are acted on all the same, drawn anew each day.",
        examples=["2%"],
    )
    seed: str = Field(
        min_length=1, description="What the draw hangs on besides the day and the name; any text.", examples=["spring"]
    )


class Decision(Section):
    """How a score becomes an action: exactly one of top, share, threshold.

    Of a class none of them: the likeliest class is the decision, unless a person is asked.
    """

    top: Whole | None = Field(None, ge=1, description="Yes for so many highest scores.", examples=[200])
    share: Share | None = Field(
        None, description="Yes for this share of all entities, highest first.", examples=["10%"]
    )
    threshold: Number | None = Field(None, description="Yes for scores at or above this.", examples=[0.7])
    ask: Span | None = Field(
        None,
        description="Scores in this band go to a person; the score of a class is its probability.",
        examples=[[0.4, 0.7]],
    )
    yes: str = Field(
        "yes",
        min_length=1,
        description=(
            "The word for yes in the output. Of a class: the one that counts as yes, for `only: chosen` and fairness."
        ),
        examples=["call"],
    )
    no: str = Field(
        "no",
        min_length=1,
        description=(
            "The word for no in the output. Of a class, with `explore` only: the one on which nobody acts, all others "
            "being acted on; absent: only the one that counts as yes is."
        ),
        examples=["leave"],
    )
    ask_name: str = Field("ask a person", min_length=1, description="The word in the output for what goes to a person.")
    humility: Humility | None = Field(
        None, description="When a person is asked whatever the score says.", examples=[{"out_of_range": "10%"}]
    )

    explore: Exploration | None = Field(
        None,
        description=(
            "Where the truth only becomes known of those on whom the product acts: a slice that is acted on at random. "
            "Whoever gets the list is told so among the reasons."
        ),
        examples=[{"share": "2%", "seed": "spring"}],
    )

    @property
    def asks(self) -> bool:
        """Whether anything can go to a person."""
        return self.ask is not None or self.humility is not None


class Performance(Section):
    """How good is good enough."""

    metric: Literal["auc", "average_precision", "brier", "log_loss", "mae", "rmse", "accuracy", "macro_f1"] = Field(
        "auc",
        description=(
            "What is measured; mae and rmse are for `answer: number`; accuracy, macro_f1, brier and log_loss for a "
            "class; auc, average_precision, brier and log_loss for a probability."
        ),
    )
    floor: Number | None = Field(
        None, description="The pessimistic end of the interval must reach this.", examples=[0.65]
    )
    beats_baseline_by: Number | None = Field(
        0.0, description="By how much it must beat the baseline, at the pessimistic end; null asks for no comparison."
    )
    confidence: Number = Field(0.95, gt=0.5, lt=1, description="The confidence of the interval.")


class Fairness(Section):
    """For whom decisions are compared."""

    column: ColumnName = Field(
        description="Column of the features or of a source with one row per entity.", examples=["region"]
    )
    source: Name | None = Field(None, description="The source that has the column; absent: it is a feature.")
    disparity_at_most: Share = Field(
        0.2, description="One minus the lowest over the highest share of yes between groups (four-fifths rule: 0.2)."
    )
    group_at_least: Whole = Field(100, ge=1, description="Smaller groups are reported as `cannot tell`.")


class Proof(Section):
    """What must be shown before anybody signs, and who must sign."""

    holdout: Share = Field(
        0.2, description="Share of entities, chosen by a hash of their name, that training never sees."
    )
    performance: Performance = Field(default=Performance(), description="How good is good enough.")
    calibration_tolerance: Share | None = Field(
        0.05,
        description="How far promised and real share of yes may lie apart; of a class, of right answers.",
    )
    interval: Share | None = Field(
        None,
        gt=0,
        lt=1,
        description=(
            "Each answer carries an interval that holds so often: for the truth of a number, or for the share of yes "
            "among rows with a like score; set by held-out rows and tested on others."
        ),
        examples=["90%"],
    )
    reasons: Whole = Field(3, ge=0, le=10, description="How many reasons every row carries.")
    fairness: list[Fairness] = Field(default=[], description="Groups whose decisions are compared.")
    segments: list[ColumnName] = Field(
        default=[],
        description=(
            "Features by whose values performance is watched besides the whole; what was shown for each is frozen with "
            "the candidate."
        ),
        examples=[["region"]],
    )
    must_tell: list[Name] = Field(
        default=[],
        description=(
            "Monitors that must be able to tell how the answers do: where the held-out rows are too few for one of "
            "them to tell anything within a year, the proof fails. Of the others it warns."
        ),
        examples=[["performance"]],
    )
    reviews: list[Function] = Field(
        default=["privacy", "legal", "compliance", "validation"],
        description="Functions whose questionnaire must be answered for each candidate.",
    )
    sign_offs: list[Function] = Field(
        default=["business", "technology", "privacy", "legal", "compliance", "validation"],
        description="Functions whose owner must sign each candidate.",
    )
    baseline_sign_offs: list[Function] = Field(
        default=["business", "technology"],
        description="Functions whose owner must sign the baseline; only a signed baseline answers.",
    )
