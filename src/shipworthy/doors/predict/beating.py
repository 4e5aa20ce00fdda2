"""What a prediction server says of itself now and then, for the page of the servers."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass, field
from datetime import datetime

from shipworthy.deliver.serving import Serving
from shipworthy.deliver.words import Beat
from shipworthy.doors.predict.tally import Tally, quantile


@dataclass
class Beating:
    """The beats of one server: each tells of the stretch since the one before.

    Attributes:
        address: where callers reach it; empty where that is not known.
        started: when it started.
    """

    product: str
    started: datetime
    address: str = ""
    _since: float = field(default_factory=time.monotonic)
    _answered: int = 0
    _buckets: list[int] = field(default_factory=list)

    def beat(
        self, serving: Serving, tally: Tally, now: datetime, *, unsealed: int, problem: str, stopped: bool = False
    ) -> Beat:
        """The next beat.

        Args:
            now: the wall clock.
            unsealed: answers on disk that are not sealed yet.
        """
        before = self._buckets or [0] * len(tally.buckets)
        stretch = [count - earlier for count, earlier in zip(tally.buckets, before, strict=True)]
        at = time.monotonic()  # the wall clock may be set meanwhile
        seconds = max(at - self._since, 1e-3)
        answered, shed = tally.answered, tally.refused.get("serve.overloaded", 0)
        told = Beat(
            server=f"{socket.gethostname()}/{os.getpid()}",
            product=self.product,
            address=self.address,
            started=self.started.isoformat(),
            at=now.isoformat(),
            pointer=serving.pointer.digest,
            candidates={name: ready.answerer.form for name, ready in serving.ready.items()},
            as_of=serving.pinned.as_of.isoformat(),
            answered=answered,
            refused=sum(tally.refused.values()) - shed,
            shed=shed,
            stood_in=tally.stood_in,
            per_second=(answered - self._answered) / seconds,
            p50_ms=_milliseconds(quantile(stretch, 0.5)),
            p99_ms=_milliseconds(quantile(stretch, 0.99)),
            unsealed=unsealed,
            problem=problem,
            stopped=stopped,
        )
        self._since, self._answered, self._buckets = at, answered, list(tally.buckets)
        return told


def _milliseconds(seconds: float) -> float | None:
    return seconds * 1000 if 0 < seconds < float("inf") else None
