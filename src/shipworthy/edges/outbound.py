"""The one way out over HTTP: to the public internet, and further in only where who runs the installation says so.

A plan is written by many; what lies inside the network belongs to who runs the installation. A name is looked up once,
every address it has is judged, and the connection goes to the very address that was judged: a name that leads
somewhere else a moment later (DNS rebinding) leads nowhere. A redirect is judged like any other address.

Source: OWASP, Server-Side Request Forgery Prevention Cheat Sheet.
"""

from __future__ import annotations

import re
import socket
import ssl
import time as machine
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from shipworthy.base.errors import Mistake, UserError

if TYPE_CHECKING:
    import httpx

SETTING = "SHIPWORTHY_ALLOW_HOSTS"
SECONDS = 30.0
MOST_BYTES = 1 << 30
_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"https": 443, "http": 80}
_KEPT_ELSEWHERE = ("accept", "user-agent")  # a redirect to another host gets nothing that may be a secret
_HOST = re.compile(r"^[A-Za-z0-9._:-]+$")
_NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Reply:
    """What an address answered, its headers with small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """One request.

    Attributes:
        where: the place in the plan that names the address, for messages; the address itself may hold a secret.
        redirects: how many are followed.
        seconds: for the whole of it.
        most: bytes of an answer.
    """

    method: str
    url: str
    where: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    redirects: int = 0
    seconds: float = SECONDS
    most: int = MOST_BYTES


def send(ask: Ask, environ: Mapping[str, str]) -> Reply:
    """What the address answers, whatever its status.

    Raises:
        UserError: it may not be reached, leads round in circles, or answers more than `most`.
        OSError: it could not be reached in time; the message never shows the address.
    """
    import httpx

    until = machine.monotonic() + ask.seconds
    url, headers = _parsed(ask.url, ask.where), dict(ask.headers)
    with httpx.Client(verify=_tls(), trust_env=False, timeout=ask.seconds) as client:
        for _ in range(ask.redirects + 1):
            reply = _once(client, ask, url, headers, environ, until)
            if reply.status not in _REDIRECTS or not ask.redirects:
                return reply
            onward = _parsed(str(url.join(reply.headers.get("location", ""))), ask.where)
            if (onward.host, onward.port, onward.scheme) != (url.host, url.port, url.scheme):
                headers = {name: value for name, value in headers.items() if name.lower() in _KEPT_ELSEWHERE}
            url = onward
    raise _refused(ask.where, "It sends from one address to the next without end.", "Name the last of them.")


def require_open(host: str, port: int, where: str, environ: Mapping[str, str]) -> list[str]:
    """The addresses of a host, where it may be reached: those to connect to, in order.

    Raises:
        UserError: one of them lies inside the network, and the installation does not name it.
        OSError: the name leads nowhere.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OSError(f"{where}: the name of the host leads nowhere ({error})") from None
    places = list(dict.fromkeys(str(info[4][0]).split("%")[0] for info in found))
    inner = [place for place in places if is_inner(place) and not _named(host, place, environ)]
    if inner:
        raise _refused(
            where,
            f"{host} is {inner[0]}, an address inside the network.",
            f"Where it is meant, whoever runs the installation names it in {SETTING}.",
        )
    return places


def is_inner(place: str) -> bool:
    """Whether an address is of this machine, of a network that is not public, or stands for one that is.

    >>> is_inner("10.0.0.7"), is_inner("169.254.169.254"), is_inner("::ffff:127.0.0.1"), is_inner("93.184.216.34")
    (True, True, True, False)
    """
    address = ip_address(place)
    return any(not one.is_global or one.is_multicast for one in _meant(address))


def is_loopback(place: str) -> bool:
    """Whether an address never leaves this machine."""
    return all(one.is_loopback for one in _meant(ip_address(place)))


def _meant(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    """The address itself, or the older one that it carries inside."""
    if isinstance(address, IPv4Address):
        yield address
    elif address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    else:
        yield address
        if address.sixtofour is not None:
            yield address.sixtofour
        if address in _NAT64:
            yield IPv4Address(int(address) & 0xFFFFFFFF)


def _named(host: str, place: str, environ: Mapping[str, str]) -> bool:
    """Whether the installation names a host, its address or the network that the address is in."""
    for word in environ.get(SETTING, "").split(","):
        name = word.strip().strip("[]").lower()
        if name and name in (host.strip("[]").lower().rstrip("."), place):
            return True
        try:
            if "/" in name and ip_address(place) in ip_network(name, strict=False):
                return True
        except ValueError:
            continue
    return False


def _once(
    client: httpx.Client,
    ask: Ask,
    url: httpx.URL,
    headers: Mapping[str, str],
    environ: Mapping[str, str],
    until: float,
) -> Reply:
    import httpx

    places = require_open(url.host, url.port or _PORTS[url.scheme], ask.where, environ)
    if url.scheme == "http" and not all(is_loopback(place) for place in places):
        raise _refused(ask.where, "Over http others could read and change what is sent.", "Use an https address.")
    whole = {**headers, "host": url.netloc.decode().rpartition("@")[2]}
    last: httpx.TransportError | None = None
    for place in places:
        request = client.build_request(
            ask.method,
            url.copy_with(host=place),
            headers=whole,
            content=ask.body or None,
            extensions={"sni_hostname": url.host, "timeout": httpx.Timeout(ask.seconds).as_dict()},
        )
        try:
            return _read(client.send(request, stream=True, follow_redirects=False), ask, until)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            last = error
        except httpx.HTTPError as error:
            raise OSError(f"{ask.where}: {type(error).__name__}") from None
    raise OSError(f"{ask.where}: {type(last).__name__}") from None


def _read(response: httpx.Response, ask: Ask, until: float) -> Reply:
    found: list[bytes] = []
    size = 0
    try:
        for piece in response.iter_bytes():
            size += len(piece)
            if size > ask.most:
                fix = "Have it cut into smaller parts."
                raise _refused(ask.where, f"It answers more than {ask.most:,} bytes.", fix)
            if machine.monotonic() > until:
                raise OSError(f"{ask.where}: no whole answer within {ask.seconds:g} seconds")
            found.append(piece)
    finally:
        response.close()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status_code, headers, b"".join(found))


def _parsed(text: str, where: str) -> httpx.URL:
    import httpx

    try:
        url = httpx.URL(text)
        fits = bool(_HOST.match(url.raw_host.decode("ascii"))) and url.scheme in _PORTS
    except (httpx.InvalidURL, UnicodeError, ValueError):
        fits = False
    if not fits:
        raise _refused(where, "It leads to no address that is safe to send to.", "Use an https address.")
    return url


def require_address(text: str, where: str, environ: Mapping[str, str]) -> None:
    """Nothing, where an address may be sent to as far as can be told without sending anything.

    Raises:
        UserError: it may not.
    """
    url = _parsed(text, where)
    try:
        places = require_open(url.host, url.port or _PORTS[url.scheme], where, environ)
    except OSError:
        places = []  # what has no place is told by the attempt itself
    if url.scheme == "http" and not (places and all(is_loopback(place) for place in places)):
        raise _refused(where, "Over http others could read and change what is sent.", "Use an https address.")


@cache
def _tls() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context()


def _refused(where: str, found: str, fix: str) -> UserError:
    why = "An address that a plan names must not open the inner network, nor carry rows where others can read them."
    return UserError(Mistake("outbound.refused", where, found, why, fix))
