"""What a code means: the texts of mistakes, and what each member of an open folder says of itself."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

from shipworthy.base.errors import Mistake, NotFound, not_found
from shipworthy.base.explained import Explained
from shipworthy.base.kinds import kinds
from shipworthy.plan.explained import EXPLAINED
from shipworthy.plan.slip import suggestion

_FOLDERS = (
    "plan/checks",
    "data/checks",
    "prove/checks",
    "deliver/checks",
    "watch/monitors",
    "data/sources",
    "model/baselines",
    "model/formats",
    "sign/reviews",
    "deliver/sinks",
    "respond/actions",
)


def explanation(code: str, more: Mapping[str, str | Explained] = MappingProxyType({})) -> str:
    """What a code of a mistake, check or kind means, why it matters, and an example.

    Args:
        more: explanations of other stages, by code.

    Raises:
        NotFound: no such code; the message names the nearest one.

    >>> explanation("plan.time_to_act").splitlines()[0]
    'The consumer can act before the answer expires.'
    """
    said: dict[str, str | Explained] = {**more, **EXPLAINED}
    if code in said:
        return str(said[code])
    member = _member(code)
    if member is None:
        raise _unknown(code, sorted({*codes(), *more}))
    return docstring(*member)


def codes() -> list[str]:
    """Every code that can be explained, sorted."""
    return sorted({*EXPLAINED, *_members()})


def docstring(folder: str, name: str) -> str:
    """What a member of an open folder says of itself; its file is read, not imported."""
    source = files("shipworthy").joinpath(*folder.split("/"), f"{name}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or f"{folder}/{name}.py says nothing of itself."


def _member(code: str) -> tuple[str, str] | None:
    """The member that a code is of; a check may give several results, such as prove.fairness.region.chosen."""
    members = _members()
    whole = members.get(".".join(code.split(".")[:2]), ("", ""))
    return members.get(code) or (whole if whole[0].endswith("/checks") else None)


def _members() -> dict[str, tuple[str, str]]:
    """Folder and name by code; where two folders of a stage share a name, the first one has it."""
    found: dict[str, tuple[str, str]] = {}
    for folder in _FOLDERS:
        for name in kinds(folder):
            found.setdefault(f"{folder.split('/')[0]}.{name}", (folder, name))
    return found


def _unknown(code: str, known: list[str]) -> NotFound:
    stage = code.split(".")[0]
    listed = [name for name in known if name.startswith(f"{stage}.")]
    if listed:
        return not_found("code", code, listed, fix=suggestion(code, known, most=len(known)))
    stages = sorted({name.split(".")[0] for name in known})
    found = f"There is no code {code!r}. Codes begin with {', '.join(stages)} and a dot."
    whole = {name.partition(".")[2]: name for name in known}
    near = suggestion(code, whole, most=len(whole)).removeprefix("Did you mean ").removesuffix("?")
    fix = f"Did you mean {whole[near]}?" if near else "Copy the code as the message shows it."
    return NotFound(Mistake("app.not_found", "code", found, fix=fix))
