"""The team's own code: read from their folder, kept by digest, and run from the kept bytes only."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType

from shipworthy.base.digest import canonical, digest_of_bytes
from shipworthy.base.errors import Mistake, UserError
from shipworthy.model.running import running

_PREFIX = "shipworthy_pipeline_"


@dataclass(frozen=True, slots=True)
class Code:
    """The files of a pipeline.

    Attributes:
        name: as product.yaml has it, such as ``pipeline.py`` or ``pipeline``.
        files: text of each file by its path inside the pipeline; a single file has one entry.
    """

    name: str
    files: Mapping[str, str]

    @property
    def content(self) -> bytes:
        """The one sequence of bytes that stands for all files; its digest is the digest of the code."""
        return canonical({"name": self.name, "files": dict(self.files)})

    @property
    def digest(self) -> str:
        return digest_of_bytes(self.content)

    @property
    def module_name(self) -> str:
        """The name under which it is imported: two versions can be in memory side by side."""
        return _PREFIX + self.digest[:16]

    @property
    def entry(self) -> str:
        """The file that holds features(), label() and train()."""
        return "__init__.py" if "__init__.py" in self.files else next(iter(self.files))

    @property
    def texts(self) -> dict[str, str]:
        """Text by path as the team knows it, the entry first."""
        ordered = sorted(self.files, key=lambda file: file != self.entry)
        return {self.shown(file): self.files[file] for file in ordered}

    def shown(self, file: str) -> str:
        """A file's path as the team knows it."""
        return f"{self.name}/{file}" if "__init__.py" in self.files else self.name


def code_of(content: bytes) -> Code:
    """The code that some stored bytes hold."""
    values = json.loads(content)
    return Code(values["name"], values["files"])


def read_code(folder: Path, name: str) -> Code:
    """The pipeline that lies beside product.yaml: a Python file, or a folder with __init__.py.

    Of a folder, every .py file belongs to it.

    Raises:
        UserError: it does not exist, lies outside the product's folder, or is not readable Python.
    """
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise _unreadable(name, f"{name} lies outside the product's folder.", "Keep the pipeline beside product.yaml.")
    if path.is_file():
        files = {path.name: path}
    elif (path / "__init__.py").is_file():
        files = {file.relative_to(path).as_posix(): file for file in sorted(path.rglob("*.py"))}
    else:
        fix = "Write features(), label() and train() there, or correct data.pipeline in product.yaml."
        raise _unreadable(name, f"There is no file {name} and no folder {name} with __init__.py.", fix)
    code = Code(name, {shown: _text(file, shown) for shown, file in files.items()})
    mistakes = [mistake for file, text in code.files.items() for mistake in _syntax(text, code.shown(file))]
    if mistakes:
        raise UserError(*mistakes)
    return code


def module_of(code: Code) -> ModuleType:
    """The pipeline as a module, run from the given text and from nothing on disk.

    Files of a folder import each other relatively (`from .shop import orders`).

    Raises:
        UserError: running it raised; file and line are named.
    """
    name = code.module_name
    if name in sys.modules:
        return sys.modules[name]
    if not any(isinstance(finder, _Finder) and finder.code.digest == code.digest for finder in sys.meta_path):
        sys.meta_path.append(_Finder(code))
    try:
        with running(code.texts, "the import"):
            return importlib.import_module(name)
    except BaseException:
        _forget(name)
        raise


def imported_roots(code: Code) -> list[str]:
    """The top-level packages that the code imports from outside itself, sorted; nothing is run."""
    roots: set[str] = set()
    for text in code.files.values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                roots.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                roots.add(node.module.split(".")[0])
    return sorted(roots - set(sys.stdlib_module_names))


class _Finder(MetaPathFinder, InspectLoader):
    """Finds and runs the modules of one pipeline in memory."""

    def __init__(self, code: Code) -> None:
        self.code = code

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        file = self._file(fullname)
        if file is None:
            return None
        is_package = file.endswith("__init__.py")
        return importlib.util.spec_from_loader(fullname, self, origin=self.code.shown(file), is_package=is_package)

    def _file(self, fullname: str) -> str | None:
        root = self.code.module_name
        if fullname == root:
            return self.code.entry
        if not fullname.startswith(f"{root}."):
            return None
        inner = fullname.removeprefix(f"{root}.").replace(".", "/")
        return next((file for file in (f"{inner}.py", f"{inner}/__init__.py") if file in self.code.files), None)

    def get_source(self, fullname: str) -> str:
        return self.code.files[self._file(fullname) or self.code.entry]

    def get_code(self, fullname: str) -> CodeType:
        file = self._file(fullname) or self.code.entry
        return compile(self.code.files[file], self.code.shown(file), "exec", dont_inherit=True)

    def is_package(self, fullname: str) -> bool:
        return (self._file(fullname) or "").endswith("__init__.py")


def _forget(name: str) -> None:
    for module in [module for module in sys.modules if module == name or module.startswith(f"{name}.")]:
        del sys.modules[module]


def _text(file: Path, shown: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(shown, f"It is not UTF-8 text (byte {error.start}).", "Save it as UTF-8.") from error


def _syntax(text: str, shown: str) -> list[Mistake]:
    try:
        ast.parse(text)
    except SyntaxError as error:
        where = f"{shown}:{error.lineno or 1}:{error.offset or 1}"
        return [Mistake("model.pipeline.syntax", where, f"This is not Python: {error.msg}.", fix="Put the line right.")]
    return []


def _unreadable(where: str, found: str, fix: str) -> UserError:
    return UserError(Mistake("model.pipeline.unreadable", where, found, fix=fix))
