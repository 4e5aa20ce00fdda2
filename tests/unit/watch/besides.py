"""What lies beside a profile, for tests: from tables in memory, as `watch.reading` reads it from files."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from shipworthy.model.profile import written
from shipworthy.model.projections import HALF, LABEL, SCORE, Projections, read_projections
from shipworthy.watch.monitor import Beside, Sample, Values


def stored(profile: Mapping[str, Any]) -> dict[str, Any]:
    """A profile as it comes back from the store: its keys in the order of the alphabet."""
    back: dict[str, Any] = json.loads(written(profile))
    return back


def beside(
    profile: Mapping[str, Any], tables: Mapping[str, pa.Table], earlier: Sequence[Mapping[str, Values]] = ()
) -> Beside:
    """Projections and sample of a profile whose tables are handed in."""
    kept = profile["projections"]

    def projections() -> Projections | None:
        return read_projections(kept, tables[kept["forest"]])

    def sample() -> Sample:
        rows = tables[kept["sample"]].to_pandas()
        features = {name: rows[name].to_numpy() for name in rows.columns[1:] if name not in (HALF, SCORE, LABEL)}
        labels = rows[LABEL].to_numpy(dtype=np.float64)
        return Sample(features, rows[SCORE].to_numpy(), labels, (rows[HALF] == "fit").to_numpy())

    return Beside(projections, sample, lambda: list(earlier))
