"""Drawing an audit sample and taking in its labels: the edge around `watch.audit`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from shipworthy.base.digest import plain
from shipworthy.base.fact import Past, What, reader
from shipworthy.edges.files import Files
from shipworthy.edges.pseudonyms import Pseudonyms
from shipworthy.edges.road import Trip
from shipworthy.plan.rules import current_plan
from shipworthy.watch.audit import drawn, labels_of, segments, waiting
from shipworthy.watch.audit_words import AuditDrawn, AuditLabelled, AuditOutcome, LabelAudit
from shipworthy.watch.labels import labels_table
from shipworthy.watch.pieces import Piece
from shipworthy.watch.rules import Answered


def sampled(
    files: Files, pseudonyms: Pseudonyms, product: str, of: Answered, rows: int, pieces: Iterable[Piece]
) -> AuditDrawn:
    """The sample of a window, kept as a table with its entities so that an erasure finds them.

    Args:
        rows: how many; pieces: all answers of the window, some at a time.
    """
    chosen, count = pd.DataFrame(), 0
    for answers, _ in pieces:
        both = pd.concat([chosen, answers]) if count else answers
        ids = [str(name) for name in both["answer_id"]]
        chosen = both.iloc[drawn(ids, rows, partial(pseudonyms.mark, f"audit/{product}"))]
        count += len(answers)
    chosen = chosen.sort_values("entity", ignore_index=True) if count else chosen
    named = [name for name in ("answer_id", "entity", "decision", "class") if name in chosen]
    texts = {name: pa.array(chosen[name].astype(str), pa.string()) for name in named}
    table = pa.table({**texts, "score": pa.array(chosen["score"], pa.float64())})
    return AuditDrawn(
        product=product,
        sample=files.put_table(table),
        candidate=of.candidate,
        window=of.moment,
        rows=len(chosen),
        answers=count,
    )


def label_audit(command: LabelAudit, trip: Trip) -> AuditOutcome:
    """Take in the labels that people gave, each answer's once.

    Raises:
        UserError: the file is none, or says something about an answer that does not wait.
    """
    facts = trip.step("read the labels", lambda: plain(_read(command, trip)))
    found = reader(list[AuditLabelled]).validate_python(facts)
    trip.record("record the labels", lambda past: _once(past, found))
    trip.step("forget the file", lambda: trip.store.files.erase(command.labels))
    return AuditOutcome(
        sum(one.told for one in found), sum(one.unsure for one in found), sum(one.left for one in found)
    )


def left_of(files: Files, past: Past, sample: str) -> pd.DataFrame:
    """The rows of a sample that still wait for a label."""
    rows: pd.DataFrame = files.table(sample).to_pandas()
    told = {name for segment in segments(past, sample) for name in files.table(segment)["answer_id"].to_pylist()}
    return rows[~rows["answer_id"].isin(told)].reset_index(drop=True)


def _read(command: LabelAudit, trip: Trip) -> list[AuditLabelled]:
    files, past = trip.store.files, trip.past
    left = {one.sample: left_of(files, past, one.sample) for one in waiting(past)}
    known = {str(name): sample for sample, rows in left.items() for name in rows["answer_id"]}
    classes = current_plan(past).need.classes
    given = labels_of(files.get(command.labels).decode("utf-8-sig", "replace"), known, classes)
    found = []
    for sample, rows in left.items():
        mine = rows[rows["answer_id"].isin(given.keys())]
        if mine.empty:
            continue
        labels = np.array([given[name] for name in mine["answer_id"]])
        segment = files.put_table(labels_table(list(mine["answer_id"]), list(mine["entity"]), labels, classes))
        told = int(np.isfinite(labels).sum())
        found.append(
            AuditLabelled(
                product=trip.product,
                sample=sample,
                segment=segment,
                told=told,
                unsure=len(mine) - told,
                left=len(rows) - len(mine),
            )
        )
    return found


def _once(past: Past, found: Sequence[AuditLabelled]) -> Sequence[What]:
    """What nobody recorded meanwhile: a second hand that labelled the same rows is too late."""
    known = {fact.what.segment for fact in past.of(AuditLabelled)}
    return [one for one in found if one.segment not in known]


def labelled_sample(files: Files, past: Past, sample: str, classes: Sequence[str] = ()) -> tuple[Any, Any]:
    """The scores of a sample and its labels, NaN where nobody could tell, both in the sample's order.

    Args:
        classes: where an answer is a class, their names: a label then is whether the answer was right.
    """
    rows: pd.DataFrame = files.table(sample).to_pandas()
    tables = [files.table(segment).to_pandas() for segment in segments(past, sample)]
    told = pd.concat(tables).drop_duplicates("answer_id").set_index("answer_id")["label"]
    labels = told.reindex(rows["answer_id"])
    if classes:
        answered = rows["class"].map({name: place for place, name in enumerate(classes)}).to_numpy()
        labels = labels.where(labels.isna(), (labels.to_numpy() == answered).astype(np.float64))
    return rows["score"].to_numpy(dtype=np.float64), labels.to_numpy(dtype=np.float64)
