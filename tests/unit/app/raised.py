"""Every code that a mistake can carry, read from the source: what is written where a mistake is made.

A code is written there as it is, or it comes in as an argument of the function that makes the mistake; then it is
read from the calls of that function.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import get_args

from shipworthy.edges.chain import Tampering

SOURCE = Path(str(files("shipworthy")))
_CODE = re.compile(r"[a-z]+(\.[a-z_]+)+")
_MADE_BY = {
    "Mistake": ("code", 0),
    "Slip": ("code", 1),  # becomes a mistake when its place in the file is known
    "Broken": ("code", 0),
    "CheckResult": ("check", 0),
}


@dataclass(frozen=True)
class Maker:
    """A function whose argument becomes a code.

    Attributes:
        file: the only file that can call it, None where any can.
        argument, place: the argument's name and its place among the positional ones.
        template: the code, with {} for the argument.
    """

    name: str
    file: Path | None
    argument: str
    place: int
    template: str


def raised_codes() -> set[str]:
    """Every code that some mistake, or some check outside the open folders, can carry."""
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in sorted(SOURCE.rglob("*.py"))}
    makers = [Maker(name, None, *rest, "{}") for name, rest in _MADE_BY.items()]
    codes = {f"ledger.{tampering}" for tampering in get_args(Tampering)}
    for maker in makers:  # grows while it is walked
        for file, tree in trees.items():
            if maker.file not in (None, file):
                continue
            for function, call in _calls(tree, maker.name):
                for code in _given(call, maker):
                    found, more = _read(code, maker, function, file, _constants(tree))
                    codes |= found
                    makers += [one for one in more if one not in makers]
    return {code for code in codes if _CODE.fullmatch(code)}


def _constants(tree: ast.Module) -> dict[str, str]:
    """The texts that a file gives a name of its own."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _calls(tree: ast.AST, name: str) -> Iterator[tuple[ast.FunctionDef | None, ast.Call]]:
    """Each call of a name with the innermost function around it."""

    def walk(node: ast.AST, function: ast.FunctionDef | None) -> Iterator[tuple[ast.FunctionDef | None, ast.Call]]:
        inside = node if isinstance(node, ast.FunctionDef) else function
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield inside, node
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inside)

    return walk(tree, None)


def _given(call: ast.Call, maker: Maker) -> Iterator[ast.expr]:
    if len(call.args) > maker.place:
        yield call.args[maker.place]
    yield from (keyword.value for keyword in call.keywords if keyword.arg == maker.argument)


def _read(
    code: ast.expr, maker: Maker, function: ast.FunctionDef | None, file: Path, constants: dict[str, str]
) -> tuple[set[str], list[Maker]]:
    """The codes that an expression stands for, and the function whose argument it is."""
    if isinstance(code, ast.Constant):
        return {maker.template.format(code.value)}, []
    if isinstance(code, ast.IfExp):
        both = [_read(one, maker, function, file, constants) for one in (code.body, code.orelse)]
        return both[0][0] | both[1][0], [*both[0][1], *both[1][1]]
    template, name = _hole(code)
    if name in constants:
        return {maker.template.format(template.format(constants[name]))}, []
    names = [one.arg for one in function.args.args] if function else []
    if function is None or name not in names:
        return set(), []
    defaults = dict(zip(reversed(names), reversed(function.args.defaults), strict=False))
    usual = defaults.get(name)
    own = {maker.template.format(template.format(usual.value))} if isinstance(usual, ast.Constant) else set()
    here = file if function.name.startswith("_") else None
    return own, [Maker(function.name, here, name, names.index(name), maker.template.format(template))]


def _hole(code: ast.expr) -> tuple[str, str]:
    """A name as "{}", or a text with one name in it as a template; what is neither has no name."""
    if isinstance(code, ast.Name):
        return "{}", code.id
    if isinstance(code, ast.JoinedStr):
        holes = [part.value for part in code.values if isinstance(part, ast.FormattedValue)]
        if len(holes) == 1 and isinstance(holes[0], ast.Name):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in code.values), holes[
                0
            ].id
    return "", ""
