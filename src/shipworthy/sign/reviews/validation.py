"""The questions of the independent validation."""

from shipworthy.sign.review import Review
from shipworthy.sign.words import ReviewQuestion

REVIEW = Review(
    function="validation",
    title="Independent validation",
    covers="Whether the proof shows what it says, judged by somebody who did not build it.",
    questions=(
        ReviewQuestion(
            name="independent",
            text="Did you take no part in building this candidate?",
            choices=["yes", "no"],
            forbids=["no"],
        ),
        ReviewQuestion(
            name="proof_sound",
            text="Is the proof made on data that the candidate never saw, and is that data like what it will meet?",
            choices=["yes", "no"],
            forbids=["no"],
        ),
        ReviewQuestion(
            name="limits",
            text="Under which conditions should nobody rely on the answers?",
        ),
        ReviewQuestion(
            name="assumptions",
            text="Which assumption would hurt most if it were wrong, and which monitor would show it?",
        ),
    ),
)
