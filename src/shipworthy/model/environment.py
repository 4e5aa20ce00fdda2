"""The locked environment: which installed software determines a candidate's answers, by name, version and content."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata

from shipworthy.base.digest import canonical, digest_of
from shipworthy.base.errors import Mistake, UserError
from shipworthy.model.code import Code, imported_roots

OURSELVES = "shipworthy"
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")
_NOT_CONTENT = (".pyc", ".pyo")


def locked(code: Code | None, needs: Iterable[str]) -> dict[str, dict[str, str]]:
    """What must be the same for the same answers: Python's version, and each distribution's version and content.

    It covers the distributions whose packages the pipeline imports, those the model's format needs, and whatever
    these require in turn. Our own version is recorded with the candidate and is not part of it.

    Raises:
        UserError: the pipeline imports something that is not installed.
    """
    roots = {_normal(name) for name in needs} | _imported(code)
    names = _closure(roots) - {OURSELVES}
    return {"python": _python(), **{name: dict(_installed(name)) for name in sorted(names)}}


def written(environment: Mapping[str, Mapping[str, str]]) -> bytes:
    """The locked environment as it is stored."""
    return canonical(environment)


def read_environment(content: bytes) -> dict[str, dict[str, str]]:
    """The locked environment that some bytes hold."""
    return dict(json.loads(content))


def differences(locked_then: Mapping[str, Mapping[str, str]]) -> list[str]:
    """How what is installed here differs from a locked environment, in plain words; empty where it is the same."""
    found = []
    for name, then in locked_then.items():
        now = _python() if name == "python" else _installed(name)
        if now == then:
            continue
        if not now:
            found.append(f"{name} {then['version']} is not installed")
        elif now["version"] != then["version"]:
            found.append(f"{name} is {now['version']} here and was {then['version']}")
        else:
            found.append(f"{name} {now['version']} has other content here (another build)")
    return found


def _python() -> dict[str, str]:
    return {"version": f"{sys.version_info.major}.{sys.version_info.minor}", "content": sys.implementation.name}


def _imported(code: Code | None) -> set[str]:
    if code is None:
        return set()
    known = _distributions_by_package()
    unknown = [name for name in imported_roots(code) if name not in known]
    if unknown:
        where, names = code.shown(code.entry), ", ".join(unknown)
        found = f"It imports {names}, which no installed distribution provides."
        fix = f"Install what provides {names}; inside a pipeline folder write `from .{unknown[0]} import ...`."
        raise UserError(Mistake("model.environment.unknown_import", where, found, fix=fix))
    return {_normal(name) for root in imported_roots(code) for name in known[root]}


def _closure(roots: set[str]) -> set[str]:
    names: set[str] = set()
    waiting = sorted(roots)
    while waiting:
        name = waiting.pop()
        if name not in names and _installed(name):
            names.add(name)
            waiting += _required(name)
    return names


@cache
def _required(name: str) -> tuple[str, ...]:
    """The distributions that one requires without any extra; those for other systems are simply not installed."""
    lines = [line for line in metadata.requires(name) or [] if "extra ==" not in line]
    return tuple(_normal(found[0]) for line in lines if (found := _NAME.match(line)))


@cache
def _installed(name: str) -> Mapping[str, str]:
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return {}
    return {"version": distribution.version, "content": _content(distribution)}


def _content(distribution: metadata.Distribution) -> str:
    """A digest of the installed files by their recorded hashes; the installer's own bookkeeping is left out."""
    record = distribution.read_text("RECORD")
    if record is None:
        return digest_of([distribution.version, "no record"])
    kept = sorted(line for line in record.splitlines() if _is_content(line))
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()


def _is_content(line: str) -> bool:
    path, _, rest = line.partition(",")
    outside = path.startswith(("..", "/", '"'))
    return bool(rest.strip(",")) and not outside and ".dist-info/" not in path and not path.endswith(_NOT_CONTENT)


@cache
def _distributions_by_package() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
