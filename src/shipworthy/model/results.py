"""What the team's code gave back, judged before anything is built on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.errors import Mistake, UserError
from shipworthy.model.frames import as_frame

Answer = Literal["probability", "number", "class"]

_NUMBERS = ("floating", "integer", "mixed-integer-float", "boolean", "decimal", "empty")
_SHOWN = 3

TEXT = pd.StringDtype(na_value=np.nan)
"""pandas' own kind of text column."""


def feature_table(value: Any, entity: str, where: str, *, in_order: bool = True) -> pd.DataFrame:
    """The features as the rest of the system reads them: one row per entity, sorted by its name.

    Numbers become float64 with NaN where missing, text becomes pandas' str with NaN where missing; the index holds
    the entity as text.

    Args:
        value: what `features()` returned, or the declared columns.
        entity: the column that names what a row is about.
        where: file, line and function that gave it, for the errors.
        in_order: sorted by entity; as they came otherwise.

    Raises:
        UserError: every mistake found: no table, no entity, repeated entities, infinities, dates, mixed columns.
    """
    table = _with_entity(value, entity, where, "features")
    names = [name for name in table.columns if name != entity]
    mistakes = [] if names else [_mistake("empty", where, f"It gave only {entity}, no feature.", "Return features.")]
    mistakes += _repeated(table[entity], entity, where)
    columns: dict[str, Any] = {}
    for name in names:
        columns[str(name)], found = _column(table[name], str(name), where)
        mistakes += found
    if mistakes:
        raise UserError(*mistakes)
    made = pd.DataFrame(columns)
    made.index = pd.Index(entity_names(table[entity]), name=entity, dtype=object)
    return made.sort_index() if in_order else made


@dataclass(frozen=True, slots=True)
class Stated:
    """What was said to be true.

    Attributes:
        values: one label per entity that was named, sorted by its name; NaN where it is not known.
        contradicting: entities of which several truths were said; none of them counts.
    """

    values: pd.Series[float]
    contradicting: frozenset[str] = field(default_factory=frozenset)

    def about(self, entities: Sequence[str] | pd.Series[str], only_yes: bool | None) -> pd.Series[float]:
        """The truth about each entity, in the given order; NaN where it is not known.

        Args:
            only_yes: whether only those are named of whom it is yes, so that all others are a no; None where nobody
                knows: then it is, if somebody is named and all are a yes. Whoever names a no names not only yes.
        """
        all_yes = bool((self.values == 1).all())
        named = bool(len(self.values)) if only_yes is None else only_yes
        places = pc.index_in(pa.array(entities, pa.string()), value_set=pa.array(self.values.index, pa.string()))
        at = places.fill_null(len(self.values)).to_numpy()
        values = np.append(self.values.to_numpy(np.float64), 0.0 if named and all_yes else np.nan)
        return pd.Series(values[at], index=pd.Index(entities))


def lists_only_yes(said: Sequence[Stated]) -> bool | None:
    """Whether only those were ever named of whom it is yes; None where nobody was named.

    >>> yes, no = pd.Series([1.0], index=["a"]), pd.Series([0.0], index=["b"])
    >>> lists_only_yes([Stated(yes), Stated(no)]), lists_only_yes([Stated(yes[:0]), Stated(yes)]), lists_only_yes([])
    (False, True, None)
    """
    values = np.concatenate([one.values.to_numpy(np.float64) for one in said]) if said else np.zeros(0)
    return bool((values == 1).all()) if values.size else None


def label_values(value: Any, entity: str, answer: Answer, where: str, classes: Sequence[str] = ()) -> pd.Series[float]:
    """The labels by entity: 0 or 1 for a probability, the place of a class among the declared ones, any finite number.

    A truth that is not known is NaN.

    Args:
        classes: the declared classes, where the answer is one.

    Raises:
        UserError: every mistake found.
    """
    table, name = _with_label(value, entity, where)
    values, mistakes = _column(table[name], str(name), where)
    mistakes += _repeated(table[entity], entity, where)
    mistakes += [] if mistakes else _strange_labels(values, answer, where, classes)
    if mistakes:
        raise UserError(*mistakes)
    if answer == "class" and values.dtype != np.float64:
        values = values.map({name: float(place) for place, name in enumerate(classes)}).to_numpy(np.float64)
    return pd.Series(values, index=pd.Index(entity_names(table[entity]), dtype=object), name="label").sort_index()


def agreed_labels(value: Any, entity: str, answer: Answer, where: str, classes: Sequence[str] = ()) -> Stated:
    """The labels as `label_values` gives them, where an entity may be named more than once.

    A truth that is said twice counts once; contradicting ones leave that entity unknown, and no other.

    Raises:
        UserError: every other mistake found.
    """
    table, name = _with_label(value, entity, where)
    rows = table[[entity, name]].dropna(subset=[entity]).drop_duplicates()
    known = rows[rows[name].notna()]
    twice = known[entity].duplicated(keep=False)
    contradicting = known.loc[twice, entity].drop_duplicates()
    # Whoever is named without a truth is named all the same, see `Stated.about`.
    unknown = rows.loc[~rows[entity].isin(known.loc[~twice, entity]), [entity]].drop_duplicates()
    once = pd.concat([known[~twice], unknown], ignore_index=True) if len(unknown) else known
    values = label_values(once, entity, answer, where, classes)
    return Stated(values, frozenset(entity_names(contradicting)))


def _with_label(value: Any, entity: str, where: str) -> tuple[pd.DataFrame, Any]:
    """The table, and which of its columns is the label."""
    table = _with_entity(value, entity, where, "label")
    names = [name for name in table.columns if name != entity]
    name = "label" if "label" in names else names[0] if len(names) == 1 else None
    if name is None:
        found = f"It gave the columns {_listed(table.columns)}; which of them is the label is not clear."
        raise UserError(_mistake("label_column", where, found, f"Return {entity} and one column named label."))
    return table, name


def _strange_labels(values: Any, answer: Answer, where: str, classes: Sequence[str]) -> list[Mistake]:
    if answer == "class":
        return _strange_classes(values, where, classes)
    if values.dtype != np.float64:
        return [_mistake("label_text", where, f"Its labels are text, such as {_examples(values)}.", _fix(answer))]
    strange = values[~np.isin(values, (0, 1)) & ~np.isnan(values)]
    if answer == "probability" and strange.size:
        found = f"Some labels are neither 0 nor 1, such as {_examples(strange)}."
        return [_mistake("label_values", where, found, _fix(answer))]
    return []


def _strange_classes(values: Any, where: str, classes: Sequence[str]) -> list[Mistake]:
    if values.dtype == np.float64:
        known = values[~np.isnan(values)]
        if not known.size:
            return []
        found = f"Its labels are numbers, such as {_examples(known)}."
        return [_mistake("label_classes", where, found, "Give the class itself as text: " + _listed(classes) + ".")]
    strange = sorted({str(value) for value in values.dropna()} - set(classes))
    if not strange:
        return []
    found = f"Some labels are no class of need.classes: {_listed(map(repr, strange[:_SHOWN]))}."
    near = get_close_matches(strange[0], classes, n=1, cutoff=0.6)
    fix = f"Did you mean {near[0]}? " if near else ""
    return [_mistake("label_classes", where, found, f"{fix}The classes are {_listed(classes)}.")]


def entity_names(column: pd.Series[Any]) -> list[str]:
    """Entities as text; a whole number that came as a decimal one loses its `.0`."""
    if pd.api.types.is_float_dtype(column) and bool((column == column.round()).all()):
        column = column.astype("int64")
    return [str(name) for name in column]


def as_text(column: pd.Series[Any]) -> pd.Series[str]:
    """A column of texts in the one form that models see: pandas' str, NaN where missing; numbered from 0."""
    plain: pd.Series[Any] = column.astype(object).where(column.notna(), np.nan).reset_index(drop=True)
    return plain.astype(TEXT)


def _with_entity(value: Any, entity: str, where: str, what: str) -> pd.DataFrame:
    table = as_frame(value)
    if table is None:
        found = f"It gave {_kind_of(value)}, not a table."
        fix = f"Return a table (pandas, polars or Arrow) with {entity} and the {what}, one row per {entity}."
        raise UserError(_mistake("not_a_table", where, found, fix))
    if not table.columns.is_unique:
        twice = _listed(table.columns[table.columns.duplicated()].unique())
        raise UserError(_mistake("repeated_column", where, f"It gave several columns named {twice}.", "Rename them."))
    if entity not in table.columns:
        found = f"Its table has no column {entity}; it has {_listed(table.columns)}."
        fix = f"Keep {entity} as a column or as the index; after a groupby, .reset_index() brings it back."
        raise UserError(_mistake("no_entity", where, found, fix))
    return table


def _repeated(column: pd.Series[Any], entity: str, where: str) -> list[Mistake]:
    missing = int(column.isna().sum())
    if missing:
        found = f"{missing} of {len(column)} rows have no {entity}."
        return [_mistake("no_entity_name", where, found, "Leave such rows out, or group by the entity.")]
    repeated = int(column.duplicated().sum())
    if repeated:  # no example is shown: the name may be a person's
        found = f"{repeated} of {len(column)} rows repeat a {entity} that another row has."
        return [_mistake("repeated_entity", where, found, f"Return one row per {entity}, for example by a groupby.")]
    return []


def _column(column: pd.Series[Any], name: str, where: str) -> tuple[Any, list[Mistake]]:
    """The column in one of our two forms, and what is wrong with it."""
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind == "categorical":
        kind = pd.api.types.infer_dtype(column.astype(object), skipna=True)
    if kind in _NUMBERS:
        values = _float64(column)
        infinite = int(np.isinf(values).sum())
        if infinite:
            found = f"{name} is infinite in {infinite} of {len(values)} rows."
            fix = "A division by zero is the usual cause: .clip(lower=1) what you divide by."
            return values, [_mistake("infinite", where, found, fix)]
        return values, []
    if kind == "string":
        return as_text(column), []
    if kind.startswith(("date", "timedelta", "period")):
        found = f"{name} holds {kind} values; a model reads numbers and text."
        return None, [_mistake("not_a_number", where, found, f"Turn it into a number: (as_of - {name}).dt.days.")]
    return None, [_mistake("mixed", where, f"{name} holds {kind} values.", "Make it all numbers or all text.")]


def _float64(column: pd.Series[Any]) -> Any:
    if isinstance(column.dtype, np.dtype) and column.dtype != object:
        return column.to_numpy(np.float64)
    return column.astype(object).where(column.notna(), np.nan).to_numpy(np.float64)  # nullable, categories, objects


def _mistake(code: str, where: str, found: str, fix: str) -> Mistake:
    return Mistake(f"model.pipeline.{code}", where, found, fix=fix)


def _fix(answer: Answer) -> str:
    if answer == "probability":
        return "Labels of a probability product are 1 for yes and 0 for no."
    return "Labels of a number product are finite numbers."


def _examples(values: Sequence[Any]) -> str:
    return _listed(sorted({str(value) for value in values[:1000]})[:_SHOWN])


def _listed(names: Any) -> str:
    return ", ".join(str(name) for name in names) or "none"


def _kind_of(value: Any) -> str:
    return "nothing (None)" if value is None else f"a {type(value).__name__}"
