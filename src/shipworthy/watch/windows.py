"""The answers of one window, read from their sealed segments."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shipworthy.base.check import sentence_of
from shipworthy.base.fact import Past
from shipworthy.base.times import read_moment
from shipworthy.deliver.log import CLASSES, days
from shipworthy.deliver.rules import NOT_RELEASED
from shipworthy.deliver.words import RunFinished
from shipworthy.edges.sealing import is_sealed, opened_value
from shipworthy.model.projections import HALF, LABEL, SCORE
from shipworthy.release.words import REHEARSAL
from shipworthy.watch.counting import flags_as_numbers
from shipworthy.watch.monitor import Sample, Values, Window
from shipworthy.watch.rules import Answered

if TYPE_CHECKING:
    from shipworthy.edges.files import Files
    from shipworthy.edges.pseudonyms import Pseudonyms

Flags = npt.NDArray[np.bool_]
_PARTS = 50  # of a window, that are read where some rows of it suffice
_COLUMNS = ["answer_id", "time", "as_of", "entity", "candidate", "inputs", "inputs_ref", "score", "decision", "step"]


def answers_of(
    files: Files, answered: Answered, *, classes: bool = False, part: tuple[int, int] | None = None
) -> pd.DataFrame:
    """A candidate's answers for a moment, each entity once (the first answer it got), sorted by entity.

    Several consumers, steps and segments may hold the same entity; rehearsals do not count. A stretch of the
    prediction server may hold other moments too, and answers on inputs of their own count to the day of the moment.

    Args:
        classes: with the class of each answer and the probability of each.
        part: only the entities of one of so many parts, (which, of how many): an entity is always in the same one.

    Raises:
        Tampered: a segment does not hold what was sealed.
    """
    columns = [*_COLUMNS, *(field.name for field in CLASSES)] if classes else _COLUMNS
    found = []
    for segment in answered.parts:
        if part is None:  # a window that is held may have very many small segments: a thread for each costs more
            found.append(belonging(files.table(segment, columns), answered))
            continue
        for rows in files.pieces(segment, columns):
            mine = belonging(rows, answered)
            found.append(mine.filter(pa.array(_part(mine["entity"], part[1]) == part[0])))
    frame: pd.DataFrame = (
        pa.concat_tables(found).sort_by([("time", "ascending"), ("answer_id", "ascending")]).to_pandas()
    )
    return frame.drop_duplicates("entity").sort_values("entity", ignore_index=True)


def belonging(rows: pa.Table, answered: Answered) -> pa.Table:
    """The rows of the log that are answers of a window: the candidate's, as of its moment, and no rehearsal."""
    moment = pa.scalar(read_moment(answered.moment), rows["as_of"].type)
    theirs = pc.equal(rows["as_of"], moment)
    if answered.until:
        theirs = pc.or_(theirs, pc.fill_null(pc.equal(days(rows), moment), False))
    mine = are(rows["candidate"], answered.candidate) & ~are(rows["step"], REHEARSAL) & np.asarray(theirs)
    return rows if mine.all() else rows.filter(pa.array(mine))


def are(column: pa.ChunkedArray, text: str) -> Flags:
    """Which texts of a column are this one; one that comes with a dictionary is not unfolded for it."""
    if not pa.types.is_dictionary(column.type):
        return np.asarray(pc.equal(column, text))
    found = [np.asarray(chunk.indices) == chunk.dictionary.index(text).as_py() for chunk in column.chunks]
    return np.concatenate([*found, np.zeros(0, dtype=bool)])


def _part(entities: pa.ChunkedArray, count: int) -> Values:
    """The part of so many that each entity is in."""
    return np.asarray(pd.util.hash_array(entities.to_numpy(), categorize=False) % np.uint64(count))


def features_of(
    files: Files,
    answers: pd.DataFrame,
    pseudonyms: Pseudonyms | None = None,
    entity: str = "",
    columns: Sequence[str] | None = None,
) -> dict[str, Values]:
    """The inputs behind some answers, by name, in their order; missing where an answer's inputs lack one.

    Args:
        pseudonyms: opens sealed inputs; without it they stay sealed.
        entity: the column that names the entity where the inputs are rows of a source, answered by themselves.
        columns: those that are wanted, as far as there are any; all of them if absent.
    """
    if answers.empty:
        return {}
    stored = answers.groupby("inputs_ref", observed=True)
    parts = [_by_reference(files, str(ref), rows, entity, columns) for ref, rows in stored if ref]
    written = answers[answers["inputs_ref"] == ""]
    if not written.empty:
        parts.append(_opened(pd.DataFrame(_values(written["inputs"]), index=written.index), pseudonyms))
    together = pd.concat(parts).reindex(answers.index)
    return {str(name): together[name].to_numpy() for name in together.columns}


def some_inputs(
    files: Files, answered: Answered, count: int, pseudonyms: Pseudonyms | None = None, entity: str = ""
) -> dict[str, Values]:
    """The inputs of at most so many answers of a window, evenly spread over its entities; see `features_of`.

    Of a window of many parts, not all are read: those that are lie evenly among them.
    """
    some = answered.parts[:: max(1, len(answered.parts) // _PARTS)]
    answers = answers_of(files, replace(answered, parts=some))
    every = max(1, -(-len(answers) // count))
    return features_of(files, answers.iloc[::every].reset_index(drop=True), pseudonyms, entity)


def sample_of(files: Files, digest: str) -> Sample:
    """The rows of reference that were kept with a candidate; fewer where people were erased.

    Raises:
        NotFound, Tampered: the file is not what its profile names.
    """
    rows = files.table(digest).to_pandas()
    features = {str(name): rows[name].to_numpy() for name in rows.columns[1:] if name not in (HALF, SCORE, LABEL)}
    scores, labels = (rows[name].to_numpy(dtype=np.float64) for name in (SCORE, LABEL))
    return Sample(features, scores, labels, (rows[HALF] == "fit").to_numpy())


def _opened(inputs: pd.DataFrame, pseudonyms: Pseudonyms | None) -> pd.DataFrame:
    """Inputs with sealed values opened; only a column of texts can hold one."""
    if pseudonyms is None:
        return inputs
    for name in inputs.select_dtypes(exclude=["number", "bool"]).columns:
        if inputs[name].map(is_sealed).any():
            inputs[name] = [opened_value(pseudonyms, str(name), value) for value in inputs[name]]
    return inputs


def _values(texts: pd.Series[str]) -> list[dict[str, Any]]:
    """The inputs of each answer from their JSON, all in one go: the texts are those that we sealed."""
    whole = f"[{','.join(text or '{}' for text in texts)}]"
    try:
        found: list[dict[str, Any]] = orjson.loads(whole)
    except orjson.JSONDecodeError:  # a number that JSON does not have, such as NaN
        found = json.loads(whole)
    return found


def _by_reference(
    files: Files, digest: str, rows: pd.DataFrame, entity: str, columns: Sequence[str] | None
) -> pd.DataFrame:
    there, wanted = files.columns(digest), pa.array(rows["entity"], pa.string())
    name = named(there, entity)
    read = None if columns is None else [name, *(one for one in columns if one in there and one != name)]
    found = [piece.filter(pc.is_in(pc.cast(piece[name], pa.string()), wanted)) for piece in files.pieces(digest, read)]
    together = pa.concat_tables(found)
    inputs: pd.DataFrame = flags_as_numbers(together).to_pandas().drop(columns=name)
    inputs.index = pd.Index(pc.cast(together[name], pa.string()).to_pandas(), dtype=object)
    inputs = inputs[~inputs.index.duplicated()]  # own code may name an entity in several pieces of its source
    given = inputs.reindex(rows["entity"])
    given.index = rows.index
    return given


def named(columns: Sequence[str], entity: str) -> str:
    """Which column of inputs names the entity: it comes first in a feature table, whatever the plan calls it."""
    return entity if entity in columns else columns[0]


def accounts(past: Past, answered: Answered) -> Window:
    """The account of the runs of a moment: who was due, refused, or answered by a stand-in.

    Whoever belongs to a cohort that is not released yet waits for no answer.
    """
    found = [fact.what for fact in past.of(RunFinished) if fact.what.run in answered.parts]
    refused = sum(count for run in found for reason, count in run.refused.items() if reason != NOT_RELEASED)
    return Window(
        answered.moment,
        np.zeros(0),
        due=sum(run.answered for run in found) + refused,
        refused=refused,
        stood_in=sum(run.answered for run in found if run.stood_in),
        nothing_because=_nothing(found),
    )


def _nothing(found: Sequence[RunFinished]) -> str:
    reasons = [run.stood_in for run in found if not run.answered]
    return sentence_of(dict.fromkeys(reasons)) if reasons and len(reasons) == len(found) else ""
