"""What the command line shows: answers as tables or JSON, progress, and errors for people."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from shipworthy.app.session import Session, open_session
from shipworthy.app.settings import settings
from shipworthy.base.check import CheckResult
from shipworthy.base.digest import plain
from shipworthy.base.errors import Bug, Mistake, NotFound, UserError
from shipworthy.base.times import read_moment

AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Product = Annotated[str, typer.Option("--product", "-p", help="The product; the one in this folder if not given.")]


def a_moment(text: str) -> str:
    """A moment as it was written, where it can be read as one; empty is left to the operation.

    Raises:
        BadParameter: it cannot.
    """
    try:
        return text and read_moment(text).isoformat()
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no moment; write it such as 1997-08-01 or 1997-08-01T06:00Z") from None


Port = Annotated[int, typer.Option(min=0, max=65_535, help="The port; 0 takes a free one.")]
Listen = Annotated[str, typer.Option(help="The address to listen on; loopback only if not given.")]
Hosts = Annotated[
    str,
    typer.Option(
        envvar="SHIPWORTHY_HOSTS",
        help="Names under which it may be reached from elsewhere, separated by commas; needed with --host.",
    ),
]
_WRONG_USAGE, _BUG = 2, 3
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_MARKS = {"pass": "ok  ", "warn": "warn", "fail": "FAIL", "error": "ERR ", "not_run": "----"}


@contextmanager
def session() -> Iterator[Session]:
    """A session that is closed at the end."""
    opened = open_session()
    try:
        yield opened
    finally:
        opened.close()


def product_here(named: str = "") -> str:
    """The product that is meant: the one named, else the one whose product.yaml lies here.

    Raises:
        NotFound: no product is named and none lies here.
    """
    if named:
        return named
    file = settings().root / "product.yaml"
    if file.is_file():
        for line in file.read_text(errors="replace").splitlines():
            if line.startswith("product:"):
                return line.partition(":")[2].partition("#")[0].strip().strip("\"'")
    fix = "Go to the folder of its product.yaml, or name it with --product."
    raise NotFound(Mistake("cli.no_product", str(file), "No product is named and none lies here.", fix=fix))


def show(answer: Any, as_json: bool, lines: Callable[[Any], str | list[str]] | None = None) -> None:
    """Print an answer: as JSON, by the given lines, or as what it is."""
    if as_json:
        print(json.dumps(plain(answer), indent=2, ensure_ascii=False))
        return
    text = lines(answer) if lines else as_text(answer)
    print(text if isinstance(text, str) else "\n".join(text))


def write_file(file: Path, content: bytes) -> None:
    """Write a file that somebody asked for.

    Raises:
        UserError: it cannot be written there.
    """
    try:
        file.write_bytes(content)
    except OSError as error:
        found = f"The file cannot be written: {error.strerror or error}."
        fix = "Name a place where you may write; its folder must exist."
        raise UserError(Mistake("cli.cannot_write", str(file), found, fix=fix)) from error


def as_text(answer: Any) -> str:
    """An answer in plain lines: lists of records as a table, one record as name and value."""
    if isinstance(answer, list) and answer and is_dataclass(answer[0]):
        return table(answer, [field.name for field in fields(answer[0])])
    if is_dataclass(answer) and not isinstance(answer, type):
        values = [(field.name, getattr(answer, field.name)) for field in fields(answer)]
        rows = [(_head(name, [value]), _cell(value, 200)) for name, value in values]
        width = max(len(head) for head, _ in rows)
        return "\n".join(f"{head:<{width}}  {cell}" for head, cell in rows)
    if isinstance(answer, list):
        return "\n".join(str(item) for item in answer) or "nothing"
    return str(answer)


def table(records: Sequence[Any], names: Sequence[str], most: int = 48) -> str:
    """Records as an aligned table; digests are shown by their first 12 digits, moments as `moment` has them."""
    if not records:
        return "nothing yet"
    rows = [[_cell(getattr(record, name), most) for name in names] for record in records]
    heads = [_head(name.replace("_", " "), [getattr(record, name) for record in records]) for name in names]
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(names))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [heads, *rows]
    )


def checks(results: Sequence[CheckResult]) -> list[str]:
    """Check results, the bad ones with why and advice."""
    lines = []
    for result in results:
        lines.append(f"  {_MARKS[result.verdict]}  {result.check:<28} {result.found}")
        if result.verdict not in ("pass",):
            lines += [f"        {text}" for text in (result.why, result.advice) if text]
    return lines


def progress(as_json: bool) -> Callable[[str], None] | None:
    """What tells each finished step on the terminal; silent where JSON is wanted."""
    if as_json:
        return None
    return lambda name: print(f"  · {name}", file=sys.stderr, flush=True)


def failed(error: Exception, as_json: bool) -> int:
    """Say what went wrong and give the exit code: 1 for what a person can put right, 3 for a bug of ours."""
    if isinstance(error, UserError):
        if as_json:
            print_mistakes(error.mistakes)
        else:
            print("\n".join(str(mistake) for mistake in error.mistakes), file=sys.stderr)
        return error.exit_code
    with tempfile.NamedTemporaryFile("w", prefix="shipworthy-bug-", suffix=".log", delete=False) as log:
        log.write(f"shipworthy on Python {platform.python_version()}, {platform.platform()}\n{' '.join(sys.argv)}\n\n")
        log.write(error.trace if isinstance(error, Bug) and error.trace else traceback.format_exc())
    said = error.found if isinstance(error, Bug) else error
    found = f"This is a bug of Shipworthy, not of yours: {said}"
    why = "Nothing that was recorded is lost; the same command can be given again."
    if as_json:
        print_mistakes([Mistake("cli.bug", log.name, found, why, "Send the log to whoever maintains Shipworthy.")])
    else:
        print(f"{found}\n  Details: {log.name}\n  {why}", file=sys.stderr)
    return _BUG


def misused(verb: str, found: str, as_json: bool) -> int:
    """Say what is wrong with how a verb was called, and give the exit code."""
    fix = f"shipworthy {verb} --help" if verb else "shipworthy --help"
    if as_json:
        print_mistakes([Mistake("cli.usage", f"shipworthy {verb}".strip(), found, fix=fix)])
    else:
        print(f"{found} See `{fix}`.", file=sys.stderr)
    return _WRONG_USAGE


def print_mistakes(mistakes: Sequence[Mistake]) -> None:
    """Print mistakes as the one JSON shape of an error, the same as over HTTP."""
    print(json.dumps({"error": {"mistakes": plain(list(mistakes))}}, indent=2, ensure_ascii=False))


def moment(text: str) -> str:
    """A moment as people read it, in UTC, which its title or the head of its column says; any other text as it is.

    >>> moment("1998-01-01T06:00:00+00:00"), moment("1998-01-01T01:00:30.5-05:00"), moment("sales/1998-01-01")
    ('1998-01-01 06:00', '1998-01-01 06:00', 'sales/1998-01-01')
    """
    return f"{read_moment(text):%Y-%m-%d %H:%M}" if _MOMENT.fullmatch(text) else text


def _head(name: str, values: Sequence[Any]) -> str:
    """A column's name; where it holds moments it says of which zone they are."""
    return f"{name} (UTC)" if any(map(_holds_moments, values)) else name


def _holds_moments(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_moments, value))
    if isinstance(value, dict):
        return any(map(_holds_moments, value.values()))
    return isinstance(value, str) and bool(_MOMENT.fullmatch(value))


def _cell(value: Any, most: int) -> str:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return moment(value)
    if isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef"):
        return value[:12]
    if isinstance(value, dict):
        value = ", ".join(f"{name} {_cell(item, most)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        value = ", ".join(_cell(item, most) for item in value)
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value).replace("\n", " ")
    return text if len(text) <= most else text[: most - 1] + "…"


def on_terminal() -> bool:
    """Whether a person is watching."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
