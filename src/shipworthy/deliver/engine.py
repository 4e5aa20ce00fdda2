"""What a member of the folder `engines` is: who carries the work of answering many rows, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from shipworthy.base.kinds import kind
from shipworthy.data.reading import known
from shipworthy.deliver.answering import Answered, answers, features_table
from shipworthy.deliver.run import Part
from shipworthy.model.answering import Answerer
from shipworthy.plan.schema import Plan

if TYPE_CHECKING:
    from shipworthy.edges.files import Files

FOLDER = "deliver/engines"
SETTING = "SHIPWORTHY_ENGINE"


@dataclass(frozen=True)
class Job:
    """Everything that answering one piece needs.

    Attributes:
        source: the source whose rows are answered by themselves; others: the accepted rows of the other sources.
        inputs: digest of what holds the inputs; empty where the features are stored beside.
    """

    answerer: Answerer
    plan: Plan
    part: Part
    source: str
    others: Mapping[str, pa.Table]
    run: str
    consumer: str
    time: datetime
    as_of: datetime
    inputs: str

    def __call__(self, rows: pa.Table) -> tuple[Answered, pa.Table | None]:
        """The answers for some rows, and their features where those are stored beside."""
        kept: list[pa.Table] = []

        def keep(features: pd.DataFrame) -> str:
            if not self.inputs:
                kept.append(features_table(features))
            return self.inputs

        found = answers(
            self.answerer,
            self.plan,
            self.part,
            {self.source: known(rows, self.source, self.plan, self.as_of), **self.others},
            run=self.run,
            consumer=self.consumer,
            time=self.time,
            as_of=self.as_of,
            keep=keep,
            first=None,
        )
        return found, (kept[0] if kept else None)


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to carry a job over all rows of a table.

    Attributes:
        says: one sentence for people who choose.
        run: the answers to the rows of the table with this digest, in its order, some at a time; only these columns
            are read, or all of them.
        require: raises UserError where it cannot work here, before anything is begun.
    """

    says: str
    run: Callable[[Job, Files, str, Sequence[str] | None], Iterator[tuple[Answered, pa.Table | None]]]
    require: Callable[[], None] = lambda: None


def engine_of(environ: Mapping[str, str]) -> Engine:
    """The engine that the setting names, able to work; the plain one where it names none.

    Raises:
        NotFound: there is none of that name.
        UserError: it cannot work here.
    """
    engine = kind(FOLDER, environ.get(SETTING, "") or "plain", Engine)
    engine.require()
    return engine
