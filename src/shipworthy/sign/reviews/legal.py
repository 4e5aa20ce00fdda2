"""The questions of the legal review."""

from shipworthy.sign.review import Review
from shipworthy.sign.words import ReviewQuestion

REVIEW = Review(
    function="legal",
    title="Legal review",
    covers="Whether contracts and law allow the data, the model and the decision.",
    questions=(
        ReviewQuestion(
            name="right_to_use",
            text="Do contracts and licences allow every source and library to be used for this decision?",
            choices=["yes", "no"],
            forbids=["no"],
        ),
        ReviewQuestion(
            name="automated_decision",
            text="Does a decision with legal or similarly significant effect follow without a person?",
            help="For instance GDPR article 22.",
            choices=["no", "yes, and a person can review it", "yes"],
            forbids=["yes"],
        ),
        ReviewQuestion(
            name="remarks",
            text="What must the consumer be told with the output?",
            help="Write `nothing` where nothing is needed.",
        ),
    ),
)
