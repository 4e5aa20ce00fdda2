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
    "deliver.paused": Explained(
        "A list is asked for while deliveries to this consumer are paused.",
        "Somebody, or a trigger, held them back on purpose, and everybody who waits was told.",
        "Whoever may release lets them go on with `shipworthy resume`; lists that were held back are made then.",
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

_ON_BACK_FILL = {
    "deliver.no_time": Explained(
        "A back-fill is asked for from a moment to an earlier one.",
        "Nothing lies between them.",
        "Name the earlier moment with --from and the later one with --to.",
    ),
    "deliver.no_lists": Explained(
        "In the time of the back-fill this consumer was to get no list, by its schedule or by arrival of data.",
        "A list of a moment that nobody planned would stand beside those of the plan and be taken for one of them.",
        "Widen the time. A single list of any past moment is made by `shipworthy score CONSUMER --as-of MOMENT`.",
    ),
    "deliver.many_lists": Explained(
        "The time of the back-fill holds more lists than are made by one command.",
        "It is mostly a slip in the year; and so long a command could not be watched.",
        "Go on in parts: each command makes what is still missing, so they may overlap.",
    ),
    "deliver.one_place": Explained(
        "A destination keeps all lists in one place, and lists of the past are to be brought there.",
        "The list of a past month would lie where people look for the newest one.",
        "Write {as_of} into the path of the sink, or leave out --deliver: the answers are in the log all the same.",
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

_ON_KINDS = {
    "deliver.no_library": Explained(
        "A sink needs a library that is installed only by one of the extras.",
        "Most installations need a few of them; all together they are large.",
        "Install the extra that the message names, where Shipworthy runs, and start the worker anew.",
    ),
    "deliver.bad_url": Explained(
        "The address of a sink is of no form that its kind can use.",
        "Nothing was sent; guessing what was meant could send rows to a stranger.",
        "Write it as docs/guide/connectors.md shows for this kind. It may be set wrongly in the environment.",
    ),
    "deliver.other_columns": Explained(
        "The table at the destination has other columns than the list: the consumer's columns changed, or the table.",
        "Rows put into other columns than agreed are rows that somebody reads wrongly.",
        "Change the table, name a new one, or correct the consumer's columns; then the same rows are brought.",
    ),
    "deliver.key": Explained(
        "A table is to hold one row for each key, and the list has no column of that name.",
        "Without it nobody can say which row is to be replaced.",
        "Add the column to the consumer's columns, or name another one under `key`.",
    ),
    "deliver.too_many_rows": Explained(
        "The rows, or one text of them, are too large for a sheet of a workbook.",
        "What does not fit would be left out, and nobody would see that it is missing.",
        "Use `kind: csv` or `kind: parquet`, or give each cohort a list of its own.",
    ),
    "deliver.webhook_refused": Explained(
        "The receiver of a webhook answered that it does not take the request, and would not take it later either.",
        "It is not sent again by itself, so that a wrong address is not knocked at for ever.",
        "401 and 403: see the secret and the headers. 404: see the address. 400 and 422: does it know these columns? "
        "Then give the same `shipworthy score` again; what it confirmed is not sent twice.",
    ),
    "deliver.webhook_down": Explained(
        "The receiver of a webhook could not be reached, or asked to come later, at every try.",
        "The delivery counts as failed and is raised; the rows are kept.",
        "See that the receiver runs. The worker tries again and sends only what was not confirmed, with the same ids.",
    ),
    "deliver.mail_refused": Explained(
        "The mail server does not take the mail: the login, the sender, an address, the size, or no encryption.",
        "A list that does not arrive is one that nobody acts on.",
        "Correct what the message names; `shipworthy probe` tries it without sending. Whoever has got the mail does "
        "not get it again.",
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
    "deliver.link_broken": Explained(
        "The link to confirm a list does not carry our signature: it was cut, changed on its way or made up.",
        "The link is a right by itself. One that could be made up would let anybody say that a list arrived.",
        "Open it from the message itself, or copy the whole of it. Otherwise confirm with a login.",
    ),
    "deliver.link_expired": Explained(
        "The link to confirm a list came too late: it holds thirty days longer than a word about the list is awaited.",
        "Messages are kept for years, and forwarded. A right that never ends is one that nobody can take back.",
        "Confirm with a login, on the page Deliveries or with `shipworthy acknowledge`.",
    ),
    "deliver.link_early": Explained(
        "A link was opened before its list was on record, or that list never came to be.",
        "A list is on record once it has been brought to all its destinations; a message may be quicker.",
        "Open it again in some minutes. `shipworthy deliveries` shows what was brought.",
    ),
    "deliver.link_no_list": Explained(
        "Somebody confirms a rehearsal by its link.",
        "A rehearsal tries the way; nobody acts on it, and a word about it would count for nothing.",
        "Nothing. With the real list the button stands on the page.",
    ),
    "deliver.link_nobody": Explained(
        "The link was for a consumer whom the plan in force does not have any more.",
        "Whoever does not receive the output has nothing to confirm.",
        "Ask the product manager who receives the list now.",
    ),
    "deliver.link_spent": Explained(
        "By one link the number of used rows was changed again and again.",
        "The ledger keeps every word for ever, and a link needs no login; so it may add only so many.",
        "Say it with a login: there it may be changed as often as needed.",
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
    "serve.paused": Explained(
        "A question was asked while answers to this consumer are paused.",
        "Somebody, or a trigger, held them back on purpose: no answer is better than one that is not trusted.",
        "Whoever may release lets them go on with `shipworthy resume`.",
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

_ON_ERASURE = {
    "erase.unknown_entity": Explained(
        "No stored table, journal or delivery has a row of the person who is to be erased.",
        "A misspelt name would otherwise pass for an erasure, and the person would stay.",
        "Write the name as the source writes it, leading zeros included. Where it is right, there is nothing to erase.",
    ),
    "readmit.no_reason": Explained(
        "Somebody who was erased is to be let in again, and no reason is given.",
        "Whoever asks later by what right the person's data is held again must find the answer.",
        "Give --reason, such as the number of the new consent; without the name, since it is recorded for good.",
    ),
    "readmit.not_shut_out": Explained(
        "A person is to be let in again who is not shut out: they were never erased here, or are in again.",
        "A name that is written otherwise than in the sources is another person.",
        "Write the name as the source writes it; `shipworthy erased` lists who was erased, by keyed hash.",
    ),
    "readmit.under_way": Explained(
        "A person is to be let in again while their erasure has not come to its end.",
        "Rows that come in meanwhile would be erased with the others, or not, as chance has it.",
        "Wait for the certificate, or give `shipworthy erase` again so that it goes on; then readmit them.",
    ),
    "erase.no_name": Explained(
        "A person is to be erased, and no name is given.",
        "An empty name is nobody's.",
        "Name the person as the entity column of the sources does.",
    ),
    "erase.name_in_reason": Explained(
        "The reason for an erasure holds the name of the person.",
        "The reason is a fact of the ledger and is kept for good; the name would outlive the erasure there.",
        "Give the number of the request, under which whoever answers for it finds the person.",
    ),
    "deliver.erased": Explained(
        "The answer that was asked for is not there, and rows of its run were erased for a person.",
        "What was known of an erased person is gone from every station of the way, so there is nothing to show.",
        "`shipworthy erased` lists the erasures with their certificates; check the id where it may be another answer.",
    ),
}

_SENT_AGAIN = "Put right what sends it; `shipworthy dead-letters CONSUMER --replay` then sends the old ones again."
_ON_STREAMS = {
    "stream.not_json": Explained(
        "A message of a stream cannot be read as JSON.",
        "Nothing is guessed about what was meant; the message lies in the dead letters as it came, and blocks nobody.",
        f"Send one JSON object in UTF-8. {_SENT_AGAIN}",
    ),
    "stream.not_an_object": Explained(
        "A message of a stream is JSON, but a list, a text or a number.",
        "A question names its entity, so it is an object with that field.",
        f"Send one JSON object for each question. {_SENT_AGAIN}",
    ),
    "stream.event": Explained(
        "A message says it is a CloudEvent, but lacks id, source, type or a JSON object under `data`.",
        "Id and source name the question for good; without them it could be answered twice.",
        f"Send the event in structured mode with all of them. {_SENT_AGAIN}",
    ),
    "stream.too_large": Explained(
        "A message of a stream is far larger than one question.",
        "One message asks about one entity; whole lists are made by `shipworthy score`.",
        "Send the entity, and its inputs where the plan has them given.",
    ),
    "stream.same_id": Explained(
        "Two different questions came under one id from one source.",
        "An id is answered once, so that a message delivered twice gets one answer; the second question would be lost.",
        "Give each question an id of its own; then ask the second one anew.",
    ),
    "stream.late": Explained(
        "The model did not come back in time for a batch of questions, and nothing may stand in.",
        "A model that hangs must not keep all later questions waiting.",
        f"See what the model does with these questions. {_SENT_AGAIN}",
    ),
    "stream.broken": Explained(
        "Whatever answers broke on this one question, and the plan lets nothing stand in.",
        "No answer is better than a wrong one, and the other questions are answered.",
        f"Find out what is special about it. {_SENT_AGAIN}",
    ),
    "stream.erased": Explained(
        "A question came again whose answer was erased from the log.",
        "Who was erased is not answered about anew because an old message is delivered once more.",
        "Ask under another id, if it may be asked at all.",
    ),
    "stream.no_consumer": Explained(
        "The consumer that was named does not exist, or gets lists or answers over HTTP.",
        "Topics, latency and fallback are agreed for each consumer; here nothing is agreed.",
        "Name one with `mode: stream`, or declare it and adopt the plan.",
    ),
    "stream.not_signed_for": Explained(
        "This stream came into the plan after what answers now was made, proven and signed.",
        "The owners signed for the consumers of then; nobody has judged what this one does with the answers.",
        "Make, prove and sign a new candidate under the plan in force, and release it.",
    ),
    "stream.away": Explained(
        "The broker of a stream could not be reached, or did not take what was sent.",
        "A worker waits for it and loses nothing; a command that somebody waits for says so and ends.",
        "See that the broker runs, that its address is right and that its topics exist; then try again.",
    ),
}

EXPLAINED: dict[str, Explained] = {
    **_ON_LISTS,
    **_ON_DESTINATIONS,
    **_ON_KINDS,
    **_ON_ACKNOWLEDGING,
    **_ON_REAL_TIME,
    **_ON_BACK_FILL,
    **_ON_ERASURE,
    **_ON_STREAMS,
}
