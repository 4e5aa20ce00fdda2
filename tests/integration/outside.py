"""The outside world on this machine: a web server that answers as it is told, a mail server, an S3 store over HTTP."""

from __future__ import annotations

import secrets
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

KEYS = {"AWS_ACCESS_KEY_ID": "ship", "AWS_SECRET_ACCESS_KEY": "worthy", "AWS_DEFAULT_REGION": "us-east-1"}
ALLOWED = {"SHIPWORTHY_ALLOW_HOSTS": "127.0.0.1"}


@dataclass
class Answer:
    """What the web server answers, after some seconds.

    Attributes:
        cut: it says a longer body than it sends, and hangs up.
        reset: it says nothing and breaks the connection off.
    """

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: bool = False
    reset: bool = False
    after: float = 0.0


@dataclass
class Request:
    """What the web server was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Web:
    """A web server that keeps what it gets; each answer is used once, the last for ever.

    Attributes:
        pages: what it answers at a path, however often it is asked there.
    """

    url: str = ""
    got: list[Request] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=lambda: [Answer()])
    pages: dict[str, Answer] = field(default_factory=dict)

    def next_answer(self, path: str) -> Answer:
        if path in self.pages:
            return self.pages[path]
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def web_server(certificate: Path | None = None) -> Iterator[Web]:
    """A web server on a free port; with TLS where a certificate with its key is given."""
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            web.got.append(Request(self.command, self.path, headers, body))
            told = web.next_answer(self.path)
            time.sleep(told.after)
            if told.reset:
                self.close_connection = True
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(told.body) + 100 * told.cut))
            self.end_headers()
            self.wfile.write(told.body)

        do_GET = do_POST = do_HEAD = answer

        def log_message(self, *args: Any) -> None:
            pass

    with _running(_with_tls(ThreadingHTTPServer(("127.0.0.1", 0), Handler), certificate)) as port:
        web.url = f"http{'s' if certificate else ''}://127.0.0.1:{port}"
        yield web


@dataclass
class Mail:
    """A mail server that keeps what it gets.

    Attributes:
        refuses: addresses to which it delivers nothing, with the code it says.
        login: what AUTH PLAIN must bring, empty for no login.
        vanish_after: mails after which it hangs up in the middle of the next.
    """

    port: int = 0
    got: list[tuple[str, Message]] = field(default_factory=list)
    refuses: dict[str, int] = field(default_factory=dict)
    login: str = ""
    vanish_after: int = 1_000


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    mail: Mail


class _MailHandler(socketserver.StreamRequestHandler):
    server: _MailServer
    to = ""

    def handle(self) -> None:
        self.say("220 here")
        while (line := self.rfile.readline().decode().strip()) and self.answered(line):
            pass

    def answered(self, line: str) -> bool:
        mail, verb = self.server.mail, line.split(":")[0].split(" ")[0].upper()
        if verb == "DATA":
            return self.took()
        if verb == "RCPT":
            self.to = line.partition("<")[2].partition(">")[0]
        said = {
            "EHLO": "250-here\r\n250 AUTH PLAIN" if mail.login else "250 here",
            "AUTH": "235 in" if line.endswith(f" {mail.login}") else "535 no",
            "RCPT": f"{mail.refuses.get(self.to, 250)} said",
            "QUIT": "221 bye",
        }
        self.say(said.get(verb, "250 fine"))
        return True

    def took(self) -> bool:
        mail = self.server.mail
        if len(mail.got) >= mail.vanish_after:
            return False
        self.say("354 go on")
        mail.got.append((self.to, message_from_bytes(self.content())))
        self.say("250 taken")
        return True

    def content(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server(certificate: Path | None = None) -> Iterator[Mail]:
    """A small SMTP server (RFC 5321) on a free port; with TLS where a certificate with its key is given."""
    server = _MailServer(("127.0.0.1", 0), _MailHandler)
    server.mail = Mail()
    with _running(_with_tls(server, certificate)) as port:
        server.mail.port = port
        yield server.mail


def place_of_its_own() -> tuple[str, int]:
    """Host and port for a server that takes no free port by itself, or comes back to the one that it had.

    A port that was free a moment ago may be taken before it is used. Where all of 127.0.0.0/8 is this machine, as on
    Linux, nobody else knows the address.
    """
    host = ".".join(["127", *(str(secrets.randbelow(250) + 2) for _ in range(3))])
    for candidate in (host, "127.0.0.1"):
        with suppress(OSError), socket.socket() as free:
            free.bind((candidate, 0))
            return candidate, int(free.getsockname()[1])
    raise AssertionError("this machine has no address of its own")


@contextmanager
def s3_server() -> Iterator[str]:
    """moto's S3 over real HTTP, as a process of its own; gives its address."""
    host, port = place_of_its_own()
    command = [sys.executable, "-m", "moto.server", "-H", host, "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            with suppress(OSError), socket.create_connection((host, port), 1):
                break
            time.sleep(0.1)
        yield f"http://{host}:{port}"
    finally:
        server.terminate()
        server.wait()


def certificate_for(name: str, folder: Path) -> Path:
    """A file with a certificate that stands for itself, for one name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / f"{name}.pem"
    file.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    return file


Server = TypeVar("Server", bound=socketserver.TCPServer)


def _with_tls(server: Server, certificate: Path | None) -> Server:
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


@contextmanager
def _running(server: socketserver.TCPServer) -> Iterator[int]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
