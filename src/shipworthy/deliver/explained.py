"""What the mistakes of answering and delivering mean, by code; what its checks ask stands in their files."""

from __future__ import annotations

from shipworthy.base.explained import Explained

_ON_LISTS = {
    "deliver.not_signed_for": Explained(
        "This consumer came into the plan after what answers now was made, proven and signed.",
        "The owners signed for the consumers of then; nobody has judged what this one does with the answers.",
        "Make, prove and sign a new candidate under the plan in force.",
    ),
    "deliver.not_a_list": Explained(
        "This consumer is declared as asking in real time; lists are for consumers with `mode: list`.",
        "A list that nobody expects is acted on by nobody, or by the wrong people.",
        "Name a consumer of lists; real-time answers come from `shipworthy serve`.",
    ),
    "deliver.no_trial": Explained(
        "A rehearsal or shadow is to be run, and no candidate is in that step.",
        "A trial shows something about one released candidate; there is none to show it about.",
        "Take the step first: `shipworthy release CANDIDATE rehearsal`, or shadow.",
    ),
    "deliver.nothing_released": Explained(
        "A list for people is asked for, but no candidate has been released to anybody.",
        "Nothing reaches people that did not pass the gate.",
        "Release the signed baseline or model. To try the route without people, add --rehearsal.",
    ),
    "deliver.future": Explained(
        "The list is asked for as of a moment that lies after the product's present.",
        "An answer would claim to know what had not happened; it could never be checked fairly.",
        "Name a moment up to now. On a simulated clock, move time first: `shipworthy advance`.",
    ),
    "deliver.no_ray": Explained(
        "The setting SHIPWORTHY_ENGINE asks for Ray, which is not installed where Shipworthy runs.",
        "The list would be made by something else than what was asked for, perhaps on a machine that is too small.",
        "Install the extra `shipworthy[ray]` there, or take the setting away: one machine needs no Ray.",
    ),
    "deliver.no_cohort_column": Explained(
        "Cohorts are told apart by a column, and the features that came have none of that name.",
        "Without it nobody can say whom a release is for, and everybody would get it or nobody.",
        "Give the column in features(), or name another under `release.cohorts.column`.",
    ),
}

_ON_DESTINATIONS = {
    "deliver.path_closed": Explained(
        "The address of a sink leads into the folder of the ledger, its files or its keys.",
        "A delivery there would overwrite what proves every delivery.",
        "Name a place outside of the store's own folder.",
    ),
    "deliver.own_setting": Explained(
        "The address of a sink names a setting of the installation, such as SHIPWORTHY_TOKEN.",
        "A plan could send a token to a stranger, or write into the ledger's own database.",
        "Use a variable that is there for this sink alone.",
    ),
    "deliver.path_outside": Explained(
        "The path of a sink climbs out of the product's folder by `..` or a link.",
        "A plan could otherwise overwrite any file of the machine with a list.",
        "Use a path below product.yaml, or write the whole path so that reviewers see where it leads.",
    ),
    "deliver.table_name": Explained(
        "The table of a sink has a name with signs other than letters, digits and _.",
        "Names become part of SQL; anything else could be read as a command.",
        "Use such a name; make a view of it in the database where another one is needed.",
    ),
    "deliver.no_secret": Explained(
        "The address of a sink holds ${NAME}, and no such variable is set where lists are delivered.",
        "The delivery fails and is raised as failed; the answers are kept and brought when it is set.",
        "Set the variable for the worker, then let it run, or give the same `shipworthy score` again.",
    ),
}

_ON_ACKNOWLEDGING = {
    "deliver.not_consumer": Explained(
        "Somebody confirms a delivery that was made to another consumer.",
        "An acknowledgement says that those who act have it; nobody else can know that.",
        "Let the login that the plan names for this consumer do it.",
    ),
    "deliver.used": Explained(
        "More rows are said to have been used than were delivered, or fewer than none.",
        "How much is used is how one sees whether the product is of any use.",
        "Give the number of rows that were acted on, from 0 to all of them, or leave it out.",
    ),
}

_ON_REAL_TIME = {
    "deliver.journal_edited": Explained(
        "The journal of a prediction server holds a line that is no answer: it was edited, or the disk damaged it.",
        "Answers that callers have acted on may be among what was there before.",
        "Restore the file from a copy, or move it away to go on without it; then find out who could write there.",
    ),
    "serve.unknown_entity": Explained(
        "The snapshot that the server answers from has nobody of this name who can be answered.",
        "A score for somebody of whom nothing is known would be made up.",
        "Check the name as the source writes it, leading zeros included. Somebody new is known after the next "
        "snapshot.",
    ),
    "serve.not_released": Explained(
        "The one asked about belongs to a cohort to which nothing has been released yet.",
        "Cohorts are switched on one by one, so that trouble reaches few.",
        "Release a candidate to this cohort; until then the caller does what it did before.",
    ),
    "serve.nothing_released": Explained(
        "The server has nothing it may answer with: no candidate has been released to people.",
        "It follows the signed release pointer and never chooses by itself.",
        "Release a signed candidate, then start the server; from then on it follows releases by itself.",
    ),
    "serve.no_snapshot": Explained(
        "No snapshot has been accepted yet, so there are no features to answer from.",
        "Real-time answers use pinned data, so that they are the same numbers as in the list.",
        "`shipworthy snapshot`; if it is refused, see why with `shipworthy snapshots`.",
    ),
}

EXPLAINED: dict[str, Explained] = {**_ON_LISTS, **_ON_DESTINATIONS, **_ON_ACKNOWLEDGING, **_ON_REAL_TIME}
