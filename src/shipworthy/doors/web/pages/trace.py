"""Where one answer comes from: everything behind it, from source rows to the one who got it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby

from starlette.responses import Response

from shipworthy.base.errors import NotFound
from shipworthy.deliver.words import Trace, TraceLine
from shipworthy.doors.web.visit import Page, Visit

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
"""The header as its sender has it (W3C Trace Context): the trace id is its second part."""

# What each station of the way answers, in the words of somebody who checks it later.
TITLES = {
    "data": "What was known",
    "plan": "What was promised",
    "code": "By which code",
    "candidate": "What answered",
    "proof": "How it was proven",
    "signature": "Who reviewed and signed it",
    "envelope": "Who signed the bounds",
    "release": "How it was released",
    "answer": "What was answered",
    "refusal": "Why there was no answer",
    "delivery": "Where it was brought",
    "recipient": "Who confirmed that it came",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines of the way that belong under one title."""

    title: str
    lines: list[TraceLine]


def _show(visit: Visit) -> Response:
    wanted = "".join(visit.query.get("answer", "").split())
    header = _TRACEPARENT.fullmatch(wanted)
    wanted = header[1] if header else wanted
    answer, problems = None, visit.problems
    if wanted:
        try:
            answer = visit.ask(Trace(product=visit.product, answer=wanted))
        except NotFound as error:
            problems = error.mistakes
    shown = visit.again(problems, 404 if problems else 200)
    way = [
        Stretch(TITLES.get(station, station), list(lines))
        for station, lines in groupby(answer.lines if answer else [], key=lambda line: line.station)
    ]
    return shown.product_page("trace.html", wanted=wanted, answer=answer, way=way)


PAGE = Page("/products/{product}/trace", _show)
