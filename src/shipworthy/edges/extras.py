"""Libraries that come with an extra of the installation."""

from __future__ import annotations

import importlib
from typing import Any

from shipworthy.base.errors import Mistake, UserError


def library(name: str, extra: str, what: str, code: str, where: str) -> Any:
    """A library, loaded when what needs it is used.

    Args:
        extra: what brings it.
        what: what cannot do without it, in the plural.
        code, where: of the mistake where it is missing.

    Raises:
        UserError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        found = f"{what} need {name}, which is not installed."
        fix = f"pip install 'shipworthy[{extra}]' where Shipworthy runs."
        raise UserError(Mistake(code, where, found, fix=fix)) from None
