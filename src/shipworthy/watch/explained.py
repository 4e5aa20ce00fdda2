"""What the mistakes of watching mean, by code."""

from __future__ import annotations

from shipworthy.base.explained import Explained

EXPLAINED: dict[str, Explained] = {
    "watch.alarm_reason": Explained(
        "An alarm was answered without a word on what was found.",
        "Whether alarms are right is counted against the plan's budget, and nobody can follow a count without reasons.",
        "Say it in a sentence, such as: The feed counted a holiday twice. Add --false where nothing was wrong.",
    ),
    "watch.not_weighed": Explained(
        "Truths are only known of those on whom the product acted, and the chance of each to be is not on record.",
        "A mean of such truths says how the product does for those whom it chose, and nothing of the others.",
        "Declare `decision.explore` in product.yaml, and wait for answers that were given under it.",
    ),
    "audit.file": Explained(
        "A file of labels lacks the column answer_id or label, or has no rows.",
        "Without both nobody knows which answer a label is about.",
        "Save the tasks with `shipworthy label --save tasks.csv`, fill in the column label, and give that file.",
    ),
    "audit.unknown": Explained(
        "A label is about an answer that was not drawn, or that somebody has labelled already.",
        "The sample is random only if nobody adds to it, and a label that could be changed afterwards proves nothing.",
        "`shipworthy label` lists the answers that wait. Leave out all others.",
    ),
    "audit.label": Explained(
        "A label is neither yes nor no.",
        "A slip that is guessed at would count as the truth.",
        "Write 1 or yes, 0 or no, and ? where nobody can tell; leave it empty where nobody has looked yet.",
    ),
    "audit.twice": Explained(
        "One file says both yes and no of the same answer.",
        "One of them is wrong, and nobody here knows which.",
        "Keep the one that is true, or write ? where nobody can tell.",
    ),
}
