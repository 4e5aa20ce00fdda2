"""A plan as a file, read and checked before anything else exists."""

from __future__ import annotations

import re
from pathlib import Path

from shipworthy.app.contracts import contract_findings
from shipworthy.base.check import CheckResult
from shipworthy.base.errors import Mistake, NotFound, UserError
from shipworthy.plan.beside import files_there
from shipworthy.plan.reading import marks, read_plan
from shipworthy.plan.rules import fit
from shipworthy.plan.schema import Plan


def checked_plan(file: Path) -> tuple[Plan, list[CheckResult]]:
    """A plan with what every check says of it.

    Raises:
        UserError: the file is broken; with every mistake.
    """
    text = plan_text(file)
    plan, where = read_plan(text, str(file)), marks(text, str(file)).at
    return plan, [*fit(plan, where), *contract_findings(plan, where), *files_there(plan, file.parent, where)]


def plan_text(file: Path) -> str:
    """What a plan file holds.

    Raises:
        NotFound: there is no such file.
        UserError: it is no text.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        fix = "Run `shipworthy init` for a first one, or name the file."
        raise NotFound(Mistake("plan.no_file", str(file), "There is no such file.", fix=fix)) from None
    except OSError as error:
        found = f"The file cannot be read: {error.strerror}."
        raise UserError(Mistake("plan.unreadable", str(file), found, fix="Let yourself read it.")) from error
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        where = f"{file}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
        found = f"The file is no UTF-8 text from here on: byte {content[error.start]:#04x}."
        raise UserError(Mistake("plan.unreadable", where, found, fix="Save it as plain text in UTF-8.")) from error


def product_named_in(text: str, file: str) -> str:
    """The product that a plan is of.

    Raises:
        UserError: the file is broken.
    """
    named = re.search(r"^product:\s*['\"]?([a-z][a-z0-9_-]*)", text, re.MULTILINE)
    if named:
        return named[1]
    return read_plan(text, file).product
