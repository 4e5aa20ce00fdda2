"""Facts, commands and questions: what happened, what is asked for, what is asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import reduce
from typing import Any, ClassVar, Generic, Protocol, TypeVar, get_args, get_origin, overload

from pydantic import TypeAdapter

from shipworthy.base.digest import digest_of, plain

GENESIS = "0" * 64

S = TypeVar("S")
T = TypeVar("T")
Result = TypeVar("Result")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class What:
    """What happened: the base of every kind of fact; kinds are in the past tense.

    No field ever holds a value about a private person; a name here is that of someone who works on the product.
    """

    product: str

    @property
    def about(self) -> str:
        """The digest or name that this fact is about."""
        return self.product


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Generic[Result]):
    """Something a person wants done, in the imperative; its docstring is its help.

    Attributes:
        right: the right that a caller needs.
        durable: whether it runs as a flow on the durable road; otherwise it is decided in one transaction.
        kept: its fields of text that may hold values about people: each is kept as a file of the store, and the flow
            gets its digest in place of it.
    """

    right: ClassVar[str]
    durable: ClassVar[bool] = False
    kept: ClassVar[tuple[str, ...]] = ()
    product: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[Answer]):
    """Something a person wants to know; its docstring is its help."""

    right: ClassVar[str] = "read"
    product: str


def result_type(operation: type[Command[Any]] | type[Question[Any]]) -> Any:
    """The type that a command or question class gives back."""
    for base in getattr(operation, "__orig_bases__", ()):
        if get_origin(base) in (Command, Question):
            return get_args(base)[0]
    raise TypeError(f"{operation.__name__} does not say what it gives: write Command[...] or Question[...]")


W = TypeVar("W", bound=What)
V = TypeVar("V", bound=What)


@dataclass(frozen=True, slots=True)
class Recorded(Generic[W]):
    """A fact as the ledger holds it.

    Attributes:
        seq: its number, 1 for the first.
        who: the identity that caused it.
        at: the moment in the product's time.
        recorded_at: the moment on the wall clock.
        what: what happened.
        previous, digest: the chain: the digest of the fact before, and this one's own.
    """

    seq: int
    who: str
    at: datetime
    recorded_at: datetime
    what: W
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class Fold(Generic[S]):
    """How a state follows from facts, one after the other, so that it need not be made from all of them each time.

    Attributes:
        name, version: raise the version with every change of `start` or `step`, or old states would live on.
        kinds: the kinds of facts it reads.
        start: the state before the first fact.
        step: the state after one more fact; it may change the state it is given and give it back.

    A state is JSON-able; it is read back as JSON, so keys of objects are texts and there are no tuples.
    """

    name: str
    version: int
    kinds: tuple[type[What], ...]
    start: Callable[[], S]
    step: Callable[[S, Recorded[Any]], S]

    def over(self, facts: Iterable[Recorded[Any]]) -> S:
        """The state after these facts, made anew."""
        return reduce(self.step, facts, self.start())


class Past(Protocol):
    """What happened so far, for rules and views to read; the ledger is one, a list in a test another.

    `of` gives the facts of some kinds, oldest first, of the product at hand; only those about `about` if given, only
    those behind the fact numbered `after`, and none behind the one numbered `upto`. `fold` gives the state that they
    lead to.
    """

    def fold(self, fold: Fold[S], /) -> S: ...

    @overload
    def of(
        self, kind: type[W], /, *, about: str | None = None, after: int = 0, upto: int | None = None
    ) -> Sequence[Recorded[W]]: ...
    @overload
    def of(
        self, kind: type[W], other: type[V], /, *, about: str | None = None, after: int = 0, upto: int | None = None
    ) -> Sequence[Recorded[W | V]]: ...
    @overload
    def of(
        self, *kinds: type[W], about: str | None = None, after: int = 0, upto: int | None = None
    ) -> Sequence[Recorded[W]]: ...


@dataclass(frozen=True, slots=True)
class KnownPast:
    """A past that is already in memory."""

    facts: Sequence[Recorded[Any]]

    def fold(self, fold: Fold[S], /) -> S:
        return fold.over(self.of(*fold.kinds))

    def of(
        self, *kinds: type[W], about: str | None = None, after: int = 0, upto: int | None = None
    ) -> Sequence[Recorded[W]]:
        known = [fact for fact in self.facts if fact.seq > after and (upto is None or fact.seq <= upto)]
        return [fact for fact in known if isinstance(fact.what, kinds) and (about is None or fact.what.about == about)]


def chained(
    seq: int, kind: str, product: str, about: str, who: str, at: str, recorded_at: str, body: object, previous: str
) -> str:
    """The digest of a fact: SHA-256 over its canonical form, which holds the digest of the fact before."""
    return digest_of([seq, kind, product, about, who, at, recorded_at, body, previous])


def body_of(what: What) -> dict[str, Any]:
    """A fact's fields in JSON's types, as the ledger stores them."""
    return {f.name: plain(getattr(what, f.name)) for f in fields(what)}


@dataclass(frozen=True, slots=True)
class Decided(Generic[Result]):
    """What a rule decided: the facts to append, and the result once they are part of the past."""

    facts: Sequence[What]
    result: Callable[[Past], Result]


_READERS: dict[Any, TypeAdapter[Any]] = {}


def reader(type_: type[T]) -> TypeAdapter[T]:
    """What turns JSON values into a type, and refuses what does not fit; made once per type."""
    if type_ not in _READERS:
        _READERS[type_] = TypeAdapter(type_)
    return _READERS[type_]


def what_of(kind: type[W], body: Mapping[str, Any]) -> W:
    """A stored body as the kind of fact it is."""
    return reader(kind).validate_python(dict(body))


def latest(facts: Sequence[Recorded[W]], where: Callable[[W], bool] | None = None) -> Recorded[W] | None:
    """The newest fact, or the newest one for which something holds; None where there is none."""
    return next((fact for fact in reversed(facts) if where is None or where(fact.what)), None)


def kinds_by_name(kinds: Iterable[type[What]]) -> dict[str, type[What]]:
    """Kinds of facts by the name the ledger stores."""
    return {kind.__name__: kind for kind in kinds}
