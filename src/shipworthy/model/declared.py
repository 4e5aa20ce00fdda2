"""Features, labels and training without code: columns of a source as they stand, and a standard model of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.errors import Mistake, UserError
from shipworthy.model.frames import frame
from shipworthy.model.results import TEXT, Answer
from shipworthy.model.terms import Declared

_STR: Any = TEXT  # takes Arrow's texts as they are, which its published types do not say


def declared_features(plan: Declared, sources: Mapping[str, pa.Table]) -> tuple[pd.DataFrame, str]:
    """The columns that `data.features` names, one row per entity, and where that is declared.

    Where the source has a time column, the newest row of each entity holds; where it has none, every row does, and a
    repeated entity is a mistake.

    Raises:
        UserError: neither code nor columns are declared, or a column is missing.
    """
    declared = plan.data.features
    if declared is None:
        found = "The plan says neither which pipeline makes the features nor which columns are the features."
        raise UserError(Mistake("model.no_features", "data", found, fix="Declare data.pipeline or data.features."))
    where = f"data.features (source {declared.source})"
    names = [name for name in dict.fromkeys(declared.columns) if name != plan.need.entity]
    rows = _newest_rows(plan, declared.source, [plan.need.entity, *names], sources, where)
    label = plan.data.label
    if label and label.source == declared.source and label.column in names:
        found = f"{label.column} is both a feature and the label; a model would only copy it."
        raise UserError(Mistake("model.leak", where, found, fix=f"Take {label.column} out of data.features.columns."))
    return rows, where


def plain_rows(plan: Declared, table: pa.Table) -> pd.DataFrame | None:
    """The declared features of rows that are answered by themselves, in their order, without a look at single values.

    Accepted rows have an entity and finite numbers, and their key keeps them from repeating an entity; so what is
    looked for elsewhere cannot be found here.

    Returns:
        None where a declared column is absent or neither number, flag nor text: whoever looks closer says so.
    """
    declared, entity = plan.data.features, plan.need.entity
    if declared is None or plan.sources[declared.source].contract.key != [entity]:
        return None
    names = [name for name in dict.fromkeys(declared.columns) if name != entity]
    if any(name not in table.column_names for name in [entity, *names]):
        return None
    numbers = [name for name in names if _is_number(table.schema.field(name).type)]
    texts = [name for name in names if pa.types.is_string(table.schema.field(name).type)]
    whole = pa.types.is_integer(table.schema.field(entity).type) or pa.types.is_string(table.schema.field(entity).type)
    if len(numbers) + len(texts) < len(names) or not whole:
        return None
    values = np.empty((len(numbers), len(table)))
    for place, name in enumerate(numbers):
        values[place] = pc.cast(table[name], pa.float64(), safe=False).to_numpy()
    entities = _STR.__from_arrow__(pc.cast(table[entity], pa.string()))
    # One block, column by column in memory, is what models read without another copy.
    made = pd.DataFrame(values.T, columns=numbers, index=pd.Index(entities, name=entity), copy=False)
    for name in texts:
        made[name] = _STR.__from_arrow__(table[name])
    return made[names] if texts else made


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_boolean(type_))


def declared_label(plan: Declared, sources: Mapping[str, pa.Table]) -> tuple[pd.DataFrame, str]:
    """The column that `data.label` names as 0, 1 or a number by entity; rows without a value are unknown.

    Raises:
        UserError: no label is declared, or the column is missing.
    """
    declared = plan.data.label
    if declared is None:
        found = "The plan says neither which pipeline makes the label nor which column is the label."
        raise UserError(
            Mistake("model.no_label", "data", found, fix="Write label() in the pipeline or declare data.label.")
        )
    where = f"data.label (source {declared.source})"
    rows = _newest_rows(plan, declared.source, [plan.need.entity, declared.column], sources, where)
    values = rows[declared.column]
    if declared.yes is not None:
        values = (values.astype(str) == declared.yes).astype(float).where(values.notna(), np.nan)
    return pd.DataFrame({plan.need.entity: rows[plan.need.entity], "label": values}), where


def standard_model(
    features: pd.DataFrame,
    label: pd.Series[Any],
    answer: Answer,
    free_text: Sequence[str] = (),
    weights: npt.NDArray[np.float64] | None = None,
) -> Any:
    """The model we train where the team brings none: linear, on numbers imputed and scaled and texts one-hot.

    Logistic regression for a probability or a class, ridge regression for a number; a text never seen in training
    counts as none of the known ones. A free text is read by its words, those of at least two rows, rarer ones counting
    more (TF-IDF). With weights each row counts for its own in the last step; those before it only prepare.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [name for name in features.columns if features[name].dtype == np.float64]
    texts = [name for name in features.columns if name not in numbers and name not in free_text]
    number_steps = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    text_steps = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="(missing)"), OneHotEncoder(handle_unknown="ignore")
    )
    steps: list[tuple[str, Any, Any]] = [("numbers", number_steps, numbers), ("texts", text_steps, texts)]
    if free_text:
        from sklearn.feature_extraction.text import TfidfVectorizer

        steps += [(f"words of {name}", TfidfVectorizer(min_df=2, sublinear_tf=True), name) for name in free_text]
    columns = ColumnTransformer(steps)
    last = Ridge() if answer == "number" else LogisticRegression(max_iter=1000)
    model = make_pipeline(columns, last)
    return model.fit(features, label, **({} if weights is None else {f"{model.steps[-1][0]}__sample_weight": weights}))


def earliest_time(plan: Declared, sources: Mapping[str, pa.Table]) -> datetime | None:
    """The oldest time in any source that has a time column; None where none has one."""
    oldest: list[datetime] = []
    for name, source in plan.sources.items():
        column = source.contract.time
        if column and name in sources and column in sources[name].column_names and sources[name].num_rows:
            moment = pc.min(sources[name].column(column)).cast(pa.timestamp("us")).as_py()
            if moment is not None:
                oldest.append(pd.Timestamp(moment).tz_localize("UTC").to_pydatetime())
    return min(oldest) if oldest else None


def _newest_rows(
    plan: Declared, source: str, names: list[str], sources: Mapping[str, pa.Table], where: str
) -> pd.DataFrame:
    table = sources[source]
    missing = [name for name in names if name not in table.column_names]
    if missing:
        found = f"The source {source} has no column {', '.join(missing)}; it has {', '.join(table.column_names)}."
        raise UserError(Mistake("model.no_column", where, found, fix=f"Add them to sources.{source}.contract.columns."))
    time = plan.sources[source].contract.time
    if not time:
        return frame(table.select(names))
    entity = plan.need.entity
    rows = frame(table.select(list(dict.fromkeys([*names, time]))))
    newest = rows[time] == rows.groupby(entity)[time].transform("max")
    return rows.loc[newest, names].drop_duplicates(ignore_index=True)
