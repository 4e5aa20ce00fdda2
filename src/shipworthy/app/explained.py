"""What the mistakes of the desk mean, by code: names, identity, store, server."""

from __future__ import annotations

from shipworthy.base.explained import Explained

_ON_NAMES = {
    "app.not_found": Explained(
        "Something was named that does not exist here; the message lists what does.",
        "Taking the nearest one instead would act on something that nobody meant.",
        "Copy the name from the list. Of digests the first digits are enough where they are unique. Is it the right "
        "product, and the right store (SHIPWORTHY_ROOT, SHIPWORTHY_URL)?",
    ),
    "app.unknown_command": Explained(
        "A program sent an operation that this version does not have.",
        "Client and server are of different versions, or the name has a slip.",
        "Compare `shipworthy --version` on both sides; /v1/openapi.json of a server lists what it takes.",
    ),
    "kinds.unknown": Explained(
        "A kind of source, sink, baseline, check, monitor or action is named that has no file in its open folder.",
        "What is not there cannot be asked, and leaving it out silently would be a promise dropped.",
        "`shipworthy explain kinds` lists all of them. One of your own is one new file in that folder.",
    ),
    "times.no_moment": Explained(
        "What was given for a moment is no date, and no date with a time.",
        "Day and month swapped, or a missing zone, would move what was known when.",
        "Write 1998-01-01 or 1998-01-01T12:00. Without a zone it is UTC; 1998-01-01T12:00+02:00 names one.",
    ),
}

_ON_IDENTITY = {
    "people.edited": Explained(
        "A login, token or session in the database does not carry the signature of this store's key.",
        "Whoever can write to the database could make themselves an owner and sign.",
        "Nobody gets in by it. Find out who could write there; `shipworthy people revoke NAME`, then add them anew.",
    ),
    "app.nobody": Explained(
        "No login is kept here and no token is set, so nobody knows who you are.",
        "Every fact says who did it. Identity comes from a login or a token, never from an option on a command.",
        "`shipworthy login` with the token an administrator gave you, or set SHIPWORTHY_TOKEN for a program.",
    ),
    "app.unknown_token": Explained(
        "The token belongs to nobody: mistyped, ended by an administrator, replaced by a newer one, or of another "
        "store.",
        "A token that has ended must not open anything.",
        "Ask an administrator for a new one (`shipworthy people add NAME`) and log in with it.",
    ),
    "app.not_allowed": Explained(
        "You are known, but the plan in force gives you no role that may do this.",
        "Rights come from `people` in product.yaml, the same at every door, so that builders do not approve and nobody "
        "acts for others.",
        "Ask one of those the message names. Roles change by a plan that an administrator adopts.",
    ),
    "people.unknown": Explained(
        "There is no login of this name in the store.",
        "Naming somebody in product.yaml gives a role, not yet a login; each is made once.",
        "An administrator makes it: `shipworthy people add NAME`.",
    ),
    "people.name": Explained(
        "The text cannot be a login: lower-case letters, digits, - and _ only.",
        "Logins stand in facts, files and addresses, where other signs get lost or read as something else.",
        "Name the function rather than the person, such as privacy-owner: facts are kept for ever.",
    ),
    "people.login": Explained(
        "Name and token do not belong together, or the token has ended.",
        "Which of the two it is, is not said: that would help somebody who is guessing.",
        "See that the name is written as in product.yaml; otherwise ask an administrator for a new token.",
    ),
}

_ON_THE_STORE = {
    "app.no_store": Explained(
        "Neither here nor in a folder above is there a store, and no setting names one.",
        "A new one is not made by itself: a second ledger would hold half of what happened.",
        "Go to the product's folder, set SHIPWORTHY_ROOT or SHIPWORTHY_URL, or `shipworthy init` for the first time.",
    ),
    "app.pages_url": Explained(
        "SHIPWORTHY_PAGES_URL is no address that could stand in a message to people.",
        "Links to confirm a list begin with it. They are a right by themselves, so they must not go over plain http.",
        "Write scheme and name alone, such as https://ship.example; http only for this machine. Or unset it: no links.",
    ),
    "app.no_guide": Explained(
        "The guide of a consumer is asked for, and the plan names none.",
        "Whoever acts on the output must know how to read it, and what not to do with it.",
        "Write it in plain words beside product.yaml and name it: `consumers.NAME.guide`.",
    ),
    "app.store_exists": Explained(
        "`init` was given where a store or its people exist already.",
        "It would make a second administrator, or a ledger that knows nothing of the first.",
        "Go on with `shipworthy check`. For a lost token an administrator gives `shipworthy people add NAME`.",
    ),
    "app.wall_clock": Explained(
        "Time is to be moved for a product that lives by the real clock.",
        "What is late is late; only a replay may decide what time it is.",
        "Wait, or make a product with `time: {clock: simulated, start: DATE}`.",
    ),
    "app.endless": Explained(
        "At one moment more fell due, one thing after the other, than can be right; it was stopped.",
        "Most often an action sets off its own trigger. It would go on for ever and fill the ledger.",
        "Look at the newest facts in `shipworthy ledger` and at `respond.triggers`; what was recorded stands.",
    ),
    "audit.head": Explained(
        "The file that should hold an earlier signed head holds none in its last line.",
        "An export is checked against what was signed earlier and kept elsewhere; without it a wholly rewritten ledger "
        "would pass.",
        "Name the file of heads that `shipworthy export` wrote beside an earlier export.",
    ),
}

_ON_A_SERVER = {
    "app.no_server": Explained(
        "Nothing answers at SHIPWORTHY_URL, or not in time.",
        "The command was not done here instead: the ledger is where the server is.",
        "See that the address is right, and that the server runs (`shipworthy pages` on its machine). Unset the "
        "variable "
        "to work with a local store.",
    ),
    "app.server": Explained(
        "The server refused and gave no reason that can be read: most often a proxy in between answered.",
        "What was not confirmed counts as not done.",
        "Ask `shipworthy ledger` whether it was recorded; look into the log of the server or proxy by the status.",
    ),
    "app.file_changed": Explained(
        "A file came from the server with other content than its digest says.",
        "Files are named by what is in them, so it is not the file that was proven and signed.",
        "Try again. If it stays, restore the file on the server from a backup.",
    ),
}

_ON_CONNECTIONS = {
    "probe.source": Explained(
        "A source was looked at: whether it can be reached with its credentials, and has the columns of its contract.",
        "What cannot be read today is missing from the first list; on day one there is time to ask for it.",
        "Do what the finding says, then `shipworthy probe` again. It reads no more than it must and records nothing.",
    ),
    "probe.sink": Explained(
        "A sink was tried: its rehearsal destination was written to for a moment, the real one only looked at.",
        "A list that cannot be brought helps nobody, and the night of the first one is a bad time to find out.",
        "Do what the finding says, then `shipworthy probe` again. A kind without a probe is tried by the rehearsal.",
    ),
    "probe.receipts": Explained(
        "Whether messages carry a link by which a list is confirmed, and whether our pages answer under its address.",
        "Who must find a login first says late, or never, that a list arrived; a link that leads nowhere is no better.",
        "Set SHIPWORTHY_PAGES_URL where lists are made and where `shipworthy pages` runs, to the address people use.",
    ),
    "probe.route": Explained(
        "The route of a message was tried without telling anybody anything.",
        "Messages go out when something is wrong; then it is too late to find that they do not arrive.",
        "Do what the finding says, then `shipworthy probe` again.",
    ),
}

EXPLAINED: dict[str, Explained] = {
    **_ON_NAMES,
    **_ON_IDENTITY,
    **_ON_THE_STORE,
    **_ON_A_SERVER,
    **_ON_CONNECTIONS,
}
