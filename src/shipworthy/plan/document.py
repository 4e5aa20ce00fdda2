"""YAML text to plain values with their places: bounded, no tags, no code, every slip of the pen with its line.

The scalars are those of YAML 1.2 (core schema), so that `on`, `yes` and `no` are text; a date is a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

LARGEST_BYTES = 1_000_000
DEEPEST = 32
MOST_VALUES = 20_000
LONGEST_KEY = 128
_LONGEST_WHOLE = 18
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Place = tuple[int, int]
START: Place = (1, 1)


class Broken(Exception):
    """The text cannot be read on from here."""

    def __init__(self, code: str, place: Place, found: str, fix: str) -> None:
        super().__init__(found)
        self.code, self.place, self.found, self.fix = code, place, found, fix


@dataclass
class Node:
    """A value of the text: a scalar, the items of a list, or the entries of a mapping with the places of their keys."""

    place: Place
    scalar: Any = None
    items: list[Node] | None = None
    entries: dict[str, tuple[Place, Node]] | None = None
    closed: bool = False


@dataclass(frozen=True)
class Repeated:
    """A key that stands twice in one mapping; the first one counts while the other mistakes are looked for."""

    key: str
    first: Place
    again: Place


@dataclass
class Document:
    """What a text holds.

    Attributes:
        values: plain values: text, numbers, booleans, dates, lists, dictionaries with text keys.
        places: line and column, both from 1, of every key and list item by its path (see `path_text`).
        repeated: keys that stand twice.
    """

    values: Any
    places: dict[str, Place] = field(default_factory=dict)
    repeated: list[Repeated] = field(default_factory=list)


def path_text(path: tuple[str | int, ...]) -> str:
    """A path as people read it.

    >>> path_text(("respond", "triggers", 0, "do"))
    'respond.triggers[0].do'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def read_document(text: str | bytes) -> Document:
    """The values of a YAML text and where they stand.

    Nothing is executed, constructed or fetched; size, depth and the expansion of aliases are bounded.

    Raises:
        Broken: the text is no YAML that this product reads; the first place where that shows.
    """
    readable = _readable(text)
    builder = _Builder()
    try:
        for event in yaml.parse(readable, Loader=_LOADER):
            builder.take(event)
    except yaml.YAMLError as error:
        raise _explained(error, readable) from None
    if builder.root is None:
        raise Broken("plan.empty_file", START, "The file holds no value.", "Begin with `product: NAME`.")
    document = Document(None, repeated=builder.repeated)
    document.values = _Expansion(document.places).expand(builder.root, ())
    return document


def scalar_of(text: str) -> Any:
    """The value of an unquoted scalar by the YAML 1.2 core schema, and dates.

    >>> [scalar_of(text) for text in ("on", "true", "12", "0.5", "1997-04-01", "3mo")]
    ['on', True, 12, 0.5, datetime.date(1997, 4, 1), '3mo']
    """
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text) if len(text) <= _LONGEST_WHOLE else text
    if _NUMBER.fullmatch(text):
        return float(text)
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text


def _readable(text: str | bytes) -> str:
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    if size > LARGEST_BYTES:
        raise Broken(
            "plan.too_large",
            START,
            f"The file has {size:,} bytes; a plan has at most {LARGEST_BYTES:,}.",
            "Keep data and long texts in files of their own.",
        )
    decoded = text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text
    decoded = decoded.removeprefix("\ufeff")
    odd = _UNREADABLE.search(decoded)
    if odd:
        before = decoded[: odd.start()]
        place = (before.count("\n") + 1, odd.start() - before.rfind("\n"))
        found = f"The character {odd[0]!a} is not text, or the file is not UTF-8."
        raise Broken("plan.not_text", place, found, "Save the file as plain text in UTF-8.")
    return decoded


def _refuse_control_characters(event: ScalarEvent) -> None:
    """An escape such as `\\0` makes a character that the text itself may not have, and that databases refuse."""
    odd = _UNREADABLE.search(event.value)
    if odd:
        found = f"The escape for the character {odd[0]!a} stands in this text."
        raise Broken("plan.not_text", _place(event), found, "Write text that can be read, without such an escape.")


class _Builder:
    """Takes parser events one by one; an explicit stack, so that depth is bounded before anything recurses."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.repeated: list[Repeated] = []
        self._stack: list[tuple[Node, list[tuple[str, Place]]]] = []
        self._anchors: dict[str, Node] = {}
        self._documents = 0
        self._values = 0

    def take(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                found = "A second document begins with `---`; product.yaml holds one."
                raise Broken("plan.several_documents", _place(event), found, "Remove the line, or make two files.")
        elif isinstance(event, CollectionEndEvent):
            self._stack.pop()[0].closed = True
        elif isinstance(event, NodeEvent):
            self._take_node(event)

    def _take_node(self, event: NodeEvent) -> None:
        self._values += 1
        if self._values > MOST_VALUES:
            raise _too_many(_place(event))
        tag = getattr(event, "tag", None)
        if tag is not None:
            found = f"The tag {shown(tag)} asks for a type of its own."
            raise Broken("plan.tag", _place(event), found, "Remove it; put text that looks like a number in quotes.")
        if self._wants_key():
            self._take_key(event)
        else:
            self._put(self._node(event))

    def _wants_key(self) -> bool:
        return bool(self._stack) and self._stack[-1][0].entries is not None and not self._stack[-1][1]

    def _take_key(self, event: NodeEvent) -> None:
        if not isinstance(event, ScalarEvent):
            raise Broken("plan.key_not_text", _place(event), "A key is a list, a mapping or an alias.", "Use a word.")
        if len(event.value) > LONGEST_KEY:
            found = f"A key of {len(event.value):,} characters begins here; a key has at most {LONGEST_KEY}."
            raise Broken("plan.key_not_text", _place(event), found, "Long text is a value: put a key before it.")
        _refuse_control_characters(event)
        self._stack[-1][1].append((event.value, _place(event)))

    def _node(self, event: NodeEvent) -> Node:
        if isinstance(event, AliasEvent):
            return self._aliased(event)
        place = _place(event)
        if isinstance(event, ScalarEvent):
            _refuse_control_characters(event)
            node = Node(place, scalar_of(event.value) if event.implicit[0] else event.value, closed=True)
        else:
            node = Node(place, entries={}) if isinstance(event, MappingStartEvent) else Node(place, items=[])
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _aliased(self, event: AliasEvent) -> Node:
        node = self._anchors.get(event.anchor or "")
        if node is None or not node.closed:
            found = f"The alias *{event.anchor} names " + ("nothing above it." if node is None else "what it is in.")
            raise Broken("plan.alias", _place(event), found, "Write the value out.")
        return node

    def _put(self, node: Node) -> None:
        if not self._stack:
            self.root = node
        else:
            parent, keys = self._stack[-1]
            if parent.items is not None:
                parent.items.append(node)
            elif parent.entries is not None:
                self._enter(parent.entries, *keys.pop(), node)
        if not node.closed:
            self._stack.append((node, []))
            if len(self._stack) > DEEPEST:
                raise _too_deep(node.place)

    def _enter(self, entries: dict[str, tuple[Place, Node]], key: str, place: Place, node: Node) -> None:
        if key in entries:
            self.repeated.append(Repeated(key, entries[key][0], place))
        else:
            entries[key] = (place, node)


class _Expansion:
    """Writes aliases out, counting what comes of it."""

    def __init__(self, places: dict[str, Place]) -> None:
        self._places = places
        self._values = 0

    def expand(self, node: Node, path: tuple[str | int, ...]) -> Any:
        self._values += 1
        if self._values > MOST_VALUES:
            raise _too_many(node.place)
        if len(path) > DEEPEST:
            raise _too_deep(node.place)
        if node.items is not None:
            return [self._at((*path, number), item.place, item) for number, item in enumerate(node.items)]
        if node.entries is not None:
            return {key: self._at((*path, key), place, value) for key, (place, value) in node.entries.items()}
        return node.scalar

    def _at(self, path: tuple[str | int, ...], place: Place, node: Node) -> Any:
        self._places[path_text(path)] = place
        return self.expand(node, path)


def _place(event: Event) -> Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else START


def _too_many(place: Place) -> Broken:
    found = f"The file comes to more than {MOST_VALUES:,} values, aliases written out."
    return Broken("plan.too_many_values", place, found, "Write a plan of fewer values, without aliases of aliases.")


def _too_deep(place: Place) -> Broken:
    found = f"Values lie more than {DEEPEST} levels deep; a plan needs fewer than ten."
    return Broken("plan.too_deep", place, found, "Close brackets that are open, or put the values a level higher.")


def _explained(error: yaml.YAMLError, text: str) -> Broken:
    """What the YAML parser objects to, in words for people who do not know its grammar."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = (mark.line + 1, mark.column + 1) if mark else START
    line = next(_line(text, place[0]), "")
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent:
        place = (place[0], indent.index("\t") + 1)
        return Broken(
            "plan.tab", place, "A tab indents this line; YAML indents with spaces.", "Use two spaces a level."
        )
    problem = getattr(error, "problem", None) or "this is not YAML"
    context = getattr(error, "context", None)
    found = f"The text stops being YAML here: {problem}{f' ({context})' if context else ''}."
    return Broken("plan.broken_yaml", place, found, _likely_fix(str(problem), line))


def _likely_fix(problem: str, line: str) -> str:
    if "mapping values are not allowed" in problem:
        return "Put text that contains `: ` in quotes, or indent the key like the ones around it."
    if "cannot start any token" in problem:
        return "Put text that begins with a sign such as @, ` or % in quotes."
    if "expected <block end>" in problem or "did not find expected key" in problem:
        return "Indent this line like the ones that belong to the same section; look at the line before too."
    if line.count('"') % 2 or line.count("'") % 2 or "end of stream" in problem:
        return "Close the quotation mark or bracket that was opened."
    return "Look at this line and the one before: a colon, a bracket, a quotation mark or the indentation is off."


def _line(text: str, number: int) -> Iterator[str]:
    lines = text.splitlines()
    if 0 < number <= len(lines):
        yield lines[number - 1]


def shown(value: object) -> str:
    """A value as messages show it: short, and on one line."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "nothing"}[value]
    if isinstance(value, dict | list):
        kind = "keys" if isinstance(value, dict) else "items"
        return f"a {'mapping' if kind == 'keys' else 'list'} of {len(value)} {kind}"
    text = str(value)
    return text if isinstance(value, int | float | date) else repr(text if len(text) <= 60 else text[:57] + "…")
