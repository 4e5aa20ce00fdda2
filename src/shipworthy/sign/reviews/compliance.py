"""The questions of the compliance review."""

from shipworthy.sign.review import Review
from shipworthy.sign.words import ReviewQuestion

REVIEW = Review(
    function="compliance",
    title="Compliance review",
    covers="Whether rules of the trade and of the house are kept, and fair treatment is shown.",
    questions=(
        ReviewQuestion(
            name="class",
            text="Which class of risk does the product fall into under the rules that apply?",
            help="For instance the EU AI Act: minimal, limited, high.",
            choices=["minimal", "limited", "high, and its duties are met", "prohibited"],
            forbids=["prohibited"],
        ),
        ReviewQuestion(
            name="fair",
            text="Is fair treatment shown as far as the data allows, and is what could not be shown acceptable?",
            help="The proof names the groups compared, or says that none could be.",
            choices=["yes", "no"],
            forbids=["no"],
        ),
        ReviewQuestion(
            name="record",
            text="Are guide, training and complaint handling in place for the consumers?",
            choices=["yes", "no"],
            forbids=["no"],
        ),
    ),
)
