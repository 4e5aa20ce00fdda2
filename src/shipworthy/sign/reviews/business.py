"""The questions of the business review."""

from shipworthy.sign.review import Review
from shipworthy.sign.words import ReviewQuestion

REVIEW = Review(
    function="business",
    title="Business review",
    covers="Whether the output helps the people who act on it, and what a wrong one costs.",
    questions=(
        ReviewQuestion(
            name="useful",
            text="Is what the consumer gets enough to act on, in time to act?",
            help="Read the consumers in the plan: format, route, deadline, time to act.",
            choices=["yes", "no"],
            forbids=["no"],
        ),
        ReviewQuestion(
            name="wrong_answer",
            text="What happens to a person or to us when an answer is wrong, and who puts it right?",
        ),
        ReviewQuestion(
            name="baseline_worse",
            text="Is the gain over the baseline worth running a model?",
            help="The proof shows both on the same rows.",
            choices=["yes", "no"],
            forbids=["no"],
        ),
    ),
)
