"""The shapes that the ledger and the prediction log keep for ever, as `facts.json` beside this file holds them.

Old facts are read with the shapes of today. So a new kind, or a new field with a default, may come at any time; a kind
or field that goes, gets another type or another default, or a new field without a default, leaves facts behind that
nobody can read. After a change of the first sort, from the folder of the repository:

    python -m tests.golden.write

A change of the second sort is only written with `--breaking`, which is for shapes that no ledger outside holds yet.
Afterwards: give the field a default, or keep the old kind beside a new one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from shipworthy.app.operations import fact_kinds
from shipworthy.base.digest import plain
from shipworthy.deliver.log import ANSWERS

GOLDEN = Path(__file__).with_name("facts.json")
AGAIN = "python -m tests.golden.write"

Shape = dict[str, Any]


def shapes() -> Shape:
    """Every kind of fact, the dataclasses in their fields, and the columns of the prediction log, as they are now."""
    parts: dict[str, type] = {}
    kinds = {name: _shape(kind, parts) for name, kind in fact_kinds().items()}
    described: dict[str, Shape] = {}
    while left := parts.keys() - described.keys():
        described |= {name: _shape(parts[name], parts) for name in sorted(left)}
    return {"facts": kinds, "parts": described, "answers": {column.name: str(column.type) for column in ANSWERS}}


def breaks(golden: Shape, now: Shape) -> list[str]:
    """What of the golden shapes cannot be read any more, one line each; empty where all can."""
    found = [line for group in ("facts", "parts") for line in _broken(golden[group], now[group])]
    if list(golden["answers"].items()) != list(now["answers"].items()):
        found.append("the columns of the prediction log changed: their shape is fixed for good")
    return found


def read() -> Shape:
    """The golden shapes."""
    golden: Shape = json.loads(GOLDEN.read_text())
    return golden


def _shape(kind: type, parts: dict[str, type]) -> Shape:
    types = get_type_hints(kind)
    assert is_dataclass(kind)
    return {field.name: {"type": _name(types[field.name], parts), **_default(field)} for field in fields(kind)}


def _default(field: Field[Any]) -> Shape:
    if field.default is not MISSING:
        return {"default": plain(field.default)}
    if field.default_factory is not MISSING:
        return {"default": plain(field.default_factory())}
    return {}


def _name(type_: Any, parts: dict[str, type]) -> str:
    origin, inner = get_origin(type_), get_args(type_)
    if origin is Literal:
        return " | ".join(sorted(json.dumps(value) for value in inner))
    if origin in (Union, UnionType):
        return " | ".join(_name(part, parts) for part in inner)
    if origin is not None:
        return f"{origin.__name__}[{', '.join(_name(part, parts) for part in inner)}]"
    if type_ is NoneType:
        return "None"
    if isinstance(type_, type) and is_dataclass(type_):
        assert parts.setdefault(type_.__name__, type_) is type_, f"two dataclasses are called {type_.__name__}"
    return str(getattr(type_, "__name__", type_))


def _broken(golden: Shape, now: Shape) -> Iterator[str]:
    for kind, known in golden.items():
        if kind not in now:
            yield f"{kind} is gone"
            continue
        for name, field in known.items():
            if name not in now[kind]:
                yield f"{kind}.{name} is gone"
            elif not _reads(field, now[kind][name]):
                yield f"{kind}.{name} was {_text(field)} and is {_text(now[kind][name])}"
        for name in now[kind].keys() - known.keys():
            if "default" not in now[kind][name]:
                yield f"{kind}.{name} is new and has no default, so older facts lack it"


def _reads(golden: Shape, now: Shape) -> bool:
    """Whether what was written by the golden shape of a field reads the same by that of now."""
    wider = set(golden["type"].split(" | ")) <= set(now["type"].split(" | "))
    return wider and ("default" not in golden or golden.get("default") == now.get("default", MISSING))


def _text(field: Shape) -> str:
    return str(field["type"]) + (f" = {json.dumps(field['default'])}" if "default" in field else "")


def main(arguments: list[str]) -> int:
    """Write the golden file anew; 1 where old facts could not be read any more and `--breaking` is not given."""
    now = shapes()
    broken = breaks(read(), now) if GOLDEN.exists() else []
    if broken and "--breaking" not in arguments:
        print("Not written, since older facts could not be read any more:", *broken, sep="\n  ")
        return 1
    GOLDEN.write_text(json.dumps(now, indent=1, sort_keys=False, ensure_ascii=False) + "\n")
    print(f"{GOLDEN.name}: {len(now['facts'])} kinds of facts")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
