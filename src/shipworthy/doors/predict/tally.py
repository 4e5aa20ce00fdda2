"""What a prediction server counts: answers, refusals by reason, and how long they took."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from shipworthy.base.errors import UserError
from shipworthy.deliver.replies import Reply
from shipworthy.doors.predict.refused import Refused

EDGES = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper edges of the buckets of the latency histogram, in seconds."""


class Tally:
    """Counts since the server began."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.answered, self.stood_in, self.seconds = 0, 0, 0.0
        self.refused: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()  # before it was known who asks; in no log
        self.buckets = [0] * (len(EDGES) + 1)

    def count(self, told: Reply | Exception, seconds: float) -> None:
        """Count one question that came to its end."""
        self.buckets[bisect_left(EDGES, seconds)] += 1
        self.seconds += seconds
        if isinstance(told, Reply):
            self.answered += 1
            self.stood_in += bool(told.notice)
        else:
            self.refused[_code(told)] += 1

    def exposition(self, product: str) -> bytes:
        """The counts in the text format of Prometheus."""
        label = f'product="{product}"'
        lines = ["# TYPE shipworthy_answers_total counter", f"shipworthy_answers_total{{{label}}} {self.answered}"]
        lines += ["# TYPE shipworthy_stood_in_total counter", f"shipworthy_stood_in_total{{{label}}} {self.stood_in}"]
        lines.append("# TYPE shipworthy_refused_total counter")
        lines += [
            f'shipworthy_refused_total{{{label},code="{code}"}} {count}' for code, count in sorted(self.refused.items())
        ]
        lines.append("# TYPE shipworthy_unknown_callers_total counter")
        lines += [
            f'shipworthy_unknown_callers_total{{{label},code="{code}"}} {count}'
            for code, count in sorted(self.unknown.items())
        ]
        lines.append("# TYPE shipworthy_seconds histogram")
        reached = 0
        for edge, count in zip((*map(str, EDGES), "+Inf"), self.buckets, strict=True):
            reached += count
            lines.append(f'shipworthy_seconds_bucket{{{label},le="{edge}"}} {reached}')
        lines += [f"shipworthy_seconds_sum{{{label}}} {self.seconds}", f"shipworthy_seconds_count{{{label}}} {reached}"]
        return ("\n".join(lines) + "\n").encode()


def quantile(buckets: Sequence[int], share: float) -> float:
    """The upper edge of the bucket in which that share of the questions had ended, in seconds; 0 before any.

    >>> quantile([0, 3, 1, *[0] * 10], 0.5)
    0.001
    """
    total, reached = sum(buckets), 0
    for edge, count in zip((*EDGES, float("inf")), buckets, strict=True):
        reached += count
        if total and reached >= share * total:
            return edge
    return 0.0


def _code(told: Exception) -> str:
    if isinstance(told, Refused):
        return told.mistake.code
    return told.mistakes[0].code if isinstance(told, UserError) else "serve.bug"
