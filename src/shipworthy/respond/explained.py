"""What the mistakes of responding mean, by code."""

from __future__ import annotations

from shipworthy.base.explained import Explained

EXPLAINED: dict[str, Explained] = {
    "respond.title": Explained(
        "The title of an incident is empty, or says nothing.",
        "It is the one line that owners read first, and by which an incident is found in a year.",
        "Say in one sentence what is wrong for whom, such as: The October list left out every customer in the south.",
    ),
    "respond.close": Explained(
        "To close an incident its cause, its fix and the check that finds it next time are told; one is missing.",
        "An incident without them is closed today and happens again tomorrow.",
        "Say each in a sentence. Where no check can find it, say so and why.",
    ),
    "respond.not_owner": Explained(
        "Closing an incident is a signature, and you own no function of this product.",
        "Whoever repaired it does not also say that it is repaired.",
        "Ask the owner of technology, or of the function that it concerns; `shipworthy incidents` shows what is open.",
    ),
    "respond.route": Explained(
        "A message could not go by a declared route: the address is wrong, refused it, or a variable in it is not set.",
        "A message that went nowhere and said nothing is how alarms come to be seen weeks later. It is on record.",
        "Correct `respond.routes` in product.yaml or set the variable where the worker runs; the message is tried "
        "again "
        "within the hour.",
    ),
}
