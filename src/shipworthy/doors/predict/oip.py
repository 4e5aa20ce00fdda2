"""The Open Inference Protocol v2, however it travels: what the model is, and rows of tensors answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import orjson

from shipworthy import __version__
from shipworthy.base.errors import Mistake, UserError
from shipworthy.deliver.inputs import Inputs
from shipworthy.deliver.replies import Reply
from shipworthy.deliver.rules import INTERVAL
from shipworthy.doors.predict.asking import MOST_ROWS, Server, Traced, fates, refused
from shipworthy.doors.predict.lane import Told
from shipworthy.doors.predict.refused import Refused, ending
from shipworthy.doors.predict.shapes import found
from shipworthy.doors.predict.tensors import Tensor, questions, unlike
from shipworthy.plan.schema import Plan

OUTPUTS = {
    "score": "FP64",
    "decision": "BYTES",
    "reasons": "BYTES",
    "answer_id": "BYTES",
    "candidate": "BYTES",
    "as_of": "BYTES",
    "notice": "BYTES",
    "error": "BYTES",
}
"""What is told of each row: reasons and error as JSON, texts that say nothing empty."""

CLASSES = {"class": "BYTES", "probabilities": "FP64"}
"""Where an answer is a class, also its name and the probability of each, in the order in which they are declared."""

INTERVALS = dict.fromkeys(INTERVAL, "FP64")
"""Where the plan asks for intervals, the ends of each; no numbers where who answered was made without."""

EXTENSIONS = ("binary_tensor_data",)
VALUES = {"values": "BYTES"}
"""Where a consumer needs the values of inputs beside the answer: as JSON, by name."""
_NO_NUMBER = float("nan")
SERVER = {"name": "shipworthy", "version": __version__}


@dataclass(frozen=True, slots=True)
class Described:
    """A tensor that goes in or comes out, of any number of rows."""

    name: str
    datatype: str
    shape: tuple[int, ...] = (-1,)


def takes(inputs: Inputs) -> list[Described]:
    """What a request may hold: whom each row is about, then the inputs where they may be given."""
    given = [Described(one.name, "BYTES" if one.text else "FP64") for one in inputs.known.values()]
    return [Described(inputs.entity, "BYTES"), *given]


def gives(plan: Plan) -> list[Described]:
    """What a response holds."""
    wide = {"probabilities": (-1, len(plan.need.classes))}
    return [Described(name, datatype, wide.get(name, (-1,))) for name, datatype in outputs(plan).items()]


def outputs(plan: Plan) -> dict[str, str]:
    """The outputs of a product by name, with their types."""
    classes = CLASSES if plan.need.classes else {}
    needed = any(one.needs_values for one in plan.consumers.values() if one.mode == "realtime")
    classes = {**classes, **(VALUES if needed else {})}
    return {**OUTPUTS, **classes, **(INTERVALS if plan.proof.interval is not None else {})}


def versions(server: Server) -> list[str]:
    """The candidates that answer people now."""
    return sorted(set(server.serving.pointer.champion.values()) - {""})


def check_model(server: Server, name: str, version: str) -> None:
    """Whether the model is the product, and the version is what answers everybody.

    Raises:
        Refused: it is not (404).
    """
    if name != server.product:
        known = f"The model is {server.product}."
        raise Refused(404, Mistake("serve.model", "model", "There is no such model.", fix=known))
    answering = versions(server)
    if version and answering != [version]:
        shown = " and ".join(one[:12] for one in answering)
        why = "An answer by another candidate would look like the one that was asked for."
        fix = "Ask without a version; each answer says its candidate."
        raise Refused(404, Mistake("serve.model", "version", f"It is {shown} that answers now.", why, fix))


def rows(server: Server, tensors: Sequence[Tensor], wanted: Sequence[str]) -> list[dict[str, Any]]:
    """The questions of a request.

    Args:
        wanted: names of outputs, all where empty.

    Raises:
        UserError: the request is not as the protocol has it.
    """
    known = outputs(server.serving.plan)
    if any(name not in known for name in wanted) or len(set(wanted)) != len(wanted):
        raise unlike("outputs", "An output is unknown or there twice.", f"They are {', '.join(known)}.")
    return questions(tensors, server.serving.plan.need.entity, MOST_ROWS)


async def answers(server: Server, asker: Traced, asked: Sequence[Any], wanted: Sequence[str]) -> list[Tensor]:
    """An answer for each row, as tensors.

    Raises:
        UserError: no row could be answered.
        Refused: the same; or some could not, and the output `error` is not wanted.
    """
    told = await fates(server, asker, asked)
    without = [place for place, one in enumerate(told) if not isinstance(one, Reply)]
    if len(without) == len(told) or (without and wanted and "error" not in wanted):
        _raise(told, without)
    known, classes = outputs(server.serving.plan), server.serving.plan.need.classes
    shown = [_shown(one, classes) for one in told]
    return [_tensor(name, known[name], shown, len(classes)) for name in wanted or known]


def _tensor(name: str, datatype: str, shown: Sequence[dict[str, Any]], classes: int) -> Tensor:
    if name != "probabilities":
        return Tensor(name, datatype, [row[name] for row in shown])
    return Tensor(name, datatype, [share for row in shown for share in row[name]], classes)


async def refuse_whole(server: Server, asker: Traced, why: UserError | Refused) -> NoReturn:
    """Refuse a request whose rows cannot be told apart, once that is in the log.

    Raises:
        Exception: always.
    """
    raise await refused(server, asker, None, why)


def answered_by(tensors: Sequence[Tensor], server: Server) -> str:
    """The version that a response names: the candidate of all its rows, empty where they differ."""
    known = {value for one in tensors if one.name == "candidate" for value in one.values if value} or set(
        versions(server)
    )
    return known.pop() if len(known) == 1 else ""


def _shown(told: Told, classes: Sequence[str]) -> dict[str, Any]:
    if isinstance(told, Reply):
        row = told.row
        reasons = orjson.dumps(row["reasons"]).decode()
        likely = dict(zip(told.classes, row.get("likely", ()), strict=True))
        shares = [likely.get(name, 0.0) for name in classes]
        low, high = (_NO_NUMBER if end is None else end for end in (told.low, told.high))
        more = {"reasons": reasons, "notice": told.notice, "probabilities": shares, "low": low, "high": high}
        return {**row, "error": "", "values": orjson.dumps(dict(told.values)).decode(), **more}
    end = ending(told, "")
    error = orjson.dumps({"status": end.status, **found(end)}).decode()
    numbers = dict.fromkeys(("score", *INTERVAL), _NO_NUMBER)
    nothing = {"class": "", "probabilities": [_NO_NUMBER] * len(classes)}
    return {**dict.fromkeys(OUTPUTS, ""), **numbers, **nothing, "reasons": "[]", "values": "{}", "error": error}


def _raise(told: Sequence[Told], refused: Sequence[int]) -> NoReturn:
    first = told[refused[0]]
    assert isinstance(first, Exception)
    if len(told) == 1 or not isinstance(first, UserError | Refused):
        raise first
    end = ending(first, "")
    fix = "Ask for the output `error` as well; then each row is told its own end, and the others are answered."
    mistake = end.mistakes[0]
    row = replace(mistake, found=f"Row {refused[0]}: {mistake.found}", fix=f"{mistake.fix} {fix}".strip())
    raise Refused(end.status, row, end.retry_after)
