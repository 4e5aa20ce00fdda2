"""The questions of the technology review."""

from shipworthy.sign.review import Review
from shipworthy.sign.words import ReviewQuestion

REVIEW = Review(
    function="technology",
    title="Technology review",
    covers="Whether it can be run, watched and taken back.",
    questions=(
        ReviewQuestion(
            name="operable",
            text="Can the operator run it at night from its guide, and take a release back in one step?",
            choices=["yes", "no"],
            forbids=["no"],
        ),
        ReviewQuestion(
            name="dependencies",
            text="Which systems must be up for a list or an answer to go out?",
        ),
        ReviewQuestion(
            name="safe_format",
            text="Is the model kept in a format that cannot run code, or is the exception reviewed?",
            help="The proof says which format.",
            choices=["yes", "no"],
            forbids=["no"],
        ),
    ),
)
