"""Tables as people's code knows them: Arrow in, pandas to the team, and back whatever the team returns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa


def frame(table: pa.Table) -> pd.DataFrame:
    """An Arrow table as a pandas frame: text as str, dates and moments as datetime64 without zone (UTC).

    A flag or a decimal number with missing values becomes a number, so that no column holds mixed objects.
    """
    columns = [_cast(table.column(i), field.type) for i, field in enumerate(table.schema)]
    rows: pd.DataFrame = pa.table(columns, names=table.column_names).to_pandas()
    return rows


def _cast(column: pa.ChunkedArray, type_: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_date(type_):
        return column.cast(pa.timestamp("us"))
    if pa.types.is_timestamp(type_):
        utc = column.cast(pa.timestamp("us", tz="UTC")) if type_.tz else column
        return utc.cast(pa.timestamp("us"))
    if pa.types.is_decimal(type_):
        return column.cast(pa.float64())
    if pa.types.is_boolean(type_) and column.null_count:
        return column.cast(pa.int8()).cast(pa.float64())
    return column


def stamp(moment: datetime) -> pd.Timestamp:
    """A moment as the team's code gets it: UTC, without zone."""
    return pd.Timestamp(moment).tz_convert("UTC").tz_localize(None)


def as_frame(value: Any) -> pd.DataFrame | None:
    """A pandas frame of whatever table the team's code gave back; None where it is no table.

    Taken are pandas frames and named series, and everything that speaks Arrow's stream interface: Arrow tables,
    polars frames, DuckDB relations.
    """
    if isinstance(value, pd.DataFrame):
        named = [name for name in value.index.names if name is not None]
        return value.reset_index() if named else value
    if isinstance(value, pd.Series):
        return as_frame(value.to_frame(value.name if value.name is not None else "label"))
    if hasattr(value, "__arrow_c_stream__"):
        try:
            return frame(pa.table(value))
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            return None
    return None
