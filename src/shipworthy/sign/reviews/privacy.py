"""The questions of the privacy impact review."""

from shipworthy.sign.review import Review
from shipworthy.sign.words import ReviewQuestion

REVIEW = Review(
    function="privacy",
    title="Privacy impact review",
    covers="Which data about people is used, on what ground, and what it may do to them.",
    questions=(
        ReviewQuestion(
            name="purpose",
            text="Is the use of this data covered by the purpose for which it was collected?",
            help="The plan says on what ground each source may be used.",
            choices=["yes", "no"],
            forbids=["no"],
        ),
        ReviewQuestion(
            name="minimal",
            text="Is every column that says something about a person needed for the question?",
            choices=["yes", "no"],
            forbids=["no"],
        ),
        ReviewQuestion(
            name="effect",
            text="What may an answer do to the person it is about, and how can they object?",
        ),
        ReviewQuestion(
            name="retention",
            text="How long are answers and their inputs kept?",
        ),
    ),
)
