"""The command line: one verb per file in `verbs`, found by name and loaded only when called."""

from __future__ import annotations

import ast
import difflib
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

VERBS = Path(__file__).parent / "verbs"
STAGES = ("start", "plan", "data", "model", "prove", "sign", "release", "deliver", "watch", "respond", "afterwards")
WRONG_USAGE, INTERRUPTED = 2, 130


def run(arguments: Sequence[str] | None = None) -> None:
    """Run one verb; the exit code is 0, 1 (a person can put it right), 2 (usage), 3 (our bug) or 130."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("--help", "-h", "help"):
        print(overview())
        sys.exit(0)
    if given[0] == "--version":
        from shipworthy.base.version import __version__

        print(f"shipworthy {__version__}")
        sys.exit(0)
    sys.exit(_run_verb(given[0], given[1:]))


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
    known = verbs()
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        print(f"There is no verb {name!r}.{hint} See `shipworthy --help`.", file=sys.stderr)
        return WRONG_USAGE
    import typer

    from shipworthy.doors.cli.screen import failed

    module = importlib.import_module(f"shipworthy.doors.cli.verbs.{name.replace('-', '_')}")
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    help_text = (module.__doc__ or "").partition(": ")[2]
    app.command(help=help_text.replace("\n\n", "\n\n\b\n", 1))(module.run)
    try:
        app(args=arguments, prog_name=f"shipworthy {name}", standalone_mode=True)
    except SystemExit as end:
        return int(end.code or 0)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return failed(error, as_json="--json" in arguments)
    return 0
