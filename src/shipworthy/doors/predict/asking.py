"""Several questions of one caller, each with its own end: what the protocols beside the plain call have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shipworthy.base.errors import UserError
from shipworthy.deliver.ready import Question
from shipworthy.deliver.serving import Serving
from shipworthy.doors.predict.body import Gone, Receive, whole
from shipworthy.doors.predict.lane import MOST_AT_ONCE, Lane, Told
from shipworthy.doors.predict.refused import Refused

MOST_ROWS = MOST_AT_ONCE  # questions of one request: no more than are answered together, so that nobody waits long
MOST_BYTES = 1024 * 1024


class Asker(Protocol):
    """Somebody who may ask."""

    @property
    def consumer(self) -> str:
        """For whom it is asked."""
        ...


@dataclass(frozen=True, slots=True)
class Traced:
    """Somebody who may ask, and the trace id of the request; empty where none was given."""

    consumer: str
    trace: str


class Server(Protocol):
    """What a protocol needs of the prediction server."""

    product: str
    serving: Serving
    lane: Lane

    async def caller(self, authorization: bytes) -> Asker:
        """Who asks."""
        ...

    async def unready(self) -> str:
        """Why it cannot answer now, for who sends it callers; empty where it can."""
        ...


async def refuse(server: Server, asker: Traced, asked: Any, why: UserError | Refused) -> Told:
    """The refusal, once it is in the log; or the baseline's answer where the plan lets it answer such questions."""
    return await server.lane.refuse(server.serving.question_in_doubt(asker.consumer, asked, asker.trace), why)


async def body_of(server: Server, asker: Traced, receive: Receive, most: int) -> bytes:
    """The body of a question; one that is too large or too slow is in the log before that is said.

    Raises:
        Refused: as `whole`.
    """
    try:
        return await whole(receive, most)
    except Gone:
        raise
    except Refused as error:
        raise await refused(server, asker, None, error) from None


async def refused(server: Server, asker: Traced, asked: Any, why: UserError | Refused) -> Exception:
    """Why there is no answer to a question of which nothing can be answered, once that is in the log."""
    told = await refuse(server, asker, asked, why)
    return told if isinstance(told, Exception) else why


async def fates(server: Server, asker: Traced, rows: Sequence[Any]) -> list[Told]:
    """An answer for each row, or why there is none; a row that is not as agreed takes nothing from the others."""
    inputs, consumer = server.serving.inputs[asker.consumer], asker.consumer
    good: list[Question] = []
    bad: dict[int, tuple[Any, UserError]] = {}
    for place, row in enumerate(rows):
        try:
            entity, values = inputs.read(dict(row) if isinstance(row, dict) else row)
            good.append(Question(entity, consumer, values, trace=asker.trace))
        except UserError as error:
            bad[place] = (row, error)
    answered, refused = await asyncio.gather(
        server.lane.ask(good), asyncio.gather(*(refuse(server, asker, row, why) for row, why in bad.values()))
    )
    ends = dict(zip(bad, refused, strict=True))
    rest = iter(answered)
    return [ends[place] if place in ends else next(rest) for place in range(len(rows))]
