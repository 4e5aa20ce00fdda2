"""What an address takes from the environment: filled in on the way out, hidden again in all that people read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from shipworthy.base.errors import Mistake, UserError

NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
OWN = "SHIPWORTHY_"


def filled(text: str, environ: Mapping[str, str], where: str) -> str:
    """A text of the plan with every ${NAME} taken from the environment.

    Raises:
        UserError: a name is not set, or is a setting of the installation; the message shows no value.
    """
    for name in NAME.findall(text):
        if name.startswith(OWN):
            found = f"${{{name}}} is a setting of the installation."
            why = "It may hold a token or lead to the ledger."
            raise UserError(Mistake("deliver.own_setting", where, found, why, "Use a variable of its own."))
        if name not in environ:
            found = f"It needs the environment variable {name}, which is not set."
            fix = f"Set {name} where Shipworthy runs."
            raise UserError(Mistake("deliver.no_secret", where, found, fix=fix))
    return NAME.sub(lambda match: environ[match[1]], text)


def hidden(text: str, environ: Mapping[str, str], *templates: str) -> str:
    """A text for people and facts, in which what the templates took from the environment is ${NAME} again.

    >>> hidden("no file /in/s3cret/a.csv", {"KEY": "s3cret"}, "/in/${KEY}/a.csv")
    'no file /in/${KEY}/a.csv'
    """
    values = {environ.get(name, ""): name for template in templates for name in NAME.findall(template)}
    for value in sorted(filter(None, values), key=len, reverse=True):
        for form in (value, quote(value, safe=""), quote(value), unquote(value)):
            text = text.replace(form, f"${{{values[value]}}}")
    return text
