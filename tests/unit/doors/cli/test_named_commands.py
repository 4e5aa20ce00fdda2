"""Every command that a message, page, docstring, starter or guide names exists, with the options it is named with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from shipworthy.doors.cli.main import verbs

SOURCE = Path(str(files("shipworthy")))
HOUSE = Path(__file__).parents[4]
NAMED = re.compile(r"(?<![\w/.-])shipworthy +([a-z][a-z-]*)((?: +[^\s`;#|<)]+)*)")
NO_COMMANDS = {("edges/engine.py", "road"), ("doors/cli/screen.py", "on")}  # a thread, and the head of a log


def named() -> Iterator[tuple[str, str, str]]:
    """File, verb and what follows it, for each command that is named anywhere."""
    for file in sorted(SOURCE.rglob("*")):
        if file.suffix in (".py", ".html", ".yaml", ".md"):
            text = file.read_text(encoding="utf-8")
            yield from _in(str(file.relative_to(SOURCE)), "\n".join(_texts(text)) if file.suffix == ".py" else text)
    for file in sorted([*HOUSE.glob("*.md"), *HOUSE.glob("docs/**/*.md")]):
        yield from _in(str(file.relative_to(HOUSE)), file.read_text(encoding="utf-8"))


def _in(file: str, text: str) -> Iterator[tuple[str, str, str]]:
    for verb, rest in NAMED.findall(text):
        if (file, verb) not in NO_COMMANDS:
            yield file, verb, rest


def _texts(source: str) -> Iterator[str]:
    """Every text of a Python file; what is filled into one stands as X."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


FOUND = list(named())


@cache
def options(verb: str) -> frozenset[str]:
    """Every option that a verb takes."""
    app = typer.Typer(add_completion=False)
    app.command()(import_module(f"shipworthy.doors.cli.verbs.{verb.replace('-', '_')}").run)
    return frozenset(("--help", *(name for one in get_command(app).params for name in one.opts)))


def test_commands_are_found_where_they_are_named() -> None:
    found = {(file, verb) for file, verb, _ in FOUND}
    assert ("prove/checks/against_baseline.py", "train") in found
    assert ("docs/guide/first-product.md", "login") in found
    assert len(found) > 80


@pytest.mark.parametrize("verb", sorted({verb for _, verb, _ in FOUND}))
def test_a_named_command_exists_with_its_options(verb: str) -> None:
    where = [(file, rest) for file, name, rest in FOUND if name == verb]
    assert verb in verbs(), where
    for file, rest in where:
        given = {word.split("=")[0].rstrip(".,:") for word in rest.split() if word.startswith("--")} - {"--X"}
        assert given <= options(verb), file
