"""What the mistakes of ledger, files, keys, database and road mean, by code."""

from __future__ import annotations

from shipworthy.base.explained import Explained

_RESTORE = (
    "Leave everything as it is and make a copy; then find out who could write to the database and restore it from one "
    "that verifies. `shipworthy audit` on an export, held against an earlier signed head, shows from where on it "
    "differs."
)
_NOT_TRUSTED = "Every decision rests on the facts before it; from the first false one on, nothing can be relied on."


def _of_the_chain(means: str) -> Explained:
    return Explained(means, _NOT_TRUSTED, _RESTORE)


_ON_THE_LEDGER = {
    "ledger.edited": _of_the_chain("A fact no longer has the content that its digest was taken of: it was changed."),
    "ledger.dropped": _of_the_chain("A number is missing between two facts: one or more were taken out of the middle."),
    "ledger.inserted": _of_the_chain("A fact stands in the ledger that the one after it does not follow from."),
    "ledger.reordered": _of_the_chain("Facts stand in another order than the one in which they were recorded."),
    "ledger.replaced": _of_the_chain(
        "A fact is well formed, but not the one that the next fact carries the digest of."
    ),
    "ledger.cut": _of_the_chain(
        "The ledger ends before a head that was signed: its newest facts are gone. A restored old backup looks the "
        "same."
    ),
    "ledger.recomputed": _of_the_chain(
        "The chain fits together, but not to a head that was signed earlier: somebody changed a fact and computed "
        "every digest after it anew."
    ),
    "ledger.head": _of_the_chain(
        "A signed head, which says how many facts there are and what the newest is, does not carry a good signature."
    ),
    "ledger.key": _of_the_chain(
        "A head was signed with a key that is not the expected one. After a deliberate change of keys, name the key id "
        "that you expect; otherwise somebody signed a history of their own."
    ),
    "ledger.damaged": _of_the_chain("What stands where a fact should be cannot be read as one."),
    "export.unreadable": Explained(
        "The file is no export of a ledger, or was cut off or changed on the way, for instance by an editor.",
        "An audit of half an export would say that all is well about facts it has not seen.",
        "Give the file that `shipworthy export` wrote, unchanged; make it again if it was cut off.",
    ),
}

_ON_FILES = {
    "files.tampered": Explained(
        "A stored file (model, evidence, snapshot, answers) no longer has the content that its name is the digest of.",
        "It was proven and signed for as it was. What is in it now, nobody has seen, so it is not opened.",
        "Restore the file from a backup; its name tells whether it is the right one. Signatures stay valid then.",
    ),
    "files.not_found": Explained(
        "The ledger names a file that is not in the store: it was deleted, or the database belongs to another folder.",
        "Without it, what it proves can be claimed but not shown.",
        "Restore it from a backup, or see that SHIPWORTHY_ROOT and SHIPWORTHY_DATABASE belong together.",
    ),
    "files.no_column": Explained(
        "Something asks a stored table for a column that it does not have.",
        "A missing column that counted as an empty one would be a wrong answer nobody sees.",
        "See whether the table comes from an older version of the plan; take a new snapshot under the present one.",
    ),
    "store.no_room": Explained(
        "The disk has no room for what must be written.",
        "A fact, a file or an answer that is not on disk was not recorded, and is not claimed to be.",
        "Make room, then give the command again: what was finished before is not done twice.",
    ),
    "store.no_text": Explained(
        "A text that the plan names, such as a guide, is not beside product.yaml, or is no text in UTF-8.",
        "What people are to read must be there, and nothing outside the product's folder is shown.",
        "Put it there, or correct its name in product.yaml and adopt the plan.",
    ),
    "store.no_folder": Explained(
        "Several products may share a store; the folder of this one, with its product.yaml, was not found.",
        "Relative paths of sources, pipeline and guides begin there; guessing could read another product's data.",
        "Put product.yaml into the store's folder, or into a folder below it that has the product's name.",
    ),
}

_ON_KEYS = {
    "keys.open_to_others": Explained(
        "Other users of this machine can read or change the file of the signing key.",
        "Signed heads show that a ledger was recomputed, as long as nobody else can sign. Whoever has the key can.",
        "chmod 600 the file. If somebody may have read it, move it away so that a new one is made, and tell the "
        "auditor from which head on the new key signs.",
    ),
    "keys.sealed": Explained(
        "A personal value that is kept sealed does not open with the key of this store.",
        "It was changed, moved from another store, or the file person-key is another one now.",
        "Restore person-key in the folder of keys from a backup; without it sealed values cannot be read again.",
    ),
    "keys.unreadable": Explained(
        "The file of the signing key cannot be read, or holds no Ed25519 key.",
        "A new key is not made by itself: signatures from two keys without a word look like a forged history.",
        "Restore the file from a backup. Move it away only where it is lost for good; a new key is made then.",
    ),
}

_ON_THE_DATABASE = {
    "database.unreachable": Explained(
        "The server of the database does not answer, refuses the login, or the file cannot be opened.",
        "Nothing is decided without the ledger, so everything waits; nothing that was recorded is lost.",
        "See that the database runs, that SHIPWORTHY_DATABASE is right and that its user may write there.",
    ),
    "database.address": Explained(
        "SHIPWORTHY_DATABASE is no address of SQLite or PostgreSQL, or one that lives in memory.",
        "A ledger that ends with the process would forget what people signed.",
        "Write sqlite:///PATH or postgresql://USER@HOST/DATABASE, or unset it for the file in the store's folder.",
    ),
    "database.newer": Explained(
        "A newer version of Shipworthy has already brought this database into a shape that this version does not know.",
        "An older version could misread facts, or write ones that the newer one cannot follow.",
        "Update Shipworthy on this machine; versions on all machines of one store belong together.",
    ),
    "database.busy": Explained(
        "Another process was deciding something and kept the ledger's lock for too long.",
        "Decisions are made one after the other, so that two people cannot both take the last step.",
        "Give the command again. If it stays so, a process hangs or the disk is full or slow: look for it and end it.",
    ),
}

_ON_THE_ROAD = {
    "road.edited": Explained(
        "An order on the durable road, or the result of one of its steps, is not signed with this store's key.",
        "Whoever can write to the database could give orders in another's name, or say a check had passed.",
        "Nothing was done. Find out who could write there; give the command again under a new key.",
    ),
    "road.key_used": Explained(
        "A caller gave a key with a command so that repeating it does no harm, and the key belongs to another command.",
        "The same key means the same run. The new command would silently never be done.",
        "Give each command a key of its own, or none.",
    ),
    "road.no_run": Explained(
        "No long operation of this name is known here.",
        "Runs belong to one store; the name of a run of another one means nothing here.",
        "Take the name that submitting the command gave, or one of `shipworthy runs`.",
    ),
    "road.bug": Explained(
        "A long operation stopped at a fault of ours, or of code that we were given to run.",
        "What it had recorded until then stands, and what it had not is not half done.",
        "Follow the run on the machine of the store to see the whole trace, and report it. After a repair, give the "
        "same command again.",
    ),
}

_ON_THE_WAY_OUT = {
    "outbound.refused": Explained(
        "An address that the plan names lies inside the network, is not encrypted, or is no web address at all.",
        "A plan is written by many. By such an address somebody could reach programs that trust everybody inside, "
        "among them those that give out passwords.",
        "Use a public https address. Where an inner one is meant, whoever runs the installation names its host, "
        "address or network in SHIPWORTHY_ALLOW_HOSTS, separated by commas.",
    ),
    "outbound.no_files": Explained(
        "A path names a web address, which is no file system.",
        "It would be fetched without a look at where it leads.",
        "For a source use `kind: http` with `url`; for a sink `kind: webhook`.",
    ),
    "outbound.no_library": Explained(
        "A file system is named whose library is not installed.",
        "Most installations need a few of them; all together they are large.",
        "Install what the message names, where Shipworthy runs, and start the worker anew.",
    ),
}

_ON_BROKERS = {
    "stream.no_library": Explained(
        "The library that reaches this kind of broker is not installed.",
        "It is an extra, so that whoever needs no streams does not install it.",
        "Install it: pip install 'shipworthy[nats]' or 'shipworthy[kafka]', on every machine with a worker.",
    ),
    "stream.no_secret": Explained(
        "The address of a broker holds ${NAME}, and no such variable is set where this runs.",
        "The address may hold a password, so it stands in the environment and never in the plan.",
        "Set the variable for the worker and for whoever looks at dead letters.",
    ),
    "stream.own_setting": Explained(
        "The address of a broker names a setting of the installation.",
        "Settings may hold tokens, which would be sent to whoever answers at that address.",
        "Use a variable of its own for the broker.",
    ),
}

EXPLAINED: dict[str, Explained] = {
    **_ON_THE_LEDGER,
    **_ON_FILES,
    **_ON_THE_WAY_OUT,
    **_ON_KEYS,
    **_ON_THE_DATABASE,
    **_ON_THE_ROAD,
    **_ON_BROKERS,
}
