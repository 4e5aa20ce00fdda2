"""What the mistakes around sources and their contracts mean, by code; what its checks ask stands in their files."""

from __future__ import annotations

from shipworthy.base.explained import Explained

_ON_A_CONTRACT = {
    "data.same_name": Explained(
        "Two things in a contract cannot be told apart: columns that differ only in case, two removal rules of one "
        "name, "
        "or a name that belongs to the engine (`repeated-row`, `not-before-as-of`, two underscores in front).",
        "Every row is accounted for under a name; rows of two rules under one name could never be told apart again.",
        "Give each its own name. For repeated rows no rule is needed: `duplicates: remove`.",
    ),
    "data.unknown_column": Explained(
        "The key of a contract names a column that the contract does not declare.",
        "Whether two rows are about the same thing is judged by the key, and nothing is known of that column.",
        "Declare the column under `columns`, or correct the key.",
    ),
    "data.time_column": Explained(
        "The time column is missing where something is counted by time, is no date or moment, or may be empty.",
        "Rows from at or after `as_of` are cut off by it. Of a row without a time nobody can say that it is not the "
        "future, and a model that saw the future looks better than it will ever be.",
        "Name a column of type date or moment that says when a row became true, and leave `required: false` away; rows "
        "without a time then go to quarantine and are not lost.",
    ),
    "data.bounds": Explained(
        "Bounds are asked of a column whose values have no size, or the lower one lies above the upper one.",
        "No value could ever pass, or none ever fail.",
        "Correct the type of the column, or the bounds. For text there are `one_of` and `pattern`.",
    ),
    "data.pattern": Explained(
        "The pattern is no regular expression that the data stage can match; it matches by RE2, in time that grows "
        "only "
        "with the length of the text.",
        "Look-around such as (?=x) and back-references such as \\1 can take for ever on one hostile row of a feed.",
        "Write it without them: what must stand somewhere is most often two rules, or `one_of`. A pattern is held "
        "against the whole value, so ^ and $ are not needed.",
    ),
    "data.format": Explained(
        "The format of a date or moment holds a sign that stands for nothing.",
        "Dates would be read as missing, or worse, as other dates.",
        "Use %Y year, %m month, %d day, %H hour, %M minute, %S second, as in %d.%m.%Y. Without a format ISO 8601 is "
        "read.",
    ),
    "data.one_of": Explained(
        "A permitted value cannot be read as the type of its column, such as `many` in a column of integers.",
        "No row could ever hold it, so it is a slip either there or in the type.",
        "Correct the value or the type.",
    ),
    "data.condition": Explained(
        "The condition of a removal rule is no SQL condition, or asks for more than the values of the row it judges: "
        "another table, other rows, the clock, chance.",
        "The same row must always go for the same reason, today and when an auditor asks again in a year.",
        "Write one yes-or-no question over the declared columns, such as `amount = 0 AND kind <> 'gift'`. Where a cast "
        "may fail, write TRY_CAST.",
    ),
    "data.readable": Explained(
        "A source could not be read at all; the finding says where and why.",
        "Nothing downstream may be made from data that is not there. What the plan declares under `if_stopped` happens "
        "for consumers, and they are told.",
        "Put right what the finding names, then `shipworthy snapshot`. If the feed is late, waiting is enough.",
    ),
}

_ON_PLACES = {
    "data.no_file": Explained(
        "No file is where the source says, or the path is a folder.",
        "A feed that did not come is a failed feed; read as no rows, it would look like a day without customers.",
        "Relative paths begin at the folder of product.yaml; a pattern such as feeds/*.csv reads several files.",
    ),
    "data.empty_file": Explained(
        "The file is there and holds nothing, not even a header.",
        "An export that broke leaves just that; nothing is concluded from it.",
        "Ask for the file again. A day without rows is a file with its header only.",
    ),
    "data.half_written": Explained(
        "The file ends in the middle, or changed while it was read.",
        "The rows that are not written yet would be missing without anyone noticing.",
        "Have it written under another name and renamed when it is complete; then read again.",
    ),
    "data.unreachable": Explained(
        "The file cannot be opened: no permission, or the system it lies on does not answer.",
        "What cannot be read is not the same as what is not there.",
        "Read it as the user that Shipworthy runs as; on a server that is another one than you.",
    ),
    "data.path_leaves_folder": Explained(
        "A relative path climbs out of the product's folder by `..` or a link.",
        "Who may write a plan must not read every file of the machine by it unnoticed.",
        "Put the data below product.yaml, or write the whole path, so that reviewers see where it leads.",
    ),
    "data.path_is_closed": Explained(
        "The source leads into the folders of the store: ledger, stored files or keys.",
        "What they hold is shown by rights; read as data, it would reach a list or a model.",
        "Name a file outside of them.",
    ),
    "data.secret_missing": Explained(
        "The address holds ${NAME}, and no such variable is set where the data is read.",
        "Secrets stand in the environment only: the plan goes into the ledger, from which nothing is removed.",
        "Set the variable for the worker and for every shell that reads data.",
    ),
}

_ON_FILES = {
    "data.not_csv": Explained(
        "The text cannot be divided into rows and cells.",
        "Guessing where a row ends invents rows.",
        "One row to a line; cells divided by comma, semicolon, tab or |. Open it in an editor: is it packed, or HTML?",
    ),
    "data.header": Explained(
        "The first line does not name the columns.",
        "Without names nobody can say which cell is which, and an added column would shift all others.",
        "Have the feed written with a header.",
    ),
    "data.repeated_column": Explained(
        "Two columns have the same name.",
        "Taking the first, or the last, would be right by chance.",
        "Have each named once; in a query give one another name with AS.",
    ),
    "data.stray_quotation": Explained(
        "A quotation mark opens a cell, and what closes it lies many lines later inside another cell.",
        "Every row between the two would vanish into that one cell.",
        'Inside a cell a quotation mark is doubled, and the cell quoted: "5"" pipe".',
    ),
    "data.encoding": Explained(
        "The bytes are not UTF-8; most often a spreadsheet saved in Windows-1252 or UTF-16.",
        "Read as something else, names come out garbled and one customer appears under two names.",
        "Save it as UTF-8: in a spreadsheet that is the type “CSV UTF-8”.",
    ),
    "data.not_parquet": Explained(
        "The file is no Parquet file, or is damaged.",
        "What could still be read of it would be an unfair picture of the whole.",
        "Have it written again, or correct `kind` of the source.",
    ),
}

_ON_OTHER_SYSTEMS = {
    "data.own_setting": Explained(
        "The address of a source names a setting of the installation, such as SHIPWORTHY_TOKEN.",
        "A plan could send a token to a stranger, or read the ledger's own database.",
        "Use a variable that is there for this source alone.",
    ),
    "data.no_library": Explained(
        "A source needs a library that is installed only by one of the extras.",
        "Most installations need a few of them; all together they are large.",
        "Install the extra that the message names, where Shipworthy runs, and start the worker anew.",
    ),
    "data.not_excel": Explained(
        "The file is no workbook that can be read: of the old kind, protected, damaged, or never calculated.",
        "What could still be read of it would be an unfair picture of the whole.",
        "Open it in Excel or LibreOffice and save it as .xlsx without a password.",
    ),
    "data.no_sheet": Explained(
        "The workbook has no sheet of the name that the plan gives.",
        "Another sheet in its place could hold anything.",
        "Copy the name from the message, with its capitals and blanks.",
    ),
    "data.no_version": Explained(
        "A Delta table is to be read as it was at a moment at which it did not exist yet.",
        "What was not written then was not known then; a later version would show the future.",
        "Take the snapshot of a later moment, or name a version by its number.",
    ),
    "data.not_json": Explained(
        "The answer of an address is JSON, but no list of objects.",
        "Which part of it holds the rows, and whether more pages follow, cannot be said.",
        "Use an address that answers with the whole list, or one that writes a file.",
    ),
    "data.pages": Explained(
        "The pages of an address do not lead on as the plan says under `pages`.",
        "Pages that were not read are rows that would be missing without a word.",
        "See how its system tells of the next page: a Link header, a field of the answer, or a parameter to count up.",
    ),
}

_ON_DATABASES = {
    "data.bad_url": Explained(
        "The address is no database address, or of a database that is not read here.",
        "An @ in a password ends it too early, and the rest would be taken for the host, secrets included.",
        "sqlite:///file or postgresql://user:password@host/database; write an @ in a password as %40.",
    ),
    "data.no_query": Explained(
        "A source in a database names neither table nor query.",
        "A whole database is no source; which rows are meant is part of what is agreed.",
        "Write `query: TABLE`, or a query that begins with SELECT.",
    ),
    "data.no_rows": Explained(
        "The query is a command that gives no rows, such as an UPDATE.",
        "A source only reads; nothing is ever changed in a system that belongs to others.",
        "Write a query that begins with SELECT.",
    ),
    "data.database": Explained(
        "The database did not answer, or refused the query; values that it names are left out here.",
        "Without its rows nothing can be concluded; the last good snapshot stays as it is.",
        "Run the query there by hand as the same user; see address, variables and rights.",
    ),
}

_ON_MENDING = {
    "data.corrected_file": Explained(
        "The file with corrected rows cannot be matched with the rows that were set aside.",
        "A correction that lands on another row would be a wrong value that nobody sees; so nothing was replayed.",
        "Begin with `shipworthy quarantine --source SOURCE --save FILE`; correct cells there and leave _row as it is.",
    ),
    "data.replayed_meanwhile": Explained(
        "Two people replayed rows of the same source at the same time.",
        "They may be the same rows, and each comes in once.",
        "Give the command again: what the other one replayed is left out.",
    ),
}

_ON_ARRIVALS = {
    "data.no_arrival": Explained(
        "New data is to be noted, but no source is named, or one without anything that tells its states apart.",
        "The same delivery noted twice would make two lists.",
        "Name each source with, say, the number of the delivery: it counts once, however often it is said.",
    ),
}

EXPLAINED: dict[str, Explained] = {
    **_ON_A_CONTRACT,
    **_ON_PLACES,
    **_ON_FILES,
    **_ON_OTHER_SYSTEMS,
    **_ON_DATABASES,
    **_ON_MENDING,
    **_ON_ARRIVALS,
}
