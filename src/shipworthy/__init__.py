"""From the first plan of a machine-learning product to dependable output in the hands of the people who need it.

>>> import shipworthy
>>> shipworthy.__version__
'0.1.0'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from shipworthy.base.version import __version__

if TYPE_CHECKING:
    from shipworthy.app.session import Session, open_session
    from shipworthy.base.check import CheckResult
    from shipworthy.base.errors import GateShut, NotAllowed, NotFound, Tampered, UserError

__all__ = [
    "CheckResult",
    "GateShut",
    "NotAllowed",
    "NotFound",
    "Session",
    "Tampered",
    "UserError",
    "__version__",
    "open_session",
]

_HOMES = {
    "CheckResult": "shipworthy.base.check",
    "Session": "shipworthy.app.session",
    "open_session": "shipworthy.app.session",
}


def __getattr__(name: str) -> Any:
    """Public names come from their modules, and every command and question by its name, when they are first used."""
    if name in __all__:
        return getattr(importlib.import_module(_HOMES.get(name, "shipworthy.base.errors")), name)
    if name[:1].isupper():
        operations = importlib.import_module("shipworthy.app.operations")
        found = {**operations.commands(), **operations.questions()}
        if name in found:
            return found[name]
    raise AttributeError(f"module 'shipworthy' has no attribute {name!r}")
