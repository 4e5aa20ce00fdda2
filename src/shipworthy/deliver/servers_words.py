"""What prediction servers say of themselves, and what can be asked about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from shipworthy.base.fact import Question, What


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What a running prediction server or worker of a stream says of itself; no fact, and never in the ledger.

    Attributes:
        server: a name of this one process, such as host and process id; the next beat of the same name replaces it.
        address: where callers reach it; the topic and broker that a worker reads.
        started, at: when it started, and when it said this; the wall clock, ISO 8601.
        pointer: digest of the release pointer that it follows.
        candidates: how each candidate that it holds is run, such as `onnx`, `skops` or `baseline`, by its digest.
        as_of: the moment as of which it knows the features, ISO 8601.
        answered, refused, shed: since it started: answers given; requests turned down for a reason of their own; and
            requests turned away because it had too much to do.
        stood_in: of the answers, those that do not come from the model as released: each has a notice.
        per_second: answers per second over the stretch since the beat before.
        p50_ms, p99_ms: half, and 99 of 100, of the answers of that stretch took at most so long, in milliseconds; None
            where it gave none.
        unsealed: answers that are on disk and not sealed into the prediction log yet.
        problem: what is wrong, in plain words; empty where nothing is.
        stopped: it has ended by itself, and this is its last word.
        consumer: whose stream a worker answers; empty for a prediction server.
        lag: questions that wait at the broker, as far as the worker can see them; None where it cannot.
        last_message: when a message came last, ISO 8601; empty before the first.
    """

    server: str
    product: str
    address: str
    started: str
    at: str
    pointer: str
    candidates: dict[str, str]
    as_of: str = ""
    answered: int = 0
    refused: int = 0
    shed: int = 0
    stood_in: int = 0
    per_second: float = 0.0
    p50_ms: float | None = None
    p99_ms: float | None = None
    unsealed: int = 0
    problem: str = ""
    stopped: bool = False
    consumer: str = ""
    lag: int | None = None
    last_message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCounted(What):
    """How one consumer was served by one server or worker over a stretch of the prediction log, which names it.

    Counted in the memory of the server: of a stretch that a kill cut short there is none, though its answers are there.

    Attributes:
        run: the stretch; its answers are in the segment of the same run.
        within_ms: the declared latency, in milliseconds.
        asked: questions that came to their end: answered + refused.
        late: answers that took longer; stood_in: answers of the baseline in place of what is released.
        refused: questions without an answer, by the code of the reason.
        candidates: by digest of who was meant to answer: `asked`, `late`, and `failed` where it gave no answer.
    """

    consumer: str
    run: str
    within_ms: float
    asked: int
    answered: int
    late: int
    stood_in: int
    refused: dict[str, int] = field(default_factory=dict)
    candidates: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def about(self) -> str:
        return self.run


@dataclass(frozen=True, slots=True)
class ServerCard:
    """One prediction server, or worker of a stream, for people to read.

    Attributes:
        said: what it last said of itself.
        state: answering; trouble (it says that something is wrong); behind (it holds none of what is released now);
            silent (it has said nothing for a minute); stopped (it ended by itself).
        silent_for: how long ago it last said something, in words.
        stood_in: the share of its answers that the baseline gave; None before the first.
    """

    said: Beat
    state: Literal["answering", "trouble", "behind", "silent", "stopped"]
    silent_for: str
    stood_in: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers(Question[list[ServerCard]]):
    """What every prediction server and stream worker of a product says of itself, those that answer first."""
