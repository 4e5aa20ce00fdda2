"""The answers of a source whose rows are answered by themselves: some rows at a time, whatever its size.

A piece is read while the one before is answered and the one before that is written. What can only be said of all rows
(who is among the best, how the stored features are called) is put in by a second pass over scores and names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.data.reading import known, tables
from shipworthy.deliver.answering import Answered, counted, recent
from shipworthy.deliver.engine import Engine, Job
from shipworthy.deliver.log import COMPACT, REPEATED, answer_ids, compact
from shipworthy.deliver.privacy import Keeping
from shipworthy.deliver.run import Part, Result
from shipworthy.edges.drafts import pieces_of
from shipworthy.model.answering import Answerer
from shipworthy.model.exploring import PROPENSITY, Explored, explored, headed
from shipworthy.model.rules import decided
from shipworthy.plan.schema import Plan
from shipworthy.release.words import CANARY

if TYPE_CHECKING:
    from pathlib import Path

    from shipworthy.data.words import SnapshotTaken
    from shipworthy.edges.drafts import TableDraft
    from shipworthy.edges.files import Files


def answer_rows(
    files: Files,
    answerer: Answerer,
    plan: Plan,
    part: Part,
    taken: SnapshotTaken,
    *,
    run: str,
    consumer: str,
    time: datetime,
    as_of: datetime,
    carried_by: Engine,
    kept: Keeping,
) -> Result:
    """One candidate's answers for every row of the source that `data.by_row` names, sealed.

    Raises:
        UserError: the team's code or the model could not answer.
    """
    source = plan.data.by_row
    assert source is not None
    intake = next(intake for intake in taken.intakes if intake.source == source)
    others = tables(files, taken, plan, as_of, without=source)
    # Declared features are columns of the accepted rows, so that these are the inputs; code's are stored beside, and
    # so are personal ones, as the plan wants them kept.
    beside = bool(answerer.pipeline.code) or not kept.treated.keys().isdisjoint(answerer.made.features)
    inputs = "" if beside else intake.content
    # Who is drawn among those left out can be said of a piece only where who is left out can.
    told = plan if _by_itself(plan) else _without_draw(plan)
    job = Job(answerer, told, part, source, others, run, consumer, time, as_of, inputs)
    named = _named(files, taken, plan, as_of, others)
    found = carried_by.run(job, files, intake.content, _columns(plan, answerer))
    with ExitStack() as stack:
        made = _Made(stack, files, job, plan, kept, named)
        made.take(found)
        return made.result()


class _Made:
    """The answers so far, being written."""

    def __init__(
        self, stack: ExitStack, files: Files, job: Job, plan: Plan, keeping: Keeping, named: pa.ChunkedArray | None
    ) -> None:
        self.stack, self.files, self.job, self.plan, self.keeping = stack, files, job, plan, keeping
        self.named, self.among_named = named, 0
        self.rows = self._draft(job.plan)
        self.features: TableDraft | None = None
        self.steps: Counter[str] = Counter()
        self.known = self.unscored = self.real = 0
        self.total = 0.0

    def take(self, found: Iterable[tuple[Answered, pa.Table | None]]) -> None:
        """Write what comes, each answer under its place in the list."""
        for answered, features in found:
            ids = answer_ids(self.job.run, self.job.answerer.made.candidate, len(answered.rows), self.rows.rows)
            rows = answered.rows.set_column(0, COMPACT.field(0), ids)
            self.known += answered.known
            self.unscored += answered.unscored
            self.real += answered.real
            self.steps.update(counted(rows["step"]))
            self.total += float(pc.sum(rows["score"]).as_py() or 0.0)
            if self.named is not None:
                self.among_named += int(pc.sum(pc.is_in(rows["entity"], self.named)).as_py() or 0)
            self.rows.write(rows)
            if features is not None:
                features = self.keeping.table(features)
                if self.features is None:
                    self.features = self.stack.enter_context(self.files.table_draft(features.schema))
                self.features.write(features)

    @property
    def due(self) -> int:
        """How many entities are due: everybody whom a source names, or those declared so, and whoever was answered."""
        if self.named is None:
            return self.known
        return max(self.rows.rows + len(self.named) - self.among_named, self.known)

    def result(self) -> Result:
        """Everything sealed, and the account of it."""
        reference = self.features.seal() if self.features else self.job.inputs
        rows = self._decided(reference)
        return Result(
            segment=rows.seal(),
            candidate=self.job.answerer.made.candidate,
            rows=rows.rows,
            real=self.real,
            mean_score=self.total / rows.rows if rows.rows else 0.0,
            due=self.due,
            known=self.known,
            unscored=self.unscored,
            features=reference,
            steps=dict(self.steps),
            canary=self.job.part.step == CANARY,
        )

    def _draft(self, plan: Plan) -> TableDraft:
        shape = compact(plan.need.answer, plan.decision.explore is not None)
        return self.stack.enter_context(self.files.table_draft(shape, REPEATED))

    def _decided(self, reference: str) -> TableDraft:
        """The rows with what only all of them together decide; as they are where nothing hangs on that."""
        among = None if _by_itself(self.plan) else _among_all(self.rows.end(), self.plan, self.job.as_of)
        if among is None and reference == self.job.inputs:
            return self.rows
        whole, start = self._draft(self.plan), 0
        for piece in pieces_of(self.rows.end()):
            columns: dict[str, pa.Array] = {"inputs_ref": pa.repeat(pa.scalar(reference), len(piece))}
            if among is not None:
                columns |= _of_piece(among, piece, start)
            for name, column in columns.items():
                if name in piece.column_names:
                    piece = piece.set_column(piece.column_names.index(name), name, column)
                else:
                    piece = piece.append_column(name, column)
            whole.write(piece)
            start += len(piece)
        return whole


def _by_itself(plan: Plan) -> bool:
    """Whether the decision about a row hangs on that row alone."""
    return plan.decision.threshold is not None or plan.need.answer == "class"


def _without_draw(plan: Plan) -> Plan:
    """The plan under which nobody is acted on at random."""
    return plan.model_copy(update={"decision": plan.decision.model_copy(update={"explore": None})})


@dataclass(frozen=True, slots=True)
class _Among:
    """What was decided over all rows, in their order; chances and drawn only where the plan explores."""

    decisions: pa.Array
    explored: Explored | None


def _among_all(file: Path, plan: Plan, as_of: datetime) -> _Among:
    """The decisions over all rows: scores, names and who is asked about are held for it, nothing else.

    Whether a person is asked about a row hangs on that row alone, and was decided with its piece.
    """
    rule, told = plan.decision, pa.concat_tables(list(pieces_of(file, ["entity", "score", "decision"])))
    asked = pc.if_else(pc.equal(told["decision"], rule.ask_name), rule.ask_name, "").to_pylist()
    entities = told["entity"].combine_chunks()
    codes, words = decided(told["score"].to_numpy(), entities, rule, asked)
    found = explored(codes, words, entities, rule, plan.product, as_of) if rule.explore else None
    if found is not None:
        codes, words = found.codes, found.words
    return _Among(pa.array(words, pa.string()).take(pa.array(codes)), found)


def _of_piece(among: _Among, piece: pa.Table, start: int) -> dict[str, pa.Array]:
    here = slice(start, start + len(piece))
    columns: dict[str, pa.Array] = {"decision": among.decisions[here]}
    if among.explored is not None:
        drawn = among.explored.drawn[here]
        columns["reasons"] = headed(drawn, piece["reasons"].combine_chunks())
        columns[PROPENSITY.name] = pa.array(among.explored.chances[here], from_pandas=True)
    return columns


def _columns(plan: Plan, answerer: Answerer) -> list[str] | None:
    """The columns of the source that are read; all where the team's code looks at them."""
    declared = answerer.pipeline.plan.data.features
    if answerer.pipeline.code or declared is None:
        return None
    time = plan.sources[declared.source].contract.time
    return list(dict.fromkeys([plan.need.entity, *declared.columns, *([time] if time else [])]))


def _named(
    files: Files, taken: SnapshotTaken, plan: Plan, as_of: datetime, others: Mapping[str, pa.Table]
) -> pa.ChunkedArray | None:
    """The entities that other sources name, or that are declared to be due, each once; None where nobody names any."""
    entity, declared = plan.need.entity, plan.data.due
    if declared is not None:
        naming = [recent(plan, table, as_of)[entity] for table in _rows_of(files, taken, plan, declared.source, as_of)]
    else:
        naming = [table[entity] for table in others.values() if entity in table.column_names]
    if not naming:
        return None
    together = pa.chunked_array([chunk for one in naming for chunk in pc.cast(one, pa.string()).chunks], pa.string())
    return pa.chunked_array([pc.unique(together).drop_null()])


def _rows_of(files: Files, taken: SnapshotTaken, plan: Plan, source: str, as_of: datetime) -> Iterator[pa.Table]:
    content = next(intake.content for intake in taken.intakes if intake.source == source)
    time = plan.sources[source].contract.time
    for rows in files.pieces(content, [plan.need.entity, *([time] if time else [])]):
        yield known(rows, source, plan, as_of)
