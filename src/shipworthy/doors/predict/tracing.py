"""The caller's trace by W3C Trace Context: read from `traceparent`, kept with the answer, told back in `traceresponse`.

Source: W3C Recommendation Trace Context, section 3.2. Whatever is not as it says there counts as not sent.
"""

from __future__ import annotations

import os
import re

from shipworthy.doors.predict.shapes import Headers

HEADER, TOLD = b"traceparent", b"traceresponse"
_NUMBER = rb"(?!0{32})([0-9a-f]{32})"
_PARENT = rb"(?!0{16})[0-9a-f]{16}"
# Version ff is forbidden; a later version than ours may say more behind another dash.
_GIVEN = re.compile(
    rb"(?:00|(?!00|ff)[0-9a-f]{2}(?=.{53}(?:-|\Z)))-" + _NUMBER + b"-" + _PARENT + rb"-([0-9a-f]{2})(.*)"
)


def trace_of(headers: Headers) -> str:
    """The caller's trace; empty where none was given, several were, or it is not as the standard has it.

    >>> trace_of([(b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")])
    '0af7651916cd43dd8448eb211c80319c01'
    """
    found = [value for name, value in headers if name == HEADER]
    return read(found[0]) if len(found) == 1 else ""


def read(given: bytes) -> str:
    """Trace id and flags of one `traceparent`, 34 digits; empty where it is not as the standard has it."""
    match = _GIVEN.fullmatch(given.strip(b" \t"))
    if match is None or (given.lstrip(b" \t")[:2] == b"00" and match[3]):
        return ""
    return (match[1] + match[2]).decode()


def response(trace: str, answer: str = "") -> bytes:
    """The value of `traceresponse`: the caller's trace, and what was done for it as a span of its own.

    Only the flag that says whether the caller records is handed back: no other one has a meaning here.

    Args:
        trace: as `read` gives it.
        answer: whose last 16 digits name the span; one by chance where empty.

    >>> response("0af7651916cd43dd8448eb211c80319c01", "04a7b8b0cf55829f6148266ac8a2e17b")
    b'00-0af7651916cd43dd8448eb211c80319c-6148266ac8a2e17b-01'
    """
    span = answer[16:] or os.urandom(8).hex()
    return b"00-%b-%b-%02x" % (trace[:32].encode(), span.encode(), int(trace[32:], 16) & 1)
