"""Features, label and training of one product: the team's functions where there are any, else declared columns."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from shipworthy.base.errors import Mistake, UserError
from shipworthy.model.code import Code, module_of
from shipworthy.model.declared import declared_features, declared_label, plain_rows, standard_model
from shipworthy.model.frames import frame, stamp
from shipworthy.model.results import Stated, agreed_labels, feature_table, label_values
from shipworthy.model.running import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipworthy.model.terms import Declared


@dataclass(frozen=True)
class Pipeline:
    """How sources become features and labels, and how a model is fitted.

    Attributes:
        plan: the plan or the terms that declare it.
        code: the team's files; None where the plan declares columns only.
    """

    plan: Declared
    code: Code | None = None

    @cached_property
    def module(self) -> ModuleType | None:
        """The team's code, run once."""
        return module_of(self.code) if self.code else None

    def features(self, sources: Mapping[str, pa.Table], as_of: datetime) -> pd.DataFrame:
        """One row per entity, which is the index; numbers are float64, text is str.

        They are sorted by entity, unless the plan says that rows are answered by themselves (`data.by_row`): those
        come as the source, or the team's code, has them.

        Args:
            sources: accepted rows by source, already cut off before `as_of`; some of the rows that are answered by
                themselves are enough.

        Raises:
            UserError: the team's code raised, or gave something unusable; file, line and fix are named.
        """
        function = self._function("features")
        by_row = self.plan.data.by_row
        if function is None and by_row and (plain := plain_rows(self.plan, sources[by_row])) is not None:
            return plain
        if function is None:
            rows, where = declared_features(self.plan, sources)
        else:
            where = self._where(function)
            rows = self._call(function, {**_parameters(sources), "as_of": stamp(as_of)})
        return feature_table(rows, self.plan.need.entity, where, in_order=not by_row)

    def label(
        self,
        sources: Mapping[str, pa.Table],
        as_of: datetime,
        until: datetime,
        entities: Sequence[str],
        only_yes: bool | None = None,
    ) -> pd.Series[float]:
        """The truth about each entity, in the given order; NaN where it is not known.

        For a probability product whose label() lists only entities with label 1, whoever is not listed is a 0.
        In every other case whoever is not listed is unknown and takes no part in training or proof.

        Args:
            sources: accepted rows by source, cut off before `until`.
            only_yes: whether label() lists only them, as it was seen to in training; see `Stated.about`.

        Raises:
            UserError: the team's code raised, or gave something unusable; file, line and fix are named.
        """
        return self.about(self.stated(sources, as_of, until), entities, only_yes)

    def stated(self, sources: Mapping[str, pa.Table], as_of: datetime, until: datetime, *, once: bool = True) -> Stated:
        """What label(), or the declared column, says to be true, of whomever it names.

        Args:
            sources: accepted rows by source, cut off before `until`.
            once: it is a mistake to name an entity twice; where it is none, contradictions leave that one unknown.

        Raises:
            UserError: the team's code raised, or gave something unusable; file, line and fix are named.
        """
        function = self._function("label")
        need = self.plan.need
        if function is None:
            value, where = declared_label(self.plan, sources)
        else:
            where = self._where(function)
            value = self._call(function, {**_parameters(sources), "as_of": stamp(as_of), "until": stamp(until)})
        if once:
            return Stated(label_values(value, need.entity, need.answer, where, need.classes))
        return agreed_labels(value, need.entity, need.answer, where, need.classes)

    def about(self, said: Stated, entities: Sequence[str] | pd.Series[str], only_yes: bool | None) -> pd.Series[float]:
        """The truth about each entity; a declared column, and a label() of another answer, leave the others unknown."""
        listed = self.writes_label and self.plan.need.answer == "probability"
        return said.about(entities, only_yes if listed else False)

    @property
    def writes_label(self) -> bool:
        """Whether the team's own function says what is true, not a declared column."""
        return self.code is not None and hasattr(self.module, "label")

    @property
    def truth_sources(self) -> list[str]:
        """The sources for which label() asks; none where a declared column says what is true.

        A function cannot tell "not yet" from "no" where a feed is behind; a column leaves unknown whom it leaves out.
        """
        if not self.writes_label:
            return []
        asked = inspect.signature(self.module.label).parameters if self.module else {}
        all_ = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in asked.values())
        return [name for name in self.plan.sources if all_ or name.replace("-", "_") in asked]

    @property
    def label_sources(self) -> list[str]:
        """The sources that say what is true, as label() asks for them or `data.label` names one."""
        if self.writes_label:
            return self.truth_sources
        return [self.plan.data.label.source] if self.plan.data.label else []

    @property
    def takes_weights(self) -> bool:
        """Whether rows may count for more or less in fitting: our standard model, or a train() with `sample_weight`."""
        function = self._function("train")
        return function is None or "sample_weight" in inspect.signature(function).parameters

    def train(
        self,
        features: pd.DataFrame,
        label: pd.Series[Any],
        entity: pd.Series[str],
        answer: Any,
        weights: npt.NDArray[np.float64] | None = None,
    ) -> Any:
        """Whatever the team's train() fitted, or our standard model where the product has no code.

        Random numbers of numpy and the standard library start from the same seed every time, so that the same data
        gives the same model.

        Args:
            features, label, entity: rows of all moments below one another, same order; a label that is a class is
                its name.
            weights: what each row counts for; all alike if absent.

        Raises:
            UserError: train() raised, or gave nothing that can answer.
        """
        function = self._function("train")
        if function is None:
            if self.module is not None:
                raise UserError(self._missing("train", "Write it, or name a ready model in model.file."))
            return standard_model(features, label, answer, self.plan.data.words, weights)
        known: dict[str, Any] = {"features": features, "label": label, "entity": entity}
        if self.takes_weights:
            each = np.ones(len(label)) if weights is None else weights
            known["sample_weight"] = pd.Series(each, name="sample_weight")
        with _same_random_numbers():
            return self._call(function, known)

    def where_trained(self) -> str:
        """Where the training stands, for messages about its result."""
        function = self._function("train")
        return self._where(function) if function else "model"

    def _function(self, name: str) -> Callable[..., Any] | None:
        if self.module is None:
            return None
        function = getattr(self.module, name, None)
        if function is None and name != "train" and getattr(self.plan.data, name) is None:
            raise UserError(self._missing(name, f"Write it, or declare data.{name}."))
        if function is not None and not callable(function):
            raise UserError(self._missing(name, f"Make {name} a function."))
        return function

    def _missing(self, name: str, fix: str) -> Mistake:
        assert self.code is not None
        shown = self.code.shown(self.code.entry)
        return Mistake("model.pipeline.missing_function", shown, f"It has no function {name}().", fix=fix)

    def _where(self, function: Callable[..., Any]) -> str:
        inner = inspect.unwrap(function)
        code = getattr(inner, "__code__", None)
        return f"{code.co_filename}:{code.co_firstlineno} {inner.__name__}()" if code else str(function)

    def _call(self, function: Callable[..., Any], known: Mapping[str, Any]) -> Any:
        assert self.code is not None
        arguments = self._arguments(function, known)
        with running(self.code.texts, f"{getattr(function, '__name__', 'it')}()"):
            return function(**{name: _frame(value) for name, value in arguments.items()})

    def _arguments(self, function: Callable[..., Any], known: Mapping[str, Any]) -> dict[str, Any]:
        given: dict[str, Any] = {}
        unknown: list[str] = []
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                given = {**known, **given}
            elif parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                continue
            elif name in known:
                given[name] = known[name]
            elif parameter.default is inspect.Parameter.empty:
                unknown.append(name)
        if unknown:
            found = f"It asks for {', '.join(unknown)}; there is only {', '.join(sorted(known))}."
            fix = "Name the parameters after the sources in product.yaml (a dash becomes an underscore)."
            raise UserError(Mistake("model.pipeline.parameter", self._where(function), found, fix=fix))
        return given


def _parameters(sources: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    return {name.replace("-", "_"): table for name, table in sources.items()}


def _frame(value: Any) -> Any:
    return frame(value) if isinstance(value, pa.Table) else value


@contextmanager
def _same_random_numbers() -> Iterator[None]:
    numpy_state, python_state = np.random.get_state(), random.getstate()
    np.random.seed(0)
    random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(python_state)
