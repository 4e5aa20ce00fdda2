"""Brokers of streams: what a line to one can do, whatever the broker; a kind is one file in edges/brokers."""

from __future__ import annotations

import importlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any, Protocol

from shipworthy.base.errors import Mistake, UserError
from shipworthy.base.kinds import kind

FOLDER = "edges/brokers"
_OWN = re.compile(r"\$\{?SHIPWORTHY_")
_PASSWORD = re.compile(r"(?<=://)[^/@\s]*@")


class Away(Exception):
    """The broker cannot be reached, or did not take what was sent; it is tried again."""


class Lost(Exception):
    """The messages at hand were given to another worker; whoever has them now settles them."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as it came.

    Attributes:
        place: the broker's own name of it, the same whenever it is delivered again.
        raw: what the line needs to acknowledge it.
    """

    body: bytes
    headers: Mapping[str, str]
    place: str
    raw: Any = None


@dataclass(frozen=True, slots=True)
class Sending:
    """A message to be sent.

    Attributes:
        once: its name for the broker, which keeps one of several with the same name where it can.
    """

    topic: str
    body: bytes
    headers: Mapping[str, str]
    once: str


Taker = Callable[[Sequence[Arrived]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which topics a line connects, and how much it takes at a time.

    Attributes:
        reader: the name under which the broker remembers how far was read; shared by all workers of one stream.
        reads: the topic that is read; empty for a line that only sends.
        sends: the topics that are sent to.
        at_once: the most messages taken together, and in flight.
        again_after: seconds after which a message that nobody acknowledged is given to another worker, where the
            broker counts that for each message.
    """

    url: str
    reader: str
    reads: str = ""
    sends: tuple[str, ...] = ()
    at_once: int = 256
    again_after: float = 30.0


class Line(Protocol):
    """An open line to a broker. All of it is for one event loop."""

    room: int
    """The most bytes that the body of a message sent may have."""

    async def open(self, take: Taker | None) -> None:
        """Connect and, where something is to be read, hand over messages, one batch after the other.

        The next batch is only asked for when `take` has come back, so a slow taker slows the reading down.

        Raises:
            Away: the broker cannot be reached.
        """
        ...

    async def settle(self, sending: Sequence[Sending], arrived: Sequence[Arrived]) -> None:
        """Send, wait until the broker has all of it, and then acknowledge what it answers.

        Raises:
            Away: not all was sent; the whole may be tried again.
            Lost: what arrived was given to somebody else.
        """
        ...

    async def give_back(self, arrived: Sequence[Arrived]) -> None:
        """Let go of messages that are not settled, so that they come again soon."""
        ...

    async def waiting(self, topic: str, reader: str, most: int) -> list[Arrived]:
        """The oldest messages of a topic that a reader has not acknowledged, without taking them.

        Raises:
            Away: the broker cannot be reached.
        """
        ...

    async def behind(self) -> int | None:
        """How many messages wait to be read or acknowledged, as far as this line can see; None where it cannot."""
        ...

    def state(self) -> str:
        """What is wrong with the connection now, in plain words; empty where nothing is."""
        ...

    async def close(self) -> None:
        """Stop reading, wait for the batch at hand, and let go."""
        ...


@dataclass(frozen=True, slots=True)
class BrokerKind:
    """A kind of broker: a member of edges/brokers holds one.

    Attributes:
        needs: the package that it is reached with.
        line: makes a line for a route; nothing is connected yet.
    """

    name: str
    needs: str
    line: Callable[[Route], Line]


def line_to(broker: str, route: Route) -> Line:
    """A line to a broker of some kind.

    Raises:
        UserError: the library for it is not installed.
    """
    found = kind(FOLDER, broker, BrokerKind)
    try:
        importlib.import_module(found.needs)
    except ImportError as error:
        raise UserError(
            Mistake(
                "stream.no_library",
                f"brokers, kind {broker}",
                f"A broker of kind {broker} needs a library that is not installed here: {error.name or found.needs}.",
                fix=f"Install it: pip install 'shipworthy[{broker}]'",
            )
        ) from None
    return found.line(route)


def address(url: str, environ: Mapping[str, str]) -> str:
    """The address of a broker with the ${NAME} in it filled in.

    Raises:
        UserError: a variable is not set, or is a setting of the installation.
    """
    if _OWN.search(url):
        found = "The address names a setting of the installation."
        fix = "Use a variable of its own."
        raise UserError(Mistake("stream.own_setting", "brokers", found, "It may hold a token.", fix))
    try:
        return Template(url).substitute(environ)
    except KeyError as missing:
        found = f"The address needs the environment variable {missing.args[0]}, which is not set."
        fix = f"Set {missing.args[0]} where the worker runs."
        raise UserError(Mistake("stream.no_secret", "brokers", found, fix=fix)) from None


def shown(url: str) -> str:
    """An address without user and password.

    >>> shown("nats://user:secret@bus.example:4222")
    'nats://bus.example:4222'
    """
    return _PASSWORD.sub("", url)
