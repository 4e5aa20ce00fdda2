"""A baseline as a file: the numbers of a simple rule in JSON; there is nothing in it that could run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shipworthy.base.digest import canonical
from shipworthy.base.errors import Mistake
from shipworthy.base.kinds import kinds
from shipworthy.model.baseline import FOLDER, Fitted, said
from shipworthy.model.format import Format, Opening, Scorer

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd


@dataclass(frozen=True, slots=True)
class _Rule:
    fitted: Fitted

    def scores(self, features: pd.DataFrame) -> npt.NDArray[np.float64]:
        return said(self.fitted, features)


def _takes(trained: object) -> bool:
    return isinstance(trained, Fitted)


def _save(trained: object, opening: Opening) -> bytes:
    assert isinstance(trained, Fitted)
    return canonical({"baseline": trained.kind, "numbers": trained.numbers})


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _inspect(content: bytes, opening: Opening) -> list[Mistake]:
    values = _read(content)
    if isinstance(values, dict) and values.get("baseline") in kinds(FOLDER) and isinstance(values.get("numbers"), dict):
        return []
    found = "It is not the JSON of a baseline that is known here."
    return [Mistake("model.not_a_baseline", opening.where, found, fix="Make the baseline again.")]


def _open(content: bytes, opening: Opening) -> Scorer:
    values = _read(content)
    return _Rule(Fitted(values["baseline"], values["numbers"]))


FORMAT = Format(".baseline.json", _takes, _save, _inspect, _open)
