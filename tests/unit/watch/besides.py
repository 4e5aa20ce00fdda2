"""What lies beside a profile, for tests: from tables in memory, as `watch.look` reads it from files."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from shipworthy.model.projections import HALF, LABEL, SCORE, Projections, read_projections
from shipworthy.watch.monitor import Beside, Sample, Values


def beside(
    profile: Mapping[str, Any], tables: Mapping[str, pa.Table], earlier: Sequence[Mapping[str, Values]] = ()
) -> Beside:
    """Projections and sample of a profile whose tables are handed in."""
    kept = profile["projections"]

    def projections() -> Projections:
        return read_projections(kept, tables[kept["forest"]])

    def sample() -> Sample:
        rows = tables[kept["sample"]].to_pandas()
        features = {name: rows[name].to_numpy() for name in rows.columns[1:] if name not in (HALF, SCORE, LABEL)}
        labels = rows[LABEL].to_numpy(dtype=np.float64)
        return Sample(features, rows[SCORE].to_numpy(), labels, (rows[HALF] == "fit").to_numpy())

    return Beside(projections, sample, lambda: list(earlier))
