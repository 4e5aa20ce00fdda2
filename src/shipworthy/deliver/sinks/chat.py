"""A short message into a chat: that the list is there, how many rows it has, and where. Never a row itself."""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from typing import Any

import pyarrow as pa

from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.times import read_moment
from shipworthy.deliver.sink import SinkKind, Target
from shipworthy.edges.outbound import require_open


def write(target: Target, rows: pa.Table) -> str:
    """Tell the chat; what it took once is not sent again.

    Raises:
        UserError: the address is none that is known, or leads into the network.
        OSError: the chat did not take it.
    """
    if target.delivery not in target.confirmed.parts():
        _say(target, _title(target), told(target, rows))
        target.confirmed.add(target.delivery)
    return f"chat {target.name}"


def told(target: Target, rows: pa.Table) -> str:
    """What the chat is told: counts and a link, no value of any row but the names of decisions."""
    lines = [target.notice, f"{len(rows):,} rows for {target.consumer}."]
    if "decision" in rows.column_names:
        found = Counter(rows["decision"].to_pylist()).most_common()
        lines.append(", ".join(f"{name}: {count:,}" for name, count in found))
    if target.declared.link:
        lines.append(target.declared.link)
    if target.receipt:
        lines.append(f"Have you got it? Say so here: {target.receipt}")
    return "\n".join(filter(None, [*lines, f"Delivery {target.delivery[:12]}"]))


def probe(target: Target, shape: pa.Table) -> str:
    """Whether the address is one that is known; in a rehearsal, whether the chat takes a message."""
    if not target.rehearsal:
        return f"the address is one of {_service(target).service_name}; nothing was sent"
    _say(target, f"{target.product}: probe", "This is a probe; nothing is to be done.")
    return "it took a message that says it is a probe"


def _say(target: Target, title: str, text: str) -> None:
    service = _service(target)
    heard = _Heard()
    logger = logging.getLogger("apprise")
    logger.addHandler(heard)
    try:
        taken = service.notify(body=text, title=title)
    except Exception as error:  # each service raises errors of its own
        raise OSError(f"{target.where}: {type(error).__name__}: {target.hidden(error)[:200]}") from None
    finally:
        logger.removeHandler(heard)
    if not taken:
        raise OSError(f"{target.where}: the chat did not take the message. {target.hidden(heard.text)[:200]}".strip())


def _service(target: Target) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # what the library's many services import is not ours to heed
            import apprise

            service = apprise.Apprise.instantiate(target.filled(target.url), suppress_exceptions=True)
    except ImportError:
        found = "Chats need apprise, which is not installed."
        fix = "pip install 'shipworthy[notify]' where Shipworthy runs."
        raise UserError(Mistake("deliver.no_library", target.where, found, fix=fix)) from None
    if service is None:
        found = "It is no address of a chat that is known."
        fix = "Write it as apprise does, such as slack://… or msteams://…, from the environment."
        raise UserError(Mistake("deliver.bad_url", target.where, found, fix=fix))
    host = getattr(service, "host", None)
    if host and "host" in service.template_tokens:  # its host is named in the address, not by the service
        require_open(str(host), getattr(service, "port", None) or 0, target.where, target.environ)
    return service


def _title(target: Target) -> str:
    day = f" as of {read_moment(target.as_of):%Y-%m-%d}" if target.as_of else ""
    return f"{'REHEARSAL: ' if target.rehearsal else ''}{target.product}: {target.consumer}{day}"


class _Heard(logging.Handler):
    """The last thing that the library complained of."""

    text = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            self.text = record.getMessage()


SINK = SinkKind(
    "chat",
    write,
    says="A short message into a chat, without rows.",
    needs=("url",),
    rehearses="url",
    probe=probe,
    receipts=True,
)
