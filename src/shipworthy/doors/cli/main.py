"""The command line: one verb per file in `verbs`, found by name and loaded only when called."""

from __future__ import annotations

import ast
import difflib
import importlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from shipworthy.base.version import __version__

VERBS = Path(__file__).parent / "verbs"
STAGES = ("start", "plan", "data", "model", "prove", "sign", "release", "deliver", "watch", "respond", "afterwards")
INTERRUPTED, CLOSED_PIPE = 130, 1
_INTERRUPTED = "Interrupted. What was recorded stays; a run that was under way is carried on when a command needs it."


def run(arguments: Sequence[str] | None = None) -> None:
    """Run one verb; the exit code is 0, 1 (a person can put it right), 2 (usage), 3 (our bug) or 130."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal or pipe that cannot show a sign shows a question mark; it is no reason to fail.
            stream.reconfigure(errors="replace")
    try:
        ended = _ended(given)
        sys.stdout.flush()
    except KeyboardInterrupt:
        ended = INTERRUPTED
    except BrokenPipeError:
        # Whoever read the answer has seen enough, as `head` does; nothing more may be written, not even at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        ended = CLOSED_PIPE
    if ended == INTERRUPTED:
        print(_INTERRUPTED, file=sys.stderr)
    sys.exit(ended)


def _ended(given: list[str]) -> int:
    if not given or given[0] in ("--help", "-h", "help"):
        print(overview())
        return 0
    if given[0] == "--version":
        print(f"shipworthy {__version__}")
        return 0
    return _run_verb(given[0], given[1:])


def verbs() -> dict[str, tuple[str, str]]:
    """Every verb with its stage and its help in one line, read without importing anything.

    The first line of a verb file's docstring is `stage: what it does.`
    """
    found = {}
    for file in sorted(VERBS.glob("[!_]*.py")):
        text = (ast.get_docstring(ast.parse(file.read_text())) or "").partition("\n")[0]
        stage, _, line = text.partition(": ")
        found[file.stem.replace("_", "-")] = (stage, line)
    return found


def overview() -> str:
    """What `shipworthy --help` prints: the verbs in the order of a product's life."""
    lines = ["Usage: shipworthy VERB [ARGUMENTS]      shipworthy VERB --help", ""]
    known = verbs()
    for stage in STAGES:
        mine = [(name, line) for name, (where, line) in known.items() if where == stage]
        if mine:
            lines += [f"  {stage}"] + [f"    {name:<16} {line}" for name, line in mine] + [""]
    return "\n".join(
        [*lines, "The road: plan -> data -> model -> prove -> sign -> release -> deliver -> watch -> respond"]
    )


def _run_verb(name: str, arguments: list[str]) -> int:
    known, as_json = verbs(), "--json" in arguments
    if name not in known:
        from shipworthy.doors.cli.screen import misused

        near = difflib.get_close_matches(name, known, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return misused("", f"There is no verb {name!r}.{hint}", as_json)
    import typer
    from typer._click.exceptions import ClickException

    from shipworthy.doors.cli.screen import failed, misused

    try:
        module = importlib.import_module(f"shipworthy.doors.cli.verbs.{name.replace('-', '_')}")
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        app.command(help=help_text(name, module.__doc__ or ""))(module.run)
        # An integer comes back where the verb ended itself with an exit code.
        return int(app(args=arguments, prog_name=f"shipworthy {name}", standalone_mode=False) or 0)
    except ClickException as error:
        return misused(name, f"{error.format_message().rstrip('.')}.", as_json)
    except typer.Abort:
        return misused(name, "Something had to be asked, and nobody was there to answer.", as_json)
    except BrokenPipeError:
        raise
    except Exception as error:
        return failed(error, as_json)


def help_text(name: str, told: str) -> str:
    """The help of a verb from its file's docstring; every help ends with an example.

    >>> help_text("history", "plan: all versions.")
    'All versions.\\n\\n\\x08\\nExample: shipworthy history'
    """
    text = told.partition(": ")[2].strip()
    text = text[:1].upper() + text[1:]
    if "\n\nExample: " not in text:
        text += f"\n\nExample: shipworthy {name}"
    # The sign before a paragraph keeps its lines as they are.
    return text.replace("\n\nExample: ", "\n\n\b\nExample: ", 1)
