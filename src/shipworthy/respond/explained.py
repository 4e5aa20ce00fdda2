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
        "To close an incident its cause and its fix are told; one is missing.",
        "An incident without them is closed today and happens again tomorrow.",
        "Say each in a sentence.",
    ),
    "respond.check": Explained(
        "An incident is closed with a check that every later proof runs, or with the reason why no check is possible.",
        "A check that is only told is asked by nobody, and the same bug comes again with the next model.",
        "Begin it with floor, column or golden: `shipworthy close-incident --help` shows the forms. Otherwise say with "
        "--no-check-because what would have to be seen, and why no proof can see it.",
    ),
    "respond.wrong_time": Explained(
        "The time of which data stays wrong has only one end, or ends before it begins.",
        "Retraining waits as long as it would learn from that time, so both ends must be known.",
        "Give the first day that is wrong with --wrong-from, and the first that is right again with --wrong-until.",
    ),
    "respond.retire": Explained(
        "A permanent check is retired without a reason that says anything.",
        "It is the last thing that stands between an old bug and the next candidate.",
        "Say in a sentence what has changed since, so that the bug cannot come back.",
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
        "again after 1, 2, 4, 8 hours, up to a day, eight times in all; the next one about the same goes out anew.",
    ),
}
