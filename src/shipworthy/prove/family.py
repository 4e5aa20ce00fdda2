"""What kind of model a file holds, read from its own list of parts; nothing is opened or run."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

_NO_ALGORITHM = ("builtins", "numpy", "scipy", "functools", "collections")


def family(form: str, content: bytes) -> tuple[str, ...]:
    """The classes that a model is made of, by name, sorted; empty where the format does not say.

    Two models are of one family where these are the same, whatever they learnt.

    Args:
        form: the name of the format.
        content: the model file, which was inspected before.
    """
    if form != "skops":
        return ()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        schema = json.loads(archive.read("schema.json"))
    named = (name for name in _classes(schema) if name.split(".")[0] not in _NO_ALGORITHM)
    return tuple(sorted({name.rsplit(".", 1)[1] for name in named if not name.rsplit(".", 1)[1].startswith("_")}))


def _classes(state: Any) -> Iterator[str]:
    if isinstance(state, dict):
        if "__module__" in state and "__class__" in state:
            yield f"{state['__module__']}.{state['__class__']}"
        for value in state.values():
            yield from _classes(value)
    elif isinstance(state, list):
        for value in state:
            yield from _classes(value)
