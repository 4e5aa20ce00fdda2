"""A mail to each person with the list attached: at least once, with a Message-ID that is the same at each try."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from shipworthy.base.digest import digest_of
from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.times import read_moment
from shipworthy.deliver.sink import SinkKind, Target
from shipworthy.deliver.sinks.csv import as_csv
from shipworthy.deliver.sinks.excel import as_workbook
from shipworthy.edges.outbound import is_loopback, require_open

SECONDS = 30.0
_PORTS = {"smtp": 587, "smtps": 465}
_ADDRESS = re.compile(r"^[^@\s<>\",;:]+@[^@\s<>\",;:]+$")
_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def write(target: Target, rows: pa.Table) -> str:
    """Send the list to each person who has not got it yet, one mail each, so that nobody sees the others.

    Raises:
        UserError: the server refuses the sender, a person or the size, or does not encrypt.
        OSError: it cannot be reached, or asks to come later.
    """
    known = target.confirmed.parts()
    waiting = [(at, person) for at, person in enumerate(target.to, 1) if _part(target, person) not in known]
    if not waiting:
        return _where(target)
    attached = _attachment(target, rows)
    refused = []
    with _server(target) as server:
        for at, person in waiting:
            try:
                server.send_message(_mail(target, person, len(rows), attached))
                target.confirmed.add(_part(target, person))
            except smtplib.SMTPRecipientsRefused as error:
                code = next(iter(error.recipients.values()))[0]
                if code < 500:
                    raise OSError(f"{target.where}: the mail server asks to come later ({code})") from None
                refused.append(f"number {at} of `to` ({code})")  # an address is somebody's: it stays in the plan
    if refused:
        others = len(target.to) - len(refused)
        found = f"The mail server refuses {' and '.join(refused)}; {others} got it."
        raise UserError(Mistake("deliver.mail_refused", target.where, found, fix="Correct the address in `to`."))
    return _where(target)


def probe(target: Target, shape: pa.Table) -> str:
    """Whether the server lets us in and would take a mail to each person; none is sent."""
    _attachment(target, shape)
    with _server(target) as server:
        code, _ = server.mail(_sender(target))
        bad = [] if code == 250 else ["the sender"]
        for at, person in enumerate(target.to, 1):
            if not bad and server.rcpt(person)[0] not in (250, 251):
                bad.append(f"number {at} of `to`")
        server.rset()
    if bad:
        found = f"The mail server refuses {bad[0]}."
        raise UserError(Mistake("deliver.mail_refused", target.where, found, fix="Correct `sender` or `to`."))
    return f"the mail server lets us in and takes {len(target.to)} addresses; no mail was sent"


class _Told(smtplib.SMTP):
    """Connects to the address that was judged, and checks the certificate of the name that the plan has."""

    place = ""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection((self.place, port), timeout)


class _ToldEncrypted(_Told, smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((self.place, port), timeout)
        return self.context.wrap_socket(plain, server_hostname=host)


@contextmanager
def _server(target: Target) -> Iterator[smtplib.SMTP]:
    """The mail server, encrypted and logged in."""
    try:
        parts = urlsplit(target.filled(target.url))
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in _PORTS or not parts.hostname:
        fix = "Write smtp://user:${PASSWORD}@host or smtps://…, best as a whole from the environment."
        raise UserError(Mistake("deliver.bad_url", target.where, "It is no address of a mail server.", fix=fix))
    places = require_open(parts.hostname, port, target.where, target.environ)
    context = ssl.create_default_context()
    server = _connected(target, parts.scheme, parts.hostname, port, places, context)
    try:
        _let_in(target, server, parts, is_loopback(places[0]), context)
        yield server
    except smtplib.SMTPAuthenticationError:
        found = "The mail server does not let us in: name or password are wrong."
        raise UserError(Mistake("deliver.mail_refused", target.where, found, fix="Set them right.")) from None
    except smtplib.SMTPResponseException as error:
        if error.smtp_code < 500:
            raise OSError(f"{target.where}: the mail server asks to come later ({error.smtp_code})") from None
        found = f"The mail server refuses the mail ({error.smtp_code})."
        fix = "See that it takes the sender, and a mail of this size."
        raise UserError(Mistake("deliver.mail_refused", target.where, found, fix=fix)) from None
    except smtplib.SMTPException as error:
        raise OSError(f"{target.where}: {type(error).__name__}") from None
    finally:
        server.close()


def _connected(
    target: Target, scheme: str, host: str, port: int, places: list[str], context: ssl.SSLContext
) -> smtplib.SMTP:
    kind: Any = _ToldEncrypted if scheme == "smtps" else _Told
    kind = type(kind.__name__, (kind,), {"place": places[0]})
    more = {"context": context} if scheme == "smtps" else {}
    try:
        return kind(host, port, timeout=SECONDS, **more)  # type: ignore[no-any-return]
    except (OSError, smtplib.SMTPException) as error:
        raise OSError(f"{target.where}: the mail server cannot be reached ({type(error).__name__})") from None


def _let_in(target: Target, server: smtplib.SMTP, parts: Any, here: bool, context: ssl.SSLContext) -> None:
    server.ehlo_or_helo_if_needed()
    if parts.scheme == "smtp" and server.has_extn("starttls"):
        server.starttls(context=context)
    elif parts.scheme == "smtp" and not here:
        found = "The mail server does not offer encryption."
        why = "The list and the password would go through the network for all to read."
        raise UserError(Mistake("deliver.mail_refused", target.where, found, why, "Use one that does, or smtps://."))
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))


def _mail(target: Target, person: str, rows: int, attached: tuple[bytes, tuple[str, str], str]) -> EmailMessage:
    content, (kind, subkind), name = attached
    mail = EmailMessage()
    day = f" as of {read_moment(target.as_of):%Y-%m-%d}" if target.as_of else ""
    mail["Subject"] = f"{'REHEARSAL: ' if target.rehearsal else ''}{target.product}: {target.consumer}{day}"
    mail["From"], mail["To"] = _sender(target), person
    mail["Message-ID"] = f"<{_part(target, person)}@shipworthy>"
    lines = [target.notice, f"{rows:,} rows are attached as {name}.", _receipt(target)]
    lines.append(f"Delivery {target.delivery[:12]}.")
    mail.set_content("\n\n".join(filter(None, lines)) + "\n")
    mail.add_attachment(content, maintype=kind, subtype=subkind, filename=name)
    return mail


def _receipt(target: Target) -> str:
    if not target.receipt:
        return ""
    # The address on a line of its own: what stands beside it would be taken for a part of it.
    return (
        f"Have you got it? Say so here, without a login:\n{target.receipt}\n"
        "The page records nothing before you press its button. Whoever has the link can say so in your place."
    )


def _attachment(target: Target, rows: pa.Table) -> tuple[bytes, tuple[str, str], str]:
    day = f"-{read_moment(target.as_of):%Y-%m-%d}" if target.as_of else ""
    name = f"{target.product or 'list'}-{target.consumer or 'rows'}{day}"
    if target.declared.format == "excel":
        return as_workbook(target, rows), _XLSX, f"{name}.xlsx"
    return as_csv(rows), ("text", "csv"), f"{name}.csv"


def _sender(target: Target) -> str:
    wrong = next((text for text in (target.declared.sender, *target.to) if not _ADDRESS.match(text)), None)
    if wrong is not None or not target.to:
        found = "`sender` or one of `to` is no mail address." if wrong is not None else "`to` names nobody."
        raise UserError(Mistake("deliver.mail_refused", target.where, found, fix="Write them as name@host."))
    return target.declared.sender


def _part(target: Target, person: str) -> str:
    """What names the mail to one person, without naming the person."""
    return digest_of([target.delivery, person.lower()])


def _where(target: Target) -> str:
    return f"mail to {len(target.to)} {'person' if len(target.to) == 1 else 'people'}"


SINK = SinkKind(
    "email",
    write,
    says="A mail to each person, with the list attached (SMTP with TLS).",
    needs=("url", "to", "sender"),
    rehearses="to",
    probe=probe,
    receipts=True,
)
