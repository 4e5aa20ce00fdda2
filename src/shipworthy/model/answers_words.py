"""What happens when answers are written to the prediction log.

It stands in the words of the model, since whoever learns from truths must see on whom the product acted, and with which
chance (`model.weighing`); learning may not import delivery.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shipworthy.base.fact import What


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersSealed(What):
    """Answers were written to the prediction log: one sealed segment.

    Attributes:
        segment: digest of the Parquet file.
        rows: answers in it.
        run: which run made them: a list of one moment, or a stretch of the prediction server.
        as_of: the moment as of which features were read, ISO 8601.
        candidates: answers by candidate digest.
        steps: answers by release step.
        mean_score: mean score by candidate digest, where there are scores.
        snapshot: the data that was read; features: digest of the feature table that `inputs` refers to.
        traced: how many of them have the trace of a caller.
        windows: answers by candidate for each moment they are as of; those whose questions brought their inputs by
            the day, in UTC. Empty where all are as of `as_of`.
    """

    segment: str
    rows: int
    run: str
    as_of: str
    candidates: dict[str, int]
    steps: dict[str, int]
    mean_score: dict[str, float]
    snapshot: str
    features: str
    traced: int = 0
    windows: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def about(self) -> str:
        return self.segment
